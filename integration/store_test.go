package integration

import (
	"context"

	"github.com/caddyserver/caddy/v2"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/sqlite"
)

// withStore opens the stopped server's database and calls f with it.
func (s *server) withStore(f func(store.Store)) {
	s.t.Helper()
	opener := &sqlite.Module{Path: s.database()}
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	defer cancel()
	if err := opener.Provision(ctx); err != nil {
		s.t.Fatal(err)
	}
	st, err := opener.Open(ctx, store.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() {
		if err := st.Close(); err != nil {
			s.t.Error(err)
		}
	}()
	f(st)
}

// documents returns everything that the stopped server's database holds.
func (s *server) documents() []alert.Document {
	s.t.Helper()
	var all []alert.Document
	s.withStore(func(st store.Store) {
		var err error
		if all, err = st.Newest(s.t.Context(), store.Filter{Domain: store.Both}, 10_000_000); err != nil {
			s.t.Fatal(err)
		}
	})
	return all
}
