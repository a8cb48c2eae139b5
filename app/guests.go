package app

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2"
)

// loadGuest loads the module configured in the named field of app, or the
// default one with its own defaults.
func loadGuest[T any](ctx caddy.Context, app *App, field string, raw json.RawMessage, byDefault string) (T, error) {
	var (
		none   T
		module any
		err    error
	)
	if raw == nil {
		module, err = ctx.LoadModuleByID(byDefault, nil)
	} else {
		module, err = ctx.LoadModule(app, field)
	}
	if err != nil {
		return none, fmt.Errorf("loading %s: %w", strings.ToLower(strings.TrimSuffix(field, "Raw")), err)
	}
	guest, ok := module.(T)
	if !ok {
		return none, fmt.Errorf("loading %s: %T does not implement %T", field, module, (*T)(nil))
	}
	return guest, nil
}
