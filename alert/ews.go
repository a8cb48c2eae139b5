// Package alert is one alert: wire form in (Decode), stored form out (Document),
// and what lies between: the rules of contract §1.1 to §1.3. It knows neither
// HTTP nor stores.
package alert

import (
	"encoding/xml"
	"fmt"
	"io"
)

// Message is one EWS message, decoded (contract §1).
type Message struct {
	// Username and Token are the credentials, exactly as sent; empty if none came.
	Username, Token string
	// Records are the alerts, ready for a store but for what the server adds:
	// recievedTime, clientDomain and the places.
	Records []Record
	// Skipped counts the alerts that were left out.
	Skipped map[SkipReason]int
	// Origins say which sensors the alerts came from, in their order. One sensor
	// may stand there several times.
	Origins []Origin
	// BadPayloads counts alerts that were kept without a payload that could not
	// be decoded.
	BadPayloads int
	// Cut counts alerts of which a text was too long to be stored whole.
	Cut int
}

// SkipReason says why an alert was left out (contract §1.1).
type SkipReason string

// The reasons, in the order in which they are looked for.
const (
	SkipNested     SkipReason = "nested"     // it stands inside another alert
	SkipAnalyzer   SkipReason = "analyzer"   // Analyzer/@id is missing or empty
	SkipSource     SkipReason = "source"     // Source is missing or no IP address
	SkipProtocol   SkipReason = "protocol"   // Source/@protocol is missing
	SkipTarget     SkipReason = "target"     // Target is missing or no IP address
	SkipCreateTime SkipReason = "createtime" // CreateTime is missing or no time
	SkipTimeZone   SkipReason = "timezone"   // CreateTime/@tz is missing or no zone
	SkipRequest    SkipReason = "request"    // a url, raw or binary Request is empty
	SkipData       SkipReason = "data"       // AdditionalData starttime, cve_id or binary is empty
)

// SkipReasons returns all reasons.
func SkipReasons() []SkipReason {
	return []SkipReason{
		SkipNested, SkipAnalyzer, SkipSource, SkipProtocol, SkipTarget, SkipCreateTime, SkipTimeZone,
		SkipRequest, SkipData,
	}
}

// Limits bound what a document may be made of, and so what decoding it costs;
// one that goes beyond is refused. The size of the whole is the reader's affair.
type Limits struct {
	// Depth is in elements: how many may be open at once, the root included.
	Depth int
	// Alerts is the number of alerts in a message, skipped ones included.
	Alerts int
	// Elements is the number of elements in a message.
	Elements int
	// Attributes is the number of attributes of an element.
	Attributes int
	// TagBytes is the size of one tag, attributes included, in bytes.
	TagBytes int
	// TextBytes is the size of one piece of text (or CDATA section or comment), in bytes.
	TextBytes int
}

// DefaultLimits leaves ample room for what sensors send (contract §1): messages
// of 100 alerts, payloads of 13.4 MB.
func DefaultLimits() Limits {
	return Limits{
		Depth:      16,
		Alerts:     1000,
		Elements:   100_000,
		Attributes: 32,
		TagBytes:   64 << 10,
		TextBytes:  32 << 20,
	}
}

// Check verifies the credentials of a message while the rest is still unread.
type Check func(username, token string) error

// Decode reads one EWS message to its end (contract §1.1 to §1.3). The error is
// a *SyntaxError if it is no acceptable document; one of r is wrapped.
// An alert that cannot be used is skipped and counted, and costs no other.
//
// The name of the root does not matter, and an Alert or Authentication counts
// wherever it stands, except that an Alert inside an Alert is skipped.
func Decode(r io.Reader, lim Limits) (*Message, error) { return DecodeChecked(r, lim, nil) }

// DecodeChecked decodes like Decode, and calls check once, at the end of the
// Authentication element that completes the credentials. An error of check ends
// the decoding and is returned as it is. check is not called for a message without
// a username and a token element; a second, different one fails after the call.
func DecodeChecked(r io.Reader, lim Limits, check Check) (*Message, error) {
	d := decoder{tokens: newTokens(r, lim), message: new(Message), check: check}
	for {
		token, err := d.tokens.next()
		if err == io.EOF {
			return d.message, nil
		}
		if err != nil {
			return nil, err
		}
		reason := ""
		switch token := token.(type) {
		case xml.StartElement:
			reason = d.start(token)
		case xml.CharData:
			d.text(token)
		case xml.EndElement:
			reason = d.end(token)
		}
		if reason != "" {
			return nil, d.tokens.syntaxError(reason)
		}
		if d.unchecked() {
			if err := check(d.message.Username, d.message.Token); err != nil {
				return nil, err
			}
			d.check = nil
		}
	}
}

