package app

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// TestSampled has many requests fail, as in an outage, and one in another way.
func TestSampled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, lines := observer.New(zapcore.InfoLevel)
		logger := sampled(zap.New(core))
		const failure = "answering a question failed"
		want := func(message string, n int) {
			t.Helper()
			if got := lines.FilterMessage(message).Len(); got != n {
				t.Errorf("%q stands in the log %d times, want %d", message, got, n)
			}
		}
		for i := range 1000 {
			logger.Error(failure)
			logger.With(zap.Int("request", i)).Error(failure)
			logger.Debug("of no interest")
		}
		want(failure, sampleLines)
		want("of no interest", 0)
		logger.Error("checking a login failed")
		want("checking a login failed", 1)
		time.Sleep(sampleSpan)
		logger.Error(failure)
		want(failure, sampleLines+1)
		for i := range 10 * sampledMessages {
			logger.Error(fmt.Sprint("message ", i))
		}
		want(fmt.Sprint("message ", 10*sampledMessages-1), 1)
	})
}

// TestSampledMemory makes as many loggers as the handlers of 100 reloads have.
func TestSampledMemory(t *testing.T) {
	core := zap.NewNop()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 3000 {
		sampled(core)
	}
	runtime.ReadMemStats(&after)
	if n := (after.TotalAlloc - before.TotalAlloc) / 3000; n > 4096 {
		t.Errorf("a sampled logger takes %d bytes", n)
	}
}
