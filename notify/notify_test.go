package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddyserver/caddy/v2"
	dto "github.com/prometheus/client_model/go"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// receiver answers posts in place of the network.
type receiver func(*http.Request) (int, error)

func (r receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	status, err := r(req)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("thanks"))}, nil
}

// startSender sends to r, and logs into the buffer.
func startSender(r receiver, log *bytes.Buffer) *sender {
	client := newClient()
	client.Transport = r
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(log), zap.InfoLevel)
	return newSender(&url.URL{Scheme: "https", Host: "receiver", Path: "/secret"}, client, zap.New(core))
}

// counted returns how an outcome was counted while work ran.
func counted(t *testing.T, work func()) map[string]float64 {
	t.Helper()
	all := make(map[string]float64)
	add := func(sign float64) {
		for _, outcome := range []string{sent, failed, dropped} {
			var m dto.Metric
			if err := metrics.events.WithLabelValues(outcome).Write(&m); err != nil {
				t.Fatal(err)
			}
			all[outcome] += sign * m.GetCounter().GetValue()
		}
	}
	add(-1)
	work()
	add(1)
	return all
}

func TestRetries(t *testing.T) {
	for name, test := range map[string]struct {
		answers  []int // 0 is an error of the connection; the last one goes on
		attempts int
		took     time.Duration
		outcome  string
	}{
		"accepted":         {[]int{204}, 1, 0, sent},
		"later":            {[]int{503, 0, 200}, 3, 6 * time.Second, sent},
		"too many":         {[]int{429, 200}, 2, time.Second, sent},
		"rejected":         {[]int{404}, 1, 0, failed},
		"moved":            {[]int{302}, 1, 0, failed},
		"away":             {[]int{0}, 4, 31 * time.Second, failed},
		"failing for long": {[]int{500}, 4, 31 * time.Second, failed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				attempts := 0
				start, last := time.Now(), time.Duration(0)
				counts := counted(t, func() {
					s := startSender(func(*http.Request) (int, error) {
						answer := test.answers[min(attempts, len(test.answers)-1)]
						attempts++
						last = time.Since(start)
						if answer == 0 {
							return 0, errors.New("connection refused")
						}
						return answer, nil
					}, &log)
					s.enqueue([]byte("{}"))
					time.Sleep(time.Minute)
					synctest.Wait()
					<-s.close()
				})
				if attempts != test.attempts || last != test.took || counts[test.outcome] != 1 {
					t.Errorf("%d attempts in %v, counted %v", attempts, last, counts)
				}
				if test.outcome == failed != strings.Contains(log.String(), "not delivered") || strings.Contains(log.String(), "secret") {
					t.Errorf("the log says %s", log.String())
				}
			})
		})
	}
}

// TestFullQueue sends to one that never answers: nobody waits for that, and what is
// dropped is counted and logged.
func TestFullQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		counts := counted(t, func() {
			s := startSender(func(r *http.Request) (int, error) {
				<-r.Context().Done()
				return 0, r.Context().Err()
			}, &log)
			s.enqueue([]byte("{}"))
			synctest.Wait() // it is being sent
			for range maxWaiting + 7 {
				s.enqueue([]byte("{}"))
			}
			start := time.Now()
			<-s.close()
			if took := time.Since(start); took != grace {
				t.Errorf("the end took %v", took)
			}
			s.enqueue([]byte("{}"))
		})
		if counts[sent] != 0 || counts[failed] != 1 || counts[dropped] != maxWaiting+8 {
			t.Errorf("counted %v", counts)
		}
		if !strings.Contains(log.String(), `"events":7`) || !strings.Contains(log.String(), `"events":100`) {
			t.Errorf("the log says %s", log.String())
		}
	})
}

// TestClose sends what is waiting before the end.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		counts := counted(t, func() {
			s := startSender(func(*http.Request) (int, error) {
				time.Sleep(time.Second)
				return 200, nil
			}, &log)
			for range 3 {
				s.enqueue([]byte("{}"))
			}
			<-s.close()
			<-s.close()
		})
		if counts[sent] != 3 || counts[dropped] != 0 || log.Len() > 0 {
			t.Errorf("counted %v, logged %s", counts, log.String())
		}
	})
}

// TestHandler posts an event to a server on this machine.
func TestHandler(t *testing.T) {
	got := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- r.Method + " " + r.URL.Path + " " + r.Header.Get("Content-Type") + " " + string(body)
		http.Redirect(w, r, "/", http.StatusFound)
	}))
	defer server.Close()
	t.Setenv("PEBA_TEST_URL", server.URL+"/hook")
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	defer cancel()
	h := &Handler{URL: "{env.PEBA_TEST_URL}"}
	if err := h.Provision(ctx); err != nil {
		t.Fatal(err)
	}
	event := func(data map[string]any) caddy.Event {
		e, err := caddy.NewEvent(ctx, "new_cve", data)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	for name, data := range map[string]map[string]any{
		"no form in JSON": {"number": math.NaN()},
		"too large":       {"text": strings.Repeat("x", maxEvent)},
	} {
		if err := h.Handle(t.Context(), event(data)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	e := event(map[string]any{"cve": "CVE-2017-0144"})
	if err := h.Handle(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	method, body, _ := strings.Cut(<-got, "{")
	if method != "POST /hook application/json " {
		t.Errorf("it was sent as %q", method)
	}
	var sent map[string]any
	if err := json.Unmarshal([]byte("{"+body), &sent); err != nil {
		t.Fatal(err)
	}
	if sent["type"] != "new_cve" || sent["id"] != e.ID().String() || sent["data"].(map[string]any)["cve"] != "CVE-2017-0144" {
		t.Errorf("it was sent as %v", sent)
	}
	if err := h.Cleanup(); err != nil {
		t.Fatal(err)
	}
	<-h.sender.done
}

func TestWrongURL(t *testing.T) {
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	defer cancel()
	for _, text := range []string{"", "{env.PEBA_TEST_NONE}", "receiver/secret", "ftp://receiver/secret", "https:///secret", "https://receiver/%secret"} {
		h := &Handler{URL: text}
		if err := h.Provision(ctx); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", text, err)
		}
		if err := h.Cleanup(); err != nil {
			t.Error(err)
		}
	}
}
