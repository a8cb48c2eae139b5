package alert

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// legacyStore is what the Python service had stored of the recorded messages.
type legacyStore struct {
	Alerts []struct {
		Source map[string]any `json:"_source"`
	} `json:"ews-*"`
	Payloads []struct {
		Source struct {
			Hash          string `json:"hash"`
			HashFuzzyHTTP string `json:"hashfuzzyhttp"`
		} `json:"_source"`
	} `json:"payloads"`
}

func readLegacy(t *testing.T) (alerts map[string][]map[string]any, fuzzyHashes map[string]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(goldenFolder(), "stored-docs-with-history.json"))
	if err != nil {
		t.Fatal(err)
	}
	var stored legacyStore
	if err := json.Unmarshal(text, &stored); err != nil {
		t.Fatal(err)
	}
	alerts, fuzzyHashes = make(map[string][]map[string]any), make(map[string]string)
	for _, a := range stored.Alerts {
		alerts[eventOf(a.Source)] = append(alerts[eventOf(a.Source)], a.Source)
	}
	for _, p := range stored.Payloads {
		fuzzyHashes[p.Source.Hash] = p.Source.HashFuzzyHTTP
	}
	return alerts, fuzzyHashes
}

// eventOf tells roughly which event a stored document is of. Several may share it.
func eventOf(fields map[string]any) string {
	var key strings.Builder
	for _, name := range []string{"createTime", "sourceEntryIp", "sourceEntryPort", "targetEntryPort", "peerIdent"} {
		fmt.Fprint(&key, fields[name], "|")
	}
	return key.String()
}

// intended are the differences that the contract asks for. allows gets the two
// values of the field and our document.
var intended = []struct {
	field, why string
	allows     func(ours, legacy string, d map[string]any) bool
}{
	{"peerType", "sensors that the Python service did not know (§1.2)", func(_, legacy string, _ map[string]any) bool {
		return legacy == Unclassified
	}},
	{"peerType", "full names come before abbreviations, which are whole labels", func(_, _ string, d map[string]any) bool {
		return d["peerIdent"] == "x.tanner.ht" || d["peerIdent"] == "host.container-1"
	}},
	{"originalRequestString", "of x.tanner.ht, which is another type", func(_, _ string, d map[string]any) bool {
		return d["peerIdent"] == "x.tanner.ht"
	}},
	{"originalRequestString", "input is percent-decoded only where a client quoted it", func(ours, legacy string, d map[string]any) bool {
		return Unquote(ours) == legacy && strings.HasPrefix(d["peerType"].(string), "SSH/")
	}},
	{"originalRequestString", "input may be a Python list (§1.1)", func(ours, legacy string, _ map[string]any) bool {
		joined, ok := joinPythonList(legacy)
		return ok && joined == ours
	}},
	{"originalRequestString", "other texts stand in for url and input (§1.1)", func(ours, legacy string, _ map[string]any) bool {
		return legacy == "" && ours != ""
	}},
	{"originalRequestString", "no slash without a protocol (§1.1)", func(ours, legacy string, d map[string]any) bool {
		return legacy == ours+"/" && d["targetport"] == ""
	}},
	{"additionalData", "more of it is kept (§1.1), and a client's None is nothing", func(ours, legacy string, _ map[string]any) bool {
		var mine, theirs map[string]string
		if json.Unmarshal([]byte(ours), &mine) != nil || json.Unmarshal([]byte(legacy), &theirs) != nil {
			return false
		}
		for key, value := range theirs {
			if mine[key] != value && value != pythonNone {
				return false
			}
		}
		for key := range mine {
			_, same := theirs[key]
			if !same && (key == "protocol" || key == "payload_md5" || strings.HasPrefix(key, "conpot_")) {
				return false // the Python service kept these
			}
		}
		return true
	}},
	{"sessionStart", "logintime (§1.1)", func(_, legacy string, _ map[string]any) bool { return legacy == "" }},
	{"sessionEnd", "logouttime and endtimetime (§1.1)", func(_, legacy string, _ map[string]any) bool { return legacy == "" }},
	{"sensorUUID", "was not stored (§1.1)", func(_, legacy string, _ map[string]any) bool { return legacy == "" }},
}

