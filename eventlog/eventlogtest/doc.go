// Package eventlogtest has a log in memory for tests, and the suite that it and the real one both pass.
package eventlogtest
