// Package alert converts an alert from its wire form (Decode) to its stored form
// (Document), by the rules of docs/CONTRACT.md §1.1 to §1.3. It knows neither HTTP
// nor stores.
package alert

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
)

// Message is one EWS message, decoded (docs/CONTRACT.md §1).
type Message struct {
	// Username and Token are the credentials exactly as sent; empty if missing.
	Username, Token string
	// Records are the alerts, ready for a store except for what the server adds:
	// recievedTime, clientDomain and the geo fields.
	Records []Record
	// Skipped counts skipped alerts, and FirstSkip is the reason for the first of
	// them.
	Skipped   map[SkipReason]int
	FirstSkip SkipReason
	// Origins are the sensors that the alerts came from, in order. One sensor
	// may appear several times.
	Origins []Origin
	// BadPayloads counts alerts kept without their payload, because it could not be
	// decoded.
	BadPayloads int
	// DroppedPayloads counts payloads beyond the limits that were dropped from kept
	// alerts. DroppedBytes is their size as sent.
	DroppedPayloads int
	DroppedBytes    int64
	// Cut counts alerts that were truncated: some text was too long, or there was
	// too much of it.
	Cut int
}

// Check verifies the credentials of a message while the rest is still unread.
type Check func(username, token string) error

// Decode reads one EWS message to its end (docs/CONTRACT.md §1.1 to §1.3). It returns a
// *SyntaxError for an unacceptable document and wraps errors of r. An invalid alert is
// skipped and counted; the others are kept.
//
// The name of the root does not matter. An Alert or Authentication counts at any
// depth, but an Alert inside an Alert is skipped.
func Decode(r io.Reader, lim Limits) (*Message, error) { return DecodeChecked(r, lim, nil) }

// DecodeChecked decodes like Decode and calls check once, at the end of the
// Authentication element that completes the credentials. An error of check ends
// the decoding and is returned unchanged. check is not called for a message
// without a username and a token element. A second, different one fails after the
// call.
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

// isAlert reports whether an element at this depth is an alert.
func isAlert(name xml.Name, depth int) bool {
	return depth > 1 && name == xml.Name{Local: "Alert"}
}

// decoder tracks the position of the current token in a message.
type decoder struct {
	tokens  *tokens
	message *Message
	check   Check // nil once called
	alerts  int
	nested  int // alerts skipped inside the open one

	// Depths of the open Alert, its field and the credential; 0 if none is
	// open.
	alertDepth, fieldDepth, credentialDepth int

	alert        alertFields
	field        []byte // text of the field
	fieldDropped int64  // bytes of it that were dropped
	credential   []byte // text of the credential

	hasUsername, hasToken bool
	// authenticated is true after the end of an Authentication element.
	authenticated bool

	firstID string         // of the first alert
	events  map[string]int // number of alerts per id; filled from the second alert

	payloadRoom, storedRoom int // remaining bytes of the message's limits
}

// unchecked reports whether the credentials are complete but not yet checked.
func (d *decoder) unchecked() bool {
	return d.check != nil && d.authenticated && d.hasUsername && d.hasToken
}

func (d *decoder) start(e xml.StartElement) (reason string) {
	if e.Name.Space != "" {
		return "" // some other element
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

// inAuthentication reports whether the current element is a child of
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

// endField handles the text of a field, without dropped parts.
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

// setCredential sets the username or token. A second, different one is an
// error: it must be clear which one is checked.
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

// count counts what was dropped from a kept alert.
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

// eventID returns the id of an alert, given the id of its fields. The n-th equal
// alert of a message is the n-th event: several modules send neither a source port
// nor any other distinguishing field.
func (d *decoder) eventID(id string) string {
	if d.firstID == "" { // most messages have no other
		d.firstID = id
		return id
	}
	if d.events == nil {
		const usual = 100 // alerts in a message
		d.events = make(map[string]int, usual)
		d.events[d.firstID] = 1
	}
	n := d.events[id]
	d.events[id] = n + 1
	return repeatedID(id, n)
}

// skip counts skipped alerts.
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
