// Package devnettest opens devnets for tests: quickly, since their RSA keys come from this package, and closed when the
// test ends. Anyone can read these keys: they are for tests and for nothing else.
package devnettest
