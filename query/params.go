package query

import (
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/peba-edge/peba/alert"
)

// Kind is the type of a parameter.
type Kind int8

const (
	// Word is one of Param.Words.
	Word Kind = iota
	// Number is a whole number in ASCII digits without a sign, from Param.Min
	// to Param.Max, or one of Param.Words.
	Number
	// Moment is a time in UTC, "YYYY-MM-DD HH:MM:SS".
	Moment
	// Day is a day in UTC, "YYYYMMDD".
	Day
	// Address is an IPv4 or IPv6 address.
	Address
	// List is a comma-separated list of texts, at most MaxItems.
	List
	// Name is a letter, then letters, digits, - and _: at most Param.Max characters.
	Name
)

// Limits of a List: anyone may send one, and answers grow with it.
const (
	// MaxItems is the maximum number of texts, including empty ones.
	MaxItems = 100
	// MaxList is the maximum number of characters.
	MaxList = 4096
)

// Param is one parameter of a question.
type Param struct {
	Name     string
	Summary  string
	Kind     Kind
	Required bool
	// Words are the valid texts; for a Number, in addition to numbers.
	Words []string
	// Min and Max bound a Number, both inclusive. With Max 0 there is no
	// maximum, and numbers too large for an int64 become the largest. Max is also the
	// maximum length of a Name.
	Min, Max int64
	// A Moment must be a multiple of Every, if not zero: a number of minutes
	// that divides an hour.
	Every time.Duration
	// Default is the value of an absent parameter; empty if absence has a
	// meaning of its own, which Summary describes.
	Default string
	// Example is a valid value.
	Example string

	// verbatim keeps a Number's text unchanged, because the answer shows it.
	verbatim bool
}

// The parameter that selects the format, XML or JSON.
var outParam = Param{
	Name:    "out",
	Summary: "The format of the answer.",
	Kind:    Word,
	Words:   []string{"xml", "json"},
	Default: "xml",
	Example: "json",
}

// value is a parsed parameter.
type value struct {
	// given is false if the parameter was absent.
	given bool
	// text is canonical: equivalent requests have the same text. It is part of
	// the cache key and uses the safe alphabet of its kind (except List).
	text   string
	number int64     // of a Number; zero for one of Words
	at     time.Time // of a Moment or Day
}

// read finds the parameter among those of a request. If there are several, the
// first counts. An empty one counts as absent, or as invalid if the parameter is
// required.
func (p *Param) read(values url.Values) (value, error) {
	raw := values[p.Name]
	if len(raw) == 0 || raw[0] == "" && !p.Required {
		if p.Required {
			return value{}, &ParamError{Param: p.Name, Missing: true, Allowed: p.Allowed()}
		}
		if p.Default == "" {
			return value{}, nil
		}
		v, _ := p.parse(p.Default)
		return v, nil
	}
	v, ok := p.parse(raw[0])
	if !ok {
		return value{}, &ParamError{Param: p.Name, Value: raw[0], Allowed: p.Allowed()}
	}
	v.given = true
	return v, nil
}

// Text returns the parameter's canonical text among those of a request; empty if it is
// absent and has no default. Errors are a *ParamError.
func (p *Param) Text(values url.Values) (string, error) {
	v, err := p.read(values)
	return v.text, err
}

// parse parses one value; ok is false if it is invalid.
func (p *Param) parse(raw string) (v value, ok bool) {
	if slices.Contains(p.Words, raw) {
		return value{text: raw}, true
	}
	switch p.Kind {
	case Number:
		return p.parseNumber(raw)
	case Moment:
		at, err := time.Parse(alert.TimeLayout, raw)
		fits := at.Equal(at.Truncate(p.Every)) // zero does not matter
		return value{text: raw, at: at}, err == nil && len(raw) == len(alert.TimeLayout) && fits
	case Day:
		at, err := time.Parse(dayLayout, raw)
		return value{text: raw, at: at}, err == nil
	case Address:
		addr, err := netip.ParseAddr(raw)
		return value{text: addr.Unmap().String()}, err == nil && addr.Zone() == ""
	case List:
		return parseList(raw)
	case Name:
		return value{text: raw}, p.isName(raw)
	}
	return value{}, false
}

// isName reports whether a text is a Name: a letter, then letters, digits, - and _.
func (p *Param) isName(raw string) bool {
	if raw == "" || int64(len(raw)) > p.Max {
		return false
	}
	for i, c := range []byte(raw) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '-' && c != '_') {
			return false
		}
	}
	return true
}

// dayLayout is the format of a Day.
const dayLayout = "20060102"

// parseNumber accepts only ASCII digits: no sign, no spaces.
func (p *Param) parseNumber(raw string) (v value, ok bool) {
	if raw == "" || strings.Trim(raw, "0123456789") != "" {
		return value{}, false
	}
	n, err := strconv.ParseInt(raw, 10, 64)
	if err != nil { // only out of range is possible
		n = math.MaxInt64
	}
	if n < p.Min || p.Max != 0 && n > p.Max {
		return value{}, false
	}
	if p.verbatim {
		return value{text: raw, number: n}, len(raw) <= len(strconv.FormatInt(p.Max, 10))
	}
	return value{text: strconv.FormatInt(n, 10), number: n}, true
}

// parseList checks the number before removing duplicates, which takes quadratic time.
func parseList(raw string) (v value, ok bool) {
	if strings.Count(raw, ",") >= MaxItems || utf8.RuneCountInString(raw) > MaxList {
		return value{}, false
	}
	return value{text: canonicalList(raw)}, true
}

// canonicalList removes empty texts and duplicates.
func canonicalList(raw string) string {
	var items []string
	for item := range strings.SplitSeq(raw, ",") {
		if item = strings.TrimSpace(item); item != "" && !slices.Contains(items, item) {
			items = append(items, item)
		}
	}
	return strings.Join(items, ",")
}

// items returns the texts of a List.
func items(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

// Allowed describes the valid values in words.
func (p *Param) Allowed() string {
	var form string
	switch p.Kind {
	case Word:
		return strings.Join(p.Words, " or ")
	case Number:
		form = fmt.Sprintf("a whole number from %d to %d", p.Min, p.Max)
		if p.Max == 0 {
			form = fmt.Sprintf("a whole number of at least %d", p.Min)
		}
	case Moment:
		form = "a time in UTC of the form YYYY-MM-DD HH:MM:SS"
		if p.Every != 0 {
			form += fmt.Sprintf(", a multiple of %g minutes", p.Every.Minutes())
		}
	case Day:
		form = "a day of the form YYYYMMDD"
	case Address:
		form = "an IPv4 or IPv6 address"
	case List:
		form = fmt.Sprintf("at most %d comma-separated texts with at most %d characters in total", MaxItems, MaxList)
	case Name:
		form = fmt.Sprintf("1 to %d letters, digits, - and _, beginning with a letter", p.Max)
	}
	return strings.Join(append([]string{form}, p.Words...), " or ")
}

// ParamError reports an invalid parameter of a request.
type ParamError struct {
	Param, Value string
	Missing      bool
	// Allowed describes the valid values in words.
	Allowed string
}

// Error names the parameter, its value and the valid values.
func (e *ParamError) Error() string {
	if e.Missing {
		return fmt.Sprintf("parameter %q is missing: must be %s", e.Param, e.Allowed)
	}
	return fmt.Sprintf("parameter %q: got %q, must be %s", e.Param, Clip(e.Value), e.Allowed)
}

// Clip shortens a value for an error text.
func Clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
