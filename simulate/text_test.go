package simulate

import (
	"encoding/xml"
	"strings"
	"testing"
)

// What the options say goes out as it was given.
func TestCredentialsSurviveXML(t *testing.T) {
	const user, token = `a<b>&"c"`, "密码'\t]]>"
	var got struct {
		Authentication struct {
			Username string `xml:"username"`
			Token    string `xml:"token"`
		}
	}
	err := xml.Unmarshal(NewFleet(1, 1).Message(testNow, user, token, 1), &got)
	if sent := got.Authentication; err != nil || sent.Username != user || sent.Token != token {
		t.Errorf("%q and %q, want %q and %q: %v", sent.Username, sent.Token, user, token, err)
	}
}

// What Python 3 prints for these lists.
func TestPythonList(t *testing.T) {
	for _, c := range []struct {
		items []string
		want  string
	}{
		{nil, `[]`},
		{[]string{"uname -a", "id"}, `['uname -a', 'id']`},
		{[]string{`echo "it's"`}, `['echo "it\'s"']`},
		{[]string{"it's"}, `["it's"]`},
		{[]string{`a\b`, "c\nd\te\rf"}, `['a\\b', 'c\nd\te\rf']`},
		{[]string{"\x00\x1b\x7f"}, `['\x00\x1b\x7f']`},
		{[]string{"Müller 密码"}, `['Müller 密码']`},
	} {
		if got := pythonList(c.items); got != c.want {
			t.Errorf("%q: %s, want %s", c.items, got, c.want)
		}
	}
}

func TestExpand(t *testing.T) {
	fleet := NewFleet(1, 1)
	fleet.Message(testNow, "u", "t", 1)
	if got := string(fleet.expand(`{"id":1}{host}:{host} {wor {`, "h")); got != `{"id":1}h:h {wor {` {
		t.Errorf("%q", got)
	}
	first, second := string(fleet.expand("<{word}>", "h")), string(fleet.expand("<{word}>", "h"))
	for _, got := range []string{first, second} {
		if word := strings.Trim(got, "<>"); len(word) < 5 || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") != "" {
			t.Errorf("%q", got)
		}
	}
	if first == second {
		t.Errorf("%q twice", first)
	}
}

func TestAppendPercentEncoded(t *testing.T) {
	if got := string(appendPercentEncoded(nil, []byte("/a-b_c.d~e?f=<g> h%\xff"))); got != "/a-b_c.d~e%3Ff%3D%3Cg%3E%20h%25%FF" {
		t.Errorf("%q", got)
	}
}

func TestZoneText(t *testing.T) {
	for minutes, want := range map[int]string{0: "+0000", 60: "+0100", 345: "+0545", -210: "-0330", -480: "-0800"} {
		if got := zoneText(minutes); got != want {
			t.Errorf("%d: %s, want %s", minutes, got, want)
		}
	}
}
