package query

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// object is a JSON object whose members stand in a given order.
type object []member

type member struct {
	key   string
	value any
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(m.key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// encodeJSON writes an answer. What attackers wrote comes out as JSON strings
// in which < > & are escaped, so that no browser can take it for markup.
func encodeJSON(answer any) ([]byte, error) {
	body, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("writing the answer: %w", err)
	}
	return append(body, '\n'), nil
}

// rankedCounts are written in the order of ranked.
type rankedCounts map[string]int64

// MarshalJSON writes the counts, most first.
func (c rankedCounts) MarshalJSON() ([]byte, error) { return ranked(c).MarshalJSON() }

// ranked puts counts in order, most first, and equal ones by name.
func ranked(counts map[string]int64) object {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), strings.Compare(a, b))
	})
	o := make(object, len(names))
	for i, name := range names {
		o[i] = member{name, counts[name]}
	}
	return o
}
