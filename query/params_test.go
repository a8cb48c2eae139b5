package query

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// texts is a list of n texts of that many bytes, all different.
func texts(n, bytes int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("%0*d", bytes, i))
	}
	return strings.Join(list, ",")
}

// TestParamsAreBounded sends large parameters of every question. None is kept: it would be part of the cache's key, and of the work for an answer.
func TestParamsAreBounded(t *testing.T) {
	const size, most = 1 << 16, 20_000
	for _, q := range All() {
		for _, p := range q.Params {
			for what, text := range map[string]string{
				"digits": strings.Repeat("1", size), "zeros": strings.Repeat("0", size), "commas": strings.Repeat(",", size),
				"letters": strings.Repeat("a", size), "texts": texts(size/9, 8), "colons": strings.Repeat(":", size),
				"spaces": strings.Repeat(" ", size) + "1", "one text and commas": "a" + strings.Repeat(",", size),
			} {
				v, ok := p.parse(text)
				if ok && len(v.text) > most {
					t.Errorf("%s: %s of %d bytes of %s are kept as %d", q.Name, p.Name, size, what, len(v.text))
				}
				if n := len(items(v.text)); ok && n > MaxItems {
					t.Errorf("%s: %s has %d items", q.Name, p.Name, n)
				}
				refused := &ParamError{Param: p.Name, Value: text, Allowed: p.Allowed()}
				if n := len(refused.Error()); n > 500 {
					t.Errorf("%s: the error about %s has %d bytes", q.Name, p.Name, n)
				}
			}
		}
	}
}

// What is refused, and what comes of what is not.
func TestParseParams(t *testing.T) {
	const refused = "refused"
	tests := []struct {
		question, param string
		required        string // what else the question needs
		want            map[string]string
	}{
		{"retrieveIPs", "out", "", map[string]string{
			"xml": "xml", "json": "json", "": "xml", "csv": refused, "JSON": refused, "json ": refused,
		}},
		{"querySingleIP", "ip", "", map[string]string{
			"8.8.8.8": "8.8.8.8", "::ffff:8.8.8.8": "8.8.8.8", "10.0.0.5": "10.0.0.5", "2001:4860:0::8888": "2001:4860::8888",
			"": refused, "x": refused, "8.8.8": refused, "8.8.8.8/32": refused, "08.8.8.8": refused, " 8.8.8.8": refused,
			"fe80::1%eth0": refused, "134744072": refused,
		}},
		{"retrieveAlertsCount", "time", "", map[string]string{
			"day": "day", "0": "0", "5": "5", "007": "7", "100000": "100000", "99999999999": "99999999999",
			"9999999999999999999999": "9223372036854775807",
			"":                       refused, "abc": refused, "-5": refused, "+5": refused, "1.5": refused, "1e3": refused, "0x10": refused,
			" 5": refused, "5 ": refused, "Day": refused, "१२": refused, "５": refused, "1_000": refused, "5;day": refused,
		}},
		{"retrieveAlertsCountWithType", "time", "", map[string]string{"day": "day", "60": "60", "abc": refused, "": refused}},
		{"retrieveAlertsJson", "topx", "", map[string]string{
			"1": "1", "35": "35", "1000": "1000", "0": refused, "1001": refused, "-1": refused, "abc": refused, "": "35",
		}},
		{"datasetAlertsPerMonth", "days", "", map[string]string{
			"0": "0", "1": "1", "400": "400", "99999999999999999999": "9223372036854775807", "-1": refused, "abc": refused, "": "",
		}},
		{"datasetAlertTypesPerMonth", "days", "", map[string]string{"7": "7", "-1": refused}},
		{"datasetAlertTypesPerMonth", "clock", "", map[string]string{"": "sensor", "sensor": "sensor", "arrival": "arrival", "Arrival": refused}},
		{"retrieveAlertStats", "until", "", map[string]string{"": "", "second": "second", "minute": refused}},
		{"replayPlaces", "to", "", map[string]string{"2026-11-23 23:00:00": "2026-11-23 23:00:00", "": refused, "2026-11-23 23:05:00": refused, "2026-11-23": refused}},
		{"topCountriesAttacks", "monthOffset", "", map[string]string{
			"0": "0", "1": "1", "01": "01", "9999": "9999", "10000": refused, "00001": refused, "-1": refused, "abc": refused, "": "",
		}},
		{"topCountriesAttacks", "offset", "", map[string]string{"1": "1", "x": refused}},
		{"topCountriesAttacks", "topx", "", map[string]string{"1": "1", "50": "50", "0": refused, "10001": refused, "abc": refused}},
		{"retrieveLatLonAttacks", "direction", "", map[string]string{"src": "src", "dst": "dst", "": "src", "both": refused, "SRC": refused}},
		{"retrieveLatLonAttacks", "topx", "", map[string]string{"100": "100", "0": refused}},
		{"retrieveLatLonAttacks", "offset", "", map[string]string{"0": "0", "30": "30", "99999": "99999", "100000": refused, "abc": refused, "-1": refused}},
		{"TpotStats", "day", "", map[string]string{
			"20261122": "20261122", "20240229": "20240229",
			"20269999": refused, "20250229": refused, "2026112": refused, "202611220": refused, "2026-11-22": refused, "": "", "today": refused,
		}},
		{"getStats", "gte", "", map[string]string{
			"2026-11-23 18:00:00": "2026-11-23 18:00:00",
			"yesterday":           refused, "2026-11-23": refused, "2026-11-23T18:00:00": refused, "2026-11-23 18:00:00.5": refused,
			"2026-11-23 8:00:00": refused, "2026-11-23 24:00:00": refused, "": "",
		}},
		{"getStats", "lt", "", map[string]string{"2026-11-23 20:00:00": "2026-11-23 20:00:00", "now": refused}},
		{"getStats", "values", "", map[string]string{"": "", "Webpage": "Webpage", "a, b,,a": "a,b",
			texts(MaxItems, 39): texts(MaxItems, 39), texts(MaxItems, 41): refused, texts(MaxItems+1, 3): refused, strings.Repeat(",", MaxItems): refused,
		}},
		{"getStats", "value", "", map[string]string{"SSH/console(cowrie)": "SSH/console(cowrie)"}},
		{"topCountriesAttacks", "days", "", map[string]string{"1": "1", "7": "7", "28": "28", "2": refused, "07": refused, "": ""}},
		{"replayDay", "day", "", map[string]string{"20261122": "20261122", "2026-11-22": refused}},
		{"replay", "from", "", map[string]string{
			"2026-11-22 14:05:00": "2026-11-22 14:05:00", "0000-01-01 00:00:00": "0000-01-01 00:00:00", "9999-12-31 23:55:00": "9999-12-31 23:55:00",
			"2026-11-22 14:04:00": refused, "2026-11-22 14:05:01": refused, "2026-11-22": refused, "": refused,
		}},
		{"tops", "type", "", map[string]string{"urls": "urls", "destports": "destports", "": refused, "url": refused}},
		{"tops", "topx", "type=urls", map[string]string{"1": "1", "30": "30", "31": refused, "0": refused}},
		{"tops", "days", "type=urls", map[string]string{"1": "1", "7": "7", "28": "28", "2": refused, "x": refused, "": "1"}},
	}
	for _, tt := range tests {
		for raw, want := range tt.want {
			t.Run(tt.question+"?"+tt.param+"="+raw, func(t *testing.T) {
				values, err := url.ParseQuery(tt.required)
				if err != nil {
					t.Fatal(err)
				}
				values.Set(tt.param, raw)
				args, err := question(t, tt.question).Parse(values)
				if want != refused {
					if err != nil {
						t.Fatal(err)
					}
					if got := args.text(tt.param); got != want {
						t.Errorf("reads as %q, want %q", got, want)
					}
					return
				}
				var wrong *ParamError
				if !errors.As(err, &wrong) {
					t.Fatalf("error is %v, want a ParamError", err)
				}
				if wrong.Param != tt.param || wrong.Value != raw || wrong.Missing || wrong.Allowed == "" {
					t.Errorf("error is %+v", wrong)
				}
			})
		}
	}
}

