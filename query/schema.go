package query

import "slices"

// Answer describes a question's answer in one format, for documentation.
type Answer struct {
	// Schema is the answer's schema; for XML, that of the root element.
	Schema *Schema
	// Example is a formatted answer; long ones are shortened.
	Example string
}

// Schema is a JSON Schema (draft 2020-12), with what OpenAPI 3.1 adds for XML.
type Schema struct {
	Ref                  string     `json:"$ref,omitempty"`
	Type                 string     `json:"type,omitempty"`
	Format               string     `json:"format,omitempty"`
	Pattern              string     `json:"pattern,omitempty"`
	Enum                 []string   `json:"enum,omitempty"`
	AnyOf                []*Schema  `json:"anyOf,omitempty"`
	Minimum              *int64     `json:"minimum,omitempty"`
	Maximum              *int64     `json:"maximum,omitempty"`
	MaxItems             int        `json:"maxItems,omitempty"`
	MaxLength            int        `json:"maxLength,omitempty"`
	Default              any        `json:"default,omitempty"`
	Items                *Schema    `json:"items,omitempty"`
	Properties           Properties `json:"properties,omitempty"`
	Required             []string   `json:"required,omitempty"`
	PropertyNames        *Schema    `json:"propertyNames,omitempty"`
	AdditionalProperties any        `json:"additionalProperties,omitempty"`
	Description          string     `json:"description,omitempty"`
	XML                  *XMLNode   `json:"xml,omitempty"`
}

// XMLNode describes a value's representation in XML.
type XMLNode struct {
	// Name is the element's name if it differs from the property's.
	Name string `json:"name,omitempty"`
	// Attribute is true if the value is an attribute.
	Attribute bool `json:"attribute,omitempty"`
	// Wrapped is true for a list with an element around its items.
	Wrapped bool `json:"wrapped,omitempty"`
}

// Properties are the members of an object, in the order sent.
type Properties []Property

// Property is a member of an object.
type Property struct {
	Name   string
	Schema *Schema
}

// MarshalJSON writes the members in their order.
func (p Properties) MarshalJSON() ([]byte, error) {
	o := make(object, len(p))
	for i, property := range p {
		o[i] = member{property.Name, property.Schema}
	}
	return o.MarshalJSON()
}

// UTC times of answers.
const (
	dayPattern    = `^[0-9]{4}-[0-9]{2}-[0-9]{2} 00:00:00$`
	momentPattern = `^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}$`
)

// field returns a required member of an object.
func field(name string, s *Schema) Property { return Property{name, s} }

// record returns an object with exactly these members.
func record(fields ...Property) *Schema {
	s := &Schema{Type: "object", Properties: fields, AdditionalProperties: false}
	for _, f := range fields {
		s.Required = append(s.Required, f.Name)
	}
	return s
}

// optional marks a member of a record as optional.
func optional(s *Schema, name string) *Schema {
	s.Required = slices.DeleteFunc(s.Required, func(required string) bool { return required == name })
	return s
}

// element returns a record that is the XML element of that name.
func element(name string, fields ...Property) *Schema {
	s := record(fields...)
	s.XML = &XMLNode{Name: name}
	return s
}

// list returns an array.
func list(item *Schema, description string) *Schema {
	return &Schema{Type: "array", Items: item, Description: description}
}

// wrapped returns an array that is an XML element around its items.
func wrapped(item *Schema, description string) *Schema {
	s := list(item, description)
	s.XML = &XMLNode{Wrapped: true}
	return s
}

// byKey returns an object with data as names of members.
func byKey(names string, value *Schema, description string) *Schema {
	s := &Schema{Type: "object", AdditionalProperties: value, Description: description}
	if names != "" {
		s.PropertyNames = &Schema{Pattern: names}
	}
	return s
}

// count returns a whole number.
func count(description string) *Schema {
	return &Schema{Type: "integer", Minimum: new(int64), Description: description}
}

// text returns a text.
func text(description string) *Schema {
	return &Schema{Type: "string", Description: description}
}

// textLike returns a text of a format.
func textLike(pattern, description string) *Schema {
	return &Schema{Type: "string", Pattern: pattern, Description: description}
}
