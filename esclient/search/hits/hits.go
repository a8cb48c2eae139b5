// Package hits reads what searches find: alerts of this program by a scanner, and documents
// of other programs, whose values have types of their own.
package hits

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/cluster"
)

// Decode reads an alert from its _source.
func Decode(id string, source json.RawMessage) (alert.Document, error) {
	if len(source) == 0 { // an index that keeps none
		return alert.Document{ID: id}, nil
	}
	var d alert.Document
	if err := cluster.ReadJSON(source, &d); err != nil {
		// Other programs wrote ports as numbers, times in other forms, …
		d = alert.Document{}
		if err := decodeForeign(source, &d); err != nil {
			return d, fmt.Errorf("alert %q in elasticsearch: %w", id, err)
		}
	}
	d.ID = id
	return d, nil
}

// Alert returns a document as an alert.
func Alert(h *cluster.Hit) (alert.Document, error) {
	if h.Document == nil {
		return Decode(h.ID, h.Source)
	}
	h.Document.ID = h.ID
	return *h.Document, nil
}

// decodeForeign reads a document whose values have types of their own.
func decodeForeign(source []byte, d *alert.Document) error {
	fields, err := Fields(source)
	if err != nil {
		return err
	}
	same := make(map[string]any, len(fields))
	for name, v := range fields {
		switch name {
		case "clientDomain":
			same[name] = IsTrue(v)
		case "createTime", "recievedTime":
			same[name] = alert.At(Time(v))
		default:
			same[name] = Text(v)
		}
	}
	text, err := json.Marshal(same)
	if err != nil {
		return err
	}
	return cluster.ReadJSON(text, d)
}

// Fields reads an object, and keeps numbers as they are written.
func Fields(source []byte) (map[string]any, error) {
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(source))
	decoder.UseNumber()
	return fields, decoder.Decode(&fields)
}

// Text returns a value as documents of this program would have it.
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case json.Number:
		return v.String()
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "" // what came out of JSON goes into it
	}
	return string(text)
}

// Number returns a whole number, which may be a text; 0 for anything else.
func Number(v any) int64 {
	n, _ := strconv.ParseInt(Text(v), 10, 64)
	return n
}

// IsTrue tells whether a value is true, or a text that says so.
func IsTrue(v any) bool { return strings.EqualFold(Text(v), "true") || Text(v) == "1" }

// Time reads the forms of dates that the mapping allows; others are the zero time.
func Time(v any) time.Time {
	text := Text(v)
	for _, layout := range []string{alert.TimeLayout, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t
		}
	}
	if millis, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.UnixMilli(millis).UTC()
	}
	return time.Time{}
}
