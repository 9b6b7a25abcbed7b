// Package bus carries wake-ups and jobs between goroutines; losing all of them costs time, never truth.
//
// It is watermill's gochannel with the manners that we need. Nothing may depend on order (messages that wait are
// delivered in any order), on arrival (without a subscriber, or when too many wait, a message is dropped), on being
// alone (every subscriber of a topic gets a copy) or on being first (a message may come again). What is due is derived
// from the log by whoever is woken, and everybody looks by itself now and then.
//
// Topics are in topics.go. Package bus imports nothing of ours: payloads are bytes that publisher and subscriber agree
// upon.
package bus
