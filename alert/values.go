package alert

import (
	"encoding/json"
	"encoding/xml"
	"net/netip"
	"strings"
)

func attribute(e xml.StartElement, name string) (value string, ok bool) {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value, true
		}
	}
	return "", false
}

// pythonNone is what clients send for what they do not know: Python's str(None).
const pythonNone = "None"

// word returns a value that is a name or a number, empty for pythonNone. White space
// around it does not count. One that is too long is cut: it may be of an alert that
// is skipped.
func (a *alertFields) word(value string) string {
	if value = strings.TrimSpace(value); value == pythonNone {
		return ""
	}
	if len(value) > mostShortText {
		a.wasCut = true
		return clip(value, mostShortText)
	}
	return value
}

func (a *alertFields) attributeWord(e xml.StartElement, name string) string {
	value, _ := attribute(e, name)
	return a.word(value)
}

// canonicalIP returns an address, with or without white space around it, in the form
// in which it is stored, and false for what is none. A zone is left out: it is the
// name of the sensor's own network interface.
func canonicalIP(text string) (string, bool) {
	text = strings.TrimSpace(text)
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return "", false
	}
	if addr.Is4() {
		return text, true // there is but one way to write it
	}
	return addr.WithZone("").Unmap().String(), true
}

// keepsEscapes reports whether an AdditionalData stays percent-encoded: it is a URL,
// or one of conpot's, which the Python service stored as they came.
func keepsEscapes(meaning string) bool {
	switch meaning {
	case "url", "request_uri", "uri", "path":
		return true
	default:
		return strings.HasPrefix(meaning, "conpot_")
	}
}

func addressOrUnknown(text string) string {
	if ip, ok := canonicalIP(text); ok {
		return ip
	}
	return unknownIP
}

// jsonObject returns fields as the text of a JSON object with sorted keys, every
// text as it is (no HTML escapes).
func jsonObject(fields map[string]string) string {
	if len(fields) == 0 {
		return "{}"
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(fields); err != nil {
		panic("alert: texts cannot be encoded: " + err.Error())
	}
	return strings.TrimSuffix(b.String(), "\n")
}
