package sender

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
)

func TestStored(t *testing.T) {
	r := newRig(t)
	r.put(testAlerts(60)...)
	r.put(testAlert(60), testAlert(60))
	r.put(testAlert(5))
	r.deliver(testAlert(61))
	r.wantStored(62)
	s := r.sender.Status()
	if s.Stored != 62 || s.Duplicates != 2 || s.Dead != 0 || s.LastSuccess.IsZero() || s.LastError != "" {
		t.Errorf("status is %+v", s)
	}
	if r.counted(Stored) != 62 || r.counted(Duplicate) != 2 {
		t.Errorf("counted %v", r.counts)
	}
	if got := r.cluster.Field(t, testDay, testID(7), "originalRequestString"); got != `/<n>7\n` {
		t.Errorf("the request is stored as %s", got)
	}
}

// answerOnce answers the first n requests with a status and a body, and lets the
// others pass.
func answerOnce(n, status int, body string) func(http.ResponseWriter, *http.Request, []byte) bool {
	return func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
		if n--; n < 0 {
			return false
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
		return true
	}
}

const (
	securityError = `{"error":{"type":"security_exception","reason":"missing authentication credentials"},"status":401}`
	blockError    = `{"error":{"type":"cluster_block_exception","reason":"blocked by: [SERVICE_UNAVAILABLE/2/no master]"},"status":503}`
	rejectedError = `{"error":{"type":"es_rejected_execution_exception","reason":"rejected execution of coordinating operation"},"status":429}`
	oddError      = `{"error":"no handler found for uri","status":400}`
)

// TestRequestFails has whole requests fail in all ways that may pass: everything
// is stored once in the end, and the log says little.
func TestRequestFails(t *testing.T) {
	for name, refuse := range map[string]func(http.ResponseWriter, *http.Request, []byte) bool{
		"429":                answerOnce(5, http.StatusTooManyRequests, rejectedError),
		"500":                answerOnce(5, http.StatusInternalServerError, ""),
		"502 of a proxy":     answerOnce(5, http.StatusBadGateway, "<html>bad gateway</html>"),
		"503":                answerOnce(5, http.StatusServiceUnavailable, blockError),
		"408":                answerOnce(5, http.StatusRequestTimeout, ""),
		"401":                answerOnce(5, http.StatusUnauthorized, securityError),
		"403":                answerOnce(5, http.StatusForbidden, blockError),
		"404":                answerOnce(5, http.StatusNotFound, ""),
		"302":                answerOnce(5, http.StatusNotModified, ""),
		"400 for all":        answerOnce(5, http.StatusBadRequest, "The plain HTTP request was sent to HTTPS port"),
		"400 of a block":     answerOnce(5, http.StatusBadRequest, `{"error":{"type":"index_closed_exception","reason":"closed"}}`),
		"empty 200":          answerOnce(5, http.StatusOK, ""),
		"200 and an object":  answerOnce(5, http.StatusOK, "{}"),
		"200 and no items":   answerOnce(5, http.StatusOK, `{"took":1,"errors":false,"items":[]}`),
		"200 and HTML":       answerOnce(5, http.StatusOK, "<html>welcome</html>"),
		"connection closed":  closeOnce(5),
		"answer half way":    cutOnce(5),
		"204":                answerOnce(5, http.StatusNoContent, ""),
		"done, then no word": nil,
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.cluster.Refuse = refuse
			if refuse == nil {
				n := 5
				r.cluster.Garble = func(w http.ResponseWriter, answer []byte) []byte {
					if n--; n >= 0 {
						w.WriteHeader(http.StatusBadGateway)
						return nil
					}
					return answer
				}
			}
			r.put(testAlerts(10)...)
			r.deliver(testAlert(10))
			r.wantStored(11)
			if letters := r.letters(); len(letters) > 0 {
				t.Errorf("dead letters: %+v", letters)
			}
			if s := r.sender.Status(); s.LastError == "" || s.Paused+s.Down != "" || s.Stored+s.Duplicates != 11 {
				t.Errorf("status is %+v", s)
			}
			if n := r.log.Len(); n > 4 {
				t.Errorf("the log has %d entries: %v", n, r.log.All())
			}
		})
	}
}

func closeOnce(n int) func(http.ResponseWriter, *http.Request, []byte) bool {
	return func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
		if n--; n < 0 {
			return false
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		conn.Close()
		return true
	}
}

func cutOnce(n int) func(http.ResponseWriter, *http.Request, []byte) bool {
	return func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
		if n--; n < 0 {
			return false
		}
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(`{"items":[`))
		return true
	}
}

// TestLies has requests done and answers changed: none is believed.
func TestLies(t *testing.T) {
	for name, change := range map[string]func(string) string{
		"an item less":    func(a string) string { return strings.Replace(a, `{"create":`, `{"index":`, 1) },
		"another's id":    func(a string) string { return strings.ReplaceAll(a, testID(1), testID(99)) },
		"no status":       func(a string) string { return strings.Replace(a, `"status":201`, `"status":0`, 1) },
		"a text":          func(a string) string { return strings.Replace(a, `"status":201`, `"status":"201"`, 1) },
		"cut":             func(a string) string { return a[:len(a)/2] },
		"twice":           func(a string) string { return a + a },
		"created by word": func(a string) string { return strings.Replace(a, `"status":201`, `"status":200,"result":"created"`, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			n := 3
			r.cluster.Garble = func(_ http.ResponseWriter, answer []byte) []byte {
				if n--; n < 0 || !strings.Contains(string(answer), `"status":201`) {
					return answer
				}
				changed := change(string(answer))
				if changed == string(answer) {
					t.Errorf("nothing was changed in %s", answer)
				}
				return []byte(changed)
			}
			r.put(testAlerts(4)...)
			r.start()
			r.outbox.waitEmpty(t)
			r.wantStored(4)
			if len(r.letters()) > 0 {
				t.Errorf("dead letters: %+v", r.letters())
			}
			if s := r.sender.Status(); s.Retried == 0 {
				t.Errorf("the answer was believed: %+v", s)
			}
		})
	}
}

