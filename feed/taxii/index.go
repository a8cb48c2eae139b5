package taxii

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/feed/stix"
)

// Index has the objects of a snapshot in TAXII's order: by date_added, then by identifier.
// It takes about 40 bytes for each. It is safe for concurrent use.
type Index struct {
	snapshot *feed.Snapshot
	writer   *stix.Writer
	common   []stix.Common
	rows     []row
	// at is the time of the snapshot.
	at int64
}

// position is a place in the order. Times are Unix times in seconds, since all times of the
// grid are whole seconds.
type position struct {
	date int64
	id   stix.ID
}

func (p position) compare(other position) int {
	return cmp.Or(cmp.Compare(p.date, other.date), cmp.Compare(p.id.Kind, other.id.Kind), bytes.Compare(p.id.UUID[:], other.id.UUID[:]))
}

// after returns the position behind all objects of a date.
func after(date int64) position {
	return position{date, stix.ID{Kind: math.MaxUint8}}
}

// row is an object. Its date_added is its version as well.
type row struct {
	position
	source source
	// at is its place in the source.
	at int32
}

// source is the list of the index or the snapshot that has the rest of an object.
type source uint8

const (
	fromCommon source = iota
	fromMembers
	fromLeft
)

// NewIndex returns the index of a snapshot.
func NewIndex(s *feed.Snapshot) *Index {
	w := stix.NewWriter(s.Feed)
	x := &Index{snapshot: s, writer: w, common: w.Common(), at: s.At.Unix()}
	x.rows = make([]row, 0, len(x.common)+len(s.Members)+len(s.Left))
	for i, c := range x.common {
		x.rows = append(x.rows, row{position{c.Created.Unix(), c.ID}, fromCommon, int32(i)})
	}
	for i := range s.Members {
		m := &s.Members[i]
		x.rows = append(x.rows, row{position{m.Changed.Unix(), w.ID(m)}, fromMembers, int32(i)})
	}
	for i := range s.Left {
		d := &s.Left[i]
		x.rows = append(x.rows, row{position{d.At.Unix(), w.ID(&d.Member)}, fromLeft, int32(i)})
	}
	slices.SortFunc(x.rows, func(a, b row) int { return a.compare(b.position) })
	return x
}

// behind returns the number of the first row behind a position.
func (x *Index) behind(p position) int {
	return sort.Search(len(x.rows), func(i int) bool { return x.rows[i].compare(p) > 0 })
}

// has reports whether there is an object of that identifier.
func (x *Index) has(id stix.ID) bool {
	return slices.ContainsFunc(x.rows, func(r row) bool { return r.id == id })
}

// appendObject appends the object of a row.
func (x *Index) appendObject(b []byte, r *row) []byte {
	switch r.source {
	case fromMembers:
		return x.writer.AppendMember(b, &x.snapshot.Members[r.at], r.id)
	case fromLeft:
		return x.writer.AppendDeparture(b, &x.snapshot.Left[r.at], r.id)
	default:
		return append(b, x.common[r.at].JSON...)
	}
}

// appendDate appends a date_added, or a version, quoted.
func appendDate(b []byte, date int64) []byte {
	return append(append(append(b, '"'), dateText(date)...), '"')
}

func dateText(date int64) string { return stix.Time(time.Unix(date, 0)) }