// decoder knows where in a message the present token stands.
type decoder struct {
	tokens  *tokens
	message *Message
	check   Check // nil once called
	alerts  int
	nested  int // alerts that were skipped inside the one that is open

	// Depths of the Alert, of its field and of the credential that are open; 0
	// if none is.
	alertDepth, fieldDepth, credentialDepth int

	alert      alertFields
	field      []byte // text of the field
	credential []byte // text of the credential

	hasUsername, hasToken bool
	// authenticated is true after the end of an Authentication element.
	authenticated bool
}

// unchecked reports whether the credentials are complete but not yet checked.
func (d *decoder) unchecked() bool {
	return d.check != nil && d.authenticated && d.hasUsername && d.hasToken
}

func (d *decoder) start(e xml.StartElement) (reason string) {
	if e.Name.Space != "" {
		return "" // an element of something else
	}
	depth := d.tokens.depth()
	switch {
	case e.Name.Local == "Alert" && depth > 1:
		return d.startAlert(depth)
	case d.alertDepth > 0 && depth == d.alertDepth+1:
		if d.alert.start(e) {
			d.fieldDepth, d.field = depth, d.field[:0]
		}
	case d.inAuthentication() && (e.Name.Local == "username" || e.Name.Local == "token"):
		d.credentialDepth, d.credential = depth, d.credential[:0]
	}
	return ""
}

func (d *decoder) startAlert(depth int) (reason string) {
	if d.alerts++; d.alerts > d.tokens.lim.Alerts {
		return fmt.Sprintf("more than %d alerts", d.tokens.lim.Alerts)
	}
	if d.alertDepth > 0 {
		d.nested++
		return ""
	}
	d.alertDepth, d.nested = depth, 0
	d.alert.reset()
	return ""
}

// inAuthentication tells whether the element just begun is a child of an
// Authentication.
func (d *decoder) inAuthentication() bool {
	open := d.tokens.open
	return len(open) > 1 && open[len(open)-2] == xml.Name{Local: "Authentication"}
}

func (d *decoder) text(text []byte) {
	switch d.tokens.depth() {
	case d.fieldDepth:
		d.field = append(d.field, text...)
	case d.credentialDepth:
		d.credential = append(d.credential, text...)
	}
}

func (d *decoder) end(e xml.EndElement) (reason string) {
	d.authenticated = e.Name == xml.Name{Local: "Authentication"}
	switch d.tokens.depth() + 1 {
	case d.fieldDepth:
		d.fieldDepth = 0
		d.alert.end(d.field)
		if cap(d.field) > windowSize { // a payload's base64
			d.field = nil
		}
	case d.credentialDepth:
		d.credentialDepth = 0
		return d.setCredential(e.Name.Local, string(d.credential))
	case d.alertDepth:
		d.alertDepth = 0
		d.endAlert()
	}
	return ""
}

// setCredential takes a username or token. A second one that differs is
// refused: which of them is checked must not be a matter of chance.
func (d *decoder) setCredential(name, value string) (reason string) {
	to, has := &d.message.Username, &d.hasUsername
	if name == "token" {
		to, has = &d.message.Token, &d.hasToken
	}
	if *has && *to != value {
		return "a second " + name + ", which differs from the first"
	}
	*to, *has = value, true
	return ""
}

func (d *decoder) endAlert() {
	d.alert.ownHost()
	origin := d.message.originOf(&d.alert.doc)
	if d.nested > 0 {
		d.skip(origin, SkipNested, d.nested)
	}
	if reason := d.alert.finish(); reason != "" {
		d.skip(origin, reason, 1)
		return
	}
	origin.Accepted++
	if d.alert.badPayload {
		d.message.BadPayloads++
	}
	d.message.Records = append(d.message.Records, d.alert.record())
	if d.alert.wasCut {
		d.message.Cut++
	}
}

// skip counts alerts that are left out.
func (d *decoder) skip(origin *Origin, reason SkipReason, n int) {
	for _, counts := range []*map[SkipReason]int{&d.message.Skipped, &origin.Skipped} {
		if *counts == nil {
			*counts = make(map[SkipReason]int)
		}
		(*counts)[reason] += n
	}
}
