package feed

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/memory"
)

func TestTokens(t *testing.T) {
	s := memory.New(store.Options{})
	all, record, err := NewToken("firewall", "", start)
	if err != nil {
		t.Fatal(err)
	}
	one, recordOfOne, err := NewToken("partner", "blocklist", start)
	if err != nil {
		t.Fatal(err)
	}
	if all == one || !strings.HasPrefix(all, tokenPrefix) || len(all) < 40 || strings.Contains(record.Hash, all) {
		t.Fatalf("tokens %q and %q", all, one)
	}
	if err := s.PutRecords(t.Context(), record, recordOfOne); err != nil {
		t.Fatal(err)
	}
	tokens := NewTokens(s)
	blocklist, other, public := Definition{Name: "blocklist"}, Definition{Name: "other"}, Definition{Name: "public", Public: true}
	pass, err := tokens.Admit(t.Context(), all)
	if err != nil || pass.Name != "firewall" || !pass.Reads(&blocklist) || !pass.Reads(&other) || !pass.Reads(&public) {
		t.Errorf("a token for all feeds: %+v, %v", pass, err)
	}
	pass, err = tokens.Admit(t.Context(), one)
	if err != nil || pass.Name != "partner" || !pass.Reads(&blocklist) || pass.Reads(&other) || !pass.Reads(&public) {
		t.Errorf("a token for one feed: %+v, %v", pass, err)
	}
	if none := Anyone(); none.Reads(&blocklist) || !none.Reads(&public) {
		t.Error("no token: must read public feeds only")
	}
	for _, wrong := range []string{"", all + "x", record.Hash, tokenPrefix} {
		if _, err := tokens.Admit(t.Context(), wrong); !errors.Is(err, ErrToken) {
			t.Errorf("token %q: got %v, want ErrToken", wrong, err)
		}
	}
	if err := s.DeleteRecord(t.Context(), store.KindFeedToken, "firewall"); err != nil {
		t.Fatal(err)
	}
	tokens.Forget()
	if _, err := tokens.Admit(t.Context(), all); !errors.Is(err, ErrToken) {
		t.Errorf("a revoked token: got %v, want ErrToken", err)
	}
}

// deafStore cannot be read while it is deaf.
type deafStore struct {
	store.RecordReader
	deaf bool
}

func (s *deafStore) ListRecords(ctx context.Context, kind store.Kind, l store.Listing, visit func(store.Record) error) error {
	if s.deaf {
		return store.ErrUnavailable
	}
	return s.RecordReader.ListRecords(ctx, kind, l, visit)
}

