package libffi

import "os"

const name = "libffi.so.8"

func init() {
	if !Found() {
		os.Stderr.WriteString(name + " was not found. If the program ends here: apt-get install libffi8\n")
	}
}

// Found reports whether the dynamic linker will find libffi.so.8: see ld.so(8). It looks on Linux only and is true
// elsewhere.
func Found() bool {
	if _, err := os.Stat("/proc/self/exe"); err != nil {
		return true
	}
	if b, err := os.ReadFile("/etc/ld.so.cache"); err == nil && contains(string(b), name+"\x00") {
		return true
	}
	for _, d := range append(split(os.Getenv("LD_LIBRARY_PATH")), "/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib") {
		if _, err := os.Stat(d + "/" + name); d != "" && err == nil {
			return true
		}
	}
	return false
}

func contains(s, part string) bool {
	for i := 0; i+len(part) <= len(s); i++ {
		if s[i:i+len(part)] == part {
			return true
		}
	}
	return false
}

// split cuts a list of folders at its colons.
func split(list string) (out []string) {
	start := 0
	for i := 0; i <= len(list); i++ {
		if i == len(list) || list[i] == ':' {
			out = append(out, list[start:i])
			start = i + 1
		}
	}
	return out
}
