package content

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// answer is like an answer with n alerts.
func answer(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `{"id":"%08x","dateCreated":"2024-01-02 03:%02d:%02d","country":"DE","city":"Bonn","lat":"50.7","peerType":"SSH/console(cowrie)"},`,
			i*7919, i%60, i*7%60)
	}
	return b.Bytes()
}

func decode(t *testing.T, encoding string, form []byte) []byte {
	t.Helper()
	var (
		from io.Reader
		err  error
	)
	if encoding == "gzip" {
		from, err = gzip.NewReader(bytes.NewReader(form))
	} else {
		from, err = zstd.NewReader(bytes.NewReader(form))
	}
	if err != nil {
		t.Fatal(err)
	}
	value, err := io.ReadAll(from)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestEncodedForms(t *testing.T) {
	random := make([]byte, 10_000)
	if _, err := rand.Read(random); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		value []byte
		forms bool
	}{
		{"an answer", answer(100), true},
		{"large", answer(20_000), true},
		{"at the limit", bytes.Repeat([]byte("x"), minEncoded), true},
		{"small", bytes.Repeat([]byte("x"), minEncoded-1), false},
		{"empty", nil, false},
		{"does not shrink", random, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			body := NewEncoder().Encode(test.value)
			if !bytes.Equal(body.Value, test.value) {
				t.Fatalf("the value is %.80q", body.Value)
			}
			for _, encoding := range []string{"gzip", "zstd"} {
				form := body.Encoded(encoding)
				if len(form) > 0 != test.forms {
					t.Errorf("%s has %d bytes, of %d", encoding, len(form), len(test.value))
				} else if test.forms && !bytes.Equal(decode(t, encoding, form), test.value) {
					t.Errorf("%s is something else", encoding)
				}
			}
			if body.Encoded("br") != nil || body.Encoded("") != nil {
				t.Error("forms that are not made")
			}
		})
	}
}

func TestFileEncoder(t *testing.T) {
	value := answer(100)
	quick, best := NewEncoder().Encode(value), NewFileEncoder().Encode(value)
	if a, b := len(best.Encoded("gzip")), len(quick.Encoded("gzip")); a >= b {
		t.Errorf("gzip at its best has %d bytes, and %d when made in a hurry", a, b)
	}
	if !bytes.Equal(decode(t, "gzip", best.Encoded("gzip")), value) {
		t.Error("gzip is something else")
	}
}

func TestETag(t *testing.T) {
	encoded, plain := NewEncoder().Encode([]byte("v")), Plain([]byte("v"))
	tag := encoded.ETag("")
	if len(tag) != 24 || !strings.HasPrefix(tag, `"`) || !strings.HasSuffix(tag, `"`) || strings.Count(tag, `"`) != 2 {
		t.Errorf("ETag is %s", tag)
	}
	if plain.ETag("") != tag {
		t.Errorf("the same value has the tags %s and %s", tag, plain.ETag(""))
	}
	if got, want := encoded.ETag("gzip"), strings.TrimSuffix(tag, `"`)+`-gzip"`; got != want {
		t.Errorf("ETag of gzip is %s, want %s", got, want)
	}
	if other := Plain([]byte("w")); other.ETag("") == tag {
		t.Error("different values have the same tag")
	}
}

// TestParse: what Append writes is read again whole, and nothing else is.
func TestParse(t *testing.T) {
	for _, want := range []Body{
		{}, Plain([]byte("value")),
		{Value: []byte("value"), gzip: []byte("gz")},
		{Value: []byte("value"), zstd: []byte("zs")},
		{Value: []byte("value"), gzip: []byte("gz"), zstd: []byte("zst")},
	} {
		data := want.Append(nil)
		got, ok := Parse(data)
		if !ok || len(data) != want.Size() || !reflect.DeepEqual(got.Append(nil), data) {
			t.Errorf("%+v came back as %+v", want, got)
		}
		// Appending to one part must not write into the next.
		_ = append(got.Value, 'x')
		_ = append(got.gzip, 'x')
		if !bytes.Equal(got.gzip, want.gzip) || !bytes.Equal(got.zstd, want.zstd) {
			t.Errorf("%+v: the parts share their space", want)
		}
		if end := headerSize + len(want.Value) + len(want.gzip); end > 0 {
			if _, ok := Parse(data[:end-1]); ok {
				t.Errorf("%+v without its end is taken for a body", want)
			}
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10_000} {
		value := answer(n)
		b.Run(fmt.Sprint(len(value)), func(b *testing.B) {
			e := NewEncoder()
			b.SetBytes(int64(len(value)))
			b.ReportAllocs()
			var size Body
			for b.Loop() {
				size = e.Encode(value)
			}
			b.ReportMetric(float64(len(size.gzip))/float64(len(value)), "gzip/size")
			b.ReportMetric(float64(len(size.zstd))/float64(len(value)), "zstd/size")
		})
	}
}

// TestLazy: the encoded forms are computed once, when a client asks for one, and have the
// same tags.
func TestLazy(t *testing.T) {
	value := bytes.Repeat([]byte("192.0.2.1\n"), 1000)
	e := NewEncoder()
	lazy, eager := e.Lazy(value), e.Encode(value)
	calls := 0
	later := lazy.later
	lazy.later = func() Body { calls++; return later() }
	for accept, want := range map[string]string{"": "", "identity": "", "gzip": "gzip", "gzip, zstd": "zstd"} {
		before := calls
		if got := lazy.choose(accept); got != want {
			t.Errorf("%q: chose %q, want %q", accept, got, want)
		}
		if want == "" && calls != before {
			t.Errorf("%q computes encoded forms", accept)
		}
		if want != "" && !bytes.Equal(lazy.Encoded(want), eager.Encoded(want)) {
			t.Errorf("%q: other bytes than Encode's", accept)
		}
		if lazy.ETag(want) != eager.ETag(want) {
			t.Errorf("%q: other tags than Encode's", accept)
		}
	}
}
