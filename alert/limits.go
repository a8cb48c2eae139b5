package alert

// Limits bound the parts of a document, and so the cost of decoding it. They do not
// bound the total size, which is up to the reader: memory use is bounded for a
// message of any size, see Held.
//
// A document that is nested too deeply or has too many elements outside of alerts
// is rejected. Of an alert that is too large, only the excess is dropped.
type Limits struct {
	// Depth is the maximum number of open elements, including the root.
	Depth int
	// Alerts is the maximum number of alerts in a message, including skipped
	// ones, but not those inside others.
	Alerts int
	// Elements is the maximum number of elements outside of alerts.
	Elements int
	// Attributes is the maximum number of attributes of an element. Further ones are
	// dropped in an alert and rejected outside.
	Attributes int
	// TagBytes is the maximum size of one tag, including attributes, in bytes. The
	// excess of attribute values is dropped.
	TagBytes int
	// TextBytes is the maximum size of one text in bytes; the rest is dropped.
	TextBytes int
	// PayloadBytes is the maximum size of one payload, and MessagePayloadBytes that
	// of all payloads of a message, in bytes of base64. Payloads beyond are dropped.
	// PayloadBytes also limits comments and CDATA sections; longer ones are
	// rejected.
	PayloadBytes, MessagePayloadBytes int
	// StoredBytes is the maximum size of all texts to be stored, in bytes. Alerts
	// beyond it are skipped.
	StoredBytes int
}

// DefaultLimits leaves ample room for what sensors send (docs/CONTRACT.md §1): messages of
// 100 alerts, payloads of 10 MiB.
func DefaultLimits() Limits {
	return Limits{
		Depth:               16,
		Alerts:              1000,
		Elements:            100_000,
		Attributes:          32,
		TagBytes:            64 << 10,
		TextBytes:           4 << 20,
		PayloadBytes:        16 << 20,
		MessagePayloadBytes: 64 << 20,
		StoredBytes:         48 << 20,
	}
}

// Held returns the maximum number of bytes of a message in memory, however long it
// is: the texts to be stored, and the text being read.
func (lim Limits) Held() int64 {
	return int64(lim.StoredBytes) + int64(lim.MessagePayloadBytes) + int64(lim.PayloadBytes)
}
