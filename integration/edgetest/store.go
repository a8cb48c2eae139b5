package edgetest

import (
	"context"

	"github.com/caddyserver/caddy/v2"
	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/sqlite"
)

// WithStore opens the stopped server's database and calls f with it.
func (s *Server) WithStore(f func(store.Store)) {
	s.T.Helper()
	opener := &sqlite.Module{Path: s.Database()}
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	defer cancel()
	if err := opener.Provision(ctx); err != nil {
		s.T.Fatal(err)
	}
	st, err := opener.Open(ctx, store.Options{})
	if err != nil {
		s.T.Fatal(err)
	}
	defer func() {
		if err := st.Close(); err != nil {
			s.T.Error(err)
		}
	}()
	f(st)
}

// Documents returns everything that the stopped server's database holds.
func (s *Server) Documents() []alert.Document {
	s.T.Helper()
	var all []alert.Document
	s.WithStore(func(st store.Store) {
		var err error
		if all, err = st.Newest(s.T.Context(), store.Filter{Domain: store.Both}, 10_000_000); err != nil {
			s.T.Fatal(err)
		}
	})
	return all
}
