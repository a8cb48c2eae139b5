package simulate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/peba-edge/peba/alert"
)

const okAnswer = "<Result><StatusCode>OK</StatusCode><Text></Text></Result>"

func testConfig(url string) Config {
	return Config{URL: url, User: "u", Token: "t", Sensors: 5, Batch: 10, Concurrency: 4, Seed: 1}
}

// transport answers instead of a server.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) {
	defer r.Body.Close()
	return f(r)
}

func answer(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

// TestRunAgainstAServer: what is sent arrives, in the form and number that was asked for.
func TestRunAgainstAServer(t *testing.T) {
	var mu sync.Mutex
	alerts, ids, sizes := 0, map[string]bool{}, map[int]int{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m, err := alert.Decode(r.Body, alert.DefaultLimits())
		if err != nil || len(m.Skipped) > 0 || m.BadPayloads > 0 || m.Username != "u" || m.Token != "t" {
			t.Errorf("%v, %+v", err, m)
			return
		}
		if r.Method != http.MethodPost || r.URL.Path != "/ews-0.1/alert/postSimpleMessage" ||
			r.Header.Get("Content-Type") != "text/xml" || r.Header.Get("Charset") != "UTF-8" || r.UserAgent() != "PEBA simulate" {
			t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
		}
		mu.Lock()
		defer mu.Unlock()
		alerts += len(m.Records)
		sizes[len(m.Records)]++
		for _, record := range m.Records {
			ids[record.ID] = true
		}
		_, _ = io.WriteString(w, okAnswer)
	}))
	defer server.Close()

	c := testConfig(server.URL)
	c.Alerts = 1234
	got, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if got.Sent != 1234 || got.Accepted != 1234 || got.Rejected+got.Unanswered != 0 || len(got.Reasons) != 0 || got.Messages != 124 {
		t.Errorf("%+v", got)
	}
	if alerts != 1234 || len(ids) != 1234 || sizes[10] != 123 || sizes[4] != 1 {
		t.Errorf("%d alerts with %d ids arrived, by message size %v", alerts, len(ids), sizes)
	}
	if got.P50 <= 0 || got.P99 < got.P50 || got.Max < got.P99 || got.Elapsed < got.Max {
		t.Errorf("%+v", got)
	}
}

func TestRunCountsRefusalsByReason(t *testing.T) {
	n := 0
	c := testConfig("http://peba.test")
	c.Alerts, c.Concurrency = 60, 1
	c.Client = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
		n++
		switch n {
		case 1:
			return answer(200, okAnswer), nil
		case 2, 3:
			return answer(403, "<Result><StatusCode>FAILED</StatusCode><Text>wrong \x1b[31muser\r\nor token</Text></Result>"), nil
		case 4:
			return answer(503, "<Result><StatusCode>FAILED</StatusCode><Text>wrong user or token</Text></Result>"), nil
		case 5:
			return answer(200, "Nope"), nil
		default:
			return nil, io.EOF
		}
	})}
	synctest.Test(t, func(t *testing.T) {
		got, err := Run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]int{
			"HTTP 403: no StatusCode in the answer":      20, // not XML, because of the control character
			"HTTP 503: wrong user or token":              10,
			"HTTP 200: no StatusCode in the answer":      10,
			"no answer: connection closed by the server": 10,
		}
		if got.Sent != 60 || got.Accepted != 10 || got.Rejected != 40 || got.Unanswered != 10 || fmt.Sprint(got.Reasons) != fmt.Sprint(want) {
			t.Errorf("%+v, want reasons %v", got, want)
		}
	})
}

// TestRunHoldsTheRate counts messages on a fake clock: evenly spaced, whatever
// the answers take.
func TestRunHoldsTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var sent []time.Duration
		start := time.Now()
		c := testConfig("http://peba.test")
		c.Rate, c.Duration, c.Concurrency = 300, 10*time.Second, 16
		c.Client = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
			mu.Lock()
			sent = append(sent, time.Since(start))
			slow := time.Duration(len(sent)%7) * 30 * time.Millisecond
			mu.Unlock()
			time.Sleep(slow)
			return answer(200, okAnswer), nil
		})}
		got, err := Run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if len(sent) < 300 || len(sent) > 301 || got.Accepted != 10*len(sent) {
			t.Errorf("%d messages, %+v; want 300 messages", len(sent), got)
		}
		for i, at := range sent {
			if want := time.Duration(i) * time.Second / 30; (at - want).Abs() > time.Millisecond {
				t.Fatalf("message %d after %s, want %s", i, at, want)
			}
		}
	})
}

// TestRunDoesNotBurst: what a stall of the server kept from being sent is not
// sent at once afterwards.
func TestRunDoesNotBurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var late atomic.Int64 // messages of the second after the stall
		start := time.Now()
		c := testConfig("http://peba.test")
		c.Rate, c.Duration, c.Concurrency = 100, 10*time.Second, 4
		c.Client = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
			switch at := time.Since(start); {
			case at >= 2*time.Second && at < 5*time.Second:
				time.Sleep(5*time.Second - at)
			case at >= 5*time.Second && at < 6*time.Second:
				late.Add(1)
			}
			return answer(200, okAnswer), nil
		})}
		if _, err := Run(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if n := late.Load(); n < 8 || n > 12 {
			t.Errorf("%d messages in the second after the stall, want about 10", n)
		}
	})
}

