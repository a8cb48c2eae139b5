package collector

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

// Bounds on the parameters of hashes read from a store: they came from
// elsewhere and must not take the machine down.
const (
	argonMostMemory = 256 * 1024 // KiB
	argonMostTime   = 16
)

// errUnknownHash is returned for a stored hash of no known form.
var errUnknownHash = errors.New("stored token hash is neither argon2id nor hex SHA-512 or MD5")

// standing is how those who want a token verified stand with the server.
type standing int

const (
	// stranger is a source from which no user has logged in lately.
	stranger standing = iota
	// acquaintance is a source from which one has, or the operator.
	acquaintance
)

const (
	// hashSlots is how many hashes run at once: each argon2id hash takes 19 MiB for
	// as long as it runs. All but strangerSlots are reserved for acquaintances.
	hashSlots     = 2
	strangerSlots = 1
	// strangersPending and othersPending are how many may be pending, those that run
	// included: what strangers wait is below two seconds.
	strangersPending = 64
	othersPending    = 1000
)

// ErrBusy is returned when too many log-ins are being verified, from whatever source.
var ErrBusy = errors.New("too many log-ins at once")

// hasher makes and verifies password hashes, few at a time.
type hasher struct {
	slots, strangers chan struct{}
	pending          [acquaintance + 1]chan struct{}
}

func newHasher() *hasher {
	return &hasher{
		slots:     make(chan struct{}, hashSlots),
		strangers: make(chan struct{}, strangerSlots),
		pending:   [...]chan struct{}{stranger: make(chan struct{}, strangersPending), acquaintance: make(chan struct{}, othersPending)},
	}
}

// admit takes a place among the pending log-ins, until release is called. The error is
// ErrBusy.
func (h *hasher) admit(who standing) (release func(), err error) {
	select {
	case h.pending[who] <- struct{}{}:
		return func() { <-h.pending[who] }, nil
	default:
		return nil, ErrBusy
	}
}

// hash returns a new salted hash of token in PHC form.
func (h *hasher) hash(ctx context.Context, token string) (string, error) {
	salt := make([]byte, argonSalt)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("making a salt: %w", err)
	}
	p := argonParams{memory: argonMemory, time: argonTime, threads: argonThreads, salt: salt}
	key, err := h.derive(ctx, acquaintance, token, p, argonKey)
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		p.memory, p.time, p.threads, b64.EncodeToString(salt), b64.EncodeToString(key)), nil
}

// verify tells whether token belongs to the stored hash, in time that does not
// depend on where they differ.
func (h *hasher) verify(ctx context.Context, who standing, stored, token string) (bool, error) {
	if isArgon(stored) {
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

func isArgon(stored string) bool { return strings.HasPrefix(stored, "$argon2id$") }

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

// take takes one of the slots, when one is free.
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

// parseArgon takes a PHC string apart:
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
	if p.memory > argonMostMemory || p.time == 0 || p.time > argonMostTime || p.threads == 0 {
		return argonParams{}, nil, fmt.Errorf("stored token hash asks for m=%d,t=%d,p=%d: allowed is up to m=%d,t=%d",
			p.memory, p.time, p.threads, argonMostMemory, argonMostTime)
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
