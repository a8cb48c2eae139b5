package esclient

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// readJSON reads any answer of _search into into, in less than half the time that
// encoding/json takes. It is as lenient as that: bytes that are no UTF-8 become
// U+FFFD, of members of one name the last counts, and what an interface points to
// is filled. But names must match exactly, as they do in Elasticsearch.
func readJSON(text []byte, into any) error {
	return jsonv2.Unmarshal(text, into,
		jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true), jsonv1.MergeWithLegacySemantics(true))
}

// writeJSON writes what encoding/json does, < > & as they are, in less time.
func writeJSON(w io.Writer, v any) error {
	return jsonv2.MarshalWrite(w, v, jsonv1.DefaultOptionsV1(), jsontext.EscapeForHTML(false))
}

// decodeDocument reads an alert from its _source.
func decodeDocument(id string, source json.RawMessage) (alert.Document, error) {
	if len(source) == 0 { // an index that keeps none
		return alert.Document{ID: id}, nil
	}
	var d alert.Document
	if err := readJSON(source, &d); err != nil {
		// Other programs wrote ports as numbers, times in other forms, …
		d = alert.Document{}
		if err := decodeForeign(source, &d); err != nil {
			return d, fmt.Errorf("alert %q in elasticsearch: %w", id, err)
		}
	}
	d.ID = id
	return d, nil
}

// decodeForeign reads a document whose values have types of their own.
func decodeForeign(source []byte, d *alert.Document) error {
	fields, err := decodeFields(source)
	if err != nil {
		return err
	}
	same := make(map[string]any, len(fields))
	for name, v := range fields {
		switch name {
		case "clientDomain":
			same[name] = isTrue(v)
		case "createTime", "recievedTime":
			same[name] = alert.At(toTime(v))
		default:
			same[name] = toText(v)
		}
	}
	text, err := json.Marshal(same)
	if err != nil {
		return err
	}
	return readJSON(text, d)
}

// decodeFields reads an object, and keeps numbers as they are written.
func decodeFields(source []byte) (map[string]any, error) {
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(source))
	decoder.UseNumber()
	return fields, decoder.Decode(&fields)
}

// toText returns a value as documents of this program would have it.
func toText(v any) string {
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

func toNumber(v any) int64 {
	n, _ := strconv.ParseInt(toText(v), 10, 64)
	return n
}

func isTrue(v any) bool { return strings.EqualFold(toText(v), "true") || toText(v) == "1" }

// toTime reads the forms of dates that the mapping allows; others are the zero time.
func toTime(v any) time.Time {
	text := toText(v)
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

// timeField returns the stored name of a time.
func timeField(t store.TimeField) (string, error) {
	switch t {
	case store.Received:
		return "recievedTime", nil
	case store.Created:
		return "createTime", nil
	}
	return "", fmt.Errorf("unknown time field %d: allowed are Received and Created", t)
}
