package sender

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/sqlitedb/sabotage"
)

// frameVersion is the first byte of a frame. A frame of another version was
// written by another release.
const frameVersion = 1

// What a flags byte says of its alert.
const (
	flagPayload     = 1 << iota // a payload follows
	flagMaybeStored             // it may be stored already, without what hangs on it
	knownFlags      = flagPayload | flagMaybeStored
)

// frameAlert is one alert as it waits in the spool: all that the sender needs,
// decided when its message was taken in.
type frameAlert struct {
	index, id string
	// lines are the action and the source of a bulk request, each with its line end.
	lines []byte
	// cve is the vulnerability that the alert names, or empty.
	cve     string
	payload *framePayload // nil: none is kept
	// maybeStored is for alerts out of the dead letters whose document was
	// stored, while something that hangs on it was refused.
	maybeStored bool
}

// framePayload is a payload with what its document takes from the alert.
type framePayload struct {
	hash, fuzzyHash, mimeType string
	sourceIP, targetPort      string
	created                   int64 // Unix seconds
	data                      []byte
}

var errFrame = errors.New("malformed frame")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// source is the alert's document as JSON.
func (a *frameAlert) source() []byte {
	_, source, _ := bytes.Cut(a.lines, []byte("\n"))
	return bytes.TrimSuffix(source, []byte("\n"))
}

// EncodeFrame makes the frame of one message. The index of each alert is fixed
// here: a message that is sent later meets its first copy all the same.
func EncodeFrame(records []alert.Record, indexOf func(d *alert.Document) string) ([]byte, error) {
	b := beginFrame(len(records), frameSize(records))
	var lines []byte // those of one alert after the other
	for i := range records {
		r := &records[i]
		if r.ID == "" {
			return nil, fmt.Errorf("record %d of %d has no id", i+1, len(records))
		}
		a := frameAlert{index: indexOf(&r.Document), id: r.ID}
		lines = appendCreate(lines[:0], a.index, &r.Document)
		a.lines = lines
		a.cve, _ = r.CVE()
		if p := r.Payload; p != nil {
			a.payload = &framePayload{
				hash: p.Hash, fuzzyHash: p.FuzzyHash, mimeType: p.MIMEType,
				sourceIP: r.SourceEntryIP, targetPort: r.TargetEntryPort,
				created: r.CreateTime.Unix(), data: p.Data,
			}
		}
		b = appendAlert(b, &a)
	}
	return endFrame(b), nil
}

// appendCreate appends the action and the source of an alert that is new.
func appendCreate(b []byte, index string, d *alert.Document) []byte {
	b = append(b, `{"create":{"_index":`...)
	b = appendQuoted(b, index)
	b = append(b, `,"_id":`...)
	b = appendQuoted(b, d.ID)
	b = append(b, "}}\n"...)
	return appendSource(b, d)
}

// appendSource appends the document as it is stored, with a field that only groups are
// made by. It is written where it is empty, too: documents without it are those of older
// versions and other programs, whose value must be computed.
func appendSource(b []byte, d *alert.Document) []byte {
	b = d.AppendJSON(b)
	b = append(b[:len(b)-1], `,"interaction":`...)
	b = appendQuoted(b, d.Interaction())
	return append(b, "}\n"...)
}

// appendQuoted appends a JSON string; bytes that are no UTF-8 become U+FFFD.
func appendQuoted(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s) // the error tells of such bytes
	return b
}

// frameSize is about how many bytes the frame of records has: an alert that is
// not out of the ordinary takes a kilobyte, of which its names are the most.
func frameSize(records []alert.Record) int {
	size := 0
	for i := range records {
		r := &records[i]
		size += 1280 + len(r.OriginalRequestString) + len(r.RawHTTP) + len(r.AdditionalData)
		if r.Payload != nil {
			size += len(r.Payload.Data) + 256
		}
	}
	return size
}

// joinFrame makes a frame of alerts.
func joinFrame(alerts []frameAlert) []byte {
	b := beginFrame(len(alerts), 0)
	for i := range alerts {
		b = appendAlert(b, &alerts[i])
	}
	return endFrame(b)
}

