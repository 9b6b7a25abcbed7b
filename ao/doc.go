// Package ao speaks with AO and Arweave: it reads, verifies and signs ANS-104 items, and asks gateways and message units.
// It is the only package that imports goar. Everything it reads was written by strangers: every parser has one accepted
// form and a bound, every exchange a limit and a deadline.
//
// # Items
//
// Parse takes signature types 1 (RSA) and 3 (Ethereum), the only two that AO's schedulers verify, in exactly one
// encoding, so that nobody can make a second id of the same signed content. goar's own decoder never sees an unchecked
// byte: five of them would make it allocate 32 GiB, and it ignores bytes that the signature does not cover.
//
// Verify does not ask goar. For RSA it does the arithmetic with math/big and checks the padding itself (pss.go), because
// that takes a third of the time of crypto/rsa, which goar calls; a log of a million messages is audited in minutes
// instead of a quarter of an hour. The tests hold every step of it against crypto/rsa, with messages made by hand from
// the private key, and the whole against goar's VerifyBundleItem and against items signed by arbundles. Ethereum keys are
// recovered by goar's own primitive. What goar is used for: signing (Signer, whose result must pass both verifications),
// recovery of Ethereum keys, and the headers of layer-1 transactions, once every text in them is canonical.
//
// # Gateways
//
// A Gateway's listings are hints. Page and All say what the gateway says; Item, Fetch and Source rebuild the signed bytes
// from it and verify them. GraphQL gives no binary items: tags are encoded again in their one form, the type follows from
// the key's length, a size of 0 may mean that the size is unknown, anchors come in two forms. What then does not verify
// may be the gateway's fault: another may have it.
//
// # Errors
//
// A *Refusal speaks about bytes and belongs on record. ErrTransient and ErrNotFound mean: look again later, nothing has
// been learnt. ErrTooMany: ask for less at once. Any other error is the question's own fault or the endpoint's, and
// asking again will not help.
//
// Linking goar starts two goroutines of a pool that nobody uses; tests that count goroutines have to leave them out.
package ao
