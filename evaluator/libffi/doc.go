// Package libffi says in plain words that libffi.so.8 is missing.
//
// The library that calls llama.cpp loads libffi when the program starts and panics without it. Go starts packages that
// are ready in the order of their import paths, so this one, which needs nothing else, runs before and says what to do.
package libffi
