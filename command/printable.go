package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Functions that show texts of others, including attackers, on a terminal.

// printable returns a text for a terminal: unchanged if harmless, otherwise
// quoted.
func printable(s string) string {
	if quoted := strconv.Quote(s); quoted != `"`+s+`"` {
		return quoted
	}
	return s
}

// printableLine returns a sentence for a terminal that may contain others'
// words, with unprintable characters replaced.
func printableLine(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strconv.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}

// printableJSON indents JSON and escapes everything except plain ASCII, which a
// terminal might interpret.
func printableJSON(document []byte) (string, error) {
	var indented bytes.Buffer
	if err := json.Indent(&indented, document, "", "  "); err != nil {
		return "", err
	}
	var b strings.Builder
	for _, r := range indented.String() {
		switch high, low := utf16.EncodeRune(r); {
		case r == '\n' || r >= ' ' && r <= '~':
			b.WriteRune(r)
		case high != utf8.RuneError:
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String(), nil
}

// writeIndented prints a value as indented JSON.
func writeIndented(out io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	printed, err := printableJSON(text)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, printed)
	return err
}

// shorten truncates text to n characters.
func shorten(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n]) + "…"
	}
	return text
}
