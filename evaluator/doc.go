// Package evaluator asks a language model the questions of a dataset: one job in, one score with its evidence out.
//
// The model's file and its bytes belong to strangers. The embedded engine, llama.cpp, therefore runs in a child process
// that is this same program started again (ChildMain): whatever the model makes it do, crash, hang or eat memory, ends in
// a failed run with a reason, and the next job gets a fresh child. A score is never made of a failure.
//
// Scores are deterministic: one question a decode, the shared prefix decoded once, flash attention off. With the same
// library and CPU variant, threads and the order of questions do not change a single bit (measured; a test holds it).
// Another CPU variant does, which is why the manifest names it.
//
// A log-probability here is that of a letter given that the next token is one of the question's letters: the softmax over
// these letters alone. It means the same whatever the engine can tell about other tokens.
package evaluator
