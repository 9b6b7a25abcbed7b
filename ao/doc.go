// Package ao speaks with AO and Arweave: it reads, verifies and signs ANS-104 items, and asks gateways and message units.
package ao
