package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	digestSize = 16

	// minEncoded is from how many bytes on a value is worth encoding: smaller
	// ones fit into one packet anyway.
	minEncoded = 1 << 10

	// zstdWindow bounds the encoder's memory. (Browsers refuse more than 8 MiB.)
	zstdWindow = 1 << 20

	// gzipLevel, of what is computed again and again, is where more time stops to
	// buy much.
	gzipLevel = 5
)

// encoded is a value in the encodings of HTTP; empty where there is none.
type encoded struct{ gzip, zstd []byte }

// encoder makes the encoded forms of values. It may be used from many
// goroutines at once.
type encoder struct {
	gzipLevel int
	zstd      *zstd.Encoder
	gzips     sync.Pool // of *gzip.Writer
}

func newEncoder(gzipLevel int) *encoder {
	z, err := zstd.NewWriter(nil, zstd.WithWindowSize(zstdWindow), zstd.WithLowerEncoderMem(true),
		zstd.WithEncoderConcurrency(2))
	if err != nil {
		panic(fmt.Sprintf("cache: zstd refuses its constant options: %v", err))
	}
	return &encoder{gzipLevel: gzipLevel, zstd: z}
}

// Fixed returns values that never change, such as files of the program, as
// answers like those of a Loader. zstd is not asked for its best, for which it
// takes 75 MB of memory.
func Fixed(values [][]byte) []Result {
	e := newEncoder(gzip.BestCompression)
	results := make([]Result, len(values))
	for i, value := range values {
		results[i] = Result{Value: value, Digest: digestOf(value), also: e.encode(value)}
	}
	return results
}

// encode returns the forms of value that spare at least a tenth of it.
func (e *encoder) encode(value []byte) encoded {
	if len(value) < minEncoded {
		return encoded{}
	}
	worthwhile := func(form []byte) []byte {
		if len(form) > len(value)/10*9 {
			return nil
		}
		return form
	}
	return encoded{gzip: worthwhile(e.gzip(value)), zstd: worthwhile(e.zstd.EncodeAll(value, nil))}
}

// gzip returns the gzip form of value, or nothing if that fails, which no
// memory does.
func (e *encoder) gzip(value []byte) []byte {
	var form bytes.Buffer
	w, ok := e.gzips.Get().(*gzip.Writer)
	if ok {
		w.Reset(&form)
	} else {
		var err error
		if w, err = gzip.NewWriterLevel(&form, e.gzipLevel); err != nil {
			return nil
		}
	}
	defer e.gzips.Put(w)
	if _, err := w.Write(value); err != nil {
		return nil
	}
	if err := w.Close(); err != nil {
		return nil
	}
	return form.Bytes()
}

func digestOf(value []byte) [digestSize]byte {
	sum := sha256.Sum256(value)
	return [digestSize]byte(sum[:])
}

// Encoded returns Value in an encoding of HTTP ("gzip" or "zstd"), made once
// when Value was, or nothing: small values, those that do not shrink and those
// not kept (Bypass) have no such forms. It is shared: it must not be changed.
func (r *Result) Encoded(encoding string) []byte {
	switch encoding {
	case "gzip":
		return r.also.gzip
	case "zstd":
		return r.also.zstd
	default:
		return nil
	}
}

// ETag returns Value's strong entity tag, in its quotes, as it is sent with the
// given encoding: each encoding has its own (RFC 9110 §8.8.3.3), and "" is none.
// The tags are those which Caddy's encode handler makes of the bare one.
func (r *Result) ETag(encoding string) string {
	tag := make([]byte, 0, 40)
	tag = append(tag, '"')
	tag = base64.RawURLEncoding.AppendEncode(tag, r.Digest[:])
	if encoding != "" {
		tag = append(tag, '-')
		tag = append(tag, encoding...)
	}
	return string(append(tag, '"'))
}
