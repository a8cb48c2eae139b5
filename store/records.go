package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// RecordReader reads the records that a store keeps besides alerts: small tables, one per
// kind. An operation that a kind does not support (see its constant) returns an error that
// wraps errors.ErrUnsupported. Get, List and Each ask with the record's own type.
type RecordReader interface {
	// GetRecord returns one record, or ErrNotFound.
	GetRecord(ctx context.Context, kind Kind, key string) (Record, error)

	// ListRecords calls visit with records of a kind, in the order of that kind. It
	// stops at an error of visit and returns it. visit may keep the record.
	ListRecords(ctx context.Context, kind Kind, l Listing, visit func(Record) error) error
}

// RecordWriter writes records, with the same error for unsupported operations.
type RecordWriter interface {
	// PutRecords stores records, all of one kind.
	PutRecords(ctx context.Context, records ...Record) error

	// DeleteRecord deletes one record, or returns ErrNotFound.
	DeleteRecord(ctx context.Context, kind Kind, key string) error
}

// Record is a row of one of the tables: a User, SensorRecord, Statistic, CVE or Payload, or
// one of the feeds' records (see IsPlain).
type Record interface {
	// RecordKind returns the table. It works on the zero value.
	RecordKind() Kind
	// RecordKey returns the record's key, unique within its kind.
	RecordKey() string
}

// Kind is a table of records.
type Kind string

const (
	// KindUser has the private users (docs/CONTRACT.md §2), by name. Put replaces the
	// user of that name. Listed by name.
	KindUser Kind = "user"

	// KindSensor has the sensor counters of all processes. Put replaces the record with the
	// same key. Listed by domain, last updated first, within one second by key. Retire deletes
	// them; get and delete are not supported.
	KindSensor Kind = "sensor"

	// KindStatistic has the series of hourly statistics (docs/CONTRACT.md §3.2, end). Put
	// does not change an existing hour. Listed oldest first, from From to To inclusive; get
	// and delete are not supported.
	KindStatistic Kind = "statistic"

	// KindCVE has the vulnerabilities reported by sensors. Put of alerts adds them. Listed
	// by id; nothing else is supported.
	KindCVE Kind = "cve"

	// KindPayload has the distinct payloads (docs/CONTRACT.md §1.3). Put of alerts adds
	// and counts them. Get by MD5 or fuzzy hash, in hex; nothing else is supported.
	KindPayload Kind = "payload"
)

// Listing selects the records of a list. The zero value is all of a kind.
type Listing struct {
	// Domain selects sensors: Community or Private.
	Domain Domain
	// From and To select statistics by their From; both are inclusive.
	From, To time.Time
	// Prefix and After select plain records (see IsPlain) whose key begins with Prefix and
	// is greater than After. Both are UTF-8.
	Prefix, After string
	// N is the maximum number of records; 0: all.
	N int
}

// Unsupported returns the error for an operation ("get", "list", "put" or "delete") that a
// kind of records does not have.
func Unsupported(operation string, kind Kind) error {
	return fmt.Errorf("%s records of kind %q: %w", operation, kind, errors.ErrUnsupported)
}

// KindOf returns the kind of records for Put, or an error if they are of several
// kinds.
func KindOf(records []Record) (Kind, error) {
	var kind Kind
	for i, r := range records {
		if i > 0 && r.RecordKind() != kind {
			return "", fmt.Errorf("records of kinds %q and %q: must be of one kind", kind, r.RecordKind())
		}
		kind = r.RecordKind()
	}
	return kind, nil
}

// Get returns one record of type R, or ErrNotFound.
func Get[R Record](ctx context.Context, s RecordReader, key string) (R, error) {
	var none R
	r, err := s.GetRecord(ctx, none.RecordKind(), key)
	if err != nil {
		return none, err
	}
	return r.(R), nil
}

// Each calls visit with records of type R. It stops at an error of visit and
// returns it.
func Each[R Record](ctx context.Context, s RecordReader, l Listing, visit func(R) error) error {
	var none R
	return s.ListRecords(ctx, none.RecordKind(), l, func(r Record) error { return visit(r.(R)) })
}

// List returns the records of type R; nil if there are none.
func List[R Record](ctx context.Context, s RecordReader, l Listing) ([]R, error) {
	var all []R
	err := Each(ctx, s, l, func(r R) error {
		all = append(all, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Delete deletes the record of type R with that key, or returns ErrNotFound.
func Delete[R Record](ctx context.Context, s RecordWriter, key string) error {
	var none R
	return s.DeleteRecord(ctx, none.RecordKind(), key)
}

// User is one private user.
type User struct {
	Name string `json:"peerName"`
	// Hash is an argon2id string in PHC form, or, from the Python service, the
	// token's SHA-512 (128 hex digits) or MD5 (32 hex digits).
	Hash      string `json:"token"`
	GetOnly   bool   `json:"getOnly"`
	Community bool   `json:"community"`
	Email     string `json:"email"`
}

// Statistic is one hour of the statistics series (docs/CONTRACT.md §3.2, end).
type Statistic struct {
	From, To time.Time
	// Values are the numbers by their stored names, such as
	// "comm_totalRatio" or "comm_ratio_Webpage".
	Values map[string]float64
}

// CVE is a vulnerability that sensors reported.
type CVE struct {
	ID string
	// FirstSeen is the createTime of the first alert that named it.
	FirstSeen time.Time
	// SourceIP, TargetPort and PeerType are of that alert.
	SourceIP, TargetPort, PeerType string
}

// Payload is one distinct payload (docs/CONTRACT.md §1.3).
type Payload struct {
	Hash, FuzzyHash, MIMEType string
	InitialIP                 string
	InitialDestPort           string
	FirstSeen, LastSeen       time.Time
	// MD5Count is the number of alerts with exactly these bytes, including the
	// first.
	MD5Count int64
	// FuzzyHashCount is the number of alerts with other bytes and the same
	// FuzzyHash.
	FuzzyHashCount int64
	// Location says where the bytes are. Data has them if the store keeps them
	// itself.
	Location string
	Data     []byte
}

// RecordKind implements Record.
func (User) RecordKind() Kind { return KindUser }

// RecordKey implements Record: the name.
func (u User) RecordKey() string { return u.Name }

// RecordKind implements Record.
func (SensorRecord) RecordKind() Kind { return KindSensor }

// RecordKey implements Record.
func (r SensorRecord) RecordKey() string { return r.Key }

// RecordKind implements Record.
func (Statistic) RecordKind() Kind { return KindStatistic }

// RecordKey implements Record: the start of the hour.
func (s Statistic) RecordKey() string { return s.From.UTC().Format(time.RFC3339) }

// RecordKind implements Record.
func (CVE) RecordKind() Kind { return KindCVE }

// RecordKey implements Record: the id.
func (c CVE) RecordKey() string { return c.ID }

// RecordKind implements Record.
func (Payload) RecordKind() Kind { return KindPayload }

// RecordKey implements Record: the fuzzy hash.
func (p Payload) RecordKey() string { return p.FuzzyHash }
