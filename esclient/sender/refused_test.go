package sender

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/spool"
	"github.com/peba-edge/peba/store"
)

// bad are the alerts that are at fault in the tests below.
var bad = []int{0, 7, 8, 19}

func isBad(id string) bool {
	for _, n := range bad {
		if id == testID(n) {
			return true
		}
	}
	return false
}

// wantBuried fails unless the dead letters are the bad alerts, with that reason.
func (r *rig) wantBuried(reason string) {
	r.t.Helper()
	letters := r.letters()
	if len(letters) != len(bad) {
		r.t.Errorf("there are %d dead letters, want %d: %+v", len(letters), len(bad), letters)
	}
	for _, l := range letters {
		if !isBad(l.DocumentID) || l.Index != testDay || !strings.Contains(l.Reason, reason) || l.Attempts == 0 || l.Time.IsZero() {
			r.t.Errorf("dead letter %+v, want one of a bad alert that says %q", l, reason)
		}
	}
	if s := r.sender.Status(); s.Dead != int64(len(bad)) || r.counted(Dead) != len(bad) {
		r.t.Errorf("%d are counted as dead, want %d", s.Dead, len(bad))
	}
}

// TestItemRefused makes dead letters of documents at fault, and of no others.
func TestItemRefused(t *testing.T) {
	for name, test := range map[string]struct {
		status       int
		kind, reason string
	}{
		"mapping":      {400, "mapper_parsing_exception", "failed to parse field [x] of type [ip]"},
		"of 8.x":       {400, "document_parsing_exception", "[1:2] failed to parse"},
		"immense term": {400, "illegal_argument_exception", "Document contains at least one immense term in field"},
		"unclear":      {400, "illegal_argument_exception", "something about this document"},
		"unknown":      {400, "frobnication_exception", "who knows"},
		"no type":      {400, "", "just no"},
		"strict":       {400, "strict_dynamic_mapping_exception", "mapping set to strict"},
		"too large":    {413, "", "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.cluster.Item = func(_, _, id string, _ []byte) (int, string, string) {
				if isBad(id) {
					return test.status, test.kind, test.reason
				}
				return 0, "", ""
			}
			r.put(testAlerts(20)...)
			r.deliver(testAlert(20))
			r.wantStored(21, bad...)
			r.wantBuried(test.reason)
		})
	}
}

// refuseBad refuses whole requests that have a bad alert in them.
func refuseBad(status int, answer string) func(http.ResponseWriter, *http.Request, []byte) bool {
	return func(w http.ResponseWriter, _ *http.Request, body []byte) bool {
		for _, n := range bad {
			if bytes.Contains(body, []byte(testID(n))) {
				w.WriteHeader(status)
				_, _ = w.Write([]byte(answer))
				return true
			}
		}
		return false
	}
}

// TestRequestRefused finds the documents for which requests are refused as a whole.
func TestRequestRefused(t *testing.T) {
	for name, test := range map[string]struct {
		status         int
		answer, reason string
	}{
		"400":            {400, `{"error":{"type":"action_request_validation_exception","reason":"id is too long"},"status":400}`, "id is too long"},
		"400, a text":    {400, oddError, "no handler found"},
		"400 of a proxy": {400, "<html>", "status 400"},
		"413":            {413, "<html>", "status 413"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.cluster.Refuse = refuseBad(test.status, test.answer)
			r.put(testAlerts(20)...)
			r.deliver(testAlert(20))
			r.wantStored(21, bad...)
			r.wantBuried(test.reason)
		})
	}
}

// TestTooLarge halves requests until they fit, and remembers.
func TestTooLarge(t *testing.T) {
	r := newRig(t)
	line := len(frameOf(t, testAlert(0)))
	limit := 10 * line
	refused := 0
	r.cluster.Refuse = func(w http.ResponseWriter, _ *http.Request, body []byte) bool {
		if len(body) <= limit {
			return false
		}
		refused++
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return true
	}
	r.put(testAlerts(100)...)
	for i := range 900 {
		r.put(testAlert(100 + i))
	}
	r.start()
	r.outbox.waitEmpty(t)
	r.wantStored(1000)
	if len(r.letters()) > 0 {
		t.Errorf("dead letters: %+v", r.letters())
	}
	if refused == 0 || refused > 40 {
		t.Errorf("%d requests were too large: the limit is not learned", refused)
	}
}

