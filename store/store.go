// Package store defines the store: it accepts alerts durably, counts them and
// lists them. The implementations are store/sqlite (embedded) and esclient
// (Elasticsearch). Each must pass the suite store/storetest.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/peba-edge/peba/alert"
)

var (
	// ErrUnavailable is wrapped by every error of a store that temporarily
	// cannot accept alerts or answer: its clients are asked to retry.
	ErrUnavailable = errors.New("store unavailable")

	// ErrNotFound is returned for a record that does not exist.
	ErrNotFound = errors.New("not found")
)

// Settle is how long after its end a second is usually complete: before that,
// alerts received in it may still be on their way into the store.
const Settle = 500 * time.Millisecond

// PartError names the failing part of a store.
type PartError struct {
	// Part is a word or two for the public: no hosts, no paths.
	Part string
	Err  error
}

func (e *PartError) Error() string { return e.Part + ": " + e.Err.Error() }
func (e *PartError) Unwrap() error { return e.Err }

// Opener is implemented by guest modules in the namespace peba.stores. They
// must not use disk, locks or the network before Open. Opening the same
// location twice in one process, as a config reload does, shares the resources;
// each returned Store must be closed separately.
type Opener interface {
	Open(ctx context.Context, opts Options) (Store, error)
}

// Options are the app's options for opening a store.
type Options struct {
	// NewCVE is called once for each CVE seen for the first time, after its
	// alert is durable, never from within Put's transaction. May be nil.
	NewCVE func(CVE)
	// Counted is called with the numbers of new and duplicate alerts once the store
	// knows them: when they are durable, or later. May be nil.
	Counted func(stored, duplicate int)
}

// Store keeps alerts and the records that belong to them. All methods are safe for
// concurrent use. docs/WRITING-A-STORE.md explains how to write one.
type Store interface {
	Writer
	Reader

	// Ping returns nil if the store can accept alerts and answer questions. An
	// error may wrap a *PartError that names the failing part.
	Ping(ctx context.Context) error

	// Close releases this handle after calls in progress have finished.
	Close() error
}

// Writer stores and deletes.
type Writer interface {
	RecordWriter

	// Put stores alerts and returns nil only if all of them are durable. It
	// ignores an alert with an ID that is already stored, including its payload
	// and CVE, which are not counted again. If ctx ends first, the alerts may
	// or may not be stored; retrying is harmless.
	Put(ctx context.Context, alerts []alert.Record) error

	// Retire deletes alerts received before the given time, sensors' records not
	// updated since, and everything else in the store that is no longer needed. It
	// works in small steps and stops early, with ctx's error, if ctx ends.
	Retire(ctx context.Context, receivedBefore time.Time) error
}

// Reader answers questions about stored alerts, with the few operations needed for
// all questions of docs/CONTRACT.md §3. An answer is complete or an error, never a
// partial count.
type Reader interface {
	RecordReader

	// Newest returns up to n matching documents, newest first by f.Time. Within
	// one second the order is up to the store, but stable.
	//
	// If fields are given, by their stored names (the JSON names of
	// alert.Document), a store may leave all others except the ID empty: most
	// lists need only a few, and documents are long.
	Newest(ctx context.Context, f Filter, n int, fields ...string) ([]alert.Document, error)

	// Count returns the number of matching documents.
	Count(ctx context.Context, f Filter) (int64, error)

	// Group counts matching documents for each existing combination of
	// dimensions and time buckets, highest count first. Equal counts are in
	// ascending order of bucket, then key (addresses by netip.Addr.Compare,
	// other texts by bytes). Unless g.Top is set, the result is complete.
	Group(ctx context.Context, f Filter, g Grouping) ([]Group, error)
}

// Domain selects whose alerts (the parameter ci of docs/CONTRACT.md §3).
type Domain int8

const (
	// Community is the alerts of the community; the zero value, as in ci.
	Community Domain = iota
	// Private is the alerts of private users.
	Private
	// Both is all alerts.
	Both
)

// DomainOf returns Community or Private.
func DomainOf(community bool) Domain {
	if community {
		return Community
	}
	return Private
}

// TimeField selects one of a document's two times.
type TimeField int8

const (
	// Received is the server's clock when the message arrived.
	Received TimeField = iota
	// Created is the sensor's clock at the alert.
	Created
)

// Filter selects documents. The zero value selects all of the community's.
type Filter struct {
	Domain Domain
	// Time is the time that From, To and "newest" refer to.
	Time TimeField
	// From is inclusive and To exclusive; a zero time means no limit.
	From, To time.Time
	// SourceIP, if not empty, is the source address, in canonical text.
	SourceIP string
	// PeerType, if not empty, is the honeypot type.
	PeerType string
	// Web, if true, selects only web honeypots: those of alert.WebTypes.
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
	Transport                          // transport protocol: tcp, udp, …
	ExternalIP                         // sensor's external address, canonical text
	Interaction                        // what alert.Document.Interaction returns
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

// Group is one combination and its count.
type Group struct {
	// Key has one text per dimension, in the order of Grouping.By.
	Key []string
	// Start is the start of the bucket in UTC; zero without buckets.
	Start time.Time
	Count int64
	// First and Last are the earliest and latest time of the filter's time field,
	// in UTC; zero unless Grouping.Times is set.
	First, Last time.Time
}