// unintended returns the names of fields that differ without reason.
func unintended(ours, legacy map[string]any) []string {
	var names []string
	for name, value := range ours {
		mine, isText := value.(string)
		theirs, _ := legacy[name].(string)
		if !isText || mine == theirs || isLeftToOthers(name) {
			continue
		}
		allowed := false
		for _, in := range intended {
			allowed = allowed || in.field == name && in.allows(mine, theirs, ours)
		}
		if !allowed {
			names = append(names, name)
		}
	}
	return names
}

func isLeftToOthers(name string) bool {
	for _, other := range leftToOthers {
		if name == other {
			return true
		}
	}
	return false
}

// TestLegacyDocuments compares what Decode makes of the recorded messages with
// what the Python service stored of them, field by field, the places excepted.
func TestLegacyDocuments(t *testing.T) {
	stored, fuzzyHashes := readLegacy(t)
	same, payloads := 0, 0
	for name, body := range recordings(t) {
		m, err := decode(body)
		if err != nil {
			continue // refused by docs/CONTRACT.md §1; see the golden files
		}
		missing := 0
		for _, r := range m.Records {
			ours := storedFields(t, r.Document)
			candidates := stored[eventOf(ours)]
			var best []string
			for i, legacy := range candidates {
				if differ := unintended(ours, legacy); i == 0 || len(differ) < len(best) {
					best = differ
				}
			}
			switch {
			case len(candidates) > 0 && len(best) == 0:
				same++
			case len(candidates) > 0 && !mayMiss(t, name, len(m.Records), missing+1):
				t.Errorf("%s: %v differs in %v from what was stored: %v", name, ours, best, candidates)
			default:
				missing++
			}
			if r.Payload == nil {
				continue
			}
			if want, ok := fuzzyHashes[r.Payload.Hash]; ok {
				payloads++
				if r.Payload.FuzzyHash != want {
					t.Errorf("%s: the fuzzy hash of %s is %s, want %s", name, r.Payload.Hash, r.Payload.FuzzyHash, want)
				}
			}
		}
		if !mayMiss(t, name, len(m.Records), missing) {
			t.Errorf("%s: %d alerts that the Python service stored are not the same", name, missing)
		}
	}
	t.Logf("%d alerts and %d payloads are as the Python service stored them", same, payloads)
	if same == 0 || payloads == 0 {
		t.Error("nothing was compared")
	}
}

// otherTimes counts the alerts of a message that are stored with another time
// than the Python service's: it shifted honeytrap's times if the Analyzer came
// after them, which docs/CONTRACT.md §1.1 forbids.
var otherTimes = map[string]int{"096-bad-order.xml": 1}

// mayMiss tells whether the Python service may well not have stored that many of
// a message's alerts: it collapsed, skipped or refused some (docs/CONTRACT.md §1). It says
// itself how many it stored, beside each message.
func mayMiss(t *testing.T, name string, alerts, missing int) bool {
	t.Helper()
	answer := filepath.Join(messagesFolder(), strings.TrimSuffix(name, ".xml")+".legacy-answer.json")
	text, err := os.ReadFile(answer)
	if os.IsNotExist(err) {
		return true // a message of ewsposter, recorded on another server
	}
	if err != nil {
		t.Fatal(err)
	}
	var legacy struct {
		Sent  int `json:"alerts_sent"`
		Added struct {
			Alerts int `json:"alerts"`
		} `json:"documents_added"`
	}
	if err := json.Unmarshal(text, &legacy); err != nil {
		t.Fatal(err)
	}
	if legacy.Added.Alerts > legacy.Sent {
		return true // others were stored meanwhile: the number tells nothing
	}
	return missing <= max(0, alerts-legacy.Added.Alerts+otherTimes[name])
}
