package handlers

import (
	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/app"
)

// base is what handlers need of the app that they all share.
type base struct {
	app    *app.App
	logger *zap.Logger
}

// Provision finds the app.
func (h *base) Provision(ctx caddy.Context) error {
	h.logger = app.RequestLogger(ctx)
	var err error
	h.app, err = findApp(ctx)
	return err
}

// findApp returns the app that all handlers share.
func findApp(ctx caddy.Context) (*app.App, error) {
	module, err := ctx.App("peba")
	if err != nil {
		return nil, err
	}
	return module.(*app.App), nil
}
