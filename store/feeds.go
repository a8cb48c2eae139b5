package store

import (
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// The records of the feeds are plain: a JSON document under a key. A store keeps all
// kinds of them in one table, by EncodePlain and DecodePlain, and knows nothing of what
// is in them.

const (
	// KindFeedToken has the tokens for the feeds, by name.
	KindFeedToken Kind = "feed_token"

	// KindFeedAllowance has the networks that no feed lists, by CIDR.
	KindFeedAllowance Kind = "feed_allowance"

	// KindFeedPart has the parts of what the engine of the feeds must remember. Put does
	// not change an existing record: the first writer wins, also across processes.
	KindFeedPart Kind = "feed_part"

	// KindFeedClient has how far each client that polls for changes has come.
	KindFeedClient Kind = "feed_client"
)

const (
	// MaxPlainKey is the maximum length of the key of a plain record, in bytes.
	MaxPlainKey = 512
	// MaxFeedPart is the maximum length of FeedPart.Value, in bytes.
	MaxFeedPart = 16 << 20
)

// FeedToken is a token that admits to feeds.
type FeedToken struct {
	Name string `json:"name"`
	// Hash is the SHA-256 of the token, in hex.
	Hash string `json:"hash"`
	// Feed is the only feed that the token admits to; empty: all.
	Feed    string    `json:"feed"`
	Created time.Time `json:"created"`
}

// FeedAllowance is a network that no feed lists.
type FeedAllowance struct {
	// CIDR is the masked prefix in canonical text, such as 192.0.2.1/32.
	CIDR   string `json:"cidr"`
	Reason string `json:"reason"`
	// By is who allowed it.
	By      string    `json:"by"`
	Created time.Time `json:"created"`
	// Until is when the allowance ends; zero: never.
	Until time.Time `json:"until"`
}

// FeedPart is a part of what the engine of the feeds must remember.
type FeedPart struct {
	// Key is made of parts, such as "blocklist/step/2026-11-29T12:00:00Z".
	Key string `json:"key"`
	// Value has up to MaxFeedPart bytes.
	Value []byte `json:"value"`
}

// FeedClient is how far a client that polls for changes has come.
type FeedClient struct {
	Key     string    `json:"key"`
	Feed    string    `json:"feed"`
	Cursor  time.Time `json:"cursor"`
	Updated time.Time `json:"updated"`
}

// RecordKind implements Record.
func (FeedToken) RecordKind() Kind { return KindFeedToken }

// RecordKey implements Record: the name.
func (t FeedToken) RecordKey() string { return t.Name }

// RecordKind implements Record.
func (FeedAllowance) RecordKind() Kind { return KindFeedAllowance }

// RecordKey implements Record: the CIDR.
func (a FeedAllowance) RecordKey() string { return a.CIDR }

// InForce reports whether the allowance has not ended at a time.
func (a FeedAllowance) InForce(at time.Time) bool { return a.Until.IsZero() || a.Until.After(at) }

// RecordKind implements Record.
func (FeedPart) RecordKind() Kind { return KindFeedPart }

// RecordKey implements Record.
func (p FeedPart) RecordKey() string { return p.Key }

// RecordKind implements Record.
func (FeedClient) RecordKind() Kind { return KindFeedClient }

// RecordKey implements Record.
func (c FeedClient) RecordKey() string { return c.Key }

// plainRecord is a record that is stored as a JSON document.
type plainRecord interface {
	Record
	// stored returns the record as it is stored, with its times in UTC, or why it cannot be
	// stored.
	stored() (Record, error)
}

func (t FeedToken) stored() (Record, error) {
	t.Created = t.Created.UTC()
	return t, nil
}

func (a FeedAllowance) stored() (Record, error) {
	a.Created, a.Until = a.Created.UTC(), a.Until.UTC()
	return a, nil
}

func (p FeedPart) stored() (Record, error) {
	if len(p.Value) > MaxFeedPart {
		return nil, fmt.Errorf("the value has %d bytes, must be at most %d", len(p.Value), MaxFeedPart)
	}
	return p, nil
}

func (c FeedClient) stored() (Record, error) {
	c.Cursor, c.Updated = c.Cursor.UTC(), c.Updated.UTC()
	return c, nil
}

// plainKinds decodes the plain kinds.
var plainKinds = map[Kind]func(document []byte) (Record, error){
	KindFeedToken:     decodePlain[FeedToken],
	KindFeedAllowance: decodePlain[FeedAllowance],
	KindFeedPart:      decodePlain[FeedPart],
	KindFeedClient:    decodePlain[FeedClient],
}

func decodePlain[R plainRecord](document []byte) (Record, error) {
	var r R
	err := json.Unmarshal(document, &r)
	return r, err
}

// IsPlain reports whether the records of a kind are plain. Plain kinds support all
// operations: get, put, which replaces the record with that key unless KeepsFirst is
// true, delete, and list, in ascending order of the bytes of the key.
func IsPlain(kind Kind) bool { return plainKinds[kind] != nil }

// KeepsFirst reports whether Put leaves existing records of a plain kind as they are.
func KeepsFirst(kind Kind) bool { return kind == KindFeedPart }

// EncodePlain returns the JSON document of a plain record. Its key must be UTF-8, of one
// to MaxPlainKey bytes.
func EncodePlain(r Record) ([]byte, error) {
	plain, ok := r.(plainRecord)
	if !ok {
		return nil, Unsupported("put", r.RecordKind())
	}
	key := r.RecordKey()
	if key == "" || len(key) > MaxPlainKey || !utf8.ValidString(key) {
		return nil, fmt.Errorf("%s: key: got %d bytes, must be UTF-8 of 1 to %d bytes", r.RecordKind(), len(key), MaxPlainKey)
	}
	stored, err := plain.stored()
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", r.RecordKind(), key, err)
	}
	document, err := json.Marshal(stored)
	if err != nil {
		return nil, fmt.Errorf("%s %q: %w", r.RecordKind(), key, err)
	}
	return document, nil
}

// DecodePlain returns the record of a JSON document from EncodePlain.
func DecodePlain(kind Kind, document []byte) (Record, error) {
	decode := plainKinds[kind]
	if decode == nil {
		return nil, Unsupported("decode", kind)
	}
	r, err := decode(document)
	if err != nil {
		return nil, fmt.Errorf("stored document of kind %q: %w", kind, err)
	}
	return r, nil
}
