package simulate

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// writeCowrie writes a shell session: the credentials and the commands.
func writeCowrie(f *Fleet, x *xmlBuffer, e *event) {
	telnet := e.port == 23 || e.port == 2323
	if telnet {
		x.request("description", "Telnet Honeypot Cowrie")
	} else {
		x.request("description", "SSH Honeypot Cowrie")
	}
	x.openData("sessionid")
	*x = hex.AppendEncode(*x, f.nextSession())
	x.raw("</AdditionalData>")

	login := f.chance(92)
	duration := time.Duration(f.rank(180)) * time.Second
	if login {
		x.openData("logintime")
		x.time(e.at.Add(min(duration, time.Second)))
		x.raw("</AdditionalData>")
	}
	x.openData("endtimetime")
	x.time(e.at.Add(duration))
	x.raw("</AdditionalData>")
	if !telnet {
		x.data("version", pick(f, sshVersions))
	}
	if login {
		f.writeLogin(x, e)
	}
	x.raw(e.sensor.identity)
}

func (f *Fleet) writeLogin(x *xmlBuffer, e *event) {
	success := f.chance(15)
	if success {
		x.data("login", "Success")
	} else {
		x.data("login", "Fail")
	}
	x.data("username", pick(f, users))
	if f.chance(10) {
		x.openData("password")
		x.bytes(f.expand(pick(f, passwordForms), e.target))
		x.raw("</AdditionalData>")
	} else {
		x.data("password", pick(f, passwords))
	}
	if success && f.chance(75) {
		x.openData("input")
		x.bytes(f.expand(pick(f, f.inputs), e.target))
		x.raw("</AdditionalData>")
	}
}

// nextSession returns six bytes, unique in the fleet.
func (f *Fleet) nextSession() []byte {
	f.session += 0x9e3779b97f4a7c15 // odd, so that its multiples reach every number
	f.scratch = binary.BigEndian.AppendUint64(f.scratch[:0], f.session)
	return f.scratch[2:]
}

// pythonList writes items like Python prints a list of strings: in single
// quotes, or in double quotes if an item has only single quotes.
func pythonList(items []string) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, item := range items {
		if i > 0 {
			b.WriteString(", ")
		}
		quote := '\''
		if strings.Contains(item, "'") && !strings.Contains(item, `"`) {
			quote = '"'
		}
		b.WriteRune(quote)
		for _, r := range item {
			switch {
			case r == quote || r == '\\':
				b.WriteByte('\\')
				b.WriteRune(r)
			case r == '\n':
				b.WriteString(`\n`)
			case r == '\t':
				b.WriteString(`\t`)
			case r == '\r':
				b.WriteString(`\r`)
			case r < 0x80 && !unicode.IsPrint(r):
				b.WriteString(`\x` + strconv.FormatInt(0x100|int64(r), 16)[1:])
			default:
				b.WriteRune(r)
			}
		}
		b.WriteRune(quote)
	}
	b.WriteByte(']')
	return b.String()
}
