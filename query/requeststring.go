package query

import (
	"strings"

	"github.com/peba-edge/peba/alert"
)

var (
	// htmlEscaper escapes what the frontend puts into pages as it is.
	htmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#x27;")
	// oneLine makes a line of commands typed into a shell, a line each.
	oneLine = strings.NewReplacer("\r\n", "; ", "\n", "; ")
)

// requestString tells in a line what the attacker did, as HTML text (contract §3.2).
func requestString(d *alert.Document) string {
	return htmlEscaper.Replace(plainRequest(d))
}

func plainRequest(d *alert.Document) string {
	cowrie := strings.Contains(d.PeerType, "cowrie")
	switch request := d.OriginalRequestString; {
	case request == "" && (cowrie || strings.Contains(d.PeerType, "heralding")):
		line := "Username: " + quoted(d.Username) + " | Password: " + quoted(d.Password)
		if cowrie && d.Login != "" {
			line += " | Status: " + d.Login
		}
		return line
	case cowrie:
		return strings.TrimPrefix(oneLine.Replace(request), "; ")
	default:
		return percentDecode(request)
	}
}

// quoted is a credential in quotation marks, <none> where there is none.
func quoted(s string) string {
	if s == "" {
		return "<none>"
	}
	return `"` + percentDecode(s) + `"`
}

// percentDecode decodes %XX, leaves alone what only looks like it, and puts
// U+FFFD for bytes that are no UTF-8. (url.PathUnescape fails on all of a text
// for one bad escape, and attackers send them.)
func percentDecode(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	decoded := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			decoded = append(decoded, fromHex(s[i+1])<<4|fromHex(s[i+2]))
			i += 2
			continue
		}
		decoded = append(decoded, s[i])
	}
	return string([]rune(string(decoded)))
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// fromHex is the value of a digit that isHex.
func fromHex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
