package devnettest

import (
	_ "embed"
	"net/http/httptest"
	"testing"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/devnet"
)

var (
	//go:embed authority.json
	authority []byte
	//go:embed scheduler.json
	scheduler []byte
)

// Open opens a devnet with this package's keys for authority and scheduler, in a folder of the test unless opts names
// one, and closes it when the test ends.
func Open(tb testing.TB, opts devnet.Options) *devnet.Net {
	tb.Helper()
	if opts.Dir == "" {
		opts.Dir = tb.TempDir()
	}
	opts.Wallets = Wallets(tb)
	n, err := devnet.Open(opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { n.Close() }) // a test may have closed it
	return n
}

// Wallets returns this package's keys as devnet.Options wants them.
func Wallets(tb testing.TB) map[string]*ao.Signer {
	tb.Helper()
	out := map[string]*ao.Signer{}
	for name, jwk := range map[string][]byte{"authority": authority, "scheduler": scheduler} {
		s, err := ao.ParseJWK(jwk)
		if err != nil {
			tb.Fatal(err)
		}
		out[name] = s
	}
	return out
}

// Gateway serves the devnet over HTTP on loopback until the test ends, and returns a client of it and its URL, where the
// message unit is, too.
func Gateway(tb testing.TB, n *devnet.Net) (*ao.Gateway, string) {
	tb.Helper()
	s := httptest.NewServer(n.Handler())
	g, err := ao.NewGateway(ao.Endpoint{GraphQL: s.URL + "/graphql", Node: s.URL, Name: "devnet"}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		g.Close()
		s.Close()
	})
	return g, s.URL
}
