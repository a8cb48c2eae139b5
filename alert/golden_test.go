package alert

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// recordings returns the recorded messages by file name.
func recordings(t *testing.T) map[string][]byte {
	t.Helper()
	found := make(map[string][]byte)
	for _, pattern := range []string{
		filepath.Join(messagesFolder(), "*.xml"), filepath.Join(ewsposterFolder(), "*.body"),
	} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			name := filepath.Base(file)
			if filepath.Ext(file) == ".body" {
				name = "ewsposter-" + name
			}
			if found[name], err = os.ReadFile(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(found) == 0 {
		t.Fatalf("no messages in %s", messagesFolder())
	}
	return found
}

func decode(body []byte) (*Message, error) { return Decode(bytes.NewReader(body), DefaultLimits()) }

// golden is a decoded message as it stands in testdata: what Decode leaves to
// others and what is empty is left out, and long texts are cut.
type golden struct {
	MessageSHA256 string             `json:"messageSHA256"`
	Error         string             `json:"error,omitempty"`
	Username      string             `json:"username,omitempty"`
	Token         string             `json:"token,omitempty"`
	Skipped       map[SkipReason]int `json:"skipped,omitempty"`
	BadPayloads   int                `json:"badPayloads,omitempty"`
	Records       []map[string]any   `json:"records,omitempty"`
}

func goldenOf(t *testing.T, body []byte) golden {
	t.Helper()
	g := golden{MessageSHA256: hexSHA256(body)}
	m, err := decode(body)
	if err != nil {
		g.Error = err.Error()
		return g
	}
	g.Username, g.Token, g.Skipped, g.BadPayloads = m.Username, m.Token, m.Skipped, m.BadPayloads
	for _, r := range m.Records {
		record := map[string]any{"id": r.ID}
		for name, value := range storedFields(t, r.Document) {
			switch {
			case slices.Contains(leftToOthers, name):
				if zero := storedFields(t, Document{})[name]; value != zero {
					t.Errorf("%s is %v: Decode is to leave it alone", name, value)
				}
			case value != "":
				record[name] = cut(value)
			}
		}
		if p := r.Payload; p != nil {
			if md5Hex(p.Data) != p.Hash {
				t.Errorf("the payload's hash is %s, that of its data %s", p.Hash, md5Hex(p.Data))
			}
			record["payload"] = fmt.Sprintf("%s, %s, %d bytes, fuzzy %s", p.Hash, p.MIMEType, len(p.Data), p.FuzzyHash)
		}
		g.Records = append(g.Records, record)
	}
	return g
}

// leftToOthers are the stored fields that Decode does not fill in.
var leftToOthers = []string{
	"recievedTime", "clientDomain",
	"country", "countryName", "location", "sourceEntryAS",
	"targetCountry", "targetCountryName", "locationDestination", "targetEntryAS",
}

// storedFields returns a document as a store would write it.
func storedFields(t *testing.T, d Document) map[string]any {
	t.Helper()
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	fields := make(map[string]any)
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

func cut(value any) any {
	const most = 300
	s, ok := value.(string)
	if !ok || len(s) <= most {
		return value
	}
	return fmt.Sprintf("%s… (%d bytes, SHA-256 %s)", s[:most], len(s), hexSHA256([]byte(s)))
}

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// TestGolden compares every recorded message with its golden file. Messages of
// other recordings, for which there is none, must only decode without surprise.
func TestGolden(t *testing.T) {
	other := os.Getenv("PEBA_MESSAGES") != ""
	for name, body := range recordings(t) {
		t.Run(name, func(t *testing.T) {
			got := goldenOf(t, body)
			file := filepath.Join("testdata", strings.TrimSuffix(name, filepath.Ext(name))+".golden.json")
			if *update {
				var text bytes.Buffer
				enc := json.NewEncoder(&text)
				enc.SetEscapeHTML(false)
				enc.SetIndent("", " ")
				if err := enc.Encode(got); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, text.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			text, err := os.ReadFile(file)
			if other && os.IsNotExist(err) {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var want golden
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
			if want.MessageSHA256 != got.MessageSHA256 {
				if !other {
					t.Fatal("the message has changed: look at it, then run the test with -update")
				}
				return
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("decoded\n%+v\nwant\n%+v", got, want)
			}
		})
	}
}

// TestSentAgain lays each message out anew, as the sensors' client does for a
// second try: its alerts must keep their ids.
func TestSentAgain(t *testing.T) {
	compared := 0
	for name, body := range recordings(t) {
		first, err := decode(body)
		if err != nil {
			continue // refused for good
		}
		again, err := decode(prettyPrinted(t, body))
		if err != nil {
			t.Errorf("%s, pretty-printed: %v", name, err)
			continue
		}
		if got, want := ids(again), ids(first); !slices.Equal(got, want) {
			t.Errorf("%s has the ids %v, pretty-printed %v", name, want, got)
		}
		compared += len(first.Records)
	}
	if compared == 0 {
		t.Error("no alert was compared")
	}
}

func ids(m *Message) []string {
	var all []string
	for _, r := range m.Records {
		all = append(all, r.ID)
	}
	return all
}

func prettyPrinted(t *testing.T, body []byte) []byte {
	t.Helper()
	dec := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte(byteOrderMark))))
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	var out bytes.Buffer
	enc := xml.NewEncoder(&out)
	enc.Indent("", "\t")
	for {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if text, ok := token.(xml.CharData); ok && len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		if err := enc.EncodeToken(token); err != nil {
			t.Fatal(err)
		}
	}
	if err := enc.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