// TestIndexRefuses holds back the alerts of an index that takes nothing, while
// others are stored, until it is fixed.
func TestIndexRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		status       int
		kind, reason string
	}{
		"closed":         {400, "index_closed_exception", "closed"},
		"read-only":      {403, "cluster_block_exception", "index [x] blocked by: [FORBIDDEN/8/index write (api)]"},
		"disk full":      {429, "cluster_block_exception", "TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark"},
		"no privilege":   {403, "security_exception", "action [indices:data/write/bulk] is unauthorized"},
		"not there":      {404, "index_not_found_exception", "no such index and auto-create is off"},
		"shards":         {400, "validation_exception", "this action would add [2] total shards, but this cluster currently has [1000]/[1000]"},
		"no write index": {400, "illegal_argument_exception", "no write index is defined for alias [x]"},
		"template":       {400, "mapper_parsing_exception", "Failed to parse mapping [_doc]: unknown type"},
		"no shard":       {503, "unavailable_shards_exception", "primary shard is not active"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			refusals, fixed := make(chan struct{}, 1000), false
			r.cluster.Item = func(_, index, _ string, _ []byte) (int, string, string) {
				if index == testDay || fixed {
					return 0, "", ""
				}
				refusals <- struct{}{}
				return test.status, test.kind, test.reason
			}
			r.put(testAlert(0), another(1), another(2), testAlert(3))
			r.put(another(4))
			r.put(testAlert(5))
			r.start()
			for range 10 {
				<-refusals
			}
			for len(r.cluster.IDs(testDay)) < 3 {
				time.Sleep(time.Millisecond)
			}
			const closed = "ews-2026.11.23-1"
			blocked := r.sender.Status().Blocked
			if test.status != 503 && (len(blocked) != 1 || blocked[0].Index != closed || !strings.Contains(blocked[0].Reason, test.reason)) {
				t.Errorf("blocked are %+v", blocked)
			}
			r.cluster.Fail(func() { fixed = true })
			r.outbox.waitEmpty(t)
			if n := len(r.cluster.IDs(closed)); n != 3 {
				t.Errorf("%d alerts are in the index that was fixed, want 3", n)
			}
			if s := r.sender.Status(); len(s.Blocked) > 0 || s.Dead > 0 || len(r.letters()) > 0 {
				t.Errorf("in the end status is %+v", s)
			}
			if n := r.log.Len(); n > 2 {
				t.Errorf("the log has %d entries: %v", n, r.log.All())
			}
		})
	}
}

// TestIndexRefusesLater has an index that took alerts, and rejects all of them from then on
// for reasons that may be theirs: they wait.
func TestIndexRefusesLater(t *testing.T) {
	r := newRig(t)
	r.deliver(testAlert(0))
	refusals, fixed := make(chan struct{}, 1000), false
	r.cluster.Fail(func() {
		r.cluster.Item = func(string, string, string, []byte) (int, string, string) {
			if fixed {
				return 0, "", ""
			}
			refusals <- struct{}{}
			return http.StatusBadRequest, "illegal_argument_exception", "no write index is defined for alias [x]"
		}
	})
	r.put(testAlert(1))
	for range 5 {
		<-refusals
	}
	r.cluster.Fail(func() { fixed = true })
	r.outbox.waitEmpty(t)
	r.wantStored(2)
	if letters := r.letters(); len(letters) > 0 {
		t.Errorf("dead letters: %+v", letters)
	}
}

