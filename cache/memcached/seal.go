package memcached

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"
)

const (
	// keyName is the name of the key in Caddy's storage.
	keyName = "peba/memcached.key"
	keySize = 32

	// storageTimeout limits how long getting the key may take.
	storageTimeout = 30 * time.Second
)

// storedKey returns the key in storage. It creates one if there is none.
func storedKey(ctx context.Context, storage certmagic.Storage) (key []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, storageTimeout)
	defer cancel()
	if key, err = loadKey(ctx, storage); !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	// Edges that start at the same time must end up with the same key.
	if err := storage.Lock(ctx, keyName); err != nil {
		return nil, fmt.Errorf("locking %s in storage: %w", keyName, err)
	}
	defer func() {
		if e := storage.Unlock(context.WithoutCancel(ctx), keyName); e != nil && err == nil {
			err = fmt.Errorf("unlocking %s in storage: %w", keyName, e)
		}
	}()
	if key, err = loadKey(ctx, storage); !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	key = make([]byte, keySize)
	_, _ = rand.Read(key) // never fails
	if err := storage.Store(ctx, keyName, key); err != nil {
		return nil, fmt.Errorf("keeping %s in storage: %w", keyName, err)
	}
	return key, nil
}

func loadKey(ctx context.Context, storage certmagic.Storage) ([]byte, error) {
	key, err := storage.Load(ctx, keyName)
	if err != nil {
		return nil, fmt.Errorf("loading %s from storage: %w", keyName, err)
	}
	if len(key) != keySize {
		return nil, fmt.Errorf("%s in storage has %d bytes: must have %d; remove it to have a new one created", keyName, len(key), keySize)
	}
	return key, nil
}

// A sealed value in memcached consists of one byte for the version of the seal,
// the time at which the value expires (nanoseconds since the Unix epoch,
// big-endian), the HMAC-SHA-256 over all else and the key, and the value. The
// signature covers the time, so that write access to memcached cannot extend a
// value's life.
const (
	sealVersion = 1
	macSize     = sha256.Size
	sealSize    = 1 + 8 + macSize
)

// sealer names and signs values.
type sealer struct {
	names, values sync.Pool // of hash.Hash, each for its own key
}

// newSealer derives its keys from secret.
func newSealer(secret []byte) (*sealer, error) {
	s := new(sealer)
	for purpose, pool := range map[string]*sync.Pool{"names": &s.names, "values": &s.values} {
		key, err := hkdf.Key(sha256.New, secret, nil, "peba memcached "+purpose, keySize)
		if err != nil {
			return nil, fmt.Errorf("deriving the key of %s: %w", purpose, err)
		}
		pool.New = func() any { return hmac.New(sha256.New, key) }
	}
	return s, nil
}

// name returns the name of key in memcached. It is a keyed hash: it reveals
// nothing to readers of memcached, and installations with different secrets do
// not collide.
func (s *sealer) name(key string) string {
	h := s.names.Get().(hash.Hash)
	defer s.names.Put(h)
	h.Reset()
	h.Write([]byte(key))
	var sum [macSize]byte
	return "peba:" + base64.RawURLEncoding.EncodeToString(h.Sum(sum[:0]))
}

// seal signs value for name and its expiry.
func (s *sealer) seal(name string, value []byte, until time.Time) []byte {
	sealed := make([]byte, sealSize, sealSize+len(value))
	sealed[0] = sealVersion
	binary.BigEndian.PutUint64(sealed[1:], uint64(until.UnixNano()))
	sealed = append(sealed, value...)
	mac := s.mac(name, sealed)
	copy(sealed[9:], mac[:])
	return sealed
}

// unseal returns the value in sealed if it is genuine (sealed for this name
// with the secret) and has not expired.
func (s *sealer) unseal(name string, sealed []byte, now time.Time) (value []byte, genuine, alive bool) {
	if len(sealed) < sealSize || sealed[0] != sealVersion {
		return nil, false, false
	}
	mac := s.mac(name, sealed)
	if !hmac.Equal(mac[:], sealed[9:sealSize]) {
		return nil, false, false
	}
	if now.UnixNano() >= int64(binary.BigEndian.Uint64(sealed[1:])) {
		return nil, true, false
	}
	return sealed[sealSize:], true, true
}

// mac covers all of sealed except the MAC itself. All names have the same
// length.
func (s *sealer) mac(name string, sealed []byte) (sum [macSize]byte) {
	h := s.values.Get().(hash.Hash)
	defer s.values.Put(h)
	h.Reset()
	h.Write([]byte(name))
	h.Write(sealed[:9])
	h.Write(sealed[sealSize:])
	h.Sum(sum[:0])
	return sum
}
