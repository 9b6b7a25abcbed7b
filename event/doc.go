// Package event is the ground floor: the facts the system records, their bytes, and nothing that does anything.
//
// An event is one fact with a place in the log (its Seq). Its bytes are canonical: deterministic CBOR
// (RFC 8949 §4.2), an array of
//
//	[version, seq, id, kind, recorded, body]
//
// where version is 1, id the event's 32-byte identity (the log is unique by it), kind a text such as
// "message.observed", recorded our own clock in milliseconds when it was appended (never decreasing), and body
// an array whose fields are those of the Go struct of that kind, in order. The same fact always has the same
// bytes, so bytes that are hashed or signed stay what they are; testdata holds one golden encoding per kind and
// version, kept for ever. A kind never changes: what must be said differently becomes a new kind or a new
// version.
//
// The package imports the standard library, a CBOR codec, and x/crypto's Keccak, which EIP-55 addresses need.
package event
