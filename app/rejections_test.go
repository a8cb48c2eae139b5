package app

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"unicode"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestRejectionsAreSummedUp(t *testing.T) {
	core, lines := observer.New(zapcore.InfoLevel)
	j := newRejections(zap.New(core))
	one := Rejection{
		Handler: "peba_ingest", Source: netip.MustParseAddr("192.0.2.1"), User: "u", Status: 400, Reason: "malformed", Detail: "line 1",
	}
	other := one
	other.Reason = "credentials"
	for i := range 1000 {
		one.Detail = fmt.Sprint("line ", i+1) // differs each time
		j.note(one)
	}
	j.note(other)
	j.log()
	if lines.Len() != 2 {
		t.Fatalf("%d lines, want 2", lines.Len())
	}
	got := lines.All()[0].ContextMap()
	for key, want := range map[string]any{
		"handler": "peba_ingest", "source": "192.0.2.1", "user": "u", "status": int64(400), "reason": "malformed", "count": int64(1000),
		"detail": "line 1", "logged_in": false,
	} {
		if got[key] != want {
			t.Errorf("%s is %v, want %v", key, got[key], want)
		}
	}
	j.log()
	if lines.Len() != 2 {
		t.Error("what was logged is logged again")
	}
}

// TestRejectionsAreBounded has strangers send from very many addresses: they must
// neither fill the log, nor hide a sensor whose log-in is right.
func TestRejectionsAreBounded(t *testing.T) {
	core, lines := observer.New(zapcore.InfoLevel)
	j := newRejections(zap.New(core))
	const strangers = 10_000
	address := netip.MustParseAddr("2001:db8::")
	for range strangers {
		address = address.Next()
		j.note(Rejection{Source: address, Status: 403, Reason: "credentials"})
	}
	j.note(Rejection{Source: netip.MustParseAddr("192.0.2.1"), User: "sensor", LoggedIn: true, Status: 413, Reason: "body_too_large"})
	j.log()
	count := int64(0)
	for _, line := range lines.All() {
		count += line.ContextMap()["count"].(int64)
	}
	if lines.Len() != maxRejections+2 || count != strangers+1 {
		t.Errorf("%d lines about %d requests, want %d about %d", lines.Len(), count, maxRejections+2, strangers+1)
	}
	if lines.FilterField(zap.String("user", "sensor")).Len() != 1 {
		t.Error("the sensor has no line")
	}
}

// TestRejectionsAreHarmless writes what an attacker sent in both of Caddy's formats.
func TestRejectionsAreHarmless(t *testing.T) {
	const hostile = "\x1b[31mred\r\nlevel=error\x00\u009b2J\u202e\x7f\xff\"}{"
	for name, encoder := range map[string]zapcore.Encoder{
		"console": zapcore.NewConsoleEncoder(zap.NewProductionEncoderConfig()),
		"JSON":    zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()),
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			j := newRejections(zap.New(zapcore.NewCore(encoder, zapcore.AddSync(&out), zapcore.InfoLevel)))
			j.note(Rejection{User: hostile, Detail: strings.Repeat(hostile, 1000)})
			j.log()
			if n := strings.Count(out.String(), "\n"); n != 1 {
				t.Errorf("%d lines, want 1", n)
			}
			for _, c := range strings.TrimSuffix(out.String(), "\n") {
				if !unicode.IsPrint(c) && c != '\t' { // the console format has tabs between its parts
					t.Errorf("the line has %U", c)
				}
			}
			if out.Len() > 2000 {
				t.Errorf("%d bytes", out.Len())
			}
		})
	}
}

// TestRejectionsAreFlushed logs what is left when the app stops, and what comes
// between then and its end.
func TestRejectionsAreFlushed(t *testing.T) {
	app := startApp(t, "")
	core, lines := observer.New(zapcore.InfoLevel)
	app.rejections.logger = zap.New(core)
	for n, end := range []func() error{app.Stop, app.close} {
		app.Reject(Rejection{Status: 400, Reason: "malformed"})
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if lines.Len() != n+1 {
			t.Errorf("%d lines, want %d", lines.Len(), n+1)
		}
	}
}
