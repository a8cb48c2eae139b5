package cluster

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/peba-edge/peba/alert"
)

// FuzzReadJSON wants documents read as encoding/json reads them, but for names
// that differ in upper and lower case from the ones we know.
func FuzzReadJSON(f *testing.F) {
	for _, source := range []string{
		`{"peerIdent":"a","createTime":"2026-11-24 15:37:41","clientDomain":true,"other":[{"peerIdent":1}]}`,
		`{"rawhttp":"\u0000\ud83d\ude00\ud800 \"\\\/\n` + "\xff\xc3\"}",
		`{"peerType":"first","peerType":"last","location":null,"createTime":null,"clientDomain":null}`,
		"{\"peer\xffIdent\":\"a\"}",
		`{"peer\u0049dent":"a"}`,
		`{"targetEntryPort":22}`, `{"createTime":"yesterday"}`, `{"clientDomain":"true"}`,
		`null`, `[]`, `"text"`, `{"peerIdent":"a"`, `{"peerIdent":"a"} {}`, "{\"rawhttp\":\"\n\"}", ``,
	} {
		f.Add([]byte(source))
	}
	known := namesOf(f, alert.Document{SensorUUID: "some"})
	f.Fuzz(func(t *testing.T, source []byte) {
		var fields map[string]any
		err := json.NewDecoder(bytes.NewReader(source)).Decode(&fields)
		if err == nil && otherCase(fields, known) {
			return // encoding/json takes names in any case
		}
		var want, got alert.Document
		wantErr, gotErr := json.Unmarshal(source, &want), ReadJSON(source, &got)
		if (gotErr != nil) != (wantErr != nil) {
			t.Fatalf("%q: error %v, encoding/json has %v", source, gotErr, wantErr)
		}
		if wantErr == nil && got != want {
			t.Errorf("%q is read as %+v, by encoding/json as %+v", source, got, want)
		}
	})
}

// namesOf returns the names of a document's fields.
func namesOf(tb testing.TB, d alert.Document) map[string]any {
	text, err := json.Marshal(d)
	must(tb, err)
	var names map[string]any
	must(tb, json.Unmarshal(text, &names))
	return names
}

// otherCase tells whether a field is known but for upper and lower case.
func otherCase(fields, known map[string]any) bool {
	for field := range fields {
		for name := range known {
			if field != name && strings.EqualFold(field, name) {
				return true
			}
		}
	}
	return false
}
