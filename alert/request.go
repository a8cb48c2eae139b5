package alert

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// requestString settles originalRequestString.
type requestString struct {
	// said is the last non-empty url or input.
	said string
	// instead are the fallback texts.
	instead [fallbacks]string
}

// The fallbacks for url and input, in order of precedence.
const (
	fromRequest = iota
	fromURL
	fromRequestURI
	fromPath
	fromMessage
	fallbacks
	noFallback = -1
)

// fallbackOf returns the fallback for an AdditionalData of that meaning.
func fallbackOf(meaning string) int {
	switch meaning {
	case "url":
		return fromURL
	case "request_uri":
		return fromRequestURI
	case "path":
		return fromPath
	case "message":
		return fromMessage
	default:
		return noFallback
	}
}

func (r *requestString) set(text string) {
	if text != "" {
		r.said = text
	}
}

func (r *requestString) offer(fallback int, text string) {
	if fallback != noFallback {
		r.instead[fallback] = text
	}
}

// stored returns the request string of d. All other fields must be set.
func (r *requestString) stored(d *Document) string {
	text := r.said
	for i := 0; text == "" && i < fallbacks; i++ {
		text = r.instead[i]
	}
	if namesPort(d.PeerType) {
		text = d.Attack()
	}
	if cve, ok := d.CVE(); ok {
		text = "(" + cve + ") " + text
	}
	return text
}

// Attack describes an alert of which only the target is known: "Attack on port
// P/PROTO", without the protocol unless it is tcp or udp.
func (d *Document) Attack() string {
	protocol := strings.EqualFold(d.TargetPort, "tcp") || strings.EqualFold(d.TargetPort, "udp")
	switch {
	case d.TargetEntryPort != "" && protocol:
		return "Attack on port " + d.TargetEntryPort + "/" + d.TargetPort
	case d.TargetEntryPort != "":
		return "Attack on port " + d.TargetEntryPort
	case protocol:
		return "Attack over " + d.TargetPort
	default:
		return "Attack"
	}
}

// inputText returns the commands of an interactive session: as sent, or the
// items of a Python list of them.
func inputText(value string) string {
	if joined, ok := joinPythonList(value); ok {
		return joined
	}
	return value
}

// httpMethods are those of RFC 9110 §9, and PATCH (RFC 5789).
var httpMethods = [...]string{
	"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
}

// isHTTP reports whether a payload is stored as rawhttp: UTF-8 with an HTTP
// method anywhere in its first word (docs/CONTRACT.md §1.1).
func isHTTP(payload []byte) bool {
	word := bytes.TrimLeft(payload, " \t\r\n")
	if i := bytes.IndexAny(word, " \t\r\n"); i >= 0 {
		word = word[:i]
	}
	for _, method := range &httpMethods {
		if bytes.Contains(word, []byte(method)) {
			return utf8.Valid(payload)
		}
	}
	return false
}
