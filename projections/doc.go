// Package projections folds the event log into what the API serves and the scheduler decides from.
//
// There is one State and one function, Apply: State × Event → State. It is total and deterministic: it reads no clock
// and no store, uses no float and never lets map order show. Live, as-of and audit are three uses of it:
//
//	live   from where the process stands to the head (Live)
//	as of  from the nearest snapshot not after a seq to that seq (AsOf)
//	audit  from zero, trusting no snapshot (Replay)
//
// A state has two halves. The contract half (Stream, Pools) is what the pool process says, read in the order of its
// nonces: a message that turns up late is put in its place and the half is derived again. The ledger half (Ledger) is
// what this service recorded about it: datasets, runs, batches, closings, allocations. What the ledger froze stays
// frozen, whatever turns up later; the difference is shown as a dispute.
//
// An event that cannot be is not an error but a Fault in the state: the log cannot be unsaid.
package projections
