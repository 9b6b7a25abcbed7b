// Package bustest has a bus that does on purpose what the real one may do: it loses, doubles and reorders messages.
package bustest
