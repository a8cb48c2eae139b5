package alert

import (
	"strings"
	"time"
)

// createTime parses CreateTime and its tz (docs/CONTRACT.md §1.1): "YYYY-MM-DD HH:MM:SS",
// a real date, and ±HHMM, at most ±1400. A T between date and time and white space around
// both texts are accepted. A fraction of a second is dropped. A zone at the end of the
// time, as in ISO 8601, takes precedence over tz.
func createTime(text, zone string) (Time, SkipReason) {
	text, ownZone := cutZone(strings.TrimSpace(text))
	if ownZone != "" {
		zone = ownZone
	}
	text, ok := wholeSecond(text)
	if !ok {
		return Time{}, SkipCreateTime
	}
	t, err := time.Parse(TimeLayout, text)
	if err != nil {
		return Time{}, SkipCreateTime
	}
	ahead, ok := zoneOffset(strings.TrimSpace(zone))
	if !ok {
		return Time{}, SkipTimeZone
	}
	t = t.Add(-ahead)
	// The stored form has no room for other years.
	if year := t.Year(); year < 1 || year > 9999 {
		return Time{}, SkipCreateTime
	}
	return At(t), ""
}

// cutZone cuts a zone off a time: Z, ±HH:MM or ±HHMM, which it returns in the last form,
// or "" if there is none.
func cutZone(text string) (rest, zone string) {
	if len(text) <= len(TimeLayout) {
		return text, ""
	}
	if rest, ok := strings.CutSuffix(text, "Z"); ok {
		return rest, "+0000"
	}
	at := strings.LastIndexAny(text, "+-")
	if at < len(TimeLayout) {
		return text, ""
	}
	zone = text[at:]
	if len(zone) == len("+00:00") && zone[3] == ':' {
		zone = zone[:3] + zone[4:]
	}
	return text[:at], zone
}

// wholeSecond returns a time in the form of TimeLayout, without a fraction.
func wholeSecond(text string) (string, bool) {
	if len(text) < len(TimeLayout) {
		return "", false
	}
	second, fraction := text[:len(TimeLayout)], text[len(TimeLayout):]
	if fraction != "" {
		digits := strings.TrimLeft(fraction[1:], "0123456789")
		if fraction[0] != '.' && fraction[0] != ',' || len(fraction) == 1 || digits != "" {
			return "", false
		}
	}
	const date = len(time.DateOnly)
	if second[date] == 'T' {
		second = second[:date] + " " + second[date+1:]
	}
	// time.Parse alone accepts one-digit hours and fractions within these bytes.
	for i := range len(second) {
		if isDigit(TimeLayout[i]) != isDigit(second[i]) {
			return "", false
		}
	}
	return second, true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// zoneOffset returns the offset of a zone from UTC.
func zoneOffset(zone string) (ahead time.Duration, ok bool) {
	if len(zone) != len("+0000") || zone[0] != '+' && zone[0] != '-' {
		return 0, false
	}
	number := 0
	for _, c := range []byte(zone[1:]) {
		if c < '0' || c > '9' {
			return 0, false
		}
		number = 10*number + int(c-'0')
	}
	hours, minutes := number/100, number%100
	if minutes > 59 || number > 1400 {
		return 0, false
	}
	ahead = time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if zone[0] == '-' {
		ahead = -ahead
	}
	return ahead, true
}
