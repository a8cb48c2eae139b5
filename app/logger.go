package app

import (
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// A sampler passes so many lines with the same message per period.
const (
	sampleSpan  = 10 * time.Second
	sampleLines = 5
	// sampledMessages is the maximum number of messages of a sampler. Messages are
	// constants of this program, and handlers have a handful each.
	sampledMessages = 256
)

// RequestLogger returns a module's logger for errors of requests. It writes at
// most five lines with the same message per ten seconds: in an outage every
// request fails.
func RequestLogger(ctx caddy.Context) *zap.Logger { return sampled(ctx.Logger()) }

func sampled(logger *zap.Logger) *zap.Logger {
	s := &sampler{spans: make(map[string]*span)}
	return logger.WithOptions(zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return sampledCore{core, s}
	}))
}

// sampledCore is a core with a sampler. zap's own sampler has a table of 458 KB, which
// each of about thirty handlers would have in each configuration.
type sampledCore struct {
	zapcore.Core
	sampler *sampler
}

// With implements zapcore.Core.
func (c sampledCore) With(fields []zapcore.Field) zapcore.Core {
	return sampledCore{c.Core.With(fields), c.sampler}
}

// Check implements zapcore.Core.
func (c sampledCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if !c.Enabled(entry.Level) || !c.sampler.takes(entry.Message, entry.Time) {
		return checked
	}
	return c.Core.Check(entry, checked)
}

// sampler counts lines by their message.
type sampler struct {
	mu    sync.Mutex
	spans map[string]*span
}

type span struct {
	start time.Time
	lines int
}

// takes reports whether to write a line.
func (s *sampler) takes(message string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	current, known := s.spans[message]
	if !known {
		if len(s.spans) >= sampledMessages {
			clear(s.spans)
		}
		current = &span{start: now}
		s.spans[message] = current
	}
	if now.Sub(current.start) >= sampleSpan {
		*current = span{start: now}
	}
	current.lines++
	return current.lines <= sampleLines
}
