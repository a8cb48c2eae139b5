package sender

import (
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/peba-edge/peba/alert"
)

const (
	// maxRecent is how many alerts a payload's document remembers to have counted,
	// or as many as its last change has counted, where those are more.
	maxRecent = 256
	// inStore is what a payload's document says of where its bytes are.
	inStore = "store"
)

// createdPayload is the whole document of a payload as it is created (docs/CONTRACT.md §1.3).
type createdPayload struct {
	Hash            string     `json:"hash"`
	FuzzyHash       string     `json:"hashfuzzyhttp"`
	MIMEType        string     `json:"fileMagic"`
	InitialIP       string     `json:"initialIP"`
	InitialDestPort string     `json:"initialDestPort"`
	FirstSeen       alert.Time `json:"createTime"`
	Data            string     `json:"data"`
	Content         []byte     `json:"content"`
	payloadCounts
}

// payloadCounts is the part of a payload's document that changes.
type payloadCounts struct {
	LastSeen   alert.Time `json:"lastSeen"`
	MD5Count   int64      `json:"md5count"`
	FuzzyCount int64      `json:"fuzzyHashCount"`
	// Recent are the ids of the alerts counted last, so that an alert whose
	// sending was interrupted is not counted again.
	Recent []string `json:"recent"`
}

// countAll counts alerts that are not counted already, and tells whether there
// are any. hash is that of the payload's first bytes.
func (c *payloadCounts) countAll(tasks []task, hash string) (changed bool) {
	known := make(map[string]bool, len(c.Recent)+len(tasks))
	for _, id := range c.Recent {
		known[id] = true
	}
	for _, t := range tasks {
		if id := t.alert.id; !known[id] {
			known[id], changed = true, true
			c.count(t.alert, hash)
		}
	}
	// All of them stay: they come again together when no answer tells of the change.
	if n := len(c.Recent) - max(maxRecent, len(tasks)); n > 0 {
		c.Recent = c.Recent[n:]
	}
	return changed
}

// count counts one alert.
func (c *payloadCounts) count(a *frameAlert, hash string) {
	p := a.payload
	if p.hash == hash {
		c.MD5Count++
	} else {
		c.FuzzyCount++
	}
	if created := alert.At(time.Unix(p.created, 0)); created.After(c.LastSeen.Time) {
		c.LastSeen = created
	}
	c.Recent = append(c.Recent, a.id)
}

// readCounts reads a payload's document. The Python service wrote counts as texts and times in
// other forms too: unreadable values count as zero, so that one document does not block all
// later ones.
func readCounts(source []byte) (hash string, c payloadCounts) {
	var fields struct {
		Hash       string          `json:"hash"`
		LastSeen   json.RawMessage `json:"lastSeen"`
		MD5Count   looseNumber     `json:"md5count"`
		FuzzyCount looseNumber     `json:"fuzzyHashCount"`
		Recent     []string        `json:"recent"`
	}
	// After a value of a wrong type the others are read all the same.
	_ = json.Unmarshal(source, &fields)
	c = payloadCounts{MD5Count: int64(fields.MD5Count), FuzzyCount: int64(fields.FuzzyCount), Recent: fields.Recent}
	if c.LastSeen.UnmarshalJSON(fields.LastSeen) != nil {
		c.LastSeen = alert.Time{} // the next sighting replaces it
	}
	return fields.Hash, c
}

// looseNumber is a whole number, that may stand there as a text.
type looseNumber int64

// UnmarshalJSON takes anything: what is no number counts as none.
func (n *looseNumber) UnmarshalJSON(b []byte) error {
	text := string(b)
	if unquoted, err := strconv.Unquote(text); err == nil {
		text = unquoted
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if errors.Is(err, strconv.ErrSyntax) {
		v = 0
	}
	*n = looseNumber(v)
	return nil
}
