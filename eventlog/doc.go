// Package eventlog is the one durable thing: an append-only, gapless, idempotent log of events in Badger, with the
// RFC 6962 tree over it, and the blobs and snapshots that belong to it.
//
// A log is a directory:
//
//	lock             flock: one writer, or any number of readers
//	db/              Badger
//	checkpoint       the signed head (https://c2sp.org/tlog-checkpoint), replaced about once a second and at Close
//	checkpoint.key   the key that signs it, 0600, made on first use
//	checkpoint.pub   its verifier key, for those who check
//
// The rows of the database, numbers big-endian:
//
//	('e', seq uint64)                          → the event's canonical bytes; its leaf hash is SHA-256(0x00 ‖ bytes)
//	('i', id [32]byte)                         → seq uint64; the log is unique by id
//	('t', level uint8, n uint64)               → tile n of that level: up to 256 hashes of 32 bytes, packed
//	('b', sha256 [32]byte)                     → size uint64 ‖ sha256, once all chunks of the blob are there
//	('s', name, 0, version uint32, seq uint64) → size uint64 ‖ sha256, once all chunks of the snapshot are there
//	('c', key of the 'b' or 's' row, n uint32) → chunk n, at most 512 KiB
//
// Tiles are those of https://c2sp.org/tlog-tiles with height 8: tile n of level l has the hashes of the complete
// subtrees of 256^l events that start at event n·256^(l+1). The newest tile of a level is rewritten as it grows.
//
// Sizes: an event has at most 65,535 bytes, one transaction at most 256 events and 4 MiB of their bytes, a blob or a
// snapshot at most 64 MiB. All values are below Badger's value threshold, so its value log, whose sync errors are not
// returned, stays empty.
//
// Events, ids and tiles of one append are one transaction, synced to disk before Append returns. Badger opens a log
// with a torn tail without a word; therefore the checkpoint is kept outside of it, and Open refuses a log that ends
// before its checkpoint or has another root there. A full disk kills Badger by a signal; therefore the log refuses to
// write while the disk is nearly full, and reads go on.
package eventlog
