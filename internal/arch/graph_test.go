package arch

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const module = "github.com/aobench/aobench/"

// A pkg is what the checks need to know of a package.
type pkg struct {
	name  string // its path in the module
	doc   bool   // has doc.go
	refs  []ref
	marks []mark
}

// A ref is an import.
type ref struct {
	path string
	file string
	test bool
}

// A mark is something in the code, outside of tests, that some packages must not have.
type mark struct{ what, where string }

// load reads all Go files below root whatever their build constraints, so that no system is overlooked.
func load(root string) ([]pkg, error) {
	byName := map[string]*pkg{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() && file != root && (base == "testdata" || base == "node_modules" || base[0] == '.' || base[0] == '_') {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(base, ".go") {
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		if byName[name] == nil {
			byName[name] = &pkg{name: name}
		}
		return byName[name].read(file)
	})
	var out []pkg
	for _, p := range byName {
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b pkg) int { return strings.Compare(a.name, b.name) })
	return out, err
}

// read adds one file to p.
func (p *pkg) read(file string) error {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, file, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	base := filepath.Base(file)
	test := strings.HasSuffix(base, "_test.go")
	p.doc = p.doc || base == "doc.go" && f.Doc != nil
	for _, i := range f.Imports {
		to, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return err
		}
		p.refs = append(p.refs, ref{to, base, test})
	}
	if test {
		return nil
	}
	ast.Inspect(f, func(n ast.Node) bool {
		what := ""
		switch n := n.(type) {
		case *ast.GoStmt:
			what = "goroutine"
		case *ast.Ident:
			if n.Name == "float32" || n.Name == "float64" {
				what = "float"
			}
		case *ast.BasicLit:
			if n.Kind == token.FLOAT {
				what = "float"
			}
		}
		if what != "" {
			p.marks = append(p.marks, mark{what, fmt.Sprintf("%s:%d", base, set.Position(n.Pos()).Line)})
		}
		return true
	})
	return nil
}

// check returns what breaks the rules, each with the place.
func check(packages []pkg) (out []string) {
	for _, p := range packages {
		allowed, known := arrows[p.name]
		if !known {
			out = append(out, p.name+" is not in the table of arrows")
		}
		if !p.doc {
			out = append(out, p.name+" has no doc.go")
		}
		for _, r := range p.refs {
			if to, ours := strings.CutPrefix(r.path, module); ours && known {
				if !mayImport(p.name, allowed, to, r.test) {
					out = append(out, fmt.Sprintf("%s imports %s (%s)", p.name, to, r.file))
				}
				continue
			}
			for library, door := range doors {
				if strings.HasPrefix(r.path, library) && p.name != door {
					out = append(out, fmt.Sprintf("%s imports %s, whose door is %s (%s)", p.name, r.path, door, r.file))
				}
			}
			if !r.test && slices.ContainsFunc(pure[p.name], func(b string) bool { return under(r.path, b) }) {
				out = append(out, fmt.Sprintf("%s is pure and imports %s (%s)", p.name, r.path, r.file))
			}
		}
		out = append(out, checkMarks(p)...)
	}
	return out
}

func checkMarks(p pkg) (out []string) {
	for _, m := range p.marks {
		if m.what == "goroutine" && pure[p.name] != nil {
			out = append(out, fmt.Sprintf("%s is pure and has a goroutine (%s)", p.name, m.where))
		}
		if m.what == "float" && slices.Contains(exact, p.name) {
			out = append(out, fmt.Sprintf("%s is exact and has a float (%s)", p.name, m.where))
		}
	}
	return out
}

// mayImport says whether an arrow is drawn. Tests see every package but commands.
func mayImport(from string, allowed []string, to string, test bool) bool {
	if path.Dir(to) == "cmd" && from != to {
		return false
	}
	return test || from == to || slices.Contains(allowed, to) || slices.Contains(allowed, "*")
}

// under says whether a path is a package or in it.
func under(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }
