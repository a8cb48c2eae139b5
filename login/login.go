// Package login authenticates clients: it verifies credentials against the community's
// login and the users of a store, caches correct ones, and throttles sources that guess.
// DESIGN.md has the reasons.
package login

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/peba-edge/peba/intake"
	"github.com/peba-edge/peba/store"
)

// Error says why a login failed. Its text may be shown to the client.
type Error struct {
	Reason string
	// RetryAfter, if not zero, is when to retry: nothing was checked because there
	// were too many logins from that source, including failed ones.
	RetryAfter time.Duration
}

// Error returns the reason.
func (e *Error) Error() string { return e.Reason }

// Reasons of Error. An unknown user and a wrong token have the same text, so as
// not to reveal which names exist.
const (
	reasonMissing  = "credentials are missing: expected an Authentication element with username and token"
	reasonWrong    = "unknown username or wrong token"
	reasonReadOnly = "this user may read but not send alerts"
	reasonTooMany  = "too many logins from this address at once, or too many failed ones"
)

// Purpose is the purpose of a login.
type Purpose int

const (
	// ForIngest is for sending alerts.
	ForIngest Purpose = iota
	// ForReading is for asking private questions.
	ForReading
)

// Credentials are a user name and a token.
type Credentials struct{ User, Token string }

// Principal is an authenticated client.
type Principal struct {
	Name string
	// Community is true for the shared login of the community's sensors.
	Community bool
	// CommunityOnly and ReadOnly are flags of a user of the store: the user sees only
	// the community's alerts, and may not send alerts.
	CommunityOnly, ReadOnly bool
}

// Users looks up the users of a store.
type Users interface {
	// User returns one user. The error is or wraps store.ErrNotFound if there is none
	// with that name, and store.ErrUnavailable if the store fails.
	User(ctx context.Context, name string) (store.User, error)
}

// How long after their last use, and how many, correct credentials are cached. Sensors
// authenticate with every message, and an argon2id hash takes 27 ms.
const (
	rememberFor   = 10 * time.Minute
	maxRemembered = 100_000
	// recheckAfter is how long cached credentials are valid without checking
	// the store: another edge may have changed or removed a user.
	recheckAfter = time.Minute
)

// remembered is the cached result for correct credentials.
type remembered struct {
	Principal
	// user is the store's record at the last check; nil for the community's
	// login.
	user    store.User
	checked time.Time
	changes uint64 // Logins.changes before the check
}

// Logins verifies credentials. It caches correct ones in memory, per source, under an HMAC
// with a key of this process. A guessing source therefore never profits from others'
// logins.
type Logins struct {
	users     Users
	community *Credentials
	known     *KnownSources
	hasher    *hasher
	throttle  *throttle
	key       []byte
	memory    *otter.Cache[[sha256.Size]byte, remembered]
	recheck   time.Duration // recheckAfter
	// changes counts changes of users: users checked before the last change must be
	// checked again. The community's login does not depend on users, and sensors may
	// use it at an address from which others guess.
	changes atomic.Uint64
	// decoy is a hash verified for unknown names, so that they take as long as known
	// ones.
	decoy string
}

// New returns Logins for the users and, unless nil, the community's login. known may be
// shared with other Logins; Close does not close it.
func New(users Users, community *Credentials, known *KnownSources) (*Logins, error) {
	l := &Logins{users: users, community: community, known: known, hasher: newHasher(), key: make([]byte, 32), recheck: recheckAfter}
	if _, err := rand.Read(l.key); err != nil {
		return nil, fmt.Errorf("creating a key: %w", err)
	}
	var err error
	if l.throttle, err = newThrottle(); err != nil {
		return nil, err
	}
	l.memory, err = otter.New(&otter.Options[[sha256.Size]byte, remembered]{
		MaximumSize:      maxRemembered,
		ExpiryCalculator: otter.ExpiryAccessing[[sha256.Size]byte, remembered](rememberFor),
	})
	if err != nil {
		return nil, fmt.Errorf("creating the cache of logins: %w", err)
	}
	if l.decoy, err = l.hasher.hash(context.Background(), "decoy"); err != nil {
		return nil, err
	}
	return l, nil
}

// Authenticate returns the principal with these credentials if allowed to do what purpose
// says. Otherwise it returns an *Error. If too many logins are being verified, it returns
// ErrBusy or an *Error with RetryAfter.
func (l *Logins) Authenticate(ctx context.Context, c Credentials, source netip.Addr, why Purpose) (Principal, error) {
	if c.User == "" || c.Token == "" {
		return Principal{}, &Error{Reason: reasonMissing}
	}
	who, err := l.identify(ctx, c, source)
	if err != nil {
		return Principal{}, err
	}
	switch {
	case why == ForReading && who.Community:
		// The community's login is not a private user's (docs/CONTRACT.md §2).
		return Principal{}, &Error{Reason: reasonWrong}
	case why == ForIngest && who.ReadOnly:
		return Principal{}, &Error{Reason: reasonReadOnly}
	}
	return who, nil
}

