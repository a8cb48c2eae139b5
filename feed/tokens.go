package feed

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/peba-edge/peba/store"
)

// ErrToken is returned for a token that is unknown or was revoked.
var ErrToken = errors.New("unknown feed token")

// tokenPrefix makes tokens recognizable, for people and for scanners of leaked secrets.
const tokenPrefix = "pebafeed_"

// NewToken returns a new token, and its record for the store. feed is the only feed that it
// admits to; empty: all.
func NewToken(name, feed string, now time.Time) (token string, record store.FeedToken, err error) {
	var secret [32]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return "", store.FeedToken{}, fmt.Errorf("creating a token: %w", err)
	}
	token = tokenPrefix + base64.RawURLEncoding.EncodeToString(secret[:])
	return token, store.FeedToken{Name: name, Hash: hashOf(token), Feed: feed, Created: now.UTC().Truncate(time.Second)}, nil
}

// hashOf returns the SHA-256 of a token, in hex. Tokens are random, so that a slow hash
// would protect nothing.
func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

const (
	// tokensEvery is how long the tokens are remembered: another process may have revoked
	// one.
	tokensEvery = time.Minute
	// tokensAtMost limits how often they are read because of an unknown token.
	tokensAtMost = time.Second
)

// Tokens authenticates clients of feeds.
type Tokens struct {
	store store.RecordReader
	// reading is held by who reads the tokens from the store.
	reading chan struct{}

	mu     sync.Mutex
	byHash map[string]*Pass
	read   time.Time
}

// Pass is an admitted client.
type Pass struct {
	// Name is the token's name; empty without a token.
	Name string
	feed string
	all  bool
	// renders limits how much is made for the client, in bytes.
	renders *rate.Limiter
}

// A client may have renderBurst bytes of bodies made at once, and then renderRate a second.
// Bodies that are made already do not count. The rate is a hundredth of what a core makes.
const (
	renderBurst = 128 << 20
	renderRate  = 4 << 20
)

// NewTokens returns the tokens of a store.
func NewTokens(s store.RecordReader) *Tokens {
	return &Tokens{store: s, reading: make(chan struct{}, 1)}
}

// Admit returns the pass of a token, or ErrToken. The error wraps store.ErrUnavailable if
// the tokens were never read.
func (t *Tokens) Admit(ctx context.Context, token string) (*Pass, error) {
	hash := hashOf(token)
	pass, current := t.known(hash)
	if current {
		return admitted(pass)
	}
	select {
	case t.reading <- struct{}{}:
	default:
		if pass != nil { // another client has them read: nobody who is known waits for a slow store
			return pass, nil
		}
		select {
		case t.reading <- struct{}{}:
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for the feed tokens: %w", ctx.Err())
		}
	}
	defer func() { <-t.reading }()
	if pass, current = t.known(hash); current {
		return admitted(pass)
	}
	if err := t.readAll(ctx); err != nil {
		return nil, fmt.Errorf("reading the feed tokens: %w", err)
	}
	pass, _ = t.known(hash)
	return admitted(pass)
}

// known returns the pass of a hash, nil if there is none, and whether that is still
// current.
func (t *Tokens) known(hash string) (pass *Pass, current bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	pass = t.byHash[hash]
	age := time.Since(t.read)
	return pass, t.byHash != nil && age < tokensEvery && (pass != nil || age < tokensAtMost)
}

func admitted(pass *Pass) (*Pass, error) {
	if pass == nil {
		return nil, ErrToken
	}
	return pass, nil
}

// Forget makes changes of tokens effective at once.
func (t *Tokens) Forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.read = time.Time{}
}

// readAll reads the tokens. If the store fails, those known stay valid; the error is nil
// then.
func (t *Tokens) readAll(ctx context.Context) error {
	t.mu.Lock()
	known := t.byHash
	t.read = time.Now()
	t.mu.Unlock()
	fresh := make(map[string]*Pass)
	err := store.Each(ctx, t.store, store.Listing{}, func(r store.FeedToken) error {
		pass := &Pass{Name: r.Name, feed: r.Feed, all: r.Feed == "", renders: newRenders()}
		if before := known[r.Hash]; before != nil && before.Name == r.Name {
			pass.renders = before.renders
		}
		fresh[r.Hash] = pass
		return nil
	})
	if err != nil && known != nil {
		return nil
	}
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.byHash = fresh
	t.mu.Unlock()
	return nil
}

// Reads reports whether the pass admits to a feed.
func (p *Pass) Reads(def *Definition) bool { return def.Public || p.all || p.feed == def.Name }

// Anyone returns a pass for public feeds, which all clients without a token share.
func Anyone() *Pass { return &Pass{renders: newRenders()} }

// ErrTooMany is returned if a client has too much made. Its text may be shown.
var ErrTooMany = errors.New("too many different requests: ask for the same parameters again, which costs nothing, or later")

// maxWait is how long a client waits for a body to be made.
const maxWait = 10 * time.Second

func newRenders() *rate.Limiter { return rate.NewLimiter(renderRate, renderBurst) }

// Wait waits until the client may have another body made. The error is ErrTooMany, or that of
// ctx.
func (p *Pass) Wait(ctx context.Context) error {
	turn := p.renders.Reserve()
	delay := turn.Delay()
	if delay > maxWait {
		turn.Cancel()
		return ErrTooMany
	}
	select {
	case <-time.After(delay):
		return nil
	case <-ctx.Done():
		turn.Cancel()
		return ctx.Err()
	}
}

// Charge counts the size of a body that was made for the client, in bytes.
func (p *Pass) Charge(size int) { p.renders.ReserveN(time.Now(), min(size, renderBurst)) }
