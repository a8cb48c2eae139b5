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

// pythonNone is what clients send for unknown values: Python's str(None).
const pythonNone = "None"

// word returns a name or number without white space around it, empty for pythonNone.
// It truncates long values, since the alert may be skipped before truncate runs.
func (a *alertFields) word(value string) string {
	if value = strings.TrimSpace(value); value == pythonNone {
		return ""
	}
	if len(value) > maxShortText {
		a.wasCut = true
		return firstBytes(value, maxShortText)
	}
	return value
}

func (a *alertFields) attributeWord(e xml.StartElement, name string) string {
	value, _ := attribute(e, name)
	return a.word(value)
}

// canonicalIP returns the stored form of an address, or false for anything else. It
// ignores white space around it and drops a zone, which names the sensor's own
// network interface.
func canonicalIP(text string) (string, bool) {
	text = strings.TrimSpace(text)
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return "", false
	}
	if addr.Is4() {
		return text, true // already in its canonical form
	}
	return addr.WithZone("").Unmap().String(), true
}

// keepsEscapes reports whether an AdditionalData stays percent-encoded: URLs, and
// those of conpot, which the Python service stored unchanged.
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
	return UnknownIP
}

// jsonObject returns fields as the text of a JSON object with sorted keys,
// without HTML escapes.
func jsonObject(fields map[string]string) string {
	if len(fields) == 0 {
		return "{}"
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(fields); err != nil {
		panic("alert: cannot encode texts: " + err.Error())
	}
	return strings.TrimSuffix(b.String(), "\n")
}
