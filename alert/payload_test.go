package alert

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
)

func TestFuzzyHash(t *testing.T) {
	// What is hashed, as Python would print it, or "" where there is no Host
	// header. The recorded payloads have their recorded hashes in TestLegacyDocuments.
	for payload, hashed := range map[string]string{
		"GET /A HTTP/1.1\r\nHost: x\r\n\r\n":           `b'get /a http/1.1\r\nhost:\r\n\r\n'`,
		"GET / HTTP/1.1\r\nA: b\r\nhOsT:x:80\r\n\r\nX": `b'get / http/1.1\r\na: b\r\nhost:\r\n\r\nx'`,
		"GET / HTTP/1.1\nhost: x\nB: c":                `b'get / http/1.1\nhost:\nb: c'`,
		"GET /\xe4\x00\t\x7f\\ HTTP/1.1\r\nHost: x":    `b'get /\xe4\x00\t\x7f\\ http/1.1\r\nhost:'`,
		"GET /' HTTP/1.1\r\nHost: x\r\n":               `b"get /' http/1.1\r\nhost:\r\n"`,
		"GET /'\" HTTP/1.1\r\nHost: x\r\n":             `b'get /\'" http/1.1\r\nhost:\r\n'`,
		"GET /\" HTTP/1.1\r\nHost: '\r\n":              `b'get /" http/1.1\r\nhost:\r\n'`,
		"Host: x\r\nHost: y\r\n":                       `b'host:\r\nhost: y\r\n'`,
		"GET / HTTP/1.1\r\nHost:\r\n\r\n":              `b'get / http/1.1\r\nhost:\r\n\r\n'`,

		"GET / HTTP/1.1\r\n\r\nHost: in the body\r\n": "",
		"GET / HTTP/1.1\r\nX-Host: x\r\n\r\n":         "",
		"GET /?host: x":                               "",
		"GET / HTTP/1.1\r\nHost : x\r\n\r\n":          "",
		"\r\nHost: x":                                 "",
		"":                                            "",
		"hos":                                         "",
	} {
		p := NewPayload([]byte(payload))
		want := p.Hash
		if hashed != "" {
			want = fmt.Sprintf("%x", sha256.Sum256([]byte(hashed)))
		}
		if p.FuzzyHash != want {
			t.Errorf("%q: fuzzy hash %s, want that of %s", payload, p.FuzzyHash, hashed)
		}
	}
	// The parts that a long payload is hashed in do not show.
	head, body := "POST / HTTP/1.1\r\nHost: x\r\n\r\n", strings.Repeat("Ä\x01'", 5000)
	want := sha256.Sum256([]byte(`b"post / http/1.1\r\nhost:\r\n\r\n` + strings.Repeat(`\xc3\x84\x01'`, 5000) + `"`))
	if got := NewPayload([]byte(head + body)).FuzzyHash; got != fmt.Sprintf("%x", want) {
		t.Errorf("a long payload: fuzzy hash %s, want %x", got, want)
	}
}

func TestNewPayload(t *testing.T) {
	for text, want := range map[string]string{
		"GET / HTTP/1.1\r\n\r\n": "text/plain",
		"%PDF-1.4\n":             "application/pdf",
		"\x00\x01\x02":           "application/octet-stream",
		"\x1f\x8b\x08\x00":       "application/gzip",
		"<!DOCTYPE html><html>":  "text/html",
	} {
		p := NewPayload([]byte(text))
		if p.MIMEType != want || string(p.Data) != text || p.Hash != md5Hex([]byte(text)) {
			t.Errorf("%q: %+v, want type %s", text, p, want)
		}
	}
	if got := NewPayload([]byte("hello")).Hash; got != "5d41402abc4b2a76b9719d911017c592" {
		t.Errorf("MD5 %s", got)
	}
}
