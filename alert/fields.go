package alert

import (
	"bytes"
	"encoding/xml"
	"strconv"
)

// What is stored for sensors that send no address or host name (docs/CONTRACT.md §1.1).
const (
	UnknownIP   = "1.1.1.1"
	UnknownHost = "undefined"
)

// alertFields collects one alert, element by element. Elements may come in any
// order, so everything that depends on the honeypot type is decided at the end.
// If an element comes twice, the later one counts.
type alertFields struct {
	doc           Document
	created, zone string // CreateTime and its tz, as sent
	hasProtocol   bool

	request requestString
	// hintedCVE was reported by a honeypot, signedCVE is from the name of a rule.
	hintedCVE, signedCVE string
	// data holds AdditionalData without a field of its own; dataBytes is its size.
	data      map[string]string
	dataBytes int

	payload    []byte
	ofRequest  bool // the payload came in a Request
	badPayload bool
	dropped    int64 // size of the dropped payloads, as sent
	emptyData  bool  // set by noteEmpty
	wasCut     bool  // a text was truncated

	// typed is the analyzer id of the last type lookup.
	typed struct{ id, peerType string }

	// element is the name of the open element, key its type or meaning.
	element, key string
}

func (a *alertFields) reset() {
	clear(a.data)
	*a = alertFields{data: a.data, typed: a.typed}
	a.doc.Client = "-"
	a.doc.RawHTTP = "-"
	a.doc.ExternalIP, a.doc.InternalIP, a.doc.Hostname = UnknownIP, UnknownIP, UnknownHost
}

// start handles the start of a child of the alert, and reports whether its text
// is wanted.
func (a *alertFields) start(e xml.StartElement) (wanted bool) {
	a.element, a.key = e.Name.Local, ""
	switch a.element {
	case "Analyzer":
		a.doc.PeerIdent = a.attributeWord(e, "id")
		return false
	case "Classification":
		a.signature(a.attributeWord(e, "text"))
		return false
	case "CreateTime":
		a.zone, _ = attribute(e, "tz")
	case "Source":
		a.doc.SourceEntryPort = a.attributeWord(e, "port")
		var protocol string
		protocol, a.hasProtocol = attribute(e, "protocol")
		a.doc.TargetPort = a.word(protocol)
	case "Target":
		a.doc.TargetEntryPort = a.attributeWord(e, "port")
	case "Request":
		a.key, _ = attribute(e, "type")
		return a.key != "description"
	case "AdditionalData":
		a.key, _ = attribute(e, "meaning")
	default:
		return false
	}
	return true
}

// end handles the text of the child passed to start.
func (a *alertFields) end(text []byte) {
	if len(text) == 0 {
		a.noteEmpty()
	}
	if string(text) == pythonNone {
		text = nil
	}
	switch a.element {
	case "CreateTime":
		a.created = string(text)
	case "Source":
		a.doc.SourceEntryIP, _ = canonicalIP(string(text))
	case "Target":
		a.doc.TargetEntryIP, _ = canonicalIP(string(text))
	case "Request":
		a.endRequest(text)
	case "AdditionalData":
		a.endData(text)
	}
}

// noteEmpty records an empty element that makes the alert invalid. An empty Request
// does not: modules send one if there was no request.
func (a *alertFields) noteEmpty() {
	if a.element != "AdditionalData" {
		return
	}
	switch a.key {
	case "starttime", "cve_id", "binary":
		a.emptyData = true
	}
}

func (a *alertFields) endRequest(text []byte) {
	switch a.key {
	case "url":
		a.request.set(Unquote(string(text)))
	case "raw", "binary", "largepayload":
		a.setPayload(text, true)
	case "request":
		a.request.offer(fromRequest, string(text))
	case "payload":
		a.keep("payload", string(text))
	}
}

