package lists

import (
	"net/netip"
	"strings"
	"unicode"

	"github.com/peba-edge/peba/feed"
)

// appendNetwork appends an address, or a network with the length of its prefix.
func appendNetwork(b []byte, p netip.Prefix) []byte {
	if p.IsSingleIP() {
		return p.Addr().AppendTo(b)
	}
	return p.AppendTo(b)
}

// appendHead appends the lines that begin with #, for formats that take them. Nothing in
// them changes while the entries are the same.
func appendHead(b []byte, s *feed.Snapshot, o *Options) []byte {
	b = appendComment(b, "PEBA feed "+s.Feed.Name+": addresses that attacked honeypots.")
	b = appendComment(b, "Block inbound connections only: users may have reasons to connect to them.")
	if s.Feed.Licence != "" && !o.NoLicence {
		b = appendComment(b, "Licence: "+s.Feed.Licence)
	}
	return b
}

// appendComment appends a text as one line that begins with #.
func appendComment(b []byte, text string) []byte {
	b = append(b, "# "...)
	b = appendASCII(b, text)
	return append(b, '\n')
}

// maxASCII is the maximum number of characters that appendASCII keeps.
const maxASCII = 200

// appendASCII appends what every device can read of a text, on one line: control characters
// become spaces, others outside ASCII question marks. A backslash could continue a line or
// begin an escape, so it becomes a slash.
func appendASCII(b []byte, text string) []byte {
	n := 0
	for _, r := range text {
		if n++; n > maxASCII {
			break
		}
		switch {
		case r == '\\':
			b = append(b, '/')
		case r >= ' ' && r <= '~':
			b = append(b, byte(r))
		case unicode.IsSpace(r) || unicode.IsControl(r):
			b = append(b, ' ')
		default:
			b = append(b, '?')
		}
	}
	return b
}

// oneLine returns a text in valid UTF-8, without control characters.
func oneLine(text string) string {
	if !printable(text) {
		text = strings.Map(func(r rune) rune {
			if controls(r) {
				return ' '
			}
			return r
		}, strings.ToValidUTF8(text, "\uFFFD"))
	}
	return strings.TrimSpace(text)
}

// printable reports whether a text has only printable characters of ASCII, as nearly all
// have.
func printable(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// controls reports whether a character could end a line or change how others are shown.
func controls(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
}

// joined returns honeypot types, separated by |.
func joined(types []string) string {
	if len(types) == 1 {
		return types[0]
	}
	return strings.Join(types, "|")
}
