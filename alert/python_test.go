package alert

import (
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// What urllib.parse.unquote of Python 3 gives.
func TestUnquote(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", ""},
		{"abc", "abc"},
		{"a+b", "a+b"},
		{"%41", "A"},
		{"%61%62", "ab"},
		{"%zz", "%zz"},
		{"%4", "%4"},
		{"%", "%"},
		{"%%41", "%A"},
		{"%%", "%%"},
		{"%4%41", "%4A"},
		{"/%E9%zz%4", "/\ufffd%zz%4"},
		{"%C3%A4", "\u00e4"},
		{"%c3%a4", "\u00e4"},
		{"%C3", "\ufffd"},
		{"%C3%C3%A4", "\ufffd\u00e4"},
		{"%C3\u00e4", "\ufffd\u00e4"},
		{"\u00e4%C3%A4\u00e4", "\u00e4\u00e4\u00e4"},
		{"%E2%82", "\ufffd"},
		{"%E2%82%AC", "\u20ac"},
		{"%E2%82x", "\ufffdx"},
		{"%E2x", "\ufffdx"},
		{"%F0%9F%98%80", "\U0001f600"},
		{"%F0%9F%98", "\ufffd"},
		{"%F0%80%80%80", "\ufffd\ufffd\ufffd\ufffd"},
		{"%F0%9F", "\ufffd"},
		{"%F4%90%80%80", "\ufffd\ufffd\ufffd\ufffd"},
		{"%F5%80", "\ufffd\ufffd"},
		{"%ED%A0%80", "\ufffd\ufffd\ufffd"},
		{"%E0%80%80", "\ufffd\ufffd\ufffd"},
		{"%E0%A0", "\ufffd"},
		{"%C0%80", "\ufffd\ufffd"},
		{"%80%BF", "\ufffd\ufffd"},
		{"%FF%FE", "\ufffd\ufffd"},
		{"%F0%9F%98x%80", "\ufffdx\ufffd"},
		{"%00", "\x00"},
		{"%0A%0d", "\x0a\x0d"},
		{"%25%34%31", "%41"},
		{"%u0041", "%u0041"},
		{"%E2%82%", "\ufffd%"},
		{"%E2%8", "\ufffd%8"},
		{"%E2%82%C3%A4", "\ufffd\u00e4"},
		{"%EF%BF%BD", "\ufffd"},
		{"%F1%80%80", "\ufffd"},
		{"%F1%80%C3", "\ufffd\ufffd"},
		{"%F4%8F%BF%BF", "\U0010ffff"},
		{"%ED%9F%BF", "\ud7ff"},
		{"%C2%7F", "\ufffd\x7f"},
		{"%F0%90%C3%A4", "\ufffd\u00e4"},
	} {
		if got := Unquote(test.text); got != test.want {
			t.Errorf("Unquote(%q) is %q, want %q", test.text, got, test.want)
		}
	}
}

func FuzzUnquote(f *testing.F) {
	for _, seed := range []string{"", "%41", "%E9%zz%4", "%C3ä", "%E2%82%AC", "%F0%9F%98x", "a+b%20c", "%F4%90%80%80"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return // XML holds none
		}
		got := Unquote(s)
		if !utf8.ValidString(got) {
			t.Errorf("Unquote(%q) is %q: not UTF-8", s, got)
		}
		if len(got) > len(s) {
			t.Errorf("Unquote(%q) is %q: longer", s, got)
		}
		if !strings.Contains(s, "%") && got != s {
			t.Errorf("Unquote(%q) is %q: nothing was to be decoded", s, got)
		}
		// Where a strict decoder finds only good escapes, and characters beyond
		// ASCII are whole, they agree.
		if want, err := url.PathUnescape(s); err == nil && utf8.ValidString(want) && isASCII(s) && got != want {
			t.Errorf("Unquote(%q) is %q, want %q", s, got, want)
		}
		var escaped strings.Builder
		for _, b := range []byte(s) {
			escaped.WriteString("%" + string("0123456789abcdef"[b>>4]) + string("0123456789ABCDEF"[b&15]))
		}
		if back := Unquote(escaped.String()); back != s {
			t.Errorf("Unquote(%q) is %q, want %q", escaped.String(), back, s)
		}
	})
}

func isASCII(s string) bool { return asciiPrefix(s) == len(s) }

func TestJoinPythonList(t *testing.T) {
	for text, want := range map[string]string{
		`[]`:                    "",
		`[ ]`:                   "",
		`['']`:                  "",
		`['', '']`:              "; ",
		`['a', 'b']`:            "a; b",
		`["it's", 'a "b"']`:     `it's; a "b"`,
		`[ 'a' ,"b", ]`:         "a; b",
		`['a','b',]`:            "a; b",
		`['it\'s', "\"", '\\']`: `it's; "; \`,
		`['\n\t\r']`:            "\n\t\r",
		`['\x41\xe4\x00']`:      "Aä\x00",
		`['\u20ac\U0001f600']`:  "€😀",
		`['\ud83d']`:            "\ufffd",
		`['ä]']`:                "ä]",
	} {
		if got, ok := joinPythonList(text); got != want || !ok {
			t.Errorf("%s is %q, %v: want %q", text, got, ok, want)
		}
	}
	for _, text := range []string{
		``, `a`, `['a'`, `[`, `]`, `['a]`, `['a'] `, ` ['a']`, `['a' 'b']`, `['a',,'b']`, `[,]`, `[, 'a']`, `[a]`, `[1]`, `[None]`,
		`['a', 1]`, `[['a']]`, `('a')`, `['\q']`, `['\x4']`, `['\xzz']`, `['\u12']`, `['\U00110000']`, `['\U+0000041']`, `['\`, `['\']`, "['a\nb']", `[b'a']`, `['a'],`, `['a']]`, `["a']`,
	} {
		if got, ok := joinPythonList(text); ok {
			t.Errorf("%s is taken for a list: %q", text, got)
		}
	}
}

func TestDecodeQuoted(t *testing.T) {
	for text, want := range map[string]string{
		"%0Auname": "\nuname", "a%20b/c_.-~9": "a b/c_.-~9", "%C3%A4": "ä", "%FF": "\ufffd",
		"": "", "abc": "abc", "a b%20": "a b%20", "%": "%", "%4": "%4", "%4g": "%4g", "%2f": "%2f", "%41%": "%41%", "a+b%20": "a+b%20", "ä%20": "ä%20", "http://x/%41": "http://x/%41",
	} {
		if got := decodeQuoted(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
