package query

import (
	"fmt"
	"strings"
)

// Param is one parameter of a question.
type Param struct {
	Name     string
	Summary  string
	Required bool
	// Default is the value of an absent parameter, of the type that parse returns.
	Default any
	// Allowed says in words what the parameter may be.
	Allowed string
	// parse turns the text of the request into a value. What it returns must
	// print (fmt.Sprint) differently for different values: it is part of the cache key.
	parse func(raw string) (any, error)
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
	return fmt.Sprintf("parameter %q is %q: allowed is %s", e.Param, clip(e.Value), e.Allowed)
}

// clip keeps an echoed value short.
func clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}
