package app

import (
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// TestRateLimited has a limit reject many requests: that is a line for each zone.
func TestRateLimited(t *testing.T) {
	app, err := provision(t, "") // not started: it would report too
	if err != nil {
		t.Fatal(err)
	}
	core, lines := observer.New(zapcore.InfoLevel)
	reject := func(zone string, n int) {
		for range n {
			app.events.Emit(app.ctx, "rate_limit_exceeded", map[string]any{"zone": zone, "remote_ip": "192.0.2.1"})
		}
	}
	reject("ingest", 1000)
	reject("public", 1)
	app.limited.report(zap.New(core))
	app.limited.report(zap.New(core))
	reject("ingest", 5)
	app.limited.report(zap.New(core))
	got := make(map[string][]int64)
	for _, line := range lines.All() {
		fields := line.ContextMap()
		got[fields["zone"].(string)] = append(got[fields["zone"].(string)], fields["requests"].(int64))
		if fields["last_remote_ip"] != "192.0.2.1" {
			t.Errorf("the line names %v", fields["last_remote_ip"])
		}
	}
	if len(got["ingest"]) != 2 || got["ingest"][0] != 1000 || got["ingest"][1] != 5 || len(got["public"]) != 1 {
		t.Errorf("the log counts %v", got)
	}
}
