package alert

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/netip"
	"reflect"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

// FuzzDecode holds Decode to: no panic; what encoding/xml refuses is refused;
// what comes out is bounded by what went in, is text, and does not depend on the
// pieces that the bytes come in.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		message(good),
		message(good+req("url", "/%41")+req("raw", "R0VU")+data("input", "['a', 'b']")+data("binary", "QQ%3D%3D"), `<Analyzer/>`),
		message(`<Analyzer id="x.ht"/><CreateTime>2026-11-24 01:00:00</CreateTime>` + aSource + aTarget + data("cve_id", "CVE-1") + data("k", "&#x2028;")),
		"\ufeff<?xml version=\"1.0\" encoding=\"latin1\"?><m a='1' b:c=\"2\"><!-- c --><![CDATA[x]]></m>\n",
		"<m><Alert><Alert/></Alert><Authentication><username>u</username></Authentication></m>",
		"<m><Alert><AdditionalData meaning='" + string(bytes.Repeat([]byte("&#x41;ä"), 30)) + "'>" + string(bytes.Repeat([]byte("ä&lt;"), 30)) + "</AdditionalData></Alert></m>",
		"<!DOCTYPE m><m/>", "<m/><m/>", "<m></n>", "<m>]]></m>", "<m>&lt;&nope;</m>", "<m>\xff</m>", "<x:m></y:m>",
	} {
		f.Add([]byte(seed))
	}
	lim := DefaultLimits()
	lim.TagBytes, lim.TextBytes, lim.PayloadBytes, lim.MessagePayloadBytes = 60, 40, 100, 150
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := Decode(bytes.NewReader(body), lim)
		again, errAgain := Decode(iotest.OneByteReader(bytes.NewReader(body)), lim)
		if !reflect.DeepEqual(m, again) || !reflect.DeepEqual(err, errAgain) {
			t.Fatalf("in one piece: %+v, %v; byte by byte: %+v, %v", m, err, again, errAgain)
		}
		if err != nil {
			if !isSyntaxError(err) || m != nil {
				t.Fatalf("message %v, error %v", m, err)
			}
			return
		}
		// What is dropped is not checked: so this is asked with room for everything.
		if _, err := decode(body); err == nil {
			if refused := wellFormed(body); refused != nil {
				t.Fatalf("encoding/xml refuses it: %v", refused)
			}
		}
		size := len(m.Username) + len(m.Token)
		for _, r := range m.Records {
			size += checkRecord(t, r)
		}
		// A byte becomes six at the most (as a \u2028 in JSON), in a few fields.
		const perAlert = 500
		if most := 20*len(body) + perAlert*len(m.Records); size > most {
			t.Errorf("%d bytes became %d: want %d at the most", len(body), size, most)
		}
	})
}

// wellFormed returns what encoding/xml has against a document.
func wellFormed(body []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(body))
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	for {
		if _, err := dec.Token(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// checkRecord checks what holds of every record, and returns its size.
func checkRecord(t *testing.T, r Record) (size int) {
	t.Helper()
	v := reflect.ValueOf(r.Document)
	for i := range v.NumField() {
		if v.Field(i).Kind() != reflect.String {
			continue
		}
		text := v.Field(i).String()
		size += len(text)
		if !utf8.ValidString(text) {
			t.Errorf("%s is %q: not UTF-8", v.Type().Field(i).Name, text)
		}
	}
	if len(r.ID) != 32 {
		t.Errorf("the id is %q", r.ID)
	}
	for _, ip := range []string{r.SourceEntryIP, r.TargetEntryIP, r.ExternalIP, r.InternalIP} {
		if canonical, ok := canonicalIP(ip); !ok || canonical != ip || netip.MustParseAddr(ip).Is4In6() {
			t.Errorf("address %q is not in the form to be stored", ip)
		}
	}
	if year := r.CreateTime.Year(); year < 1 || year > 9999 || r.PeerIdent == "" || r.PeerType == "" {
		t.Errorf("%+v should have been skipped", r)
	}
	if r.Payload != nil {
		size += len(r.Payload.Data)
	}
	return size
}
