// Package indexer tails one AO process into the log, one closed window of heights after another.
//
// One pass, from a little before where the tail stands to the tip less the confirmation depth:
//
//	tip ─► lister: for each window of heights, all queries        gateway pages, at most a page each: else the window is halved
//	        └► workers: what the log does not have is fetched,    ao: id, signature, owner
//	           rebuilt and verified
//	            └► one writer: messages, refusals, assignments    Log.Append, and window.closed last
//	               by nonce
//
// Pages and their cursors live within one window; what the tail goes on from is the newest window.closed in the log. So
// a pass that is cut short anywhere is done again, and adds what is missing: the log is unique by item id.
//
// Young heights are not asked for. Some blocks behind the tail are read again in each pass, and many more from time to
// time, since gateways list items late, by minutes or days. An item that cannot be verified for now (its data is not
// there yet, the gateway gives half of it) keeps its window open for a few passes and is then recorded as refused; the
// wider readings try it again.
//
// The indexer does not judge what a message means: a forged From-Process is recorded like any other message, for the
// fold to say.
package indexer
