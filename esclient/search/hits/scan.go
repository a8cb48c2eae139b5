package hits

import (
	"bytes"
	"reflect"
	"slices"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/cluster"
)

// A list of 1,000 alerts is a megabyte of JSON, of which a list needs a third. A
// scanner goes over it once and copies that. It knows what Elasticsearch sends for
// alerts of this program and nothing else: where an answer is different in any way
// it gives up, and cluster.ReadJSON reads all of it. What both read is the same.

// storedField is a field of alert.Document as it is stored.
type storedField struct {
	name  string // as in JSON, with its colon
	index int    // of the struct's field
}

// storedFields are all of them, in the order in which AppendJSON writes them.
var storedFields = func() (fields []storedField) {
	document := reflect.TypeFor[alert.Document]()
	for i := range document.NumField() {
		if name, _, _ := strings.Cut(document.Field(i).Tag.Get("json"), ","); name != "-" {
			fields = append(fields, storedField{`"` + name + `":`, i})
		}
	}
	return fields
}()

// Wanted tells of each stored field whether it is to be read.
type Wanted []bool

// Want returns those of the given names, or all if there are none.
func Want(names []string) Wanted {
	w := make(Wanted, len(storedFields))
	for i, f := range storedFields {
		w[i] = len(names) == 0 || slices.Contains(names, strings.Trim(f.name, `":`))
	}
	return w
}

// Scan reads an answer of _search with alerts. Not ok means nothing but that
// the answer has to be read in another way.
//
// Only the list of documents is scanned. What is around it is small, and read with
// an empty list in it.
func Scan(text []byte, w Wanted) (a cluster.Answer, ok bool) {
	start := startOfHits(text)
	if start == 0 {
		return a, false
	}
	s := alertScanner{scanner{text, start}, w}
	hits, ok := s.hits()
	if !ok || s.peek() != ']' {
		return a, false
	}
	around := slices.Concat(text[:start], text[s.at:])
	if err := jsonv2.Unmarshal(around, &a); err != nil {
		return a, false
	}
	a.Hits.Hits = hits
	return a, true
}

// startOfHits returns where the list of documents begins, or 0.
func startOfHits(text []byte) int {
	d := jsontext.NewDecoder(bytes.NewBuffer(text))
	for {
		token, err := d.ReadToken()
		if err != nil {
			return 0
		}
		if token.Kind() == '[' && d.StackPointer() == "/hits/hits" {
			return int(d.InputOffset())
		}
	}
}

// alertScanner is a scanner of documents.
type alertScanner struct {
	scanner
	wanted Wanted
}

// hits reads documents up to what ends their list.
func (s *alertScanner) hits() (hits []cluster.Hit, ok bool) {
	if s.peek() == ']' {
		return nil, true
	}
	for {
		h, ok := s.hit()
		if !ok {
			return nil, false
		}
		hits = append(hits, h)
		if !s.next(',') {
			return hits, true
		}
	}
}

// hit reads a document with what Elasticsearch says of it.
func (s *alertScanner) hit() (h cluster.Hit, ok bool) {
	for separator := byte('{'); s.next(separator); separator = ',' {
		name, ok := s.name()
		if !ok {
			return h, false
		}
		if string(name) == `"_source":` {
			if h.Document != nil {
				return h, false
			}
			if h.Document, ok = s.document(); !ok {
				return h, false
			}
			continue
		}
		value, ok := s.value()
		switch string(name) {
		case `"_index":`:
			ok = ok && unquote(value, &h.Index)
		case `"_id":`:
			ok = ok && unquote(value, &h.ID)
		case `"sort":`:
			h.Sort = value
		}
		if !ok {
			return h, false
		}
	}
	return h, s.next('}') && h.Document != nil
}

// document reads the wanted fields of an alert. Of a member that comes twice the
// last counts, as with cluster.ReadJSON.
func (s *alertScanner) document() (d *alert.Document, ok bool) {
	d = new(alert.Document)
	fields := reflect.ValueOf(d).Elem()
	expected := 0
	for separator := byte('{'); s.next(separator); separator = ',' {
		position, ok := s.field(expected)
		if !ok {
			return nil, false
		}
		value, ok := s.value()
		if !ok {
			return nil, false
		}
		if position == unknown {
			continue
		}
		if s.wanted[position] && !set(fields.Field(storedFields[position].index), value) {
			return nil, false
		}
		expected = position + 1
	}
	return d, s.next('}')
}

// unknown is the position of a member that is not in storedFields.
const unknown = -1

// field goes over a member's name, and returns its position in storedFields:
// mostly the expected one.
func (s *alertScanner) field(expected int) (position int, ok bool) {
	if expected < len(storedFields) && s.literal(storedFields[expected].name) {
		return expected, true
	}
	name, ok := s.name()
	return slices.IndexFunc(storedFields, func(f storedField) bool { return f.name == string(name) }), ok
}

// set reads a value into a field of alert.Document.
func set(field reflect.Value, value []byte) (ok bool) {
	switch field := field.Addr().Interface().(type) {
	case *string:
		ok = unquote(value, field)
	case *bool:
		*field = string(value) == "true"
		ok = *field || string(value) == "false"
	case *alert.Time:
		// Of fractions of a second the ways to read an answer think differently.
		ok = value[0] == '"' && field.UnmarshalJSON(value) == nil && field.Nanosecond() == 0
	}
	return ok
}
