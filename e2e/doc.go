// Package e2e drives the whole program from outside: `aobench serve` and `aobench demo` as processes, over HTTP, on items
// that another implementation signed.
//
// Tests without a build tag need nothing but Go. Those behind the tag e2e need Node.js, packages of npm and a headless
// Chromium; e2e/run installs what is missing and runs all of them.
//
// Environment:
//
//	AOBENCH_KILLS=50          how often TestKill kills serve (default 5)
//	AOBENCH_NODE_MODULES=DIR  node_modules folder with what package.json names; e2e/run sets it
//	AOBENCH_SCREENSHOTS=DIR   where TestPage puts its pictures (default: a temporary folder)
package e2e
