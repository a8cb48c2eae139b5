package alert

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"net/netip"
	"strings"
)

// Stored where a sensor names no address or host of its own (contract §1.1).
const (
	unknownIP   = "1.1.1.1"
	unknownHost = "undefined"
)

// alertFields gathers one alert, element by element. Elements may come in any
// order, so what hangs on the honeypot's type is decided when all are there.
// Of an element that comes twice the later one counts.
type alertFields struct {
	doc           Document
	created, zone string // CreateTime and its tz, as sent
	hasProtocol   bool

	request requestString
	// hintedCVE is one that a honeypot names, signedCVE one in the name of a rule.
	hintedCVE, signedCVE string
	// data holds the AdditionalData that have no field of their own.
	data map[string]string

	payload    []byte
	ofRequest  bool // the payload came in a Request
	badPayload bool
	emptyData  bool // one of noteEmpty's
	wasCut     bool // a text was too long to be stored whole

	// element is the name of the open element, key its type or meaning.
	element, key string
}

func (a *alertFields) reset() {
	clear(a.data)
	*a = alertFields{data: a.data}
	a.doc.Client = "-"
	a.doc.RawHTTP = "-"
	a.doc.ExternalIP, a.doc.InternalIP, a.doc.Hostname = unknownIP, unknownIP, unknownHost
}

// start takes a child of the alert, and tells whether its text is wanted.
func (a *alertFields) start(e xml.StartElement) (wanted bool) {
	a.element, a.key = e.Name.Local, ""
	switch a.element {
	case "Analyzer":
		a.doc.PeerIdent = attributeWord(e, "id")
		return false
	case "Classification":
		a.signature(attributeWord(e, "text"))
		return false
	case "CreateTime":
		a.zone, _ = attribute(e, "tz")
	case "Source":
		a.doc.SourceEntryPort = attributeWord(e, "port")
		var protocol string
		protocol, a.hasProtocol = attribute(e, "protocol")
		a.doc.TargetPort = word(protocol)
	case "Target":
		a.doc.TargetEntryPort = attributeWord(e, "port")
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

func attribute(e xml.StartElement, name string) (value string, ok bool) {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value, true
		}
	}
	return "", false
}

func attributeWord(e xml.StartElement, name string) string {
	value, _ := attribute(e, name)
	return word(value)
}

// pythonNone is what clients send for what they do not know: Python's str(None).
const pythonNone = "None"

// word returns a value that is a name or a number, empty for pythonNone. White space
// around it does not count.
func word(value string) string {
	if value = strings.TrimSpace(value); value == pythonNone {
		return ""
	}
	return value
}

// end takes the text of the child that start was given.
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

// noteEmpty notes an empty element for which the alert is skipped. An empty Request
// is none: modules send one where there was no request.
func (a *alertFields) noteEmpty() {
	if a.element != "AdditionalData" {
		return
	}
	switch a.key {
	case "starttime", "cve_id", "binary":
		a.emptyData = true
	}
}

// canonicalIP returns an address, with or without white space around it, in the form
// in which it is stored, and false for what is none. An address with a zone means
// something on one machine only.
func canonicalIP(text string) (string, bool) {
	text = strings.TrimSpace(text)
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" {
		return "", false
	}
	if addr.Is4() {
		return text, true // there is but one way to write it
	}
	return addr.Unmap().String(), true
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
		if d.Hostname = word(value); d.Hostname == "" {
			d.Hostname = unknownHost
		}
	case "uuid":
		d.SensorUUID = word(value)
	default:
		if !keepsEscapes(a.key) {
			value = decodeQuoted(value)
		}
		a.hint(value)
		a.request.offer(fallbackOf(a.key), value)
		a.keep(a.key, value)
	}
}

// keepsEscapes reports whether an AdditionalData stays percent-encoded: it is a URL,
// or one of conpot's, which the Python service stored as they came.
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
	return unknownIP
}

// keep remembers what goes to additionalData. An empty value says nothing, as
// with all other fields, and is left out.
func (a *alertFields) keep(key, value string) {
	if a.data == nil {
		a.data = make(map[string]string)
	}
	if key == "" || value == "" {
		delete(a.data, key)
		return
	}
	a.data[key] = value
}

// setPayload takes the base64 of a payload.
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

// finish settles what needs the whole alert. It returns why the alert cannot be
// used, or "".
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
	d.PeerType = PeerType(d.PeerIdent)
	a.settleCVE()
	zone := a.zone
	if isHoneytrap(d.PeerType) {
		zone = "+0000" // its clock is in UTC, whatever it says
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

// record returns the alert as it is stored. finish has found it good.
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
	a.doc.OriginalRequestString = a.request.stored(&a.doc)
	a.doc.AdditionalData = jsonObject(a.data)
	a.doc.ID = NewID(&a.doc)
	a.wasCut = a.doc.cut(a.data)
	return Record{Document: a.doc, Payload: kept}
}

// jsonObject returns fields as the text of a JSON object with sorted keys, every
// text as it is (no HTML escapes).
func jsonObject(fields map[string]string) string {
	if len(fields) == 0 {
		return "{}"
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(fields); err != nil {
		panic("alert: texts cannot be encoded: " + err.Error())
	}
	return strings.TrimSuffix(b.String(), "\n")
}