func (a *alertFields) endData(text []byte) {
	if a.key == "binary" {
		if bytes.IndexByte(text, '%') >= 0 {
			text = unescape(nil, string(text))
		}
		a.setPayload(text, false)
		return
	}
	value, d := string(text), &a.doc
	switch a.key {
	case "input":
		a.request.set(inputText(decodeQuoted(value)))
	case "username":
		d.Username = value
	case "password":
		d.Password = value
	case "login":
		d.Login = value
	case "version":
		d.ClientVersion = value
	case "starttime", "logintime":
		d.SessionStart = Unquote(value)
	case "endtime", "endtimetime", "logouttime":
		d.SessionEnd = Unquote(value)
	case "cve_id":
		d.VulnID = Unquote(value)
	case "externalIP":
		d.ExternalIP = addressOrUnknown(value)
	case "internalIP":
		d.InternalIP = addressOrUnknown(value)
	case "hostname":
		if d.Hostname = a.word(value); d.Hostname == "" {
			d.Hostname = UnknownHost
		}
	case "uuid":
		d.SensorUUID = a.word(value)
	default:
		if !keepsEscapes(a.key) {
			value = decodeQuoted(value)
		}
		a.hint(value)
		a.request.offer(fallbackOf(a.key), value)
		a.keep(a.key, value)
	}
}

// keep adds an entry to additionalData. As in all fields, an empty value counts
// as missing. Entries far beyond what can be stored are dropped.
func (a *alertFields) keep(key, value string) {
	if a.data == nil {
		a.data = make(map[string]string)
	}
	if key == "" || value == "" {
		delete(a.data, key)
		return
	}
	const overhead = 64 // of an entry
	if a.dataBytes += len(key) + len(value) + overhead; a.dataBytes > maxDecodedData {
		a.wasCut = true
		return
	}
	a.data[key] = value
}

// isPayload reports whether the open element is the base64 of a payload.
func (a *alertFields) isPayload() bool {
	switch a.element {
	case "Request":
		return a.key == "raw" || a.key == "binary" || a.key == "largepayload"
	case "AdditionalData":
		return a.key == "binary"
	default:
		return false
	}
}

// dropPayload records a payload of so many bytes that was too large.
func (a *alertFields) dropPayload(size int64) { a.dropped += size }

// setPayload decodes the base64 of a payload.
func (a *alertFields) setPayload(text []byte, ofRequest bool) {
	if ofRequest && len(bytes.TrimSpace(text)) == 0 {
		return
	}
	data, err := decodeBase64(text)
	if err != nil {
		a.badPayload = true
		return
	}
	a.payload, a.ofRequest = data, ofRequest
}

// finish sets the fields that depend on the whole alert. It returns why the
// alert is invalid, or "".
func (a *alertFields) finish() SkipReason {
	d := &a.doc
	switch {
	case d.PeerIdent == "":
		return SkipAnalyzer
	case d.SourceEntryIP == "":
		return SkipSource
	case !a.hasProtocol:
		return SkipProtocol
	case d.TargetEntryIP == "":
		return SkipTarget
	}
	if d.PeerIdent != a.typed.id { // usually all alerts of a message have one id
		a.typed.id, a.typed.peerType = d.PeerIdent, PeerType(d.PeerIdent)
	}
	d.PeerType = a.typed.peerType
	a.settleCVE()
	zone := a.zone
	if isHoneytrap(d.PeerType) {
		zone = "+0000" // its clock is in UTC, whatever its zone
	}
	var reason SkipReason
	if d.CreateTime, reason = createTime(a.created, zone); reason != "" {
		return reason
	}
	if a.emptyData {
		return SkipData
	}
	return ""
}

// record returns the alert in its stored form, after a successful finish.
func (a *alertFields) record() Record {
	var kept *Payload
	if a.payload != nil {
		if keepsPayload(a.doc.PeerType) {
			kept = NewPayload(a.payload)
			a.keep("payload_md5", kept.Hash)
		} else {
			a.keep("payload_md5", md5Hex(a.payload))
		}
		if a.ofRequest && isHTTP(a.payload) {
			a.doc.RawHTTP = string(a.payload)
		}
	}
	if a.dropped > 0 {
		a.keep("payload_dropped", strconv.FormatInt(a.dropped, 10))
	}
	a.doc.OriginalRequestString = a.request.stored(&a.doc)
	a.doc.AdditionalData = jsonObject(a.data)
	a.doc.ID = NewID(&a.doc)
	a.wasCut = a.doc.truncate(a.data) || a.wasCut
	return Record{Document: a.doc, Payload: kept}
}
