package app

import "runtime/debug"

// Version returns PEBA's version as it was built in, such as v0.1.0; "(devel)"
// for a build from a working copy.
func Version() string {
	const module, unknown = "github.com/peba-edge/peba", "(devel)"
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return unknown
	}
	for _, m := range append(build.Deps, &build.Main) {
		if m.Path == module && m.Version != "" {
			return m.Version
		}
	}
	return unknown
}
