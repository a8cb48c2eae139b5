package openapi

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/peba-edge/peba/query"
)

// ciParam is known by all questions but those about the community only.
var ciParam = parameter{
	Name:        "ci",
	In:          "query",
	Description: "Whose alerts: 0 those of private users, -1 all, anything else the community's.",
	Schema:      &query.Schema{Type: "string", Default: "1"},
	Example:     "1",
}

// parameters of a question, as they stand in the URL.
func parameters(q *query.Question) []parameter {
	var list []parameter
	for i := range q.Params {
		p := &q.Params[i]
		list = append(list, parameter{
			Name:        p.Name,
			In:          "query",
			Description: p.Summary + " Allowed is " + p.Allowed() + ".",
			Required:    p.Required,
			Schema:      paramSchema(p),
			Example:     typed(p, p.Example),
		})
	}
	if !q.CommunityOnly {
		list = append(list, ciParam)
	}
	return list
}

// Calendar days, each month as long as it is, as regular expressions.
const (
	longMonth  = `(0[13578]|1[02])SEP(0[1-9]|[12][0-9]|3[01])`
	shortMonth = `(0[469]|11)SEP(0[1-9]|[12][0-9]|30)`
	february   = `02SEP(0[1-9]|1[0-9]|2[0-8])`
	leapYear   = `([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)`
)

// paramSchema says what query.Param.Allowed does, and that a parameter which is not
// required may be empty.
func paramSchema(p *query.Param) *query.Schema {
	s := formSchema(p)
	words := slices.Clone(p.Words)
	if !p.Required && p.Kind != query.List { // a list may be empty anyway
		words = append(words, "")
	}
	switch {
	case p.Kind == query.Word:
		s.Enum = words
	case len(words) > 0:
		s = &query.Schema{AnyOf: []*query.Schema{s, {Type: "string", Enum: words}}}
	}
	if p.Default != "" {
		s.Default = typed(p, p.Default)
	}
	return s
}

// formSchema is the schema of values that are none of a parameter's words.
func formSchema(p *query.Param) *query.Schema {
	switch p.Kind {
	case query.Word:
		return &query.Schema{Type: "string"}
	case query.Number:
		s := &query.Schema{Type: "integer", Minimum: &p.Min}
		if p.Max != 0 {
			s.Maximum = &p.Max
		}
		return s
	case query.Moment:
		return &query.Schema{Type: "string", Pattern: "^" + calendar("-") + " ([01][0-9]|2[0-3]):" + withinHour(p.Every) + "$"}
	case query.Day:
		return &query.Schema{Type: "string", Pattern: "^" + calendar("") + "$"}
	case query.Address:
		return &query.Schema{Type: "string", AnyOf: []*query.Schema{{Format: "ipv4"}, {Format: "ipv6"}}}
	default: // query.List
		return &query.Schema{Type: "string", MaxLength: query.MaxList, Pattern: fmt.Sprintf("^[^,]*(,[^,]*){0,%d}$", query.MaxItems-1)}
	}
}

// calendar is the days that there are, their parts divided by sep.
func calendar(sep string) string {
	day := func(pattern string) string {
		return sep + strings.ReplaceAll(pattern, "SEP", sep)
	}
	return "([0-9]{4}(" + day(longMonth) + "|" + day(shortMonth) + "|" + day(february) + ")|" +
		leapYear + sep + "02" + sep + "29)"
}

// withinHour is the minutes and seconds that a Moment may have.
func withinHour(every time.Duration) string {
	if every == 0 {
		return "[0-5][0-9]:[0-5][0-9]"
	}
	var minutes []string
	for at := time.Duration(0); at < time.Hour; at += every {
		minutes = append(minutes, fmt.Sprintf("%02d", int(at.Minutes())))
	}
	return "(" + strings.Join(minutes, "|") + "):00"
}

// typed is a parameter's text as the JSON value that its schema is of.
func typed(p *query.Param, text string) any {
	if p.Kind == query.Number {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	}
	return text
}
