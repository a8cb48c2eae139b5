package alert

// Limits bound what a document may be made of, and so what decoding it costs. The
// size of the whole is the reader's affair: what is held of a message of any size is
// bounded, see Held.
//
// A document that is too deep, or whose elements are too many where they are not an
// alert's, is refused. Of an alert that is too large, only what is too much is left
// out.
type Limits struct {
	// Depth is in elements: how many may be open at once, the root included.
	Depth int
	// Alerts is the number of alerts in a message, skipped ones included, but not
	// those inside others.
	Alerts int
	// Elements is the number of elements outside of alerts.
	Elements int
	// Attributes is the number of attributes of an element. More of them are left
	// out in an alert, and refused outside.
	Attributes int
	// TagBytes is the size of one tag, attributes included, in bytes. What is longer
	// of the values of attributes is dropped.
	TagBytes int
	// TextBytes is the size of one text, in bytes; what is longer is dropped.
	TextBytes int
	// PayloadBytes is the size of one payload, and MessagePayloadBytes that of all
	// payloads of a message, in bytes of base64. A payload beyond is dropped.
	// PayloadBytes also limits a comment or CDATA section, of which a longer one is
	// refused.
	PayloadBytes, MessagePayloadBytes int
	// StoredBytes is the size of all texts that are to be stored, in bytes. An alert
	// beyond is skipped.
	StoredBytes int
}

// DefaultLimits leaves ample room for what sensors send (contract §1): messages of
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

// Held returns how many bytes of a message are held at a time at most, however long
// it is: what is to be stored, and the text that is being read.
func (lim Limits) Held() int64 {
	return int64(lim.StoredBytes) + int64(lim.MessagePayloadBytes) + int64(lim.PayloadBytes)
}
