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

// Kind says of what form a parameter is.
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
	// List is texts with commas between them, at most MaxItems.
	List
)

// What a List has at most: anybody may send one, and answers grow with it.
const (
	// MaxItems is how many texts it has, empty ones included.
	MaxItems = 100
	// MaxList is how many characters it has.
	MaxList = 4096
)

// Param is one parameter of a question.
type Param struct {
	Name     string
	Summary  string
	Kind     Kind
	Required bool
	// Words are the texts that are allowed; of a Number, beside numbers.
	Words []string
	// Min and Max bound a Number, both inclusive; Max 0 leaves it open, and
	// numbers too large for an int64 are taken as the largest.
	Min, Max int64
	// Every, if not zero, is what a Moment is a multiple of: some minutes, of
	// which an hour is one.
	Every time.Duration
	// Default is what an absent parameter is read as; empty where its absence
	// means something of its own, which Summary tells.
	Default string
	// Example is a value that is allowed.
	Example string

	// verbatim keeps a Number's text as it came, because the answer shows it.
	verbatim bool
}

// The parameter that chooses between the formats XML and JSON.
var outParam = Param{
	Name:    "out",
	Summary: "The format of the answer.",
	Kind:    Word,
	Words:   []string{"xml", "json"},
	Default: "xml",
	Example: "json",
}

// value is a parameter as it was parsed.
type value struct {
	// given is false when the parameter was absent.
	given bool
	// text is canonical: requests that mean the same have the same. It is part
	// of the cache key, and of the safe alphabet of its kind (List excepted).
	text   string
	number int64     // of a Number; zero if it is one of Words
	at     time.Time // of a Moment or Day
}

// read finds the parameter among those of a request. Of several it takes the
// first. An empty one counts as absent, unless one is required: then it is invalid.
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

// parse reads one value; ok is false when it is none that is allowed.
func (p *Param) parse(raw string) (v value, ok bool) {
	if slices.Contains(p.Words, raw) {
		return value{text: raw}, true
	}
	switch p.Kind {
	case Number:
		return p.parseNumber(raw)
	case Moment:
		at, err := time.Parse(alert.TimeLayout, raw)
		fits := at.Equal(at.Truncate(p.Every)) // no matter if that is zero
		return value{text: raw, at: at}, err == nil && len(raw) == len(alert.TimeLayout) && fits
	case Day:
		at, err := time.Parse(dayLayout, raw)
		return value{text: raw, at: at}, err == nil
	case Address:
		addr, err := netip.ParseAddr(raw)
		return value{text: addr.Unmap().String()}, err == nil && addr.Zone() == ""
	case List:
		return parseList(raw)
	}
	return value{}, false
}

// dayLayout is how a Day is written.
const dayLayout = "20060102"

// parseNumber takes digits only: no sign, no spaces, no digits of other scripts.
func (p *Param) parseNumber(raw string) (v value, ok bool) {
	if raw == "" || strings.Trim(raw, "0123456789") != "" {
		return value{}, false
	}
	n, err := strconv.ParseInt(raw, 10, 64)
	if err != nil { // only its size can be wrong
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

// parseList counts before it looks for duplicates, which takes the square of the number.
func parseList(raw string) (v value, ok bool) {
	if strings.Count(raw, ",") >= MaxItems || utf8.RuneCountInString(raw) > MaxList {
		return value{}, false
	}
	return value{text: canonicalList(raw)}, true
}

// canonicalList leaves out what is empty or comes a second time.
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

// Allowed says in words what the parameter may be.
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
		form = fmt.Sprintf("at most %d texts with commas between them, of at most %d characters together", MaxItems, MaxList)
	}
	return strings.Join(append([]string{form}, p.Words...), " or ")
}

// ParamError says which parameter of a request makes no sense, and why.
type ParamError struct {
	Param, Value string
	Missing      bool
	// Allowed says in words what would have been right.
	Allowed string
}

// Error names the parameter, its value and what is allowed.
func (e *ParamError) Error() string {
	if e.Missing {
		return fmt.Sprintf("parameter %q is missing: allowed is %s", e.Param, e.Allowed)
	}
	return fmt.Sprintf("parameter %q is %q: allowed is %s", e.Param, Clip(e.Value), e.Allowed)
}

// Clip keeps a value that is echoed in an error short.
func Clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
