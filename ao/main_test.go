package ao

import (
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// goar starts the two goroutines of a worker pool when it is linked; nothing of ours uses it and nothing can stop it.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).purgeStaleWorkers"),
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).ticktock"))
}

// testdata/rsa.jwk is a wallet made for these tests and never used for anything else.
var loadTestWallet = sync.OnceValues(func() (*Signer, error) {
	b, err := os.ReadFile("testdata/rsa.jwk")
	if err != nil {
		return nil, err
	}
	return ParseJWK(b)
})

func testWallet(tb testing.TB) *Signer {
	tb.Helper()
	s, err := loadTestWallet()
	if err != nil {
		tb.Fatal(err)
	}
	return s
}
