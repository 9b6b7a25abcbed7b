// Package api serves what the log says: a read-only HTTP API under /v1 and pages for people at /.
//
// Every answer is made from one immutable projections.State, so that nothing in it comes from two moments, and names
// that moment: seq, the time it was recorded, and the order in which the process's messages were read. ?at= asks for
// the past; at=seq:N always has the same bytes, the other forms redirect to the seq that they mean. Answers are rendered
// once per state and kept as bytes; reads touch neither the log's writer nor a lock that a writer holds.
//
// A Site is the public handler, Site.Admin the handler for an admin listener, Serve runs either.
package api
