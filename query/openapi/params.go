package openapi

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/peba-edge/peba/query"
)

// ciParam is a parameter of all questions except those about the community
// only.
var ciParam = parameter{
	Name:        "ci",
	In:          "query",
	Description: "Whose alerts: 0 for those of private users, -1 for all, anything else for the community's.",
	Schema:      &query.Schema{Type: "string", Default: "1"},
	Example:     "1",
}

// parameters returns a question's parameters in the URL.
func parameters(q *query.Question) []parameter {
	list := parametersOf(q.Params)
	if !q.CommunityOnly {
		ci := ciParam
		if q.BothByDefault {
			ci.Description += " Feeds of both domains are left out unless it is -1."
			ci.Schema, ci.Example = &query.Schema{Type: "string", Default: "-1"}, "-1"
		}
		list = append(list, ci)
	}
	return list
}

// parametersOf returns parameters in the URL.
func parametersOf(params []query.Param) []parameter {
	var list []parameter
	for i := range params {
		p := &params[i]
		list = append(list, parameter{
			Name:        p.Name,
			In:          "query",
			Description: p.Summary + " Must be " + p.Allowed() + ".",
			Required:    p.Required,
			Schema:      paramSchema(p),
			Example:     typed(p, p.Example),
		})
	}
	return list
}

// Valid calendar days as regular expressions, by length of month.
const (
	longMonth  = `(0[13578]|1[02])SEP(0[1-9]|[12][0-9]|3[01])`
	shortMonth = `(0[469]|11)SEP(0[1-9]|[12][0-9]|30)`
	february   = `02SEP(0[1-9]|1[0-9]|2[0-8])`
	leapYear   = `([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)`
)

// paramSchema returns the schema of query.Param.Allowed. Optional parameters may be
// empty.
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

// formSchema returns the schema of values other than a parameter's words.
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
	case query.Name:
		return &query.Schema{Type: "string", Pattern: fmt.Sprintf("^[A-Za-z][A-Za-z0-9_-]{0,%d}$", p.Max-1)}
	default: // query.List
		return &query.Schema{Type: "string", MaxLength: query.MaxList, Pattern: fmt.Sprintf("^[^,]*(,[^,]*){0,%d}$", query.MaxItems-1)}
	}
}

// calendar returns an expression for valid days, with their parts separated by
// sep.
func calendar(sep string) string {
	day := func(pattern string) string {
		return sep + strings.ReplaceAll(pattern, "SEP", sep)
	}
	return "([0-9]{4}(" + day(longMonth) + "|" + day(shortMonth) + "|" + day(february) + ")|" +
		leapYear + sep + "02" + sep + "29)"
}

// withinHour returns an expression for the minutes and seconds of a Moment.
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

// typed returns a parameter's text as a JSON value of its schema.
func typed(p *query.Param, text string) any {
	if p.Kind == query.Number {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	}
	return text
}
