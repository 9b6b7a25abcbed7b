// Package tinygguf makes tiny language models whose answers are known beforehand.
//
// A model made here is a complete GGUF file of architecture llama with one layer, small enough to be made in
// milliseconds, and runs in any engine that reads GGUF. It holds nobody's bytes. It has learned a list of questions: to
// each it gives the choice that its Spec says, and the letters' logits have a closed form, which Logits computes without
// an engine. Demo and tests use such models because they say exactly what every score has to be.
//
// How it works. Each learned question is one token of the vocabulary, and so is the "Answer:" at a prompt's end; all
// other text falls into tokens with the embedding 0. The weights of queries and keys are 0, so that attention is the mean
// over all tokens; values pass unchanged, the output of attention is multiplied by gain, and the feed-forward part is 0.
// With N for RMS normalization and E for embeddings, the state after a prompt of the tokens t(1) … t(n) is
//
//	h = E[t(n)] + gain/n · Σ N(E[t(i)])
//
// and the logits are W · N(h). The embedding of a question points to its letter, and the row of W for a letter is that
// direction; small seeded noise in both makes each file another one without moving a choice.
package tinygguf
