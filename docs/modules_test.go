package docs_test

import (
	"encoding/json"
	"fmt"
	"go/doc"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// TestModules holds the pages in docs/modules: one for each module in Caddy's registry, and
// an index.
func TestModules(t *testing.T) {
	all := modules(t)
	known := []string{"README.md"}
	for _, m := range all {
		known = append(known, pageOf(m))
		t.Run(string(m.id), func(t *testing.T) {
			compare(t, filepath.Join("modules", pageOf(m)), page(t, m, all))
		})
	}
	compare(t, filepath.Join("modules", "README.md"), index(t, all))

	pages, err := filepath.Glob("modules/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range pages {
		if slices.Contains(known, filepath.Base(name)) {
			continue
		}
		if !*update {
			t.Errorf("docs/%s is about no module: go test ./docs -update removes it", filepath.ToSlash(name))
		} else if err := os.Remove(name); err != nil {
			t.Error(err)
		}
	}
}

func pageOf(m module) string { return string(m.id) + ".md" }

func generated(from string) string {
	return "<!-- Generated from " + from + " by `make generate`: do not edit. -->\n\n"
}

// index is docs/modules/README.md.
func index(t *testing.T, all []module) string {
	var b strings.Builder
	b.WriteString(generated("the doc comments of all modules"))
	b.WriteString(`# Caddy modules

| module | what it does |
|---|---|
`)
	for _, m := range all {
		fmt.Fprintf(&b, "| [%s](%s) | %s |\n", m.id, pageOf(m), cell(new(doc.Package).Synopsis(description(t, m))))
	}
	b.WriteString(`
[http.handlers.peba](http.handlers.peba.md) serves everything at its standard path; the other handlers serve one thing each, on any path.

A *duration* in JSON is a string such as ` + "`\"90s\"`, `\"2h\"` or `\"28d\"`" + `, or a whole number of nanoseconds. Sizes are in bytes; in a Caddyfile they
have a unit, such as ` + "`64MiB`" + `. Fields without a default are required.
`)
	return b.String()
}

// description is the doc comment of a module's type, without the name of the type.
func description(t *testing.T, m module) string {
	text, found := strings.CutPrefix(sourceOf(t, m.config).doc, m.config.Name()+" ")
	if !found {
		t.Errorf("%s has no doc comment that begins with its name", m.config)
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// page is the page of one module.
func page(t *testing.T, m module, all []module) string {
	source := sourceOf(t, m.config)
	var b strings.Builder
	b.WriteString(generated("the doc comments in `" + m.folder() + "`"))
	fmt.Fprintf(&b, "# %s\n\n%s\n", m.id, description(t, m))
	_, inCaddyfile := reflect.New(m.config).Interface().(caddyfile.Unmarshaler)
	var fields strings.Builder
	writeFields(t, &fields, "", m.config, all)
	if inCaddyfile {
		fmt.Fprintf(&b, "\n## Caddyfile\n\n%s\n", syntax(t, m, source.method["UnmarshalCaddyfile"]))
	}
	if fields.Len() > 0 {
		b.WriteString("\n## Fields\n\n| JSON | type | default | meaning |\n|---|---|---|---|\n" + fields.String())
	}
	if inCaddyfile || fields.Len() > 0 {
		writeExample(t, &b, m)
	} else {
		b.WriteString("\nIt has no options.\n")
	}
	return b.String()
}

// writeExample writes the example as a Caddyfile, and what it becomes in JSON.
func writeExample(t *testing.T, b *strings.Builder, m module) {
	config := configOf(m.id, adapt(t, m))
	if config == nil {
		t.Fatalf("the example of %s does not contain it", m.id)
	}
	fmt.Fprintf(b, "\n## Example\n\n```caddyfile\n%s```\n\nThe module in JSON:\n\n```json\n%s\n```\n", examples[m.id], indented(t, config))
}

// syntax returns what a doc comment says behind "Syntax:", in Markdown.
func syntax(t *testing.T, m module, comment string) string {
	_, text, found := strings.Cut(comment, "Syntax:\n\n")
	if !found {
		t.Errorf("the doc comment of %s.UnmarshalCaddyfile must have a line that ends with \"Syntax:\", and then the syntax", m.config)
		return ""
	}
	var b strings.Builder
	code := false
	for line := range strings.Lines(text) {
		line, isCode := strings.CutPrefix(line, "\t")
		if isCode != code && strings.TrimSpace(line) != "" {
			fence := "```caddyfile\n"
			if code {
				fence = "```\n\n"
			}
			if text := strings.TrimRight(b.String(), "\n"); text != "" && code {
				b.Reset()
				b.WriteString(text + "\n")
			}
			b.WriteString(fence)
			code = isCode
		}
		b.WriteString(line)
	}
	text = strings.TrimRight(b.String(), "\n")
	if code {
		text += "\n```"
	}
	return text
}

// writeFields writes a row for each field of a configuration, those of objects within it
// included.
func writeFields(t *testing.T, b *strings.Builder, path string, config reflect.Type, all []module) {
	source := sourceOf(t, config)
	for i := range config.NumField() {
		field := config.Field(i)
		name, options, tagged := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			t.Errorf("%s.%s is exported and has no name in JSON", config, field.Name)
		}
		comment := strings.Join(strings.Fields(source.fields[field.Name]), " ")
		meaning, byDefault, hasDefault := strings.Cut(comment, "Default: ")
		optional := tagged && (strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero"))
		switch {
		case strings.TrimSpace(meaning) == "":
			t.Errorf("%s.%s has no doc comment that says what it is", config, field.Name)
		case optional != hasDefault:
			t.Errorf("%s.%s: fields that may be left out, and no others, must end their doc comment with \"Default: …\": got %q", config, field.Name, comment)
		case !hasDefault:
			byDefault = "*required*"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", path+name, typeName(field, all), cell(strings.TrimSuffix(byDefault, ".")), cell(meaning))
		if inner, suffix := objectOf(field.Type); inner != nil {
			writeFields(t, b, path+name+suffix+".", inner, all)
		}
	}
}

// objectOf returns the struct of ours that a field has, alone or in a list.
func objectOf(typ reflect.Type) (object reflect.Type, suffix string) {
	if typ.Kind() == reflect.Slice {
		typ, suffix = typ.Elem(), "[]"
	}
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if typ.Kind() != reflect.Struct || !strings.HasPrefix(typ.PkgPath(), goModule) {
		return nil, ""
	}
	return typ, suffix
}

// typeName says what a field holds in JSON.
func typeName(field reflect.StructField, all []module) string {
	if tag := field.Tag.Get("caddy"); tag != "" {
		return guestNames(tag, all)
	}
	return jsonName(field.Type)
}

func jsonName(typ reflect.Type) string {
	if typ == reflect.TypeFor[caddy.Duration]() {
		return "duration"
	}
	if typ == reflect.TypeFor[json.RawMessage]() {
		return "JSON"
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return jsonName(typ.Elem())
	case reflect.Slice:
		return "array of " + jsonName(typ.Elem())
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Bool:
		return "boolean"
	case reflect.Float32, reflect.Float64:
		return "number"
	case reflect.String:
		return "string"
	default:
		return "integer"
	}
}

// guestNames lists the modules that a field with a tag such as
// "namespace=peba.stores inline_key=module" can hold.
func guestNames(tag string, all []module) string {
	values := make(map[string]string)
	for part := range strings.FieldsSeq(tag) {
		key, value, _ := strings.Cut(part, "=")
		values[key] = value
	}
	var names []string
	for _, m := range all {
		if m.id.Namespace() == values["namespace"] {
			names = append(names, fmt.Sprintf("[%s](%s)", m.id.Name(), pageOf(m)))
		}
	}
	return fmt.Sprintf("a module of `%s`, named by `%s`: %s", values["namespace"], values["inline_key"], strings.Join(names, ", "))
}

// cell makes a text fit for a cell of a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.TrimSpace(text), "|", `\|`)
}
