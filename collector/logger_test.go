package collector

import (
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// TestSampled has many requests fail, as in an outage, and one in another way.
func TestSampled(t *testing.T) {
	core, lines := observer.New(zapcore.InfoLevel)
	logger := sampled(zap.New(core))
	for range 1000 {
		logger.Error("a question could not be answered")
	}
	logger.Error("a log-in could not be checked")
	if n := lines.FilterMessage("a question could not be answered").Len(); n < 1 || n > 10 {
		t.Errorf("1000 failures made %d lines", n) // ten where two spans meet
	}
	if n := lines.FilterMessage("a log-in could not be checked").Len(); n != 1 {
		t.Errorf("another failure made %d lines", n)
	}
}
