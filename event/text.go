package event

import (
	"encoding/binary"
	"unicode/utf8"
)

// validText reports whether every text string in b is UTF-8. b is what Marshal wrote: well formed and with definite
// lengths, so that its heads (RFC 8949 §3) follow each other without nesting to keep track of.
func validText(b []byte) bool {
	for len(b) > 0 {
		major, low := b[0]>>5, b[0]&31
		b = b[1:]
		n := uint64(low)
		if low >= 24 {
			size := min(1<<(low-24), len(b), 8)
			var wide [8]byte
			copy(wide[8-size:], b[:size])
			n, b = binary.BigEndian.Uint64(wide[:]), b[size:]
		}
		if major != 2 && major != 3 {
			continue // numbers and tags end with their head; arrays and maps go on with their elements
		}
		n = min(n, uint64(len(b)))
		if major == 3 && !utf8.Valid(b[:n]) {
			return false
		}
		b = b[n:]
	}
	return true
}
