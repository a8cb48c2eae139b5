package taxii

import (
	"net/http"

	"github.com/peba-edge/peba/feed/stix"
)

// page is the part of a collection that an answer has.
type page struct {
	rows []*row
	// next is the cursor of the next page; empty on the last one.
	next string
	// first and last are the dates of the first and last object.
	first, last string
}

// page returns the objects that a filter selects.
//
// The pages of one request have the objects until the time of the first page's snapshot.
// An object that changes meanwhile moves behind them. The client gets it when it asks for
// what was added after the last date. But if all that were left have moved, the page would
// be empty, and there are clients that repeat the same cursor then. So it continues with
// what was added after the first page, as if the client had asked for that.
func (x *Index) page(f *filter) page {
	from, bound := position{date: minTime - 1}, x.at
	if f.afterText != "" {
		from = after(f.after)
	}
	if f.cursor != nil {
		from, bound = f.cursor.last, f.cursor.bound
	}
	rows, more := x.find(f, from, bound)
	if len(rows) == 0 && f.cursor != nil && x.at > bound {
		f.after, f.afterText = bound, dateText(bound)
		from, bound = after(bound), x.at
		rows, more = x.find(f, from, bound)
	}
	p := page{rows: rows}
	if len(rows) == 0 {
		p.first = x.emptyDate(f)
		p.last = p.first
		return p
	}
	last := rows[len(rows)-1]
	p.first, p.last = dateText(rows[0].date), dateText(last.date)
	if more {
		next := cursor{bound: bound, last: last.position}
		p.next = next.text(f)
	}
	return p
}

// find returns the first objects behind a position and not beyond a time, and whether there
// are more than the limit.
func (x *Index) find(f *filter, from position, bound int64) ([]*row, bool) {
	var rows []*row
	for i := x.behind(from); i < len(x.rows) && x.rows[i].date <= bound; i++ {
		r := &x.rows[i]
		if !f.matches(r) {
			continue
		}
		if len(rows) == f.limit {
			return rows, true
		}
		rows = append(rows, r)
	}
	return rows, false
}

// emptyDate returns the date that an answer without objects has: the client continues from
// there. It has seen everything until then, and nothing that this snapshot does not have:
// another edge, whose snapshot is older, may have answered the page before.
func (x *Index) emptyDate(f *filter) string {
	switch {
	case f.cursor != nil:
		return dateText(min(f.cursor.bound, x.at))
	case f.afterText != "":
		return f.afterText
	default:
		return dateText(x.at)
	}
}

// objects returns the envelope of the objects that a filter selects.
func objects(x *Index, f *filter) Response {
	return x.envelope(f, "objects", 900, x.appendObject)
}

// manifest returns the manifest of the objects that a filter selects.
func manifest(x *Index, f *filter) Response {
	return x.envelope(f, "objects", 220, func(b []byte, r *row) []byte {
		b = r.id.Append(append(b, `{"id":"`...))
		b = appendDate(append(b, `","date_added":`...), r.date)
		b = appendDate(append(b, `,"version":`...), r.date)
		return append(b, `,"media_type":"`+stix.MediaType+`"}`...)
	})
}

// versions returns the versions of an object.
func versions(x *Index, f *filter) Response {
	return x.envelope(f, "versions", 32, func(b []byte, r *row) []byte { return appendDate(b, r.date) })
}

// envelope returns the page that a filter selects, with its rows as appendRow writes them
// in a list of that name. It is there also if it is empty.
func (x *Index) envelope(f *filter, list string, size int, appendRow func([]byte, *row) []byte) Response {
	p := x.page(f)
	b := make([]byte, 0, 256+len(p.next)+size*len(p.rows))
	if p.next == "" {
		b = append(b, `{"more":false,"`...)
	} else {
		b = append(append(append(b, `{"more":true,"next":"`...), p.next...), `","`...)
	}
	b = append(append(b, list...), `":[`...)
	for i, r := range p.rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendRow(append(b, '\n'), r)
	}
	response := respond(http.StatusOK, append(b, "]}\n"...))
	response.Header.Set("X-TAXII-Date-Added-First", p.first)
	response.Header.Set("X-TAXII-Date-Added-Last", p.last)
	return response
}
