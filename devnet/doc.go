// Package devnet is a local AO in our own process: an Arweave gateway, a message unit, a scheduler and a token, served
// over real HTTP, for people who develop against aobench and for tests.
//
// It differs from the network in what it leaves out (bundles, other nodes, Lua), not in what a client sees: items are
// signed ANS-104 items that verify, messages to processes get assignments with dense nonces and a real hash chain, what
// a process sends is signed by an authority wallet, and GraphQL lists items by height and id, not by nonce. Like the
// network it does not judge: a forged message gets its nonce too.
//
// Time is the chain's own. The clock stands still until Advance, Mine or Run moves it, and moving it mines a block per
// BlockInterval. Items that are posted wait for the next block.
//
// Everything is in one folder: wallets, a journal, and the larger items' data. The journal holds what was posted
// together with every item that this caused, since RSA-PSS signatures are salted and cannot be made twice. Opening a
// folder executes the journal again, so keys, ids, nonces, balances and the clock are what they were, also after a kill.
package devnet