// TestSendTimeout has a cluster that takes requests and never answers.
func TestSendTimeout(t *testing.T) {
	r := newRig(t)
	r.sender.timeout = 50 * time.Millisecond
	silent, post := 3, r.cluster.Post
	r.sender.workers = 1
	r.sender.post = func(ctx context.Context, path string, body []byte) (int, []byte, error) {
		r.mu.Lock()
		silent--
		hang := silent >= 0
		r.mu.Unlock()
		if hang {
			<-ctx.Done()
			return 0, nil, ctx.Err()
		}
		return post(ctx, path, body)
	}
	r.deliver(testAlert(0))
	r.wantStored(1)
}

// TestPause tells of wrong credentials once, and of their end.
func TestPause(t *testing.T) {
	r := newRig(t)
	r.sender.indices.add(testDay)
	refused := make(chan struct{}, 100)
	fixed := false
	r.cluster.Refuse = func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
		if fixed {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		_, _ = w.Write([]byte(securityError))
		select {
		case refused <- struct{}{}:
		default:
		}
		return true
	}
	r.put(testAlert(0))
	r.put(testAlert(1))
	r.start()
	for range 5 {
		<-refused
	}
	if s := r.sender.Status(); !strings.Contains(s.Paused, "missing authentication credentials") {
		t.Errorf("paused by %q", s.Paused)
	}
	r.cluster.Fail(func() { fixed = true })
	r.outbox.waitEmpty(t)
	r.wantStored(2)
	if s := r.sender.Status(); s.Paused != "" || s.LastError == "" {
		t.Errorf("status is %+v", s)
	}
	var told []string
	for _, e := range r.log.All() {
		told = append(told, e.Level.String()+" "+e.Message)
	}
	want := []string{"error Elasticsearch rejects alerts until an operator intervenes: they are queued in the spool", "info Elasticsearch accepts alerts again"}
	if !slices.Equal(told, want) {
		t.Errorf("the log is %q", told)
	}
}

// TestItemAgain sends only those items again that the cluster had no room for.
func TestItemAgain(t *testing.T) {
	for _, status := range []int{429, 500, 502, 503, 504} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			r := newRig(t)
			sent := map[string]int{}
			r.cluster.Item = func(_, _, id string, _ []byte) (int, string, string) {
				sent[id]++
				if id == testID(3) && sent[id] < 4 {
					return status, "es_rejected_execution_exception", "too much to do"
				}
				return 0, "", ""
			}
			r.put(testAlerts(6)...)
			r.start()
			r.outbox.waitEmpty(t)
			r.wantStored(6)
			for i := range 6 {
				want := 1
				if i == 3 {
					want = 4
				}
				if n := sent[testID(i)]; n != want {
					t.Errorf("alert %d was sent %d times, want %d", i, n, want)
				}
			}
			if n := r.counted(Retried); n != 3 {
				t.Errorf("%d were sent again, want 3", n)
			}
			if len(r.letters()) > 0 {
				t.Errorf("dead letters: %+v", r.letters())
			}
		})
	}
}

// TestSizes has frames of many alerts and many frames, in requests of few bytes.
func TestSizes(t *testing.T) {
	r := newRig(t)
	line := len(frameOf(t, testAlert(0)))
	r.sender.size.size, r.sender.size.ceiling = 8*line, 8*line // no growth
	r.put(testAlerts(100)...)
	for i := range 100 {
		r.put(testAlert(100 + i))
	}
	large := testAlert(200)
	large.OriginalRequestString = strings.Repeat("x", 20*line)
	r.put(testAlert(201), large, testAlert(202))
	r.start()
	r.outbox.waitEmpty(t)
	r.wantStored(203)
	most, shared := 0, false
	for _, size := range r.cluster.Sizes {
		if size < 20*line {
			most = max(most, size)
		}
		shared = shared || size > 2*line
	}
	if most > 10*line || !shared {
		t.Errorf("requests have up to %d bytes, want many alerts but no more than %d: %v", most, 10*line, r.cluster.Sizes)
	}
	if n := len(r.cluster.Sizes); n > 120 {
		t.Errorf("there were %d requests", n)
	}
}

// TestStop ends the sender in the middle: all frames that are not done are back.
func TestStop(t *testing.T) {
	r := newRig(t)
	r.cluster.Refuse = answerOnce(1<<30, http.StatusServiceUnavailable, "")
	for i := range 20 {
		r.put(testAlert(i))
	}
	r.start()
	for {
		if waiting, _ := r.outbox.left(); waiting < 20 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	r.stop()
	if waiting, out := r.outbox.left(); waiting != 20 || out != 0 {
		t.Errorf("%d frames wait and %d are out, want 20 and 0", waiting, out)
	}
	r.cluster.Fail(func() { r.cluster.Refuse = nil })
	r.start()
	r.outbox.waitEmpty(t)
	r.wantStored(20)
}

// another returns an alert of another index.
func another(n int) alert.Record {
	r := testAlert(n)
	r.CreateTime = alert.At(r.CreateTime.AddDate(0, 0, -1))
	return r
}
