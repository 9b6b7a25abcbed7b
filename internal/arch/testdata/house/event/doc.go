// Package event is planted.
package event