// TestRunStops: a cancelled run ends at once, with a whole summary.
func TestRunStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		c := testConfig("http://peba.test")
		n := 0
		c.Concurrency = 1
		c.Client = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			if n++; n == 1 {
				return answer(200, okAnswer), nil
			}
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		got, err := Run(ctx, c)
		if err != nil {
			t.Fatal(err)
		}
		if elapsed := time.Since(start); elapsed != 3*time.Second || got.Elapsed != elapsed {
			t.Errorf("ended after %s, summary says %s", elapsed, got.Elapsed)
		}
		if got.Sent != 20 || got.Accepted != 10 || got.Reasons["stopped before the answer arrived"] != 10 {
			t.Errorf("%+v", got)
		}
	})
}

// TestRunWaitsForAnswers: at the end of the duration what was sent is settled.
func TestRunWaitsForAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := testConfig("http://peba.test")
		c.Duration, c.Concurrency = time.Second, 2
		c.Client = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
			time.Sleep(1500 * time.Millisecond)
			return answer(200, okAnswer), nil
		})}
		got, err := Run(t.Context(), c)
		if err != nil || got.Accepted != 20 || got.Sent != 20 || got.Elapsed != 1500*time.Millisecond {
			t.Errorf("%v, %+v", err, got)
		}
	})
}

// TestRunSparesAServerThatIsAway: without answers it does not spin.
func TestRunSparesAServerThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := testConfig("http://peba.test")
		c.Duration, c.Concurrency = 2*time.Second, 3
		c.Client = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
			return nil, errors.New("away")
		})}
		got, err := Run(t.Context(), c)
		if err != nil || got.Messages > 33 || got.Reasons["no answer: away"] != 10*got.Messages {
			t.Errorf("%v, %+v", err, got)
		}
	})
}

// TestRunEndsWithoutAServer: a wrong address ends the run; an outage does not.
func TestRunEndsWithoutAServer(t *testing.T) {
	for _, answers := range []int{0, 1} {
		t.Run(fmt.Sprintf("after %d answers", answers), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked atomic.Int64
				start := time.Now()
				c := testConfig("http://peba.test")
				c.Duration = time.Minute
				c.Client = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
					if int(asked.Add(1)) <= answers {
						return answer(503, ""), nil
					}
					return nil, errors.New("away")
				})}
				_, err := Run(t.Context(), c)
				elapsed := time.Since(start)
				if ended := errors.Is(err, ErrNoServer); ended != (answers == 0) || ended != (elapsed < 11*time.Second) {
					t.Errorf("error %v after %s", err, elapsed)
				}
			})
		})
	}
}

// TestRunWaitsAsAsked: nothing is sent for as long as Retry-After says.
func TestRunWaitsAsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var early atomic.Int64
		var until time.Time
		start := time.Now()
		c := testConfig("http://peba.test")
		c.Duration, c.Rate = 30*time.Second, 100
		c.Client = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
			switch {
			case until.IsZero():
				until = start.Add(10 * time.Second)
				refusal := answer(429, "")
				refusal.Header.Set("Retry-After", "10")
				return refusal, nil
			case time.Now().Before(until):
				early.Add(1)
			}
			return answer(200, okAnswer), nil
		})}
		got, err := Run(t.Context(), c)
		if err != nil || early.Load() > 0 || got.Accepted == 0 {
			t.Errorf("%v, %d messages came too early, %+v", err, early.Load(), got)
		}
	})
}

func TestRunShowsProgress(t *testing.T) {
	for _, terminal := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var b bytes.Buffer
			c := testConfig("http://peba.test")
			c.Rate, c.Duration, c.Progress, c.Terminal = 8, 2600*time.Millisecond, &b, terminal
			c.Client = &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
				return answer(200, okAnswer), nil
			})}
			if _, err := Run(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			want := "sent 10, accepted 10, rejected 0, unanswered 0 alerts, 10 per second\n" +
				"sent 20, accepted 20, rejected 0, unanswered 0 alerts, 10 per second\n" +
				"sent 30, accepted 30, rejected 0, unanswered 0 alerts, 12 per second\n"
			if terminal {
				want = "\r" + strings.ReplaceAll(strings.TrimSuffix(want, "\n"), "\n", "\r") + "\n"
			}
			if b.String() != want {
				t.Errorf("terminal %t: %q, want %q", terminal, b.String(), want)
			}
		})
	}
}

func TestRunRejectsWrongConfig(t *testing.T) {
	if _, err := Run(t.Context(), Config{URL: "ftp://x"}); err == nil {
		t.Error("no error")
	}
}
