package query

import (
	"cmp"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// object is a JSON object with members in a given order.
type object []member

type member struct {
	key   string
	value any
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	return MarshalMembers(func(yield func(string, any) bool) {
		for _, m := range o {
			if !yield(m.key, m.value) {
				return
			}
		}
	})
}

// MarshalMembers encodes a JSON object with members in the given order.
func MarshalMembers(members iter.Seq2[string, any]) ([]byte, error) {
	b := []byte{'{'}
	for name, value := range members {
		if len(b) > 1 {
			b = append(b, ',')
		}
		key, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, key...), ':'), text...)
	}
	return append(b, '}'), nil
}

// encodeJSON encodes an answer. It escapes < > & in strings, so that no browser
// can interpret attackers' texts as markup.
func encodeJSON(answer any) ([]byte, error) {
	body, err := json.Marshal(answer)
	if err != nil {
		return nil, fmt.Errorf("writing the answer: %w", err)
	}
	return append(body, '\n'), nil
}

// rankedCounts are encoded in the order of ranked.
type rankedCounts map[string]int64

// MarshalJSON writes the counts, highest first.
func (c rankedCounts) MarshalJSON() ([]byte, error) { return ranked(c).MarshalJSON() }

// ranked sorts counts, highest first, and equal ones by name.
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
