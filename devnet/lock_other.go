//go:build !unix

package devnet

import "os"

// lockFile does nothing here: the user must take care that one process uses the folder.
func lockFile(*os.File) error { return nil }
