// Package alert is one alert: wire form in (Decode), stored form out (Document),
// and what lies between: the rules of contract §1.1 to §1.3. It knows neither
// HTTP nor stores.
package alert

import (
	"bytes"
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
	// Skipped counts the alerts that were left out, and FirstSkip is the reason of the
	// first of them.
	Skipped   map[SkipReason]int
	FirstSkip SkipReason
	// Origins say which sensors the alerts came from, in their order. One sensor
	// may stand there several times.
	Origins []Origin
	// BadPayloads counts alerts that were kept without a payload that could not
	// be decoded.
	BadPayloads int
	// DroppedPayloads counts payloads beyond the limits, which were left out of alerts
	// that were kept; DroppedBytes is their size as sent.
	DroppedPayloads int
	DroppedBytes    int64
	// Cut counts alerts of which something was too long, or too much, to be stored
	// whole.
	Cut int
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
	d := decoder{tokens: newTokens(r, lim), message: new(Message), check: check, payloadRoom: lim.MessagePayloadBytes, storedRoom: lim.StoredBytes}
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

// isAlert reports whether an element at a depth is an alert.
func isAlert(name xml.Name, depth int) bool {
	return depth > 1 && name == xml.Name{Local: "Alert"}
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

	alert        alertFields
	field        []byte // text of the field
	fieldDropped int64  // bytes of it that were dropped
	credential   []byte // text of the credential

	hasUsername, hasToken bool
	// authenticated is true after the end of an Authentication element.
	authenticated bool

	events map[string]int // how many alerts had an id

	payloadRoom, storedRoom int // bytes left of the message's limits
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
	case isAlert(e.Name, depth):
		return d.startAlert(depth)
	case d.alertDepth > 0 && depth == d.alertDepth+1:
		d.startField(e, depth)
	case d.inAuthentication() && (e.Name.Local == "username" || e.Name.Local == "token"):
		d.credentialDepth, d.credential = depth, d.credential[:0]
	}
	return ""
}

func (d *decoder) startAlert(depth int) (reason string) {
	if d.alertDepth > 0 {
		d.nested++
		return ""
	}
	if d.alerts++; d.alerts > d.tokens.lim.Alerts {
		return fmt.Sprintf("more than %d alerts", d.tokens.lim.Alerts)
	}
	d.alertDepth, d.nested = depth, 0
	d.tokens.inAlert = true
	d.alert.reset()
	d.alert.wasCut = d.tokens.isCut()
	return ""
}

func (d *decoder) startField(e xml.StartElement, depth int) {
	wanted := d.alert.start(e)
	d.alert.wasCut = d.alert.wasCut || d.tokens.isCut()
	if !wanted {
		return
	}
	d.fieldDepth, d.field, d.fieldDropped = depth, d.field[:0], 0
	if d.alert.isPayload() {
		d.tokens.text = min(d.tokens.lim.PayloadBytes, d.payloadRoom)
	}
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
		d.fieldDropped += d.tokens.src.dropped
		if kept := min(len(text), d.tokens.text); kept < len(text) { // of a CDATA section
			d.fieldDropped += int64(len(text) - kept)
			text = bytes.ToValidUTF8(text[:kept], nil)
		}
		d.field = append(d.field, text...)
		d.tokens.text = max(0, d.tokens.text-len(text))
	case d.credentialDepth:
		d.credential = append(d.credential, text...)
	}
}

// endField takes the text of a field, or what was not dropped of it.
func (d *decoder) endField() {
	d.fieldDepth, d.tokens.text = 0, d.tokens.lim.TextBytes
	switch payload := d.alert.isPayload(); {
	case payload && d.fieldDropped > 0:
		d.alert.dropPayload(int64(len(d.field)) + d.fieldDropped)
	default:
		if payload {
			d.payloadRoom -= len(d.field)
		}
		d.alert.wasCut = d.alert.wasCut || d.fieldDropped > 0
		d.alert.end(d.field)
	}
	if cap(d.field) > windowSize { // a payload's base64
		d.field = nil
	}
}

func (d *decoder) end(e xml.EndElement) (reason string) {
	d.authenticated = e.Name == xml.Name{Local: "Authentication"}
	switch d.tokens.depth() + 1 {
	case d.fieldDepth:
		d.endField()
	case d.credentialDepth:
		d.credentialDepth = 0
		return d.setCredential(e.Name.Local, string(d.credential))
	case d.alertDepth:
		d.alertDepth, d.tokens.inAlert = 0, false
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
	record := d.alert.record()
	size := record.size()
	if size > d.storedRoom {
		d.skip(origin, SkipSize, 1)
		return
	}
	d.storedRoom -= size
	record.ID = d.eventID(record.ID)
	d.message.Records = append(d.message.Records, record)
	origin.Accepted++
	d.count()
}

// count counts what was left out of an alert that is kept.
func (d *decoder) count() {
	if d.alert.badPayload {
		d.message.BadPayloads++
	}
	if d.alert.dropped > 0 {
		d.message.DroppedPayloads++
		d.message.DroppedBytes += d.alert.dropped
	}
	if d.alert.wasCut {
		d.message.Cut++
	}
}

// eventID returns the id of an alert whose fields have the id given. The n-th equal
// alert of a message is the n-th event: several modules send neither a source port
// nor anything else that differs.
func (d *decoder) eventID(id string) string {
	if d.events == nil {
		const usual = 100 // alerts in a message
		d.events = make(map[string]int, usual)
	}
	n := d.events[id]
	d.events[id] = n + 1
	return repeatedID(id, n)
}

// skip counts alerts that are left out.
func (d *decoder) skip(origin *Origin, reason SkipReason, n int) {
	if d.message.FirstSkip == "" {
		d.message.FirstSkip = reason
	}
	for _, counts := range []*map[SkipReason]int{&d.message.Skipped, &origin.Skipped} {
		if *counts == nil {
			*counts = make(map[SkipReason]int)
		}
		(*counts)[reason] += n
	}
}
