package login

import (
	"context"
	"crypto/md5"
	"crypto/sha512"
	"encoding/hex"
	"strings"
	"testing"
)

func TestVerify(t *testing.T) {
	h := newHasher()
	const token = "Pr1vate-T0ken!"
	fresh, err := h.hash(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	long := sha512.Sum512([]byte(token))
	short := md5.Sum([]byte(token))
	for name, stored := range map[string]string{
		"argon2id":         fresh,
		"legacy SHA-512":   hex.EncodeToString(long[:]),
		"upper-case":       strings.ToUpper(hex.EncodeToString(long[:])),
		"older legacy MD5": hex.EncodeToString(short[:]),
	} {
		t.Run(name, func(t *testing.T) {
			if ok, err := h.verify(t.Context(), stranger, stored, token); !ok || err != nil {
				t.Errorf("the right token: %v, %v", ok, err)
			}
			for _, wrong := range []string{"", token + " ", strings.ToLower(token), stored} {
				if ok, err := h.verify(t.Context(), stranger, stored, wrong); ok || err != nil {
					t.Errorf("token %q: %v, %v", wrong, ok, err)
				}
			}
		})
	}
}

func TestHashIsSalted(t *testing.T) {
	h := newHasher()
	one, err := h.hash(t.Context(), "token")
	if err != nil {
		t.Fatal(err)
	}
	two, err := h.hash(t.Context(), "token")
	if err != nil {
		t.Fatal(err)
	}
	if one == two {
		t.Error("two hashes of one token are the same")
	}
	if !strings.HasPrefix(one, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("not in PHC form: %s", one)
	}
}

// TestVerifyRefuses feeds hashes that no store should hold: an error, never a
// yes, and never gigabytes of memory.
func TestVerifyRefuses(t *testing.T) {
	h := newHasher()
	for _, stored := range []string{
		"", "plain", "abcd", strings.Repeat("0", 64),
		"$argon2id$", "$argon2id$v=19$m=1,t=1,p=1$$", "$argon2id$v=18$m=19456,t=2,p=1$c2FsdA$aGFzaGhhc2hoYXNoaGFzaA",
		"$argon2id$v=19$m=4294967295,t=2,p=1$c2FsdA$aGFzaGhhc2hoYXNoaGFzaA",
		"$argon2id$v=19$m=19456,t=4294967295,p=1$c2FsdA$aGFzaGhhc2hoYXNoaGFzaA",
		"$argon2id$v=19$m=19456,t=2,p=0$c2FsdA$aGFzaGhhc2hoYXNoaGFzaA",
		"$argon2i$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaGhhc2hoYXNoaGFzaA",
	} {
		if ok, err := h.verify(t.Context(), stranger, stored, "plain"); ok || err == nil {
			t.Errorf("stored %q: %v, %v", stored, ok, err)
		}
	}
}

func TestHashWaitsForASlot(t *testing.T) {
	h := newHasher()
	h.slots <- struct{}{}
	h.slots <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.hash(ctx, "token"); err == nil {
		t.Error("a third hash ran beside two")
	}
}
