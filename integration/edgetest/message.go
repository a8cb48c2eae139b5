package edgetest

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// AlertXML is one alert from a source, told apart by n.
func AlertXML(source string, n int) string {
	return fmt.Sprintf(`<Alert><Analyzer id="cowrie-community-01"/><CreateTime tz="+0000">2026-11-23 10:00:00</CreateTime>`+
		`<Source category="ipv4" port="%d" protocol="tcp">%s</Source><Target category="ipv4" port="22" protocol="tcp">198.51.100.9</Target>`+
		`%s</Alert>`, 1024+n%60000, source, FieldXML("sessionid", fmt.Sprint("s", n)))
}

// FieldXML is an AdditionalData; both texts are XML.
func FieldXML(meaning, text string) string {
	return `<AdditionalData type="string" meaning="` + meaning + `">` + text + `</AdditionalData>`
}

// WithFields adds fields to the end of an alert.
func WithFields(alert string, fields ...string) string {
	return strings.Replace(alert, "</Alert>", strings.Join(fields, "")+"</Alert>", 1)
}

// MessageXML is a message of the given user.
func MessageXML(user, token string, alerts ...string) string {
	escape := func(s string) string {
		var b strings.Builder
		_ = xml.EscapeText(&b, []byte(s)) // writing to a Builder cannot fail
		return b.String()
	}
	return fmt.Sprintf("<EWS-SimpleMessage version=\"3.0\"><Authentication><username>%s</username><token>%s</token></Authentication>%s</EWS-SimpleMessage>",
		escape(user), escape(token), strings.Join(alerts, ""))
}

// Session returns what the alert of AlertXML with this number is stored with as
// its additional data.
func Session(n int) string { return fmt.Sprintf(`{"sessionid":"s%d"}`, n) }
