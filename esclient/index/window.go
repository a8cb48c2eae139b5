package index

import (
	"time"

	"github.com/peba-edge/peba/alert"
)

// dateFormat is that of range bounds, in Elasticsearch's words. It stands in each
// query, so that it does not matter which ones a mapping has.
const dateFormat = "yyyy-MM-dd HH:mm:ss"

// Window returns the bounds of a range over seconds, from inclusive and to
// exclusive, or nil where both ends are open.
func Window(from, to time.Time) object {
	bounds := object{}
	if !from.IsZero() {
		bounds["gte"] = BoundText(from)
	}
	if !to.IsZero() {
		bounds["lt"] = BoundText(to)
	}
	if len(bounds) == 0 {
		return nil
	}
	bounds["format"] = dateFormat
	return bounds
}

var (
	earliest = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

// BoundText returns the first whole second that is not before t, within the
// years that the format can say.
func BoundText(t time.Time) string {
	if t.Nanosecond() > 0 {
		t = t.Add(time.Second)
	}
	switch {
	case t.Before(earliest):
		t = earliest
	case t.After(latest):
		t = latest
	}
	return alert.At(t).String()
}
