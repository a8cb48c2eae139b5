package collector

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

	"github.com/peba-edge/peba/store"
)

// AuthError says why somebody was not let in. Its text may be shown to them.
type AuthError struct {
	Reason string
	// RetryAfter, if not zero, says that nothing was checked because there were
	// too many log-ins from that source, wrong ones among them, and when to retry.
	RetryAfter time.Duration
}

// Error returns the reason.
func (e *AuthError) Error() string { return e.Reason }

// Reasons of AuthError. One text for an unknown user and a wrong token: which
// names exist is nobody's business.
const (
	reasonMissing  = "credentials are missing: an Authentication element with username and token is needed"
	reasonWrong    = "unknown username or wrong token"
	reasonReadOnly = "this user may read but not send alerts"
	reasonTooMany  = "too many log-ins from this address at once, or too many wrong ones"
)

// purpose is what somebody logs in for.
type purpose int

const (
	forIngest purpose = iota
	forReading
)

type credentials struct{ user, token string }

// principal is somebody whose credentials were right.
type principal struct {
	name string
	// community is true for the log-in that the community's sensors share.
	community bool
	// communityOnly and readOnly are the flags of a user of the store.
	communityOnly, readOnly bool
}

// How long after their last use, and how many, right credentials are remembered. Sensors
// authenticate with every message, and an argon2id hash takes 27 ms.
const (
	rememberFor  = 10 * time.Minute
	rememberMost = 100_000
	// recheckAfter is how long they are taken for right without a look at the
	// store's users: another edge may have changed or removed one.
	recheckAfter = time.Minute
)

// login is what is remembered of right credentials.
type login struct {
	principal
	// user is as the store had it when the credentials were last held against it.
	// The community's log-in has none.
	user    store.User
	checked time.Time
	changes uint64 // those of logins before it was checked
}

// logins tells who somebody is. Credentials found right are remembered in
// memory, under an HMAC with a key of this process, for the source they came
// from: so a source that guesses never profits from what others know.
type logins struct {
	users      store.Users
	community  *Credentials
	hasher     *hasher
	throttle   *throttle
	key        []byte
	remembered *otter.Cache[[sha256.Size]byte, login]
	acquainted acquaintances
	recheck    time.Duration // recheckAfter
	// changes counts the changes of users: a user who was checked before the last of
	// them is no longer known. The community's log-in does not depend on users, and
	// may be in use by sensors at an address from which others guess.
	changes atomic.Uint64
	// leave gives acquainted back.
	leave func() error
	// decoy is verified for unknown names, so that they take as long as known ones.
	decoy string
}

// newLogins returns the log-ins of a configuration, which names its store by storeConfig.
func newLogins(users store.Users, community *Credentials, storeConfig string) (*logins, error) {
	l := &logins{users: users, community: community, hasher: newHasher(), key: make([]byte, 32), recheck: recheckAfter}
	if _, err := rand.Read(l.key); err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	var err error
	if l.throttle, err = newThrottle(); err != nil {
		return nil, err
	}
	l.remembered, err = otter.New(&otter.Options[[sha256.Size]byte, login]{
		MaximumSize:      rememberMost,
		ExpiryCalculator: otter.ExpiryAccessing[[sha256.Size]byte, login](rememberFor),
	})
	if err != nil {
		return nil, fmt.Errorf("making the memory of log-ins: %w", err)
	}
	if l.decoy, err = l.hasher.hash(context.Background(), "decoy"); err != nil {
		return nil, err
	}
	if l.acquainted, err = joinAcquaintances(storeConfig); err != nil {
		return nil, err
	}
	l.leave = func() error { return leaveAcquaintances(storeConfig) }
	return l, nil
}

// authenticate tells who has these credentials, and whether they may do what
// they came for. The error for those who may not is an *AuthError.
func (l *logins) authenticate(ctx context.Context, c credentials, source netip.Addr, why purpose) (principal, error) {
	if c.user == "" || c.token == "" {
		return principal{}, &AuthError{Reason: reasonMissing}
	}
	who, err := l.identify(ctx, c, source)
	if err != nil {
		return principal{}, err
	}
	switch {
	case why == forReading && who.community:
		// The community's log-in is no private user's (contract §2).
		return principal{}, &AuthError{Reason: reasonWrong}
	case why == forIngest && who.readOnly:
		return principal{}, &AuthError{Reason: reasonReadOnly}
	}
	return who, nil
}

