package lists

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/peba-edge/peba/feed"
)

// csvHeader has the columns of the CSV format.
const csvHeader = "address,score,first_seen,last_seen,alerts,sensors,days,types,interaction,country,as,joined,until\r\n"

// csvSize is the expected size of a row in bytes.
const csvSize = 256

// writeCSV writes a table. An aggregate has the values of its best member. There is no line
// with the licence: programs that read CSV would take it for a row.
func writeCSV(s *feed.Snapshot, o Options) []byte {
	entries := o.choose(s.Entries)
	b := append(make([]byte, 0, headSize+csvSize*len(entries)), csvHeader...)
	for i := range entries {
		m := &s.Members[entries[i].Best]
		d := &m.Current
		b = appendNetwork(b, entries[i].Prefix)
		b = appendNumber(b, int64(d.Score.Total()))
		b = appendTime(append(b, ','), d.First)
		b = appendTime(append(b, ','), d.Last)
		b = appendNumber(b, d.Alerts)
		b = appendNumber(b, int64(d.Sensors))
		b = appendNumber(b, int64(d.Days))
		b = appendCell(b, joined(d.Types))
		b = appendCell(b, d.Interaction)
		b = appendCell(b, m.Country)
		b = appendCell(b, m.AS)
		b = appendTime(append(b, ','), m.Joined)
		b = appendTime(append(b, ','), s.Feed.Until(m, s.At))
		b = append(b, "\r\n"...)
	}
	return b
}

// appendNumber appends a comma and a number.
func appendNumber(b []byte, n int64) []byte { return strconv.AppendInt(append(b, ','), n, 10) }

// appendTime appends a time in UTC and whole seconds.
func appendTime(b []byte, t time.Time) []byte { return t.UTC().AppendFormat(b, time.RFC3339) }

// appendCell appends a comma and a text that attackers may have written. A spreadsheet would
// compute texts that begin like a formula, so these get an apostrophe.
func appendCell(b []byte, text string) []byte {
	b = append(b, ',')
	text = oneLine(text)
	if text == "" {
		return b
	}
	formula := isFormula(text)
	if !formula && !strings.ContainsAny(text, `",;`) {
		return append(b, text...)
	}
	b = append(b, '"')
	if formula {
		b = append(b, '\'')
	}
	b = append(b, strings.ReplaceAll(text, `"`, `""`)...)
	return append(b, '"')
}

// isFormula reports whether a spreadsheet could take a text for a formula. Some also do so
// for the full-width forms of these characters.
func isFormula(text string) bool {
	first, _ := utf8.DecodeRuneInString(text)
	return strings.ContainsRune("=+-@＝＋－＠", first)
}
