// Package cachetest is the conformance suite that every cache must pass.
package cachetest

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/peba-edge/peba/cache"
)

// Run holds caches to the words of cache.Cache and to nothing more. open
// returns a cache that may hold anything under other keys; the suite closes it.
// It must have room for a few megabytes, so that nothing small is forgotten.
func Run(t *testing.T, open func(t *testing.T) cache.Cache) {
	tests := []struct {
		name string
		run  func(s *subject)
	}{
		{"nothing there", testMissing},
		{"values come back", testValues},
		{"replaced", testReplaced},
		{"odd keys", testKeys},
		{"long lives", testLongLives},
		{"short lives", testShortLives},
		{"no life", testNoLife},
		{"too big", testTooBig},
		{"many at once", testConcurrent},
		{"ping", testPing},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &subject{T: t, cache: open(t)}
			defer func() {
				if err := s.cache.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			}()
			test.run(s)
		})
	}
}

// subject is a cache under test. Its keys are the test's own, since caches may
// be shared.
type subject struct {
	*testing.T
	cache cache.Cache
}

func (s *subject) set(key string, value []byte, ttl time.Duration) {
	s.Helper()
	if err := s.cache.Set(s.Context(), s.Name()+key, bytes.Clone(value), ttl); err != nil {
		s.Fatalf("Set(%.40q): %v", key, err)
	}
}

func (s *subject) get(key string) ([]byte, bool) {
	s.Helper()
	value, found, err := s.cache.Get(s.Context(), s.Name()+key)
	if err != nil {
		s.Fatalf("Get(%.40q): %v", key, err)
	}
	return value, found
}

func (s *subject) want(key string, want []byte) {
	s.Helper()
	got, found := s.get(key)
	if !found || !bytes.Equal(got, want) {
		s.Errorf("Get(%.40q) = %.40q, %v, want %.40q", key, got, found, want)
	}
}

func (s *subject) wantNothing(key string) {
	s.Helper()
	if got, found := s.get(key); found {
		s.Errorf("Get(%.40q) = %.40q, want nothing", key, got)
	}
}

func testMissing(s *subject) {
	s.wantNothing("k")
}

func testValues(s *subject) {
	everyByte := make([]byte, 256)
	for i := range everyByte {
		everyByte[i] = byte(i)
	}
	values := map[string][]byte{
		"empty":      {},
		"text":       []byte("text"),
		"every byte": everyByte,
		"lines":      []byte("a\r\nEND\r\nb"),
		"long":       bytes.Repeat(everyByte, 2000),
	}
	for key, value := range values {
		s.set(key, value, time.Hour)
	}
	for key, value := range values {
		s.want(key, value)
	}
}

func testReplaced(s *subject) {
	s.set("k", []byte("the first, longer"), time.Hour)
	s.set("k", []byte("the second"), time.Hour)
	s.want("k", []byte("the second"))
}

func testKeys(s *subject) {
	keys := []string{
		"", " ", "a", "A", "a b", "a\tb", "a\nb", "a\r\nb", "a\x00b", "a\x7fb", "ä", "a\u0308", "\xff",
		"get a\r\nset b", strings.Repeat("x", 250), strings.Repeat("x", 251), strings.Repeat("x", 10_000),
	}
	for _, key := range keys {
		s.set(key, []byte("value of "+key), time.Hour)
	}
	for _, key := range keys {
		s.want(key, []byte("value of "+key))
	}
}

// Some servers take more than 30 days for a date.
func testLongLives(s *subject) {
	for _, days := range []int{29, 31, 400} {
		s.set(fmt.Sprint(days), []byte("v"), time.Duration(days)*24*time.Hour)
	}
	for _, days := range []int{29, 31, 400} {
		s.want(fmt.Sprint(days), []byte("v"))
	}
}

// Some servers count in seconds and take 0 as no limit.
func testShortLives(s *subject) {
	ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
	defer cancel()
	ttls := []time.Duration{time.Nanosecond, 10 * time.Millisecond, time.Second}
	for _, ttl := range ttls {
		s.set(ttl.String(), []byte("v"), ttl)
	}
	for _, ttl := range ttls {
		for found := true; found; _, found = s.get(ttl.String()) {
			select {
			case <-time.After(10 * time.Millisecond):
			case <-ctx.Done():
				s.Fatalf("a value set for %v is still there", ttl)
			}
		}
	}
}

func testNoLife(s *subject) {
	for _, ttl := range []time.Duration{0, -time.Nanosecond, -time.Hour} {
		s.set("k", []byte("v"), time.Hour)
		s.set("k", []byte("v"), ttl)
		s.wantNothing("k")
	}
}

// What does not fit is no error; but the old value must not come back for it.
func testTooBig(s *subject) {
	s.set("k", []byte("old"), time.Hour)
	big := bytes.Repeat([]byte("big "), 4<<20)
	s.set("k", big, time.Hour)
	if got, found := s.get("k"); found && !bytes.Equal(got, big) {
		s.Errorf("Get = %.40q, want the big value or nothing", got)
	}
	s.set("k", []byte("small again"), time.Hour)
	s.want("k", []byte("small again"))
}

func testConcurrent(s *subject) {
	const keys = 8
	valueOf := func(key, n int) []byte {
		return bytes.Repeat(fmt.Appendf(nil, "%d/%d ", key, n), 100)
	}
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for n := range 200 {
				key := (worker + n) % keys
				name := s.Name() + fmt.Sprint(key)
				if n%2 == 0 {
					if err := s.cache.Set(s.Context(), name, valueOf(key, n), time.Hour); err != nil {
						s.Errorf("Set: %v", err)
					}
					continue
				}
				value, found, err := s.cache.Get(s.Context(), name)
				if err != nil {
					s.Errorf("Get: %v", err)
				}
				if found && !isWhole(value, key) {
					s.Errorf("Get(%d) = %.40q: not one whole value of that key", key, value)
				}
			}
		})
	}
	wg.Wait()
}

// isWhole tells whether value is one that testConcurrent wrote for key.
func isWhole(value []byte, key int) bool {
	word, _, ok := bytes.Cut(value, []byte(" "))
	return ok && bytes.HasPrefix(word, fmt.Appendf(nil, "%d/", key)) &&
		bytes.Equal(value, bytes.Repeat(append(bytes.Clone(word), ' '), 100))
}

func testPing(s *subject) {
	if err := s.cache.Ping(s.Context()); err != nil {
		s.Errorf("Ping: %v", err)
	}
}
