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
		return alert.Unquote(request)
	}
}

// quoted is a credential in quotation marks, <none> where there is none.
func quoted(s string) string {
	if s == "" {
		return "<none>"
	}
	return `"` + alert.Unquote(s) + `"`
}
