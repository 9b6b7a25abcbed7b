package ao

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeyFiles(t *testing.T) {
	ethereum, err := GenerateEthereum()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Signer{testWallet(t), ethereum} {
		path := filepath.Join(t.TempDir(), "key.json")
		if err := s.WriteFile(path); err != nil {
			t.Fatal(err)
		}
		if err := s.WriteFile(path); err == nil {
			t.Error("overwrote a key")
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Error(info.Mode(), err)
		}
		back, err := LoadSigner(path)
		if err != nil || back.Address() != s.Address() {
			t.Errorf("%v, %v", back, err)
		}
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadSigner(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("a key that everybody can read: %v", err)
		}
	}
	if _, err := LoadSigner(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := LoadSigner(t.TempDir()); err == nil {
		t.Error("loaded a folder")
	}
}

func TestWalletOfAnotherMaker(t *testing.T) {
	if got := testWallet(t).Address().String(); got != "cPM2qCMjLhYK0UWnr7MrB8g2abooAW-ElpZ3biFTVmk" { // as arbundles has it
		t.Error(got)
	}
	s, err := NewSigner([32]byte{0x8f, 0x2a, 0x55, 0x94, 0x90, 0x5c, 0x3a, 0x5e, 0x0b, 0x4e, 0x0d, 0x6c, 0x1f, 0x3b, 0x7a, 0x99,
		0xd2, 0xc4, 0xe6, 0xf8, 0x01, 0x12, 0x23, 0x34, 0x45, 0x56, 0x67, 0x78, 0x89, 0x9a, 0xab, 0xbc})
	if err != nil || s.Address().String() != "0x6C6c0E086F500b684Eb242aE332af3027436ea75" { // as ethers has it
		t.Error(s.Address(), err)
	}
}

func TestDamagedKeys(t *testing.T) {
	rsaKey, err := testWallet(t).JWK()
	if err != nil {
		t.Fatal(err)
	}
	ethereum, err := GenerateEthereum()
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ethereum.JWK()
	if err != nil {
		t.Fatal(err)
	}
	other, err := GenerateEthereum()
	if err != nil {
		t.Fatal(err)
	}
	otherCurve, _ := other.JWK()
	var o map[string]string
	if err := json.Unmarshal(otherCurve, &o); err != nil {
		t.Fatal(err)
	}
	short := "AQAB"
	for name, c := range map[string]struct {
		key    []byte
		member string
		value  *string
	}{
		"no d": {rsaKey, "d", nil}, "no p": {rsaKey, "p", nil}, "no q": {rsaKey, "q", nil}, "no n": {rsaKey, "n", nil}, "no kty": {rsaKey, "kty", nil},
		"small n": {rsaKey, "n", &short}, "other d": {rsaKey, "d", &short}, "other p": {rsaKey, "p", &short}, "other e": {rsaKey, "e", &[]string{"Aw"}[0]},
		"no x": {curve, "x", nil}, "other d on curve": {curve, "d", ptr(o["d"])}, "other y": {curve, "y", ptr(o["y"])}, "other curve": {curve, "crv", ptr("P-256")},
		"zero d": {curve, "d", ptr(strings.Repeat("A", 43))}, "short d": {curve, "d", ptr("AAAA")},
	} {
		var m map[string]string
		if err := json.Unmarshal(c.key, &m); err != nil {
			t.Fatal(err)
		}
		secret := m["d"]
		delete(m, c.member)
		if c.value != nil {
			m[c.member] = *c.value
		}
		b, _ := json.Marshal(m)
		s, err := ParseJWK(b)
		if err == nil || s != nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error holds the key", name)
		}
	}
	for _, b := range []string{"", "null", "[]", "{}", `{"kty":"oct"}`, strings.Repeat(" ", maxKeyFile+1)} {
		if _, err := ParseJWK([]byte(b)); err == nil {
			t.Errorf("%.20q: accepted", b)
		}
	}
}

func ptr(s string) *string { return &s }

func TestNewSignerRefuses(t *testing.T) {
	for _, key := range []any{nil, "text", [32]byte{}, [32]byte(bytesOf(0xff, 32))} {
		if _, err := NewSigner(key); err == nil {
			t.Errorf("%v: accepted", key)
		}
	}
}

func TestSignRefusesWhatIsNoItem(t *testing.T) {
	s := testWallet(t)
	for name, d := range map[string]Draft{
		"anchor":     {Anchor: []byte("short")},
		"empty name": {Tags: tagged("", "x").Tags},
		"not UTF-8":  {Tags: tagged("a", "\xff").Tags},
		"tag bytes":  {Tags: tagged("a", strings.Repeat("x", 3073)).Tags},
		"many tags":  {Tags: tagged(make([]string, 2*129)...).Tags},
		"too large":  {Data: make([]byte, MaxItem)},
	} {
		if it, err := s.Sign(d); err == nil {
			t.Errorf("%s: signed %s", name, it.ID)
		}
	}
}
