// Package libffi says in plain words that libffi.so.8 is missing.
//
// The library that calls llama.cpp loads libffi when the program starts and panics without it. Go initializes packages
// whose imports are ready in the order of their import paths. This one imports nothing that the library does not import
// too and comes before it in that order, so it runs first and says what to do. For this it imports os alone.
package libffi
