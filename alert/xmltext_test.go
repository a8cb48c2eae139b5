package alert

import (
	"encoding/xml"
	"strings"
	"testing"
)

func TestAppendXMLText(t *testing.T) {
	for _, test := range []struct{ text, want, decoded string }{
		{"", "", ""},
		{"plain", "plain", "plain"},
		{`<a b="c" d='e'>&amp;</a>`, `&lt;a b="c" d='e'&gt;&amp;amp;&lt;/a&gt;`, `<a b="c" d='e'>&amp;</a>`},
		{"]]>", "]]&gt;", "]]>"},
		{"line\nline\ttab\r\nend\r", "line\nline\ttab&#13;\nend&#13;", "line\nline\ttab\r\nend\r"},
		{"Müller 密码 😀", "Müller 密码 😀", "Müller 密码 😀"},
		{"a\x00b\x1bc\x7f", "a\uFFFDb\uFFFDc\x7f", "a\uFFFDb\uFFFDc\x7f"},
		{"\uFFFE\uFFFF\uFFFD", "\uFFFD\uFFFD\uFFFD", "\uFFFD\uFFFD\uFFFD"},
		{"bad \xff\xfe end", "bad \uFFFD\uFFFD end", "bad \uFFFD\uFFFD end"},
		{"cut \xe5\xaf", "cut \uFFFD\uFFFD", "cut \uFFFD\uFFFD"},
	} {
		got := string(AppendXMLText([]byte("<e>"), test.text))
		if got != "<e>"+test.want {
			t.Errorf("%q gives %q, want %q", test.text, got, "<e>"+test.want)
		}
		if fromBytes := string(AppendXMLText([]byte("<e>"), []byte(test.text))); fromBytes != got {
			t.Errorf("%q as bytes gives %q, as a string %q", test.text, fromBytes, got)
		}
		var decoded string
		if err := xml.Unmarshal([]byte(got+"</e>"), &decoded); err != nil || decoded != test.decoded {
			t.Errorf("%q is read as %q, want %q: %v", got, decoded, test.decoded, err)
		}
	}
}

// BenchmarkAppendXMLText escapes what answers consist of.
func BenchmarkAppendXMLText(b *testing.B) {
	texts := []string{"2026-11-23 23:46:05", "SSH/console(cowrie)", "DE", "203.0.113.7", "50.1109",
		"Username: root | Password: P@ssw0rd! | Status: Fail", "/?a=&lt;b&gt;", "Müller"}
	var dst []byte
	b.SetBytes(int64(len(strings.Join(texts, ""))))
	b.ReportAllocs()
	for b.Loop() {
		dst = dst[:0]
		for _, text := range texts {
			dst = AppendXMLText(dst, text)
		}
	}
}