func (l *Logins) identify(ctx context.Context, c Credentials, from netip.Addr) (Principal, error) {
	mark := l.fingerprint(c, from)
	if who, ok := l.recall(ctx, mark); ok {
		return who, nil
	}
	turn, err := l.throttle.enter(ctx, from)
	if err != nil {
		return Principal{}, err
	}
	var wrong *Error
	defer func() { turn.leave(wrong != nil) }()
	if who, ok := l.recall(ctx, mark); ok { // others of a fleet may have been verified in the meantime
		return who, nil
	}
	before := l.changes.Load()
	found, err := l.check(ctx, c, l.known.standing(from))
	if err != nil {
		if errors.As(err, &wrong) {
			l.memory.Invalidate(mark)
		}
		return Principal{}, err
	}
	l.remember(mark, found, before)
	if !found.Community {
		l.known.add(from)
	}
	return found.Principal, nil
}

// recall returns the cached principal of these credentials, if still valid.
func (l *Logins) recall(ctx context.Context, mark [sha256.Size]byte) (Principal, bool) {
	before := l.changes.Load()
	was, ok := l.memory.GetIfPresent(mark)
	switch {
	case !ok || !was.Community && was.changes != before:
		return Principal{}, false
	case was.Community || time.Since(was.checked) < l.recheck:
		return was.Principal, true
	case l.unchanged(ctx, was.user):
		l.remember(mark, was, before)
		return was.Principal, true
	default:
		return Principal{}, false
	}
}

// unchanged reports whether the store still has the same record of the user. If
// the store fails it returns true.
func (l *Logins) unchanged(ctx context.Context, u store.User) bool {
	now, err := l.users.User(ctx, u.Name)
	return err == nil && now == u || errors.Is(err, store.ErrUnavailable)
}

// remember caches a login that was just checked; before is the value of changes
// before the check.
func (l *Logins) remember(mark [sha256.Size]byte, found remembered, before uint64) {
	found.checked, found.changes = time.Now(), before
	l.memory.Set(mark, found)
}

// check verifies credentials against the community's login and the users of the store.
// The error is or wraps an *Error for wrong ones, or ErrBusy.
func (l *Logins) check(ctx context.Context, c Credentials, who standing) (remembered, error) {
	if l.community != nil {
		sameUser := subtle.ConstantTimeCompare([]byte(c.User), []byte(l.community.User))
		sameToken := subtle.ConstantTimeCompare([]byte(c.Token), []byte(l.community.Token))
		if sameUser&sameToken == 1 {
			return remembered{Principal: Principal{Name: c.User, Community: true}}, nil
		}
	}
	release, err := l.hasher.admit(who)
	if err != nil {
		return remembered{}, err
	}
	defer release()
	user, err := l.users.User(ctx, c.User)
	switch {
	case errors.Is(err, store.ErrNotFound):
		user.Hash = l.decoy
	case err != nil:
		return remembered{}, fmt.Errorf("looking the user up: %w", err)
	}
	right, verr := l.hasher.verify(ctx, who, user.Hash, c.Token)
	if verr == nil && !right && !IsSalted(user.Hash) {
		// A wrong token takes the same time whether the hash is old, new or
		// missing.
		_, verr = l.hasher.verify(ctx, who, l.decoy, c.Token)
	}
	if verr != nil {
		return remembered{}, fmt.Errorf("checking the token: %w", verr)
	}
	if err != nil || !right {
		return remembered{}, &Error{Reason: reasonWrong}
	}
	return remembered{
		Principal: Principal{Name: user.Name, CommunityOnly: user.Community, ReadOnly: user.GetOnly},
		user:      user,
	}, nil
}

// Hash returns a new salted hash of a token for a store. It waits for a free slot.
func (l *Logins) Hash(ctx context.Context, token string) (string, error) {
	return l.hasher.hash(ctx, token)
}

// Forget drops cached users after a change.
func (l *Logins) Forget() { l.changes.Add(1) }

// Close ends the background work of the caches.
func (l *Logins) Close() {
	l.memory.StopAllGoroutines()
	l.throttle.close()
}

// fingerprint returns a keyed hash of credentials and source.
func (l *Logins) fingerprint(c Credentials, source netip.Addr) [sha256.Size]byte {
	mac := hmac.New(sha256.New, l.key)
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(c.User)))
	mac.Write(length[:])
	mac.Write([]byte(c.User))
	binary.BigEndian.PutUint64(length[:], uint64(len(c.Token)))
	mac.Write(length[:])
	mac.Write([]byte(c.Token))
	network := intake.SourceNetwork(source).Addr().As16()
	mac.Write(network[:])
	var sum [sha256.Size]byte
	mac.Sum(sum[:0])
	return sum
}
