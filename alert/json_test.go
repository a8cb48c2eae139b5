package alert

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"
)

// TestAppendJSON holds AppendJSON to what encoding/json makes of the struct, so
// that no field is forgotten, with texts as attackers write them.
func TestAppendJSON(t *testing.T) {
	texts := []string{
		"", "plain", `quote " and \ back`, "line\nfeed\r\ttab", "\x00\x01\x1f\x7f", "<script>&amp;", "ünïcode 日本 😀",
		"\u2028\u2029", "broken \xff\xfe utf-8", "half \xe6\x97", "\ufffd",
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var d Document
		v := reflect.ValueOf(&d).Elem()
		for i := range v.NumField() {
			switch field := v.Field(i).Addr().Interface().(type) {
			case *string:
				*field = texts[rng.IntN(len(texts))] + texts[rng.IntN(len(texts))]
			case *Time:
				*field = At(time.Unix(rng.Int64N(1<<33), 0))
			case *bool:
				*field = rng.IntN(2) == 0
			default:
				t.Fatalf("a document has a field of type %T, which AppendJSON does not know", field)
			}
		}
		var want bytes.Buffer
		encoder := json.NewEncoder(&want)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(&d); err != nil {
			t.Fatal(err)
		}
		got := d.AppendJSON([]byte("before "))
		if !bytes.HasPrefix(got, []byte("before {")) || !sameMembers(t, got[len("before "):], want.Bytes()) {
			t.Fatalf("AppendJSON writes\n%s\nencoding/json\n%s", got, want.Bytes())
		}
	}
}

// sameMembers tells whether two objects have the same members in the same order.
func sameMembers(t *testing.T, a, b []byte) bool {
	t.Helper()
	left, right := json.NewDecoder(bytes.NewReader(a)), json.NewDecoder(bytes.NewReader(b))
	for {
		x, errX := left.Token()
		y, errY := right.Token()
		if errX != nil || errY != nil {
			return errors.Is(errX, io.EOF) && errors.Is(errY, io.EOF)
		}
		if x != y {
			return false
		}
	}
}