// TestMalformedFrame makes a dead letter of a frame that cannot be read.
func TestMalformedFrame(t *testing.T) {
	r := newRig(t)
	r.outbox.append([]byte("no frame"))
	r.deliver(testAlert(0))
	r.wantStored(1)
	letters := r.letters()
	if len(letters) != 1 || !strings.Contains(letters[0].Reason, "malformed frame") || letters[0].Index != "" {
		t.Fatalf("dead letters: %+v", letters)
	}
	if l, err := r.dead.DeadLetter(t.Context(), letters[0].ID); err != nil || l.Document != nil {
		t.Errorf("the letter is %+v, %v", l, err)
	}
}

// TestDeadLettersFail lets go of no frame while its dead letter cannot be written.
func TestDeadLettersFail(t *testing.T) {
	r := newRig(t)
	r.cluster.Item = func(_, _, id string, _ []byte) (int, string, string) {
		if isBad(id) {
			return 400, "mapper_parsing_exception", "no"
		}
		return 0, "", ""
	}
	full := "CREATE TRIGGER full BEFORE INSERT ON letters BEGIN SELECT RAISE(ABORT, 'disk full'); END"
	exec := func(sql string) {
		r.dead.mu.Lock()
		defer r.dead.mu.Unlock()
		if err := r.dead.conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec(full)
	r.put(testAlerts(20)...)
	r.outbox.append([]byte("no frame"))
	r.start()
	for !strings.Contains(r.sender.Status().LastError, "disk full") {
		time.Sleep(time.Millisecond)
	}
	if waiting, out := r.outbox.left(); waiting+out == 0 {
		t.Error("the frames are done")
	}
	exec("DROP TRIGGER full")
	r.outbox.waitEmpty(t)
	r.wantStored(20, bad...)
	if n := len(r.letters()); n != len(bad)+1 {
		t.Errorf("there are %d dead letters, want %d", n, len(bad)+1)
	}
}

// TestRequeue sends a dead letter again, which is then taken or refused once more.
func TestRequeue(t *testing.T) {
	r := newRig(t)
	fixed := false
	r.cluster.Item = func(_, _, id string, _ []byte) (int, string, string) {
		if isBad(id) && !fixed {
			return 400, "mapper_parsing_exception", "no"
		}
		return 0, "", ""
	}
	r.put(testAlerts(20)...)
	r.start()
	r.outbox.waitEmpty(t)
	first := r.letters()
	for _, l := range first[:2] {
		if err := r.dead.RequeueDeadLetter(t.Context(), l.ID); err != nil {
			t.Fatal(err)
		}
	}
	r.outbox.waitEmpty(t)
	r.wantBuriedAgain(first)
	r.cluster.Fail(func() { fixed = true })
	for _, l := range r.letters() {
		if err := r.dead.RequeueDeadLetter(t.Context(), l.ID); err != nil {
			t.Fatal(err)
		}
	}
	r.outbox.waitEmpty(t)
	r.wantStored(20)
	if len(r.letters()) > 0 {
		t.Errorf("dead letters: %+v", r.letters())
	}
}

func (r *rig) wantBuriedAgain(first []store.DeadLetter) {
	r.t.Helper()
	now := r.letters()
	if len(now) != len(first) {
		r.t.Fatalf("there are %d dead letters, want %d", len(now), len(first))
	}
	for _, l := range now[:2] {
		if l.ID <= first[0].ID {
			r.t.Errorf("letter %d was refused again and kept its id", l.ID)
		}
	}
}

// TestTakeFails goes on after an error of the spool.
func TestTakeFails(t *testing.T) {
	r := newRig(t)
	r.sender.outbox = &brokenOutbox{fakeOutbox: r.outbox, failures: 20}
	r.deliver(testAlert(0))
	r.wantStored(1)
	if s := r.sender.Status(); !strings.Contains(s.LastError, "bad sector") {
		t.Errorf("last error is %q", s.LastError)
	}
}

// TestSpoolClosed ends when the spool is closed.
func TestSpoolClosed(t *testing.T) {
	r := newRig(t)
	r.sender.outbox = &brokenOutbox{fakeOutbox: r.outbox, failures: 1 << 30, err: spool.ErrClosed}
	r.sender.Run(t.Context()) // returns
}