func (l *logins) identify(ctx context.Context, c credentials, from netip.Addr) (principal, error) {
	memory := l.fingerprint(c, from)
	if known, ok := l.recall(ctx, memory); ok {
		return known, nil
	}
	turn, err := l.throttle.enter(ctx, from)
	if err != nil {
		return principal{}, err
	}
	var wrong *AuthError
	defer func() { turn.leave(wrong != nil) }()
	if known, ok := l.recall(ctx, memory); ok { // others of a fleet were verified meanwhile
		return known, nil
	}
	before := l.changes.Load()
	found, err := l.check(ctx, c, l.acquainted.standing(from))
	if err != nil {
		if errors.As(err, &wrong) {
			l.remembered.Invalidate(memory)
		}
		return principal{}, err
	}
	l.remember(memory, found, before)
	if !found.community {
		l.acquainted.add(from)
	}
	return found.principal, nil
}

// recall returns who had these credentials before, if that still holds.
func (l *logins) recall(ctx context.Context, memory [sha256.Size]byte) (principal, bool) {
	before := l.changes.Load()
	known, ok := l.remembered.GetIfPresent(memory)
	switch {
	case !ok || !known.community && known.changes != before:
		return principal{}, false
	case known.community || time.Since(known.checked) < l.recheck:
		return known.principal, true
	case l.unchanged(ctx, known.user):
		l.remember(memory, known, before)
		return known.principal, true
	default:
		return principal{}, false
	}
}

// unchanged tells whether the store still has the user so. While it cannot say,
// nothing has changed.
func (l *logins) unchanged(ctx context.Context, u store.User) bool {
	now, err := l.users.User(ctx, u.Name)
	return err == nil && now == u || errors.Is(err, store.ErrUnavailable)
}

// remember remembers a log-in that was held against the users just now, when
// changes was before.
func (l *logins) remember(memory [sha256.Size]byte, found login, before uint64) {
	found.checked, found.changes = time.Now(), before
	l.remembered.Set(memory, found)
}

// check compares credentials with the community's and with the users of the store. The
// error is, or wraps, an *AuthError for wrong ones, or ErrBusy.
func (l *logins) check(ctx context.Context, c credentials, who standing) (login, error) {
	if l.community != nil {
		sameUser := subtle.ConstantTimeCompare([]byte(c.user), []byte(l.community.User))
		sameToken := subtle.ConstantTimeCompare([]byte(c.token), []byte(l.community.Token))
		if sameUser&sameToken == 1 {
			return login{principal: principal{name: c.user, community: true}}, nil
		}
	}
	release, err := l.hasher.admit(who)
	if err != nil {
		return login{}, err
	}
	defer release()
	user, err := l.users.User(ctx, c.user)
	switch {
	case errors.Is(err, store.ErrNotFound):
		user.Hash = l.decoy
	case err != nil:
		return login{}, fmt.Errorf("looking the user up: %w", err)
	}
	right, verr := l.hasher.verify(ctx, who, user.Hash, c.token)
	if verr == nil && !right && !isArgon(user.Hash) {
		// A wrong token takes as long whether the hash is old, new or none.
		_, verr = l.hasher.verify(ctx, who, l.decoy, c.token)
	}
	if verr != nil {
		return login{}, fmt.Errorf("checking the token: %w", verr)
	}
	if err != nil || !right {
		return login{}, &AuthError{Reason: reasonWrong}
	}
	return login{
		principal: principal{name: user.Name, communityOnly: user.Community, readOnly: user.GetOnly},
		user:      user,
	}, nil
}

// forget forgets the users that are remembered, after a change of one.
func (l *logins) forget() { l.changes.Add(1) }

// close ends what the memories do in the background.
func (l *logins) close() error {
	l.remembered.StopAllGoroutines()
	l.throttle.sources.StopAllGoroutines()
	return l.leave()
}

// fingerprint names credentials from a source without keeping them.
func (l *logins) fingerprint(c credentials, source netip.Addr) [sha256.Size]byte {
	mac := hmac.New(sha256.New, l.key)
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(c.user)))
	mac.Write(length[:])
	mac.Write([]byte(c.user))
	binary.BigEndian.PutUint64(length[:], uint64(len(c.token)))
	mac.Write(length[:])
	mac.Write([]byte(c.token))
	network := SourceNetwork(source).Addr().As16()
	mac.Write(network[:])
	var sum [sha256.Size]byte
	mac.Sum(sum[:0])
	return sum
}
