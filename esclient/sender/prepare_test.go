package sender

import (
	"net/http"
	"strings"
	"sync"
	"testing"
)

// TestIndexIsCreatedFirst has the sender create each index once, before it writes
// into it, and again when it turns out to be gone.
func TestIndexIsCreatedFirst(t *testing.T) {
	r := newRig(t)
	r.cluster.Strict = true
	r.put(testAlerts(20)...)
	r.put(another(20))
	r.deliver(withPayload(21, 0), cveAlert(22, "CVE-2026-1"))
	wantPuts := func(want map[string]int) {
		t.Helper()
		r.cluster.Fail(func() {
			for index, n := range want {
				if r.cluster.Puts[index] != n {
					t.Errorf("%s was created %d times, want %d", index, r.cluster.Puts[index], n)
				}
			}
		})
	}
	const other = "ews-2026.11.23-1"
	wantPuts(map[string]int{testDay: 1, other: 1, "payloads": 1, "ewscve": 1})

	r.cluster.Fail(func() { delete(r.cluster.Documents, testDay); delete(r.cluster.Documents, "payloads") })
	r.deliver(testAlert(30), withPayload(31, 0))
	wantPuts(map[string]int{testDay: 2, other: 1, "payloads": 2, "ewscve": 1})
	if ids := r.cluster.IDs(testDay); !ids[testID(30)] || !ids[testID(31)] {
		t.Errorf("after the index was deleted there are %v", ids)
	}
	if s := r.sender.Status(); len(s.Blocked) > 0 || s.Dead > 0 {
		t.Errorf("status is %+v", s)
	}

	r.sender.indices.replace(nil) // it exists: an answer that says so is as good
	r.deliver(testAlert(40))
	wantPuts(map[string]int{testDay: 3})
}

// TestIndexIsRefused has one index that cannot be created, and a cluster that
// answers no request for one: alerts wait, and those of other indices do not.
func TestIndexIsRefused(t *testing.T) {
	const full = `{"error":{"type":"validation_exception","reason":"this action would add [2] shards"},"status":400}`
	for _, test := range []struct {
		name, body string
		status     int
		blocked    bool // only the index
	}{
		{"no more shards", full, http.StatusBadRequest, true},
		{"no privilege", securityError, http.StatusForbidden, true},
		{"no log-in", securityError, http.StatusUnauthorized, false},
		{"too many requests", rejectedError, http.StatusTooManyRequests, false},
		{"no master", blockError, http.StatusServiceUnavailable, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			r.cluster.Strict = true
			var once sync.Once
			refused := make(chan struct{})
			r.cluster.Refuse = func(w http.ResponseWriter, req *http.Request, _ []byte) bool {
				if req.Method != http.MethodPut || !strings.HasSuffix(req.URL.Path, testDay) {
					return false
				}
				w.WriteHeader(test.status)
				_, _ = w.Write([]byte(test.body))
				once.Do(func() { close(refused) })
				return true
			}
			r.put(testAlert(0), another(1))
			r.start()
			<-refused
			const other = "ews-2026.11.23-1"
			for test.blocked && !r.cluster.IDs(other)[testID(1)] {
				r.cluster.WaitRequest()
			}
			if s := r.sender.Status(); test.blocked && (len(s.Blocked) != 1 || s.Blocked[0].Index != testDay) {
				t.Errorf("status is %+v, want %s blocked", s, testDay)
			}
			r.cluster.Fail(func() { r.cluster.Refuse = nil })
			r.deliver()
			if ids := r.cluster.IDs(testDay); !ids[testID(0)] {
				t.Errorf("in the end there are %v", ids)
			}
			if s := r.sender.Status(); s.LastError == "" || s.Paused+s.Down != "" || len(s.Blocked) > 0 {
				t.Errorf("status is %+v", s)
			}
		})
	}
}