// beginFrame begins a frame of about size bytes: version, number, alerts, and a
// checksum of it all. Numbers are varints; texts and bytes stand behind their length.
func beginFrame(alerts, size int) []byte {
	b := make([]byte, 0, size+16)
	b = append(b, frameVersion)
	return binary.AppendUvarint(b, uint64(alerts))
}

func endFrame(b []byte) []byte {
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func appendAlert(b []byte, a *frameAlert) []byte {
	var flags byte
	if a.payload != nil {
		flags |= flagPayload
	}
	if a.maybeStored {
		flags |= flagMaybeStored
	}
	b = append(b, flags)
	b = appendText(b, a.index)
	b = appendText(b, a.id)
	b = appendText(b, a.lines)
	b = appendText(b, a.cve)
	if p := a.payload; p != nil {
		b = appendText(b, p.hash)
		b = appendText(b, p.fuzzyHash)
		b = appendText(b, p.mimeType)
		b = appendText(b, p.sourceIP)
		b = appendText(b, p.targetPort)
		b = binary.AppendVarint(b, p.created)
		b = appendText(b, p.data)
	}
	return b
}

func appendText[T string | []byte](b []byte, text T) []byte {
	b = binary.AppendUvarint(b, uint64(len(text)))
	return append(b, text...)
}

// decodeFrame reads a frame. What it returns holds on to data.
func decodeFrame(data []byte) ([]frameAlert, error) {
	const sum = 4
	if len(data) < 1+sum {
		return nil, fmt.Errorf("%w: it has %d bytes", errFrame, len(data))
	}
	if data[0] != frameVersion {
		return nil, fmt.Errorf("%w: its version is %d, this release knows %d", errFrame, data[0], frameVersion)
	}
	body, want := data[:len(data)-sum], binary.BigEndian.Uint32(data[len(data)-sum:])
	if got := crc32.Checksum(body, castagnoli); !sabotage.Checksum && got != want {
		return nil, fmt.Errorf("%w: its checksum is %08x, it says %08x", errFrame, got, want)
	}
	r := frameReader{rest: body[1:]}
	n := r.uvarint()
	if n > uint64(len(body)) {
		return nil, fmt.Errorf("%w: %d alerts in %d bytes", errFrame, n, len(body))
	}
	var alerts []frameAlert
	for range n {
		alerts = append(alerts, r.alert())
		if r.err != nil {
			return nil, fmt.Errorf("alert %d of %d: %w", len(alerts), n, r.err)
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	if len(r.rest) > 0 {
		return nil, fmt.Errorf("%w: %d bytes are left over", errFrame, len(r.rest))
	}
	return alerts, nil
}

// frameReader takes a frame apart. After the first error it gives zero values.
type frameReader struct {
	rest []byte
	err  error
}

func (r *frameReader) alert() frameAlert {
	flags := r.byte()
	a := frameAlert{
		index: string(r.text()), id: string(r.text()), lines: r.text(), cve: string(r.text()),
		maybeStored: flags&flagMaybeStored != 0,
	}
	if flags&flagPayload != 0 {
		a.payload = &framePayload{
			hash: string(r.text()), fuzzyHash: string(r.text()), mimeType: string(r.text()),
			sourceIP: string(r.text()), targetPort: string(r.text()),
			created: r.varint(), data: r.text(),
		}
	}
	switch {
	case r.err != nil:
	case flags&^knownFlags != 0:
		r.err = fmt.Errorf("%w: unknown flags %#x", errFrame, flags)
	case a.index == "" || a.id == "":
		r.err = fmt.Errorf("%w: index %q or id %q is empty", errFrame, a.index, a.id)
	case bytes.Count(a.lines, []byte("\n")) != 2 || a.lines[len(a.lines)-1] != '\n':
		r.err = fmt.Errorf("%w: its document is not two lines", errFrame)
	}
	return a
}

func (r *frameReader) byte() byte {
	if len(r.rest) == 0 {
		r.fail()
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *frameReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *frameReader) varint() int64 {
	v, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *frameReader) text() []byte {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.fail()
		return nil
	}
	text := r.rest[:n:n]
	r.rest = r.rest[n:]
	return text
}

func (r *frameReader) fail() {
	if r.err == nil {
		r.err = fmt.Errorf("%w: it ends too early", errFrame)
	}
	r.rest = nil
}
