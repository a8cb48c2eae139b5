package simulate

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"strings"
)

// Placeholders in texts that expand replaces.
const (
	hostMark = "{host}" // the attacked address
	wordMark = "{word}" // random letters
)

// expand returns text with its placeholders replaced. The next call overwrites the
// result.
func (f *Fleet) expand(text, host string) []byte {
	b := f.scratch[:0]
	for {
		i := strings.IndexByte(text, '{')
		if i < 0 {
			break
		}
		b = append(b, text[:i]...)
		text = text[i:]
		switch {
		case strings.HasPrefix(text, hostMark):
			b = append(b, host...)
			text = text[len(hostMark):]
		case strings.HasPrefix(text, wordMark):
			for range 5 + f.random.IntN(4) {
				b = append(b, byte('a'+f.random.IntN(26)))
			}
			text = text[len(wordMark):]
		default:
			b = append(b, '{')
			text = text[1:]
		}
	}
	b = append(b, text...)
	f.scratch = b
	return b
}

// noise returns n random bytes. The next expand overwrites them.
func (f *Fleet) noise(n int) []byte {
	f.scratch = f.scratch[:0]
	for range n {
		f.scratch = append(f.scratch, byte(f.random.Uint32()))
	}
	return f.scratch
}

// sample is a file dropped by a worm.
type sample struct {
	kind        string // of the Request that carries it
	base64, md5 string
}

// newSamples returns the files in circulation: the same for every fleet, random
// after their first bytes. Those with more than largestBinary characters are sent
// as largepayload.
func newSamples() []sample {
	const largestBinary = 5120
	r := rand.New(rand.NewPCG(1, 2))
	list := make([]sample, 32)
	for i := range list {
		b := []byte("MZ\x90\x00")
		size := 300 + r.IntN(2400)
		if i%16 == 15 {
			size += 4000
		}
		for len(b) < size {
			b = append(b, byte(r.Uint32()))
		}
		sum := md5.Sum(b)
		text := base64.StdEncoding.EncodeToString(b)
		kind := "binary"
		if len(text) > largestBinary {
			kind = "largepayload"
		}
		list[i] = sample{kind, text, hex.EncodeToString(sum[:])}
	}
	return list
}

// appendPercentEncoded appends path percent-encoded; slashes stay.
func appendPercentEncoded(dst, path []byte) []byte {
	const hexDigits = "0123456789ABCDEF"
	for _, c := range path {
		switch {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', bytes.IndexByte([]byte("/-._~"), c) >= 0:
			dst = append(dst, c)
		default:
			dst = append(dst, '%', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return dst
}

// appendHTTPRequest appends the request for a page as tanner reports it: header
// names in lower case, base64 in lines of 76 characters.
func (f *Fleet) appendHTTPRequest(dst []byte, p page, path []byte, host string) []byte {
	raw := make([]byte, 0, 512)
	raw = append(raw, p.method...)
	raw = append(raw, ' ')
	raw = append(raw, path...)
	raw = append(raw, " HTTP/1.1\nhost: "...)
	raw = append(raw, host...)
	raw = append(raw, "\r\nuser-agent: "...)
	raw = append(raw, pick(f, userAgents)...)
	raw = append(raw, "\r\naccept: */*\r\n"...)
	if p.form != "" {
		raw = append(raw, "content-type: application/x-www-form-urlencoded\r\n\r\n"...)
		raw = append(raw, f.expand(p.form, host)...)
	}
	f.encoded = base64.StdEncoding.AppendEncode(f.encoded[:0], raw)
	for line := f.encoded; len(line) > 0; {
		n := min(len(line), 76)
		dst = append(dst, line[:n]...)
		dst = append(dst, '\n')
		line = line[n:]
	}
	return dst
}
