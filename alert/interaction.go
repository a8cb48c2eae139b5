package alert

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// How far an attacker got, farthest first.
const (
	// InteractionExploit is an alert that names a CVE.
	InteractionExploit = "exploit"
	// InteractionPayload is an alert with a payload.
	InteractionPayload = "payload"
	// InteractionCommand is an alert with commands that the attacker typed.
	InteractionCommand = "command"
	// InteractionLogin is a login that succeeded.
	InteractionLogin = "login"
	// InteractionAttempt is a login that failed, or a user name or password that was
	// sent.
	InteractionAttempt = "attempt"
)

// Interaction returns how far the attacker got, the farthest that applies, or "" for a
// mere contact. It depends on PeerType, VulnID, AdditionalData, OriginalRequestString,
// RawHTTP, Login, Username and Password only, so that stores can group by it.
func (d *Document) Interaction() string {
	if _, ok := d.CVE(); ok {
		return InteractionExploit
	}
	switch {
	case d.hasPayload():
		return InteractionPayload
	case d.hasCommand():
		return InteractionCommand
	case strings.EqualFold(d.Login, "success"):
		return InteractionLogin
	case d.Login != "" || d.Username != "" || d.Password != "":
		return InteractionAttempt
	}
	return ""
}

// hasPayload reports whether AdditionalData has the digest of a payload, or the size of
// one that was too large to be kept. Nearly all alerts without one also lack the text, so
// that few are parsed. Web honeypots send every HTTP request as a payload, which is none.
func (d *Document) hasPayload() bool {
	request := IsWeb(d.PeerType) && d.RawHTTP != "" && d.RawHTTP != "-"
	if request || !strings.Contains(d.AdditionalData, `"payload_`) {
		return false
	}
	decoder := jsontext.NewDecoder(strings.NewReader(d.AdditionalData), jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))
	if token, err := decoder.ReadToken(); err != nil || token.Kind() != '{' {
		return false
	}
	for {
		token, err := decoder.ReadToken()
		if err != nil || token.Kind() != '"' {
			return false
		}
		if name := token.String(); name == "payload_md5" || name == "payload_dropped" {
			return true
		}
		if decoder.SkipValue() != nil {
			return false
		}
	}
}

// hasCommand reports whether the request string is a command. Sensors send commands and
// URLs in different elements, but both are stored there, so the type must say which it is.
func (d *Document) hasCommand() bool {
	return strings.TrimSpace(d.OriginalRequestString) != "" && takesCommands(d.PeerType)
}
