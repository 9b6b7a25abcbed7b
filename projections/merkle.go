package projections

import (
	"github.com/aobench/aobench/event"
	"golang.org/x/mod/sumdb/tlog"
)

// root returns the RFC 6962 Merkle tree hash of the leaves; of none, the hash of the empty tree.
func root(leaves [][]byte) event.Hash {
	if len(leaves) == 0 {
		h, _ := tlog.TreeHash(0, nil) // the size is 0: nothing is read
		return event.Hash(h)
	}
	hashes := make([]tlog.Hash, len(leaves))
	for i, l := range leaves {
		hashes[i] = tlog.RecordHash(l)
	}
	return event.Hash(subtree(hashes))
}

// subtree splits at the largest power of two below the number of leaves (RFC 6962 §2.1).
func subtree(h []tlog.Hash) tlog.Hash {
	if len(h) == 1 {
		return h[0]
	}
	k := 1
	for 2*k < len(h) {
		k *= 2
	}
	return tlog.NodeHash(subtree(h[:k]), subtree(h[k:]))
}

// leaf is the canonical CBOR of v, which holds plain values only.
func leaf(v any) []byte {
	b, err := event.Marshal(v)
	if err != nil {
		panic("projections: leaf: " + err.Error())
	}
	return b
}

// BoardRoot returns the root over a board's rows. A leaf is the CBOR of
//
//	["aobench/board-row/v1", pool, period, day, rank, model, participant, correct, answered, total, run, copy of]
//
// with rows in the order of the board.
func BoardRoot(pool event.ID, period uint32, day event.Day, rows []Row) event.Hash {
	leaves := make([][]byte, len(rows))
	for i, r := range rows {
		leaves[i] = leaf([]any{"aobench/board-row/v1", pool, period, day, r.Rank, r.Model, r.Participant, r.Correct, r.Answered, r.Total, r.Run, r.CopyOf})
	}
	return root(leaves)
}

// AllocationRoot returns the root over an allocation's rows, payouts first, then refunds. A leaf is the CBOR of
//
//	["aobench/payout/v1", pool, period, "payout" or "refund", to, amount]
func AllocationRoot(a event.RewardsAllocated) event.Hash {
	var leaves [][]byte
	for _, p := range a.Payouts {
		leaves = append(leaves, leaf([]any{"aobench/payout/v1", a.Pool, a.Period, "payout", p.To, p.Amount}))
	}
	for _, p := range a.Refunds {
		leaves = append(leaves, leaf([]any{"aobench/payout/v1", a.Pool, a.Period, "refund", p.To, p.Amount}))
	}
	return root(leaves)
}
