package collector

import (
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// RequestLogger returns a module's logger for what goes wrong with requests. Of
// lines with the same message it writes five in ten seconds at most: in an outage
// every request has one.
func RequestLogger(ctx caddy.Context) *zap.Logger { return sampled(ctx.Logger()) }

func sampled(logger *zap.Logger) *zap.Logger {
	return logger.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return zapcore.NewSamplerWithOptions(core, 10*time.Second, 5, 0)
	}))
}
