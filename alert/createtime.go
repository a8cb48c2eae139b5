package alert

import "time"

// createTime reads CreateTime and its tz (contract §1.1): exactly
// "YYYY-MM-DD HH:MM:SS", a real date, and exactly ±HHMM, at most ±1400.
func createTime(text, zone string) (Time, SkipReason) {
	if len(text) != len(TimeLayout) { // time.Parse alone allows fractions of a second
		return Time{}, SkipCreateTime
	}
	t, err := time.Parse(TimeLayout, text)
	if err != nil {
		return Time{}, SkipCreateTime
	}
	ahead, ok := zoneOffset(zone)
	if !ok {
		return Time{}, SkipTimeZone
	}
	t = t.Add(-ahead)
	// Beyond these years the stored form has no room.
	if year := t.Year(); year < 1 || year > 9999 {
		return Time{}, SkipCreateTime
	}
	return At(t), ""
}

// zoneOffset returns how far a zone is ahead of UTC.
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
