package simulate

import (
	"encoding/xml"
	"strings"
	"testing"
)

func TestTextSurvivesXML(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"plain", "plain"},
		{`<a b="c" d='e'>&amp;</a>`, `<a b="c" d='e'>&amp;</a>`},
		{"]]>", "]]>"},
		{"line\nline\ttab\r\nend\r", "line\nline\ttab\r\nend\r"},
		{"Müller 密码 😀", "Müller 密码 😀"},
		{"a\x00b\x1bc\x7f", "abc\x7f"},
		{"\ufffe\uffff", ""},
		{"bad \xff\xfe end", "bad \ufffd\ufffd end"},
		{"cut \xe5\xaf", "cut \ufffd\ufffd"},
	} {
		var x xmlBuffer
		x.raw("<e a=\"")
		x.text(strings.ReplaceAll(c.in, "\n", ""))
		x.raw("\">")
		x.bytes([]byte(c.in))
		x.raw("</e>")
		var got struct {
			A    string `xml:"a,attr"`
			Text string `xml:",chardata"`
		}
		if err := xml.Unmarshal(x, &got); err != nil || got.Text != c.want {
			t.Errorf("%q came as %q, want %q: %v", c.in, got.Text, c.want, err)
		}
		if want := strings.ReplaceAll(c.want, "\n", ""); got.A != want {
			t.Errorf("%q came as attribute %q, want %q", c.in, got.A, want)
		}
		for _, b := range x {
			if b >= 0x80 {
				t.Errorf("%q was written as %q, which is not ASCII", c.in, x)
				break
			}
		}
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
