package cache

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

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
	l := NewLoader(newMapCache())
	for _, test := range tests {
		fill := func(context.Context) ([]byte, error) { return bytes.Clone(test.value), nil }
		for _, want := range []Status{Miss, Hit} {
			r, err := l.Load(t.Context(), test.name, time.Minute, fill)
			if err != nil || r.Status != want || !bytes.Equal(r.Value, test.value) {
				t.Fatalf("%s: Load = %.80s, %v, want a %s", test.name, show(r), err, want)
			}
			for _, encoding := range []string{"gzip", "zstd"} {
				form := r.Encoded(encoding)
				if len(form) > 0 != test.forms {
					t.Errorf("%s, %s: %s has %d bytes, of %d", test.name, want, encoding, len(form), len(test.value))
				} else if test.forms && !bytes.Equal(decode(t, encoding, form), test.value) {
					t.Errorf("%s, %s: %s is something else", test.name, want, encoding)
				}
			}
			if r.Encoded("br") != nil || r.Encoded("") != nil {
				t.Errorf("%s: forms that are not made", test.name)
			}
		}
	}
}

func TestFixed(t *testing.T) {
	values := [][]byte{answer(100), []byte("small")}
	fixed := Fixed(values)
	if len(fixed) != len(values) {
		t.Fatalf("%d results of %d values", len(fixed), len(values))
	}
	for i, value := range values {
		if !bytes.Equal(fixed[i].Value, value) || fixed[i].Digest != digestOf(value) {
			t.Errorf("value %d is something else: %s", i, show(fixed[i]))
		}
	}
	loaders := newEncoder(gzipLevel).encode(values[0])
	for encoding, usual := range map[string][]byte{"gzip": loaders.gzip, "zstd": loaders.zstd} {
		form := fixed[0].Encoded(encoding)
		if !bytes.Equal(decode(t, encoding, form), values[0]) {
			t.Errorf("%s is something else", encoding)
		}
		if len(form) > len(usual) {
			t.Errorf("%s has %d bytes, and %d when made in a hurry", encoding, len(form), len(usual))
		}
	}
	if best := fixed[0].Encoded("gzip"); len(best) >= len(loaders.gzip) {
		t.Errorf("gzip at its best has %d bytes, and %d when made in a hurry", len(best), len(loaders.gzip))
	}
	if fixed[1].Encoded("gzip") != nil {
		t.Error("a small value is encoded")
	}
}

func TestETag(t *testing.T) {
	l := NewLoader(newMapCache())
	load := func(key, value string, ttl time.Duration) Result {
		t.Helper()
		r, err := l.Load(t.Context(), key, ttl, func(context.Context) ([]byte, error) { return []byte(value), nil })
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	miss, hit, bypass := load("k", "v", time.Minute), load("k", "v", time.Minute), load("b", "v", 0)
	tag := miss.ETag("")
	if len(tag) != 24 || !strings.HasPrefix(tag, `"`) || !strings.HasSuffix(tag, `"`) || strings.Count(tag, `"`) != 2 {
		t.Errorf("ETag is %s", tag)
	}
	if hit.ETag("") != tag || bypass.ETag("") != tag {
		t.Errorf("the same value has the tags %s, %s and %s", tag, hit.ETag(""), bypass.ETag(""))
	}
	if got, want := miss.ETag("gzip"), strings.TrimSuffix(tag, `"`)+`-gzip"`; got != want {
		t.Errorf("ETag of gzip is %s, want %s", got, want)
	}
	other := load("other", "w", time.Minute)
	if other.ETag("") == tag {
		t.Error("different values have the same tag")
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10_000} {
		value := answer(n)
		b.Run(fmt.Sprint(len(value)), func(b *testing.B) {
			e := newEncoder(gzipLevel)
			b.SetBytes(int64(len(value)))
			b.ReportAllocs()
			var size encoded
			for b.Loop() {
				size = e.encode(value)
			}
			b.ReportMetric(float64(len(size.gzip))/float64(len(value)), "gzip/size")
			b.ReportMetric(float64(len(size.zstd))/float64(len(value)), "zstd/size")
		})
	}
}
