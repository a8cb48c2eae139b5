package app

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/caddyserver/caddy/v2"

	"github.com/peba-edge/peba/login"
	"github.com/peba-edge/peba/store"
)

// knownSources are those of this process, by the store of the users, so that a reload
// during a flood does not turn users into strangers.
var knownSources = caddy.NewUsagePool()

// pooledSources can be in a UsagePool.
type pooledSources struct{ *login.KnownSources }

// Destruct implements caddy.Destructor.
func (p pooledSources) Destruct() error {
	p.Close()
	return nil
}

// users are those of the store.
type users struct{ store.Store }

// User implements login.Users.
func (u users) User(ctx context.Context, name string) (store.User, error) {
	return store.Get[store.User](ctx, u.Store, name)
}

// openLogins prepares the logins of this configuration; closeLogins closes
// them.
func (a *App) openLogins() error {
	shared, _, err := knownSources.LoadOrNew(a.storeConfig, func() (caddy.Destructor, error) {
		known, err := login.NewKnownSources()
		return pooledSources{known}, err
	})
	if err != nil {
		return fmt.Errorf("preparing logins: %w", err)
	}
	logins, err := login.New(users{a.store}, a.Community.forLogin(), shared.(pooledSources).KnownSources)
	if err != nil {
		_, _ = knownSources.Delete(a.storeConfig) // Destruct has no error
		return fmt.Errorf("preparing logins: %w", err)
	}
	a.logins = logins
	return nil
}

func (a *App) closeLogins() error {
	a.logins.Close()
	_, err := knownSources.Delete(a.storeConfig)
	return err
}

// forLogin returns the credentials for package login.
func (c *Credentials) forLogin() *login.Credentials {
	if c == nil {
		return nil
	}
	return &login.Credentials{User: c.User, Token: c.Token}
}

// Sender is an authenticated sender of alerts.
type Sender struct{ community bool }

// LogInSender checks the credentials of a message from source. If they are wrong
// or do not allow sending, the error is a *login.Error.
func (a *App) LogInSender(ctx context.Context, user, token string, source netip.Addr) (*Sender, error) {
	if err := a.wait(ctx); err != nil {
		return nil, err
	}
	who, err := a.logins.Authenticate(ctx, login.Credentials{User: user, Token: token}, source, login.ForIngest)
	if err != nil {
		return nil, err
	}
	return &Sender{who.Community}, nil
}

// Reader is a private user who may ask private questions.
type Reader struct {
	// Name is the user's name.
	Name string
	// CommunityOnly readers see only the community's data, whatever they ask
	// for. ReadOnly readers may not change anything.
	CommunityOnly, ReadOnly bool
}

// LogIn checks credentials for private questions (docs/CONTRACT.md §2). The
// error for wrong ones is a *login.Error.
func (a *App) LogIn(ctx context.Context, user, token string, source netip.Addr) (*Reader, error) {
	if err := a.wait(ctx); err != nil {
		return nil, err
	}
	who, err := a.logins.Authenticate(ctx, login.Credentials{User: user, Token: token}, source, login.ForReading)
	if err != nil {
		return nil, err
	}
	return &Reader{Name: who.Name, CommunityOnly: who.CommunityOnly, ReadOnly: who.ReadOnly}, nil
}
