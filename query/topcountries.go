package query

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/peba-edge/peba/store"
)

var topCountriesAttacks = &Question{
	Name:    "topCountriesAttacks",
	Summary: "The countries with the most alerts, as source and as target, in one calendar month or in the last days, by time of arrival.",
	Formats: []string{JSON},
	TTL:     fixed(60 * time.Second),
	Params: []Param{
		monthsParam("monthOffset", "The month, as a number of months ago; by default this month so far. The answer's id is this text."),
		monthsParam("offset", "The same as monthOffset, which takes precedence."),
		{
			Name:    "days",
			Summary: "The last days up to now instead of a month; takes precedence over monthOffset and offset.",
			Kind:    Word,
			Words:   []string{"1", "7", "28"},
			Example: "7",
		},
		topxParam,
	},
	Answers: []Answer{{
		Schema: list(record(
			field("id", &Schema{
				AnyOf:       []*Schema{{Type: "integer"}, {Type: "string"}},
				Description: "The number 0 by default, with days, and for the text 0; otherwise the text of monthOffset or offset.",
			}),
			field("date", textLike(`^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$`, "The month, in UTC; with days the first day.")),
			field("attacksPerCountry", list(countrySchema, "The attackers' countries, highest count first.")),
			field("attacksToTargetCountry", list(countrySchema, "The sensors' countries, highest count first."))),
			"One object."),
		Example: `[
  {
    "id": "1",
    "date": "2026-10",
    "attacksPerCountry": [{"code": "US", "country": "United States", "count": 65}],
    "attacksToTargetCountry": [{"code": "DE", "country": "Germany", "count": 276}]
  }
]`,
	}},
	Ask: askTopCountries,
}

func monthsParam(name, summary string) Param {
	return Param{Name: name, Summary: summary, Kind: Number, Max: 9999, Example: "1", verbatim: true}
}

// The parameter for the length of a ranking.
var topxParam = Param{
	Name:    "topx",
	Summary: "Maximum number of entries.",
	Kind:    Number,
	Min:     1,
	Max:     10_000,
	Default: "10",
	Example: "10",
}

var countrySchema = record(
	field("code", text("ISO code; - if unknown.")),
	field("country", text("Its name.")),
	field("count", count("Number of alerts.")))

type countryCount struct {
	Code    string `json:"code"`
	Country string `json:"country"`
	Count   int64  `json:"count"`
}

func askTopCountries(ctx context.Context, in Input) ([]byte, error) {
	answer := struct {
		ID         any            `json:"id"` // the number 0 by default and for "0", otherwise the text of the request
		Date       string         `json:"date"`
		PerCountry []countryCount `json:"attacksPerCountry"`
		ToTargets  []countryCount `json:"attacksToTargetCountry"`
	}{ID: 0}
	filter := store.Filter{Domain: in.Domain, To: untilNow(in.Now)}
	if days := in.value("days"); days.given {
		filter.From = minutesBefore(in.Now, map[string]int64{"1": 1, "7": 7, "28": 28}[days.text]*24*60)
		answer.Date = filter.From.Format(time.DateOnly)
	} else {
		offset := in.monthOffset()
		if offset.given && offset.text != "0" {
			answer.ID = offset.text
		}
		filter.From = startOfMonth(in.Now, offset.number)
		if offset.number > 0 {
			filter.To = filter.From.AddDate(0, 1, 0)
		}
		answer.Date = filter.From.Format("2006-01")
	}
	var err error
	if answer.PerCountry, err = in.topCountries(ctx, filter, store.SourceCountry, store.SourceCountryName); err != nil {
		return nil, err
	}
	if answer.ToTargets, err = in.topCountries(ctx, filter, store.TargetCountry, store.TargetCountryName); err != nil {
		return nil, err
	}
	return encodeJSON([]any{answer})
}

// monthOffset returns the requested number of months ago.
func (in Input) monthOffset() value {
	if offset := in.value("monthOffset"); offset.given {
		return offset
	}
	return in.value("offset")
}

// topCountries ranks countries by code. Vendors occasionally rename countries,
// so it shows the most frequent name of each code.
func (in Input) topCountries(ctx context.Context, f store.Filter, code, name store.Dimension) ([]countryCount, error) {
	groups, err := in.Reader.Group(ctx, f, store.Grouping{By: []store.Dimension{code, name}})
	if err != nil {
		return nil, err
	}
	countries := make([]countryCount, 0, len(groups)) // not nil: an empty answer is []
	place := make(map[string]int)
	for _, g := range groups {
		i, known := place[g.Key[0]]
		if !known {
			i = len(countries)
			place[g.Key[0]] = i
			countries = append(countries, countryCount{Code: g.Key[0], Country: g.Key[1]})
		}
		countries[i].Count += g.Count
	}
	slices.SortFunc(countries, func(a, b countryCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Code, b.Code))
	})
	return countries[:min(int(in.number("topx")), len(countries))], nil
}
