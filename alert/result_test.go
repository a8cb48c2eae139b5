package alert

import (
	"encoding/xml"
	"testing"
)

func TestAppendResult(t *testing.T) {
	for _, test := range []struct{ status, text, want string }{
		{StatusOK, "", `<Result><StatusCode>OK</StatusCode><Text></Text></Result>`},
		{StatusError, `a <b> & "c" 'd' ]]>`, `<Result><StatusCode>ERROR</StatusCode><Text>a &lt;b&gt; &amp; "c" 'd' ]]&gt;</Text></Result>`},
		{StatusError, "a\r\n\tb", `<Result><StatusCode>ERROR</StatusCode><Text>a   b</Text></Result>`},
		{StatusError, "\x00\x1b[31mä\u202e\x7f\u009b\xff\ufffe€", "<Result><StatusCode>ERROR</StatusCode><Text>��[31mä�����€</Text></Result>"},
	} {
		got := AppendResult([]byte("x"), test.status, test.text)
		if string(got) != "x"+test.want {
			t.Errorf("%q gives %s, want %s", test.text, got[1:], test.want)
		}
		var parsed struct{ StatusCode, Text string }
		if err := xml.Unmarshal(got[1:], &parsed); err != nil || parsed.StatusCode != test.status {
			t.Errorf("%s: %+v, %v", got[1:], parsed, err)
		}
	}
}

func TestResultText(t *testing.T) {
	idmef := anAnalyzer + aTime + `<Source><Node><Address>8.8.8.8</Address></Node></Source>` + aTarget
	for name, test := range map[string]struct{ body, want string }{
		"accepted":     {message(good), ""},
		"some skipped": {message(good, idmef), ""},
		"no alerts":    {message(), ""},
		"all skipped":  {message(idmef, idmef, good+data("cve_id", "")), "all alerts were skipped, 3 in number; the first: Source is missing, or its text is not an IP address"},
	} {
		if got := mustDecode(t, test.body).ResultText(); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	for _, reason := range SkipReasons() {
		if text := reason.explanation(); text == string(reason) {
			t.Errorf("%s has no explanation", reason)
		}
	}
}
