package routes

import (
	"fmt"
	"path"
	"strings"
)

// Spelled returns the Caddyfile directives equivalent to the directive peba,
// one per line, for sites that need other paths or only some.
func Spelled() []string {
	lines := []string{"peba_unhandled"}
	for _, r := range Table() {
		directive, name := r.Handler, path.Base(r.Paths[0])
		if r.Question != nil {
			name = r.Question.Name
		}
		lines = append(lines, fmt.Sprintf("@%s path %s", name, strings.Join(WithSlash(r.Paths...), " ")))
		argument := ""
		if r.Question != nil {
			argument = " " + r.Question.Name
		}
		if r.LogIn() {
			lines = append(lines, "handle @"+name+" {", "\tpeba_auth", "\t"+directive+argument, "}")
		} else {
			lines = append(lines, directive+" @"+name+argument)
		}
	}
	for _, folder := range Folders() {
		lines = append(lines, "handle_path "+folder.Path+"/* {", "\t"+folder.Handler, "}")
	}
	lines = append(lines,
		"@home {", "\tmethod GET HEAD", "\tpath / "+DashboardPath, "}",
		"redir @home "+strings.TrimPrefix(DashboardPath, "/")+"/",
		"handle_path "+DashboardPath+"/* {", "\tpeba_dashboard", "}")
	var beyond []string
	for _, prefix := range OwnPrefixes() {
		beyond = append(beyond, prefix+"*")
	}
	return append(lines, "@beyond path "+strings.Join(beyond, " "), "respond @beyond 404")
}
