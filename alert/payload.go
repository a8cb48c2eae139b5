package alert

// Payload is what an attacker sent, decoded (contract §1.3). Who sent it first,
// where to and when stands in the document it comes with.
type Payload struct {
	// Hash is the MD5 of Data, in hex.
	Hash string
	// FuzzyHash is the SHA-256 of the lower-cased payload without the value of
	// its Host header, in hex; the MD5 where there is no Host header. Payloads
	// that share it count as one.
	FuzzyHash string
	// MIMEType is told from the bytes, without parameters.
	MIMEType string
	Data     []byte
}
