package lapi

import (
	"net/url"
	"strings"
	"testing"
)

// listed returns the addresses in an answer of Decisions.
func listed(body []byte) string {
	var all []string
	for part := range strings.SplitSeq(string(body), `"value":"`) {
		if addr, _, found := strings.Cut(part, `"}`); found {
			all = append(all, addr)
		}
	}
	return strings.Join(all, " ")
}

func TestDecisions(t *testing.T) {
	const both = "203.0.113.5 2001:db8::7"
	for query, expected := range map[string]string{
		"": both, "unknown=1&limit=1": both, "dedup=false": both,
		"ip=203.0.113.5": "203.0.113.5", "ip=::ffff:203.0.113.5": "203.0.113.5", "ip=2001:DB8:0::7": "2001:db8::7",
		"ip=203.0.113.6": "", "ip=203.0.113.50": "", "ip=203.0.113.5&contains=false": "203.0.113.5",
		"range=203.0.113.0/24": "", "range=203.0.113.0/24&contains=true": "", "range=203.0.113.0/24&contains=false": "203.0.113.5",
		"range=203.0.113.5/32": "203.0.113.5", "range=2001:db8::/32&contains=0": "2001:db8::7", "range=2001:db8::/128": "",
		"value=203.0.113.5": "203.0.113.5", "value=2001:db8:0::7": "2001:db8::7", "value=someone": "", "value=203.0.113.0/24": "",
		"value=someone&range=203.0.113.5/32": "",
		"value=203.0.113.5&ip=2001:db8::7":   "",
		"scope=ip":                           both, "scope=Ip": both, "scope=Range": "", "scope=username": "",
		"scopes=ip,range": both, "scopes=Ip": both, "scopes=range": "", "scopes=": both,
		"type=ban": both, "type=captcha": "",
		"origins=crowdsec,cscli": both, "origins=": both, "origins=,": both,
		"scenarios_containing=peba": both, "scenarios_containing=ssh,BLOCK": both, "scenarios_containing=ssh": "", "scenarios_containing=": both,
		"scenarios_not_containing=ssh": both, "scenarios_not_containing=ssh,peba": "", "scenarios_not_containing=,": both,
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		f, err := ParseFilter(values)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		body := Decisions(sample(), noon, f)
		if got := listed(body); got != expected {
			t.Errorf("%s: got %q, expected %q", query, got, expected)
		}
		if expected == "" && string(body) != "null" {
			t.Errorf("%s: got %q, expected the bytes null", query, body)
		}
	}
}

// TestStreamFilter holds that the stream heeds filters, in both lists.
func TestStreamFilter(t *testing.T) {
	for query, wanted := range map[string]bool{"scopes=ip": true, "scopes=range": false, "scenarios_containing=ssh": false} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		f, err := ParseFilter(values)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := Stream(sample(), noon, Poll{Filter: f})
		if got := string(body) != `{"deleted":null,"new":null}`; got != wanted {
			t.Errorf("%s: got %s", query, body)
		}
	}
}

func TestOrigin(t *testing.T) {
	for query, expected := range map[string]string{
		"": "lists", "origins=": "lists", "origins=crowdsec,lists": "lists", "origins=crowdsec,cscli": "crowdsec", "origins=CAPI": "CAPI",
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		f, err := ParseFilter(values)
		if err != nil {
			t.Fatal(err)
		}
		if body := string(Decisions(sample(), noon, f)); strings.Count(body, `"origin":"`+expected+`"`) != 2 {
			t.Errorf("%s: expected origin %s: %s", query, expected, body)
		}
	}
}

func TestParseFilterErrors(t *testing.T) {
	for query, expected := range map[string]string{
		"ip=xx": "ip: got \"xx\"", "range=203.0.113.5": "range: got", "contains=2": "contains: got \"2\"",
		"ip=203.0.113.5&range=203.0.113.0/24": "must be one of them", "origins=" + strings.Repeat("x", 65): "at most 64 bytes",
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseFilter(values); err == nil || !strings.Contains(err.Error(), expected) {
			t.Errorf("%s: got error %v, expected %s", query, err, expected)
		}
	}
}
