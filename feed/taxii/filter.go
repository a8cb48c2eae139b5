package taxii

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/peba-edge/peba/feed/stix"
)

// maxPage is the maximum number of objects in an answer: about 8 MB. It is also the number
// without a limit, since some clients do not read a second page.
const maxPage = 10_000

// maxValues bounds the values of each filter, and maxMatch the length of all of them, since
// the cursor repeats them.
const (
	maxValues = 100
	maxMatch  = maxCursor / 2
)

// The parameters of a request.
const (
	paramAfter    = "added_after"
	paramLimit    = "limit"
	paramNext     = "next"
	paramIDs      = "match[id]"
	paramTypes    = "match[type]"
	paramVersions = "match[version]"
	paramSpecs    = "match[spec_version]"
)

// filter selects the objects of a request.
type filter struct {
	// after is added_after in Unix seconds, rounded down, which makes no difference since
	// date_added has whole seconds. afterText is empty if there is none.
	after     int64
	afterText string
	limit     int
	// match has the values of the other filters, as they were given, for the cursor.
	match url.Values
	ids   map[stix.ID]bool
	kinds []stix.Kind
	dates []int64
	// The filters of these names are given, although the lists above may be empty: no
	// object has what they ask for.
	byID, byKind, byDate bool
	// nothing is set if no object has the version of STIX.
	nothing bool
	// cursor continues an earlier request; nil on the first page.
	cursor *cursor
}

// parseFilter reads the parameters of a request. Its cursor, if there is one, replaces all
// of them except the limit: some clients repeat them, and others do not.
func parseFilter(q url.Values) (*filter, error) {
	f, err := parseMatch(q)
	if err != nil {
		return nil, err
	}
	next := q.Get(paramNext)
	if next == "" {
		return f, nil
	}
	c, continued, err := parseCursor(next)
	if err != nil {
		return nil, err
	}
	continued.cursor = c
	if q.Get(paramLimit) != "" {
		continued.limit = f.limit
	}
	return continued, nil
}

// parseMatch reads all parameters but next. Empty ones count as missing.
func parseMatch(q url.Values) (*filter, error) {
	f := &filter{limit: maxPage, match: url.Values{}}
	if text := q.Get(paramAfter); text != "" {
		t, err := parseTime(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", paramAfter, err)
		}
		f.after, f.afterText = t.Unix(), stix.Time(t)
	}
	if text := q.Get(paramLimit); text != "" {
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil || n == 0 {
			return nil, fmt.Errorf("%s: got %q, must be a number above 0", paramLimit, text)
		}
		f.limit = int(min(n, maxPage))
	}
	for name := range q {
		if !strings.HasPrefix(name, "match[") {
			continue
		}
		if !slices.Contains([]string{paramIDs, paramTypes, paramVersions, paramSpecs}, name) {
			return nil, fmt.Errorf("unknown filter %q: must be one of %s, %s, %s, %s", name, paramIDs, paramTypes, paramVersions, paramSpecs)
		}
		values, err := list(q[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if len(values) == 0 {
			continue
		}
		f.match.Set(name, strings.Join(values, ","))
		if err := f.set(name, values); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if size := len(f.match.Encode()); size > maxMatch {
		return nil, fmt.Errorf("filters too long: got %d bytes, must be at most %d", size, maxMatch)
	}
	return f, nil
}

// set sets one of the filters.
func (f *filter) set(name string, values []string) error {
	switch name {
	case paramIDs:
		f.byID, f.ids = true, map[stix.ID]bool{}
		for _, value := range values {
			// Other identifiers are valid, but no object has them.
			if id, ok := stix.ParseID(value); ok {
				f.ids[id] = true
			}
		}
	case paramTypes:
		f.byKind = true
		for _, value := range values {
			if kind, ok := stix.ParseKind(value); ok {
				f.kinds = append(f.kinds, kind)
			}
		}
	case paramSpecs:
		f.nothing = !slices.Contains(values, "2.1")
	case paramVersions:
		f.byDate = !slices.ContainsFunc(values, func(value string) bool {
			// Each object has one version, which is all of these.
			return value == "first" || value == "last" || value == "all"
		})
		for _, value := range values {
			if value == "first" || value == "last" || value == "all" {
				continue
			}
			t, err := parseTime(value)
			if err != nil {
				return err
			}
			if t.Nanosecond() == 0 {
				f.dates = append(f.dates, t.Unix())
			}
		}
	}
	return nil
}

// only restricts the filter to the object of that identifier. It reports false if there is
// none. Filters for identifiers and types do not apply to one object.
func (f *filter) only(x *Index, text string) bool {
	id, ok := stix.ParseID(text)
	if !ok || !x.has(id) {
		return false
	}
	f.ids, f.byID, f.byKind = map[stix.ID]bool{id: true}, true, false
	return true
}

// matches reports whether the filter selects an object, apart from added_after.
func (f *filter) matches(r *row) bool {
	switch {
	case f.nothing,
		f.byID && !f.ids[r.id],
		f.byKind && !slices.Contains(f.kinds, r.id.Kind),
		f.byDate && !slices.Contains(f.dates, r.date):
		return false
	default:
		return r.source != fromLeft || f.afterText != "" || f.byID
	}
}

// list returns the values of a parameter, which are separated by commas.
func list(given []string) ([]string, error) {
	var values []string
	for _, text := range given {
		for value := range strings.SplitSeq(text, ",") {
			if value == "" {
				continue
			}
			if values = append(values, value); len(values) > maxValues {
				return nil, fmt.Errorf("too many values: must be at most %d", maxValues)
			}
		}
	}
	return values, nil
}

// parseTime reads a time.
func parseTime(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || t.Unix() < minTime || t.Unix() > maxTime {
		return t, fmt.Errorf("invalid time: got %q, must be like 2026-01-02T03:04:05.678Z", text)
	}
	return t.UTC(), nil
}
