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
	Summary: "The countries that most alerts came from, and went to, in one calendar month, or in the last days, by the time of arrival.",
	Formats: []string{JSON},
	TTL:     fixed(60 * time.Second),
	Params: []Param{
		monthsParam("monthOffset", "How many months ago; by default this month so far. The answer's id is this text."),
		monthsParam("offset", "The same as monthOffset, which goes before it."),
		{
			Name:    "days",
			Summary: "Not a month, but the last days up to now; goes before monthOffset and offset.",
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
				Description: "The number 0 by default, with days, and for the text 0; else the text of monthOffset or offset.",
			}),
			field("date", textLike(`^[0-9]{4}-[0-9]{2}(-[0-9]{2})?$`, "The month, in UTC; with days the first day.")),
			field("attacksPerCountry", list(countrySchema, "The attackers' countries, most alerts first.")),
			field("attacksToTargetCountry", list(countrySchema, "The sensors' countries, most alerts first."))),
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

// The parameter that says how long a ranking is.
var topxParam = Param{
	Name:    "topx",
	Summary: "How many entries at most.",
	Kind:    Number,
	Min:     1,
	Max:     10_000,
	Default: "10",
	Example: "10",
}

var countrySchema = record(
	field("code", text("ISO code, - where it is unknown.")),
	field("country", text("Its name.")),
	field("count", count("How many alerts.")))

type countryCount struct {
	Code    string `json:"code"`
	Country string `json:"country"`
	Count   int64  `json:"count"`
}

func askTopCountries(ctx context.Context, in Input) ([]byte, error) {
	answer := struct {
		ID         any            `json:"id"` // the number 0 by default and for "0", else the text of the request
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

// monthOffset is how many months ago is asked for.
func (in Input) monthOffset() value {
	if offset := in.value("monthOffset"); offset.given {
		return offset
	}
	return in.value("offset")
}

// topCountries ranks countries by code. Vendors rename countries now and then:
// of the names of one code the most frequent is shown.
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
