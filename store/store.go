// Package store says what a store is: it takes alerts in, durably, and counts
// and lists them. The implementations are store/sqlite (embedded) and esclient
// (Elasticsearch); store/storetest is the suite that each must pass.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/peba-edge/peba/alert"
)

var (
	// ErrUnavailable is wrapped by every error of a store that cannot take or
	// answer right now and may do so later: its clients are told to come again.
	ErrUnavailable = errors.New("store unavailable")

	// ErrNotFound is returned for a user who does not exist.
	ErrNotFound = errors.New("not found")
)

// PartError says which part of a store does not do its work.
type PartError struct {
	// Part is a word or two for who asks from outside: no hosts, no paths.
	Part string
	Err  error
}

func (e *PartError) Error() string { return e.Part + ": " + e.Err.Error() }
func (e *PartError) Unwrap() error { return e.Err }

// Opener is what a guest module in the namespace peba.stores implements.
// Open is the first moment at which it may touch disk, locks or the network.
// Opening the same place twice in one process (as a config reload does) shares
// what is open; each Store returned is closed on its own.
type Opener interface {
	Open(ctx context.Context, opts Options) (Store, error)
}

// Options is what the app tells a store at opening.
type Options struct {
	// NewCVE is called once for each CVE seen for the first time, after its
	// alert is durable, never from within Put's transaction. May be nil.
	NewCVE func(CVE)
	// Counted is called when the store knows how many of the alerts that were put are
	// new, and how many it had before: when they are durable, or later. May be nil.
	Counted func(stored, duplicate int)
}

// Store keeps alerts, payloads, CVEs, users, sensors and the statistics series.
// All methods may be called from many goroutines at once.
type Store interface {
	Writer
	Reader
	Users

	// Ping returns nil when the store can take and answer. An error may wrap a
	// *PartError that names what cannot.
	Ping(ctx context.Context) error

	// Close gives this handle back. Calls under way are finished first.
	Close() error
}

// Writer takes alerts in.
type Writer interface {
	// Put stores records and returns nil only when all of them are durable.
	// A record whose ID is stored already is left alone, whole: neither it nor
	// its payload nor its CVE is counted a second time.
	// If ctx ends first the records may have been stored or not; sending them
	// again is harmless.
	Put(ctx context.Context, records []alert.Record) error

	// PutStatistic stores one hour of the statistics series. A second record
	// for the same From changes nothing.
	PutStatistic(ctx context.Context, s Statistic) error

	// PutSensors stores records of sensors. One whose key is there already is replaced.
	PutSensors(ctx context.Context, records []SensorRecord) error

	// Retire deletes alerts received before the given time, sensors' records
	// not updated since, and whatever else of the store is no longer needed then. It works in small steps and
	// stops early, with ctx's error, when ctx ends.
	Retire(ctx context.Context, receivedBefore time.Time) error
}

// Reader answers questions about stored alerts, in a few words that all
// questions of contract §3 are made of. An answer is complete or an error:
// never a partial count.
type Reader interface {
	// Newest returns up to n documents that match, newest first by f.Time;
	// within one second the order is the store's own, but stable.
	//
	// Where fields are given, by their stored names (the JSON names of
	// alert.Document), a store may leave all others but the ID empty: most
	// lists need a few, and a document is long.
	Newest(ctx context.Context, f Filter, n int, fields ...string) ([]alert.Document, error)

	// Count returns the number of documents that match.
	Count(ctx context.Context, f Filter) (int64, error)

	// Group counts the documents that match for each combination of the
	// dimensions and time buckets that occurs, most first; equal counts stand
	// in ascending order of bucket, then key (addresses in the order of
	// netip.Addr.Compare, other texts byte by byte). Nothing is cut off unless
	// g.Top is set.
	Group(ctx context.Context, f Filter, g Grouping) ([]Group, error)

	// Statistics returns the statistics series with from <= From <= to, oldest first.
	Statistics(ctx context.Context, from, to time.Time) ([]Statistic, error)

	// Sensors calls visit with up to n records of sensors, of the community's or of
	// private users', the last updated first; those of one second are in the order of
	// their keys. It ends with visit's error. What visit gets is its own.
	Sensors(ctx context.Context, community bool, n int, visit func(SensorRecord) error) error

	// Payload returns what is known of a payload, by its MD5 or fuzzy hash in
	// hex, or ErrNotFound.
	Payload(ctx context.Context, hash string) (Payload, error)

	// CVEs returns all CVEs ever seen, by id.
	CVEs(ctx context.Context) ([]CVE, error)
}

