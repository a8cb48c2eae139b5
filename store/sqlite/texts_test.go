package sqlite

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/peba-edge/peba/alert"
)

// TestPackedTextsComeBack packs documents with texts of all lengths, some usual
// and some not, and wants each text back; anything cut off or added is damage.
func TestPackedTextsComeBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	for range 1000 {
		d := alert.Document{ID: "1"}
		for i := range packedTexts {
			switch to := packedTexts[i].of(&d); rng.IntN(4) {
			case 0:
				*to = packedTexts[i].usual
			case 1:
				*to = ""
			default:
				*to = strings.Repeat("\x00é\xff", rng.IntN(100))
			}
		}
		packed := appendTexts(nil, &d)
		got := alert.Document{ID: "1"}
		must(t, decodeTexts(packed, &got))
		if got != d {
			t.Fatalf("got  %+v\nwant %+v", got, d)
		}
		if err := decodeTexts(append(packed, strings.Repeat("\x00", len(packedTexts)+1)...), &got); err == nil {
			t.Fatal("bytes too many are not noticed")
		}
		if len(packed) > 0 && packed[len(packed)-1] != 0 {
			cut := packed[:len(packed)-1]
			if err := decodeTexts(cut, &got); err == nil && got == d {
				t.Fatal("a document is complete without its last byte")
			}
		}
	}
	usual := alert.Document{TargetPort: "tcp", AdditionalData: "{}", RawHTTP: "-", Client: "-"}
	if packed := appendTexts(nil, &usual); len(packed) != 0 {
		t.Errorf("the usual texts take %d bytes", len(packed))
	}
	if err := decodeTexts([]byte{200}, &usual); err == nil {
		t.Error("a length without an end is not noticed")
	}
	if err := decodeTexts([]byte{9, 'x'}, &usual); err == nil {
		t.Error("a text without its end is not noticed")
	}
}
