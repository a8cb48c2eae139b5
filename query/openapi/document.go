// Package openapi describes the HTTP interface in OpenAPI 3.1. It is generated
// from the table of questions (query.All), so that nothing is written twice.
package openapi

import (
	"github.com/peba-edge/peba/query"
)

// The objects of OpenAPI 3.1, with the fields used here.

type document struct {
	OpenAPI    string             `json:"openapi"`
	Info       info               `json:"info"`
	Tags       []tag              `json:"tags"`
	Paths      ordered[*pathItem] `json:"paths"`
	Components components         `json:"components"`
}

type info struct {
	Title       string  `json:"title"`
	Version     string  `json:"version"`
	Description string  `json:"description"`
	License     license `json:"license"`
}

type license struct {
	Name       string `json:"name"`
	Identifier string `json:"identifier"`
}

type tag struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

type pathItem struct {
	Get  *operation `json:"get,omitempty"`
	Head *operation `json:"head,omitempty"`
	Post *operation `json:"post,omitempty"`
}

type operation struct {
	Tags        []string            `json:"tags"`
	ID          string              `json:"operationId"`
	Summary     string              `json:"summary"`
	Description string              `json:"description,omitempty"`
	Parameters  []parameter         `json:"parameters,omitempty"`
	RequestBody *requestBody        `json:"requestBody,omitempty"`
	Security    []security          `json:"security,omitempty"`
	Responses   map[string]response `json:"responses"`
}

// security lists schemes that are required together; an empty one means none.
type security map[string][]string

type parameter struct {
	Name        string        `json:"name"`
	In          string        `json:"in"`
	Description string        `json:"description"`
	Required    bool          `json:"required,omitempty"`
	Schema      *query.Schema `json:"schema"`
	Example     any           `json:"example,omitempty"`
}

type requestBody struct {
	Description string             `json:"description"`
	Required    bool               `json:"required,omitempty"`
	Content     map[string]content `json:"content"`
}

type response struct {
	Description string             `json:"description"`
	Headers     map[string]header  `json:"headers,omitempty"`
	Content     map[string]content `json:"content,omitempty"`
}

type header struct {
	Description string        `json:"description"`
	Required    bool          `json:"required,omitempty"`
	Schema      *query.Schema `json:"schema"`
}

type content struct {
	Schema  *query.Schema `json:"schema"`
	Example any           `json:"example,omitempty"`
}

type components struct {
	Schemas         map[string]*query.Schema  `json:"schemas"`
	SecuritySchemes map[string]securityScheme `json:"securitySchemes"`
}

type securityScheme struct {
	Type        string `json:"type"`
	Scheme      string `json:"scheme,omitempty"`
	In          string `json:"in,omitempty"`
	Name        string `json:"name,omitempty"`
	Description string `json:"description"`
}

// ordered is a JSON object with members in a given order.
type ordered[V any] []entry[V]

type entry[V any] struct {
	key   string
	value V
}

// MarshalJSON writes the members in their order.
func (o ordered[V]) MarshalJSON() ([]byte, error) {
	return query.MarshalMembers(func(yield func(string, any) bool) {
		for _, e := range o {
			if !yield(e.key, e.value) {
				return
			}
		}
	})
}
