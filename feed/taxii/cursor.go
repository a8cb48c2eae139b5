package taxii

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/peba-edge/peba/feed/stix"
)

// cursor says where the next page begins. It needs no signature: whoever makes one of their
// own gets nothing that the parameters of a request would not give, and all its parts
// are validated like them. Nothing is kept for it, so any edge over the same store can
// continue, also after a restart, and it never expires.
type cursor struct {
	// bound is the time of the first page's snapshot. Objects that change later come after
	// all others.
	bound int64
	// last is the position of the last object of the page before.
	last position
}

// maxCursor bounds the text of a cursor: that of a request with maxValues identifiers and
// times.
const maxCursor = 24 << 10

const (
	cursorBound = "bound"
	cursorDate  = "date"
	cursorID    = "id"
)

// text returns the cursor together with the filter to which it belongs.
func (c *cursor) text(f *filter) string {
	q := url.Values{
		cursorBound: {strconv.FormatInt(c.bound, 10)},
		cursorDate:  {strconv.FormatInt(c.last.date, 10)},
		cursorID:    {c.last.id.String()},
		paramLimit:  {strconv.Itoa(f.limit)},
	}
	if f.afterText != "" {
		q.Set(paramAfter, f.afterText)
	}
	for name, values := range f.match {
		q[name] = values
	}
	return base64.RawURLEncoding.EncodeToString([]byte(q.Encode()))
}

var errCursor = errors.New("invalid cursor: must be the one of the answer before")

// parseCursor reads what text returned.
func parseCursor(text string) (*cursor, *filter, error) {
	fail := func() (*cursor, *filter, error) { return nil, nil, fmt.Errorf("%s: %w", paramNext, errCursor) }
	if len(text) > maxCursor {
		return fail()
	}
	query, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return fail()
	}
	q, err := url.ParseQuery(string(query))
	if err != nil {
		return fail()
	}
	f, err := parseMatch(q)
	if err != nil {
		return fail()
	}
	bound, err := strconv.ParseInt(q.Get(cursorBound), 10, 64)
	if err != nil {
		return fail()
	}
	date, err := strconv.ParseInt(q.Get(cursorDate), 10, 64)
	if err != nil || date > bound {
		return fail()
	}
	id, ok := stix.ParseID(q.Get(cursorID))
	if !ok || bound > maxTime || date < minTime {
		return fail()
	}
	return &cursor{bound: bound, last: position{date, id}}, f, nil
}

// minTime and maxTime are the first and last second that have the text of a time: the years
// 0 and 9999.
const (
	minTime = -62_167_219_200
	maxTime = 253_402_300_799
)
