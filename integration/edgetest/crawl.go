package edgetest

import (
	"net/url"
	"strconv"
	"time"

	"github.com/peba-edge/peba/query"
)

// Variants returns the URIs, from the path on, that ask a question in all ways: with
// every combination of the words, limits, default and example of its parameters, for
// the address source and for times about now, and for each domain. Each parameter is
// also left out, and given a wrong value.
func Variants(q *query.Question, source string, now time.Time) []string {
	combinations := []url.Values{{}}
	params := append([]query.Param{{Name: "ci", Words: []string{"0", "1", "-1"}}}, q.Params...)
	for i := range params {
		var longer []url.Values
		for _, values := range combinations {
			if !params[i].Required {
				longer = append(longer, values)
			}
			for _, text := range texts(&params[i], source, now.UTC()) {
				with := url.Values{params[i].Name: {text}}
				for name, value := range values {
					with[name] = value
				}
				longer = append(longer, with)
			}
		}
		combinations = longer
	}
	var uris []string
	for _, path := range q.Paths() {
		for _, values := range combinations {
			uris = append(uris, path+"?"+values.Encode())
		}
		for i := range params {
			uris = append(uris, path+"/?"+url.Values{params[i].Name: {"<wrong>\x1b[31m\r\n"}}.Encode())
		}
	}
	return uris
}

// texts are values of a parameter.
func texts(p *query.Param, source string, now time.Time) []string {
	all := append([]string{}, p.Words...)
	switch p.Kind {
	case query.Number:
		all = append(all, strconv.FormatInt(p.Min, 10))
		if p.Max > 0 {
			all = append(all, strconv.FormatInt(p.Max, 10))
		}
	case query.Moment:
		at := now.Truncate(max(p.Every, time.Second))
		all = append(all, at.Format(time.DateTime), at.Add(-p.Every).Format(time.DateTime))
	case query.Day:
		all = append(all, now.Format("20060102"), now.AddDate(0, 0, -1).Format("20060102"))
	case query.Address:
		all = append(all, source)
	case query.List:
		all = append(all, "SSH/console(cowrie),Network(Dionaea)")
	}
	return append(all, p.Example)
}
