package docs_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// typeSource is what the source says about a type.
type typeSource struct {
	doc    string
	fields map[string]string // doc comments by field name
	method map[string]string // doc comments by method name
}

// sourceOf reads the doc comments of a type of ours.
func sourceOf(t *testing.T, typ reflect.Type) *typeSource {
	t.Helper()
	folder := filepath.Join(repository, filepath.FromSlash(strings.TrimPrefix(typ.PkgPath(), goModule)))
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	pkg, err := doc.NewFromFiles(fset, files, typ.PkgPath(), doc.AllDecls)
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range pkg.Types {
		if found.Name == typ.Name() {
			return readType(found)
		}
	}
	t.Fatalf("no source of %s in %s", typ, folder)
	return nil
}

func readType(from *doc.Type) *typeSource {
	source := &typeSource{doc: strings.TrimSpace(from.Doc), fields: map[string]string{}, method: map[string]string{}}
	for _, method := range from.Methods {
		source.method[method.Name] = strings.TrimSpace(method.Doc)
	}
	for _, spec := range from.Decl.Specs {
		structure, ok := spec.(*ast.TypeSpec).Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, field := range structure.Fields.List {
			for _, name := range field.Names {
				source.fields[name.Name] = strings.TrimSpace(field.Doc.Text())
			}
		}
	}
	return source
}
