package login

import (
	"context"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
)

// Parameters of new password hashes. One takes about 27 ms of one core.
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	argonSalt    = 16 // bytes
	argonKey     = 32 // bytes
)

// Limits on the parameters of hashes from a store: foreign hashes must not
// exhaust the machine.
const (
	argonMaxMemory = 256 * 1024 // KiB
	argonMaxTime   = 16
)

// Limits on users' tokens, in bytes. MinToken also applies to the community's
// token, in characters.
const (
	MinToken = 8
	MaxToken = 1024
)

// errUnknownHash is returned for a stored hash of unknown format.
var errUnknownHash = errors.New("stored token hash is neither argon2id nor hex SHA-512 or MD5")

// standing says whether the source of a login is known.
type standing int

const (
	// stranger is a source without a recent successful login of a user.
	stranger standing = iota
	// known is a source with one, or the operator.
	known
)

const (
	// hashSlots is the maximum number of concurrent hashes: each argon2id hash takes 19
	// MiB while it runs. All but strangerSlots are reserved for known sources.
	hashSlots     = 2
	strangerSlots = 1
	// maxStrangersPending and maxKnownPending limit pending logins, including running
	// ones: strangers wait less than two seconds.
	maxStrangersPending = 64
	maxKnownPending     = 1000
)

// ErrBusy is returned if too many logins are being verified, from any sources.
var ErrBusy = errors.New("too many logins at once")

// hasher creates and verifies password hashes with limited concurrency.
type hasher struct {
	slots, strangers chan struct{}
	pending          [known + 1]chan struct{}
}

func newHasher() *hasher {
	return &hasher{
		slots:     make(chan struct{}, hashSlots),
		strangers: make(chan struct{}, strangerSlots),
		pending:   [...]chan struct{}{stranger: make(chan struct{}, maxStrangersPending), known: make(chan struct{}, maxKnownPending)},
	}
}

// admit reserves a place among the pending logins until release is called, or returns
// ErrBusy.
func (h *hasher) admit(who standing) (release func(), err error) {
	select {
	case h.pending[who] <- struct{}{}:
		return func() { <-h.pending[who] }, nil
	default:
		return nil, ErrBusy
	}
}

// hash returns a new salted hash of token in PHC format.
func (h *hasher) hash(ctx context.Context, token string) (string, error) {
	salt := make([]byte, argonSalt)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("creating a salt: %w", err)
	}
	p := argonParams{memory: argonMemory, time: argonTime, threads: argonThreads, salt: salt}
	key, err := h.derive(ctx, known, token, p, argonKey)
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		p.memory, p.time, p.threads, b64.EncodeToString(salt), b64.EncodeToString(key)), nil
}

// verify reports whether token matches the stored hash, in constant time.
func (h *hasher) verify(ctx context.Context, who standing, stored, token string) (bool, error) {
	if IsSalted(stored) {
		p, want, err := parseArgon(stored)
		if err != nil {
			return false, err
		}
		got, err := h.derive(ctx, who, token, p, uint32(len(want)))
		if err != nil {
			return false, err
		}
		return subtle.ConstantTimeCompare(got, want) == 1, nil
	}
	want, err := hex.DecodeString(stored)
	if err != nil {
		return false, errUnknownHash
	}
	switch len(want) {
	case sha512.Size:
		got := sha512.Sum512([]byte(token))
		return subtle.ConstantTimeCompare(got[:], want) == 1, nil
	case md5.Size:
		got := md5.Sum([]byte(token))
		return subtle.ConstantTimeCompare(got[:], want) == 1, nil
	default:
		return false, errUnknownHash
	}
}

// IsSalted reports whether a stored hash is in the format of Hash, not of the Python
// service.
func IsSalted(stored string) bool { return strings.HasPrefix(stored, "$argon2id$") }

// derive runs argon2id in one of the slots.
func (h *hasher) derive(ctx context.Context, who standing, token string, p argonParams, length uint32) ([]byte, error) {
	if who == stranger {
		if err := take(ctx, h.strangers); err != nil {
			return nil, err
		}
		defer func() { <-h.strangers }()
	}
	if err := take(ctx, h.slots); err != nil {
		return nil, err
	}
	defer func() { <-h.slots }()
	return argon2.IDKey([]byte(token), p.salt, p.time, p.memory, p.threads, length), nil
}

// take waits for a free slot.
func take(ctx context.Context, slots chan struct{}) error {
	select {
	case slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting to check a token: %w", ctx.Err())
	}
}

type argonParams struct {
	memory, time uint32
	threads      uint8
	salt         []byte
}

// parseArgon parses a PHC string:
// $argon2id$v=19$m=19456,t=2,p=1$SALT$KEY
func parseArgon(phc string) (argonParams, []byte, error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return argonParams{}, nil, errUnknownHash
	}
	var p argonParams
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil {
		return argonParams{}, nil, errUnknownHash
	}
	if p.memory > argonMaxMemory || p.time == 0 || p.time > argonMaxTime || p.threads == 0 {
		return argonParams{}, nil, fmt.Errorf("stored token hash has m=%d,t=%d,p=%d: must be at most m=%d,t=%d",
			p.memory, p.time, p.threads, argonMaxMemory, argonMaxTime)
	}
	var err error
	if p.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return argonParams{}, nil, errUnknownHash
	}
	key, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(key) < 16 || len(key) > 128 {
		return argonParams{}, nil, errUnknownHash
	}
	return p, key, nil
}
