package alert

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// Payload is what an attacker sent, decoded (docs/CONTRACT.md §1.3). The document
// beside it says who sent it, where to and when.
type Payload struct {
	// Hash is the MD5 of Data, in hex.
	Hash string
	// FuzzyHash is the SHA-256 of the lower-cased payload without the value of
	// its Host header, in hex; the MD5 if there is no Host header. Payloads
	// with the same fuzzy hash count as one.
	FuzzyHash string
	// MIMEType is detected from the bytes, without parameters.
	MIMEType string
	Data     []byte
}

// NewPayload returns a payload with its hashes and type. It keeps data.
func NewPayload(data []byte) *Payload {
	hash := md5Hex(data)
	fuzzy, ok := hostlessHash(data)
	if !ok {
		fuzzy = hash
	}
	media, _, _ := strings.Cut(mimetype.Detect(data).String(), ";")
	return &Payload{Hash: hash, FuzzyHash: fuzzy, MIMEType: media, Data: data}
}

// md5Hex returns the name that sensors and the Python service use for a
// payload.
func md5Hex(data []byte) string {
	sum := md5.Sum(data)
	return hex.EncodeToString(sum[:])
}

// hostlessHash returns the SHA-256 of a request without the value of its Host
// header, and false if it has none. To match values already stored, it hashes
// Python's representation of the bytes (b'GET / HTTP/1.1\r\n…', with escapes),
// lower-cased.
func hostlessHash(data []byte) (hash string, ok bool) {
	start, end, ok := hostValue(data)
	if !ok {
		return "", false
	}
	quote := byte('\'')
	if bytes.IndexByte(data, '\'') >= 0 && bytes.IndexByte(data, '"') < 0 {
		quote = '"'
	}
	sum := sha256.New()
	sum.Write([]byte{'b', quote})
	var chunk []byte
	for _, part := range [...][]byte{data[:start], data[end:]} {
		for len(part) > 0 {
			const step = 1024 // bounds memory beyond the payload
			n := min(step, len(part))
			chunk = appendPythonBytes(chunk[:0], part[:n], quote)
			sum.Write(chunk)
			part = part[n:]
		}
	}
	sum.Write([]byte{quote})
	return hex.EncodeToString(sum.Sum(nil)), true
}

// appendPythonBytes appends Python's representation of b, in lower case.
func appendPythonBytes(dst, b []byte, quote byte) []byte {
	const digits = "0123456789abcdef"
	for _, c := range b {
		switch {
		case c == '\\' || c == quote:
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < ' ' || c > '~':
			dst = append(dst, '\\', 'x', digits[c>>4], digits[c&15])
		case 'A' <= c && c <= 'Z':
			dst = append(dst, c+'a'-'A')
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// hostValue finds the value of the Host header: from the colon to the end of
// the line, before the empty line that ends the headers.
func hostValue(data []byte) (start, end int, ok bool) {
	const name = "host:"
	for at := 0; at < len(data); {
		line := data[at:]
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line = line[:i]
		}
		next := at + len(line) + 1
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) == 0 {
			return 0, 0, false
		}
		if len(line) >= len(name) && bytes.EqualFold(line[:len(name)], []byte(name)) {
			return at + len(name), at + len(line), true
		}
		at = next
	}
	return 0, 0, false
}

var errNoPayload = errors.New("no payload in it")

// decodeBase64 decodes a payload, ignoring white space. It changes text in
// place.
func decodeBase64(text []byte) ([]byte, error) {
	if bytes.ContainsAny(text, " \t") { // line ends are ignored by the package
		text = bytes.Join(bytes.Fields(text), nil)
	}
	data := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(data, text)
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, errNoPayload
	}
	return data[:n], nil
}
