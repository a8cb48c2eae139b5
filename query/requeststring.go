package query

import (
	"strings"

	"github.com/peba-edge/peba/alert"
)

var (
	// htmlEscaper escapes texts that the frontend inserts into pages unescaped.
	htmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#x27;")
	// oneLine replaces line breaks of every kind, as between commands typed into a shell.
	oneLine = strings.NewReplacer("\r\n", "; ", "\n", "; ", "\r", "; ", "\v", "; ", "\f", "; ",
		"\u0085", "; ", "\u2028", "; ", "\u2029", "; ")
)

// lineBreaks are the characters that oneLine replaces.
const lineBreaks = "\r\n\v\f\u0085\u2028\u2029"

// requestString returns what the attacker did, in one line of HTML (docs/CONTRACT.md §3.2).
func requestString(d *alert.Document) string {
	return htmlEscaper.Replace(plainRequest(d))
}

// plainRequest returns the request, otherwise the credentials, otherwise the
// port.
func plainRequest(d *alert.Document) string {
	request := d.OriginalRequestString
	if isCowrie(d) && request != "" {
		return strings.TrimPrefix(oneLine.Replace(request), "; ")
	}
	request = strings.Trim(alert.Unquote(request), lineBreaks)
	switch {
	case request != "":
	case d.Username != "" || d.Password != "" || isCowrie(d) || strings.Contains(d.PeerType, "heralding"):
		request = credentials(d)
	default:
		request = strings.Trim(d.Attack(), lineBreaks)
	}
	return oneLine.Replace(request)
}

func isCowrie(d *alert.Document) bool { return strings.Contains(d.PeerType, "cowrie") }

// credentials returns the user name and password of a login attempt.
func credentials(d *alert.Document) string {
	line := "Username: " + quoted(d.Username) + " | Password: " + quoted(d.Password)
	if isCowrie(d) && d.Login != "" {
		line += " | Status: " + d.Login
	}
	return line
}

// quoted returns a credential in quotation marks, or <none> if empty.
func quoted(s string) string {
	if s == "" {
		return "<none>"
	}
	return `"` + alert.Unquote(s) + `"`
}
