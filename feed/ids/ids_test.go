package ids

import (
	"testing"

	"github.com/peba-edge/peba/feed"
)

// TestV5 compares with the example of RFC 9562, appendix A.4.
func TestV5(t *testing.T) {
	dns, ok := Parse("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
	if !ok {
		t.Fatal("the namespace does not parse")
	}
	if got, want := V5(dns, "www.example.com").String(), "2ed6657d-e927-568b-95e1-2665a8aea6a2"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if V5(dns, "www.example.com") != V5(dns, []byte("www.example.com")) {
		t.Error("text and bytes differ")
	}
}

// TestParse holds that only the canonical form is read.
func TestParse(t *testing.T) {
	for _, text := range []string{
		"", "6BA7B810-9dad-11d1-80b4-00c04fd430c8", "6ba7b8109dad11d180b400c04fd430c8", "6ba7b810-9dad-11d1-80b4-00c04fd430c",
		"6ba7b810-9dad-11d1-80b4-00c04fd430cg", "6ba7b810-9dad-11d1-80b4-00c04fd430c8 ", "6ba7b810-9dad-11d1+80b4-00c04fd430c8",
	} {
		if id, ok := Parse(text); ok {
			t.Errorf("%q is read as %s", text, id)
		}
	}
}

// TestFeed holds that identifiers never change between releases, and that neither feeds nor
// publishers share them.
func TestFeed(t *testing.T) {
	if got, want := Feed(&feed.Definition{Name: "blocklist"}).String(), "875f1ef7-02bd-5651-8d77-f7a3c5d15462"; got != want {
		t.Errorf("got %s, want %s: consumers would get every object twice", got, want)
	}
	seen := map[UUID]bool{}
	for _, d := range []feed.Definition{{Name: "a"}, {Name: "b"}, {Name: "a", Publisher: "b"}, {Name: "b", Publisher: "a"}} {
		seen[Feed(&d)] = true
	}
	if len(seen) != 4 {
		t.Errorf("got %d namespaces, want 4", len(seen))
	}
}