// TestTokensNeverRead: firewalls stop using a list that answers 401, so no token is wrong
// before the tokens could be read.
func TestTokensNeverRead(t *testing.T) {
	s := memory.New(store.Options{})
	token, record, err := NewToken("firewall", "", start)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutRecords(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	reader := &deafStore{RecordReader: s, deaf: true}
	tokens := NewTokens(reader)
	for range 3 {
		if _, err := tokens.Admit(t.Context(), token); !errors.Is(err, store.ErrUnavailable) || errors.Is(err, ErrToken) {
			t.Errorf("before the tokens could be read: got %v, want ErrUnavailable", err)
		}
	}
	reader.deaf = false
	if _, err := tokens.Admit(t.Context(), token); err != nil {
		t.Errorf("then: %v", err)
	}
	reader.deaf = true
	if _, err := tokens.Admit(t.Context(), token+"x"); !errors.Is(err, ErrToken) {
		t.Errorf("a wrong token later: got %v, want ErrToken", err)
	}
}

// TestWait: a client may have much made at once, and then has to wait, or to come back.
func TestWait(t *testing.T) {
	p := Anyone()
	began := time.Now()
	for i := range 8 {
		if err := p.Wait(t.Context()); err != nil || time.Since(began) > 500*time.Millisecond {
			t.Fatalf("body %d: %v after %v", i, err, time.Since(began))
		}
		p.Charge(renderBurst / 8)
	}
	p.Charge(renderRate)
	if err := p.Wait(t.Context()); err != nil || time.Since(began) < 500*time.Millisecond {
		t.Errorf("one more: %v after %v", err, time.Since(began))
	}
	p.Charge(renderRate)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	p.Charge(renderBurst)
	if err := p.Wait(t.Context()); !errors.Is(err, ErrTooMany) {
		t.Errorf("after much more: got %v, want ErrTooMany", err)
	}
}

// TestTokensOutliveTheStore: while the store fails, tokens stay valid, and unknown ones are
// not called wrong before any were read.
func TestTokensOutliveTheStore(t *testing.T) {
	s := memory.New(store.Options{})
	token, record, err := NewToken("firewall", "", start)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutRecords(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	tokens := NewTokens(s)
	if _, err := tokens.Admit(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	tokens.Forget()
	if _, err := tokens.Admit(t.Context(), token); err != nil {
		t.Errorf("a known token: %v", err)
	}
	if _, err := NewTokens(s).Admit(t.Context(), token); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("before any were read: got %v, want ErrUnavailable", err)
	}
}

func TestClients(t *testing.T) {
	s := memory.New(store.Options{})
	c := NewClients()
	if err := c.Load(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if _, known := c.Cursor("firewall 192.0.2.1", "blocklist"); known {
		t.Error("an unknown client has a cursor")
	}
	c.SetCursor("firewall 192.0.2.1", "blocklist", start, start)
	c.Used("firewall", start.Add(90*time.Second))
	if err := c.Flush(t.Context(), s, start); err != nil {
		t.Fatal(err)
	}
	again := NewClients()
	if err := again.Load(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if at, known := again.Cursor("firewall 192.0.2.1", "blocklist"); !known || !at.Equal(start) {
		t.Errorf("after a restart: %v %t, want %v", at, known, start)
	}
	if _, known := again.Cursor("firewall 192.0.2.1", "other"); known {
		t.Error("the cursor of one feed is one of another")
	}
	if at := again.LastUsed("firewall"); !at.Equal(start.Add(time.Minute)) {
		t.Errorf("last used %v", at)
	}
	if err := again.Flush(t.Context(), s, start.Add(clientsFor+time.Hour)); err != nil {
		t.Fatal(err)
	}
	left, err := store.List[store.FeedClient](t.Context(), s, store.Listing{})
	if err != nil || len(left) != 0 {
		t.Errorf("silent clients stay: %v %v", left, err)
	}
}

// TestClientsAreBounded: one token from many addresses does not fill the memory.
func TestClientsAreBounded(t *testing.T) {
	c := NewClients()
	for i := range maxClients + 10 {
		c.SetCursor(time.Duration(i).String(), "blocklist", start, start.Add(time.Duration(i)*time.Second))
	}
	if n := len(c.byKey); n != maxClients {
		t.Errorf("%d clients, want %d", n, maxClients)
	}
	if _, known := c.Cursor("0s", "blocklist"); known {
		t.Error("the one that was silent the longest is still known")
	}
	// Nor the store, where another process may have put more.
	s := memory.New(store.Options{})
	for _, key := range []string{"0s", "old"} {
		if err := s.PutRecords(t.Context(), store.FeedClient{Key: key, Feed: "blocklist", Updated: start.Add(-time.Hour)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, one := range []*Clients{c, NewClients()} {
		if err := one.Load(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		if err := one.Flush(t.Context(), s, start); err != nil {
			t.Fatal(err)
		}
		stored, err := store.List[store.FeedClient](t.Context(), s, store.Listing{})
		if err != nil || len(stored) != maxClients {
			t.Errorf("%d stored, want %d: %v", len(stored), maxClients, err)
		}
	}
}

// slowStore answers lists only when it is told to.
type slowStore struct {
	store.Store
	answer chan struct{}
}

func (s *slowStore) ListRecords(ctx context.Context, kind store.Kind, l store.Listing, visit func(store.Record) error) error {
	select {
	case <-s.answer:
		return s.Store.ListRecords(ctx, kind, l, visit)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestSlowStore: a wrong token does not make those wait that are known.
func TestSlowStore(t *testing.T) {
	s := &slowStore{memory.New(store.Options{}), make(chan struct{}, 1)}
	token, record, err := NewToken("firewall", "", start)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.PutRecords(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	tokens := NewTokens(s)
	s.answer <- struct{}{}
	if _, err := tokens.Admit(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	tokens.Forget()
	wrong := make(chan error)
	go func() {
		_, err := tokens.Admit(t.Context(), "wrong")
		wrong <- err
	}()
	for len(tokens.reading) == 0 {
		time.Sleep(time.Millisecond)
	}
	if pass, err := tokens.Admit(t.Context(), token); err != nil || pass.Name != "firewall" {
		t.Errorf("while the store is asked: %v", err)
	}
	s.answer <- struct{}{}
	if err := <-wrong; !errors.Is(err, ErrToken) {
		t.Errorf("the wrong one: got %v, want ErrToken", err)
	}
}
