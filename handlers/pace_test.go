package handlers

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// deadlines is a connection that records its read deadline.
type deadlines struct {
	http.ResponseWriter
	set time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error { d.set = t; return nil }

func TestPace(t *testing.T) {
	const payload = 13_400_000
	for name, test := range map[string]struct {
		size, chunk int64         // bytes
		every       time.Duration // between chunks
		verified    bool
		timeout     time.Duration // of the server
		rest        time.Duration // before the first byte: nothing was to be read
		ends        time.Duration // 0: never
	}{
		"256 kbit/s":                  {size: payload, chunk: 16 << 10, every: 512 * time.Millisecond, verified: true},
		"after a wait":                {size: payload, chunk: 16 << 10, every: 512 * time.Millisecond, verified: true, rest: time.Minute},
		"a short message, slowly":     {size: 1000, chunk: 100, every: time.Second},
		"trickle":                     {size: payload, chunk: 1, every: time.Second, verified: true, ends: maxPause},
		"unverified trickle":          {size: payload, chunk: 1, every: time.Second, ends: unverifiedPause},
		"below the rate":              {size: payload, chunk: 8 << 10, every: time.Second, verified: true, ends: 2 * maxPause},
		"fast, then never":            {size: payload, chunk: payload - 1, every: maxPause + time.Second, verified: true, ends: maxPause},
		"at the rate, without an end": {size: 1 << 40, chunk: 16 << 10, every: time.Second, verified: true, ends: maxReceive},
		"the server's own timeout":    {size: payload, chunk: 16 << 10, every: time.Second, verified: true, timeout: time.Minute, ends: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			r = r.WithContext(context.WithValue(r.Context(), http.ServerContextKey, &http.Server{ReadTimeout: test.timeout}))
			conn := new(deadlines)
			p := newPace(conn, r)
			start := time.Now()
			now := start
			p.now = func() time.Time { return now }
			if test.verified {
				p.pause = maxPause
			}
			if test.rest > 0 {
				_ = p.rest(func() error {
					now = now.Add(test.rest)
					if !conn.set.IsZero() {
						t.Error("a deadline is set while nothing is read")
					}
					return nil
				})
			}
			for read := int64(0); read < test.size; read += test.chunk {
				p.next(read)
				if now = now.Add(test.every); !now.After(conn.set) {
					continue
				}
				if ended := conn.set.Sub(start); test.ends == 0 || (ended-test.ends).Abs() > 3*time.Second {
					t.Errorf("ended after %v and %d bytes, want %v", ended, read, test.ends)
				}
				return
			}
			if test.ends > 0 {
				t.Errorf("not ended, want after %v", test.ends)
			}
		})
	}
}
