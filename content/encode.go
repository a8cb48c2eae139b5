package content

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	// minEncoded is the minimum size of a value worth encoding, in bytes:
	// smaller ones fit into one packet anyway.
	minEncoded = 1 << 10

	// zstdWindow bounds the encoder's memory. (Browsers reject more than 8 MiB.)
	zstdWindow = 1 << 20

	// quickLevel is the gzip level beyond which more time gains little.
	quickLevel = 5
)

// Encoder creates bodies with encoded forms. It is safe for concurrent use.
type Encoder struct {
	level int
	zstd  *zstd.Encoder
	gzips sync.Pool // of *gzip.Writer
}

// NewEncoder returns a fast encoder, for values computed repeatedly.
func NewEncoder() *Encoder { return newEncoder(quickLevel) }

// NewFileEncoder returns an encoder for values that never change, such as
// embedded files. It does not use zstd's best level, which needs 75 MB of
// memory.
func NewFileEncoder() *Encoder { return newEncoder(gzip.BestCompression) }

func newEncoder(level int) *Encoder {
	z, err := zstd.NewWriter(nil, zstd.WithWindowSize(zstdWindow), zstd.WithLowerEncoderMem(true),
		zstd.WithEncoderConcurrency(2))
	if err != nil {
		panic(fmt.Sprintf("content: zstd rejects its constant options: %v", err))
	}
	return &Encoder{level: level, zstd: z}
}

// Lazy returns a body whose encoded forms are computed when a client first asks for one:
// many programs never do.
func (e *Encoder) Lazy(value []byte) Body {
	body := Plain(value)
	body.later = sync.OnceValue(func() Body { return e.Encode(value) })
	return body
}

// Encode returns a body with those encoded forms of value that save at least a
// tenth.
func (e *Encoder) Encode(value []byte) Body {
	body := Plain(value)
	if len(value) < minEncoded {
		return body
	}
	worthwhile := func(form []byte) []byte {
		if len(form) > len(value)/10*9 {
			return nil
		}
		return form
	}
	body.gzip, body.zstd = worthwhile(e.gzip(value)), worthwhile(e.zstd.EncodeAll(value, nil))
	return body
}

// gzip returns the gzip form of value, or nothing on error, which cannot happen
// in memory.
func (e *Encoder) gzip(value []byte) []byte {
	var form bytes.Buffer
	w, ok := e.gzips.Get().(*gzip.Writer)
	if ok {
		w.Reset(&form)
	} else {
		var err error
		if w, err = gzip.NewWriterLevel(&form, e.level); err != nil {
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
