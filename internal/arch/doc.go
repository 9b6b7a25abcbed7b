// Package arch has no code, only the test that keeps the house as docs/design.md draws it: which package may import
// which (arrows point down only), which one package is the door to each library, and what the pure core keeps away
// from. A package of ours that the table does not know fails: add it, and think about its arrows.
package arch
