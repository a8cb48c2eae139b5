package feed

import (
	"fmt"
	"regexp"
	"time"

	"github.com/peba-edge/peba/store"
)

// Definition says which addresses a feed lists and how. Check validates it.
type Definition struct {
	// Name is in paths: lower-case letters, digits, - and _.
	Name string
	// Domain selects whose alerts count.
	Domain store.Domain
	// Window is how far back alerts count, by time of receipt, rounded up to a slot (see
	// slotOf).
	Window time.Duration
	// MinAlerts, MinSensors and MinDays are what an address must have within the window, to
	// be listed.
	MinAlerts           int64
	MinSensors, MinDays int
	// Types are the only honeypot types that count; empty: all. NotTypes do not count.
	Types, NotTypes []string
	// TCPOnly ignores alerts whose source may be forged (alert.SourceSpoofable).
	TCPOnly bool
	// Countries and ASNs are the only ones listed; empty: all. NotCountries and NotASNs
	// are not listed. Countries are ISO codes in upper case.
	Countries, NotCountries []string
	ASNs, NotASNs           []uint32
	// Exclude are files with addresses and networks that are never listed,
	// ExcludeScanners such files of known research scanners.
	Exclude, ExcludeScanners []string
	// Rank is the order of members.
	Rank Rank
	// Limit is the maximum number of members: those with the highest rank.
	Limit int
	// V4 and V6 aggregate members to networks in lists; the zero value does not.
	V4, V6 Aggregation
	// Duration is how long a ban lasts before it must be renewed: CrowdSec's duration,
	// STIX's valid_until, and the timeout in MikroTik's list.
	Duration time.Duration
	// Publisher names who runs the feed, in STIX and MISP. Identifiers depend on it, so that
	// those of two installations differ although their feeds have the same name. Empty: PEBA.
	Publisher string
	// Licence is a text for consumers, such as "CC BY 4.0"; may be empty.
	Licence string
	// Public feeds need no token.
	Public bool
}

// Aggregation replaces addresses by their network if there are enough of them.
type Aggregation struct {
	// Bits is the length of the network's prefix.
	Bits int
	// Min is how many members a network must have; 0: no aggregation.
	Min int
}

// Rank is an order of members.
type Rank string

// The orders, each highest or latest first. Equal members are in the order of their
// addresses.
const (
	ByScore    Rank = "score"
	ByLastSeen Rank = "last_seen"
	ByAlerts   Rank = "alerts"
	BySensors  Rank = "sensors"
)

// Ranks returns all orders.
func Ranks() []Rank { return []Rank{ByScore, ByLastSeen, ByAlerts, BySensors} }

// Bounds of a Definition.
const (
	MaxName     = 32
	MinWindow   = 10 * time.Second
	MaxLimit    = 150_000 // so that a state fits into a record of the store
	MinDuration = 10 * time.Second
	MaxDuration = 90 * 24 * time.Hour
)

// Default returns the definition of a feed of that name without options.
func Default(name string) Definition {
	return Definition{
		Name: name, Domain: store.Both, Window: 3 * 24 * time.Hour, MinAlerts: 3, MinSensors: 1, MinDays: 1, TCPOnly: true,
		Rank: ByScore, Limit: 50_000, Duration: 24 * time.Hour,
	}
}

var validName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*$`)

// CheckName validates the name of a feed.
func CheckName(name string) error {
	if len(name) > MaxName || !validName.MatchString(name) {
		return fmt.Errorf("feed name: got %q, must have 1 to %d lower-case letters, digits, - and _, and begin with a letter or digit", name, MaxName)
	}
	return nil
}