func TestMissingParams(t *testing.T) {
	for name, param := range map[string]string{
		"querySingleIP": "ip", "retrieveAlertsCount": "time", "retrieveAlertsCountWithType": "time", "tops": "type",
	} {
		_, err := question(t, name).Parse(url.Values{})
		var wrong *ParamError
		if !errors.As(err, &wrong) || wrong.Param != param || !wrong.Missing {
			t.Errorf("%s: error is %v, want that %q is missing", name, err, param)
		}
	}
}

func TestParamErrorText(t *testing.T) {
	tests := []struct{ name, query, want string }{
		{"retrieveAlertsCount", "time=abc", `parameter "time": got "abc", must be a whole number of at least 0 or day`},
		{"retrieveAlertsCount", "", `parameter "time" is missing: must be a whole number of at least 0 or day`},
		{"tops", "type=urls&topx=31", `parameter "topx": got "31", must be a whole number from 1 to 30`},
		{"tops", "type=urls&days=x", `parameter "days": got "x", must be 1 or 7 or 28`},
		{"retrieveIPs", "out=%1b%5b2J%0a", `parameter "out": got "\x1b[2J\n", must be xml or json`},
		{"retrieveIPs", "out=" + strings.Repeat("x", 200), `parameter "out": got "` + strings.Repeat("x", 100) + `…", must be xml or json`},
	}
	for _, tt := range tests {
		values, err := url.ParseQuery(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = question(t, tt.name).Parse(values); err == nil || err.Error() != tt.want {
			t.Errorf("%s?%s:\ngot  %v\nwant %s", tt.name, tt.query, err, tt.want)
		}
	}
}

// TestName holds that a Name has nothing that a script could interpret.
func TestName(t *testing.T) {
	p := Param{Name: "list", Kind: Name, Max: 5}
	for text, want := range map[string]bool{
		"a": true, "Z": true, "a-_9Z": true, "": true, // absent
		"1a": false, "-a": false, "_a": false, "a b": false, "a.b": false, "a\n": false, "a\x00": false, "ä": false, "abcdef": false,
	} {
		got, err := p.Text(url.Values{"list": {text}})
		if (err == nil) != want || want && got != text {
			t.Errorf("%q is %q, %v", text, got, err)
		}
	}
}