// Users keeps the private users (contract §2).
type Users interface {
	// User returns one user, or ErrNotFound.
	User(ctx context.Context, name string) (User, error)
	// ListUsers returns all users, by name.
	ListUsers(ctx context.Context) ([]User, error)
	// PutUser adds the user, or replaces the one of that name.
	PutUser(ctx context.Context, u User) error
	// RemoveUser removes one user, or returns ErrNotFound.
	RemoveUser(ctx context.Context, name string) error
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

// Domain says whose alerts are meant (the parameter ci of contract §3).
type Domain int8

const (
	// Community is the alerts of the community; the zero value, as in ci.
	Community Domain = iota
	// Private is the alerts of private users.
	Private
	// Both is all alerts.
	Both
)

// TimeField says which of a document's two times is meant.
type TimeField int8

const (
	// Received is the server's clock when the message arrived.
	Received TimeField = iota
	// Created is the sensor's clock at the alert.
	Created
)

// Filter selects documents. The zero value is all of the community's.
type Filter struct {
	Domain Domain
	// Time says which time From and To are about, and what "newest" means.
	Time TimeField
	// From is inclusive and To exclusive; a zero time leaves that end open.
	From, To time.Time
	// SourceIP, if not empty, is the source address, in canonical text.
	SourceIP string
	// PeerType, if not empty, is the honeypot type.
	PeerType string
	// Web, if true, selects web honeypots only: those of alert.WebTypes.
	Web bool
}

// Dimension is something that alerts are grouped by. Its value in a Group's
// Key is the text in brackets.
type Dimension int8

const (
	SourceIP          Dimension = iota // address, canonical text
	PeerType                           // honeypot type
	PeerIdent                          // analyzer id
	Hostname                           // sensor's host name
	TargetIP                           // address, canonical text
	TargetPort                         // target port number or word
	Request                            // originalRequestString
	SourceCountry                      // ISO code
	SourceCountryName                  // English name
	TargetCountry                      // ISO code
	TargetCountryName                  // English name
	SourceLocation                     // "LAT , LON"
	TargetLocation                     // "LAT , LON"
	SensorUUID                         // sensor's uuid, empty where it sends none
	SourceDoubt                        // what alert.Document.SourceDoubt returns
	Username                           // user name that was tried
	Password                           // password that was tried
	VulnID                             // vulnerability that was named
)

// Grouping says what to group by.
type Grouping struct {
	By []Dimension
	// Bucket, if not zero, also groups by spans of the filter's time field that
	// start at multiples of Bucket since the Unix epoch in UTC (so 24 h are UTC days).
	Bucket time.Duration
	// Top, if not zero, keeps only the groups of the Top keys that occur most:
	// with buckets, over all of them together, and then with all their buckets.
	// Equal keys rank as groups do. The order of what is kept is Group's.
	Top int
	// Times also returns the first and last time of each group.
	Times bool
}

// Group is one combination and how often it occurs.
type Group struct {
	// Key has one text a dimension, in the order of Grouping.By.
	Key []string
	// Start is the start of the bucket in UTC, zero if there are no buckets.
	Start time.Time
	Count int64
	// First and Last are the earliest and latest time of the filter's time field,
	// in UTC; zero unless Grouping.Times is set.
	First, Last time.Time
}

// Statistic is one hour of the statistics series (contract §3.2, end).
type Statistic struct {
	From, To time.Time
	// Values are the numbers by their stored names, such as
	// "comm_totalRatio" or "comm_ratio_Webpage".
	Values map[string]float64
}

// CVE is a vulnerability that sensors reported.
type CVE struct {
	ID string
	// FirstSeen is the createTime of the alert that named it first.
	FirstSeen time.Time
	// SourceIP, TargetPort and PeerType are of that alert.
	SourceIP, TargetPort, PeerType string
}

// Payload is what is known of one distinct payload (contract §1.3).
type Payload struct {
	Hash, FuzzyHash, MIMEType string
	InitialIP                 string
	InitialDestPort           string
	FirstSeen, LastSeen       time.Time
	// MD5Count is how many alerts carried these very bytes, the first included.
	MD5Count int64
	// FuzzyHashCount is how many carried others with the same FuzzyHash.
	FuzzyHashCount int64
	// Location says where the bytes are; Data holds them when the store has
	// them itself.
	Location string
	Data     []byte
}
