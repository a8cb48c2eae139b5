//go:build linux

package torture

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/peba-edge/peba/integration/edgetest"
)

// view is a set of places where an operator may see a fault.
type view uint8

const (
	inHeartbeat view = 1 << iota // or in its body
	inCheck
	inLog
	inMetrics
)

func (v view) String() string {
	var names []string
	for i, name := range []string{"heartbeat", "check", "log", "metrics"} {
		if v&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// sighting is what was visible of a fault.
type sighting struct {
	gone bool // the process had ended
	// blind says that the heartbeat was as ever while each message was refused.
	blind                           bool
	heartbeats, checks, logs, meter []string
}

// view returns where it was visible, in texts with the word.
func (s sighting) view(word string) (v view) {
	for i, list := range [][]string{s.heartbeats, s.checks, s.logs, s.meter} {
		if slices.ContainsFunc(list, func(text string) bool { return strings.Contains(text, word) && !queues(text) }) {
			v |= 1 << i
		}
	}
	if s.gone {
		v |= inHeartbeat
	}
	return v
}

func (s *sighting) add(more sighting) {
	s.gone, s.blind = s.gone || more.gone, s.blind || more.blind
	for into, from := range map[*[]string][]string{&s.heartbeats: more.heartbeats, &s.checks: more.checks, &s.logs: more.logs, &s.meter: more.meter} {
		for _, text := range from {
			if !slices.Contains(*into, text) {
				*into = append(*into, text)
			}
		}
	}
}

func (s sighting) String() string {
	var parts []string
	if s.gone {
		parts = append(parts, "no process")
	}
	for _, one := range []struct {
		name string
		list []string
	}{{"heartbeat", s.heartbeats}, {"check", s.checks}, {"log", s.logs}, {"metrics", s.meter}} {
		if len(one.list) > 0 {
			parts = append(parts, one.name+": "+strings.Join(one.list, ", "))
		}
	}
	if parts == nil {
		return "-"
	}
	return strings.Join(parts, "; ")
}

// watcher looks at a server while there is a fault.
type watcher struct {
	s      *edgetest.Server
	ledger *edgetest.Ledger
	log    *edgetest.Log
	from   int // where the log was
	before map[string]float64
	usual  []string // what the check finds fault with when all is well
	wanted view     // where it must be visible
	seen   sighting
	ending chan struct{}
	group  sync.WaitGroup
}

func watch(s *edgetest.Server, ledger *edgetest.Ledger, usual []string, wanted view) *watcher {
	w := &watcher{s: s, ledger: ledger, usual: usual, wanted: wanted, log: s.Log, from: len(s.Log.String()), before: metrics(s), ending: make(chan struct{})}
	w.group.Go(func() {
		taken, since := ledger.Counts(), time.Now() // when a message was last taken
		for {
			select {
			case <-w.ending:
				return
			case <-time.After(100 * time.Millisecond):
			}
			well := w.beat()
			now := ledger.Counts()
			if now.Acknowledged > taken.Acknowledged {
				taken, since = now, time.Now()
			}
			if well && time.Since(since) > blindLimit && now.Refused > taken.Refused+3 {
				w.seen.blind = true
			}
		}
	})
	return w
}

// beatLimit is how long a load balancer waits for a heartbeat: a second more than
// the heartbeat waits itself.
const beatLimit = 6 * time.Second

// checkLimit is how long an operator waits for a check: longer than the timeout of
// a store that hangs.
const checkLimit = 15 * time.Second

// blindLimit is how long messages may be refused before the heartbeat says so.
const blindLimit = 1500 * time.Millisecond

// beat notes a heartbeat that is not quite well, and reports whether it was well.
func (w *watcher) beat() (well bool) {
	client := http.Client{Timeout: beatLimit, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(w.s.URL + "/heartbeat")
	if err != nil {
		w.seen.gone = w.seen.gone || !w.s.Runs()
		if os.IsTimeout(err) {
			w.seen.add(sighting{heartbeats: []string{fmt.Sprintf("no answer within %v", beatLimit)}})
		}
		return false
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err != nil {
		return false
	}
	if string(body) == "I'm alive" {
		return true
	}
	text := strings.TrimSpace(strings.TrimPrefix(strings.Join(strings.Fields(string(body)), " "), "I'm alive"))
	w.seen.add(sighting{heartbeats: []string{fmt.Sprintf("%d %s", resp.StatusCode, text)}})
	return false
}

// end returns what was visible since watch.
func (w *watcher) end() sighting {
	close(w.ending)
	w.group.Wait()
	if !w.s.Runs() {
		w.seen.gone = true
	} else {
		w.check()
		for name, now := range metrics(w.s) {
			if now > w.before[name] {
				w.seen.add(sighting{meter: []string{name}})
			}
		}
		slices.Sort(w.seen.meter)
	}
	text := w.log.String()[w.from:]
	if w.s.Log != w.log { // it was started again
		text += w.s.Log.String()
	}
	w.seen.add(sighting{logs: complaints(text)})
	return w.seen
}

// checks is how often an operator checks, a second apart, before he believes that all
// is well: on a machine under load a fault takes a while to arrive.
const checks = 5

// check notes what the check finds fault with, other than usually.
func (w *watcher) check() {
	for range checks {
		for _, part := range failingParts(w.s) {
			if !slices.Contains(w.usual, part) {
				w.seen.add(sighting{checks: []string{part}})
			}
		}
		if len(w.seen.checks) > 0 || w.wanted&inCheck == 0 {
			return
		}
		time.Sleep(time.Second)
	}
}

// failingParts returns what `peba check` finds fault with. It waits for a server that
// hangs no longer than an operator would.
func failingParts(s *edgetest.Server) (parts []string) {
	out, _ := s.CheckWithin(checkLimit)
	for line := range strings.Lines(out) {
		if rest, bad := strings.CutPrefix(line, "!!  "); bad {
			part, _, _ := strings.Cut(rest, "  ")
			if part = strings.TrimSpace(part); part != "community" { // the tests' log-in is everybody's
				parts = append(parts, part)
			}
		}
	}
	return parts
}

// complaints returns the messages of PEBA's log lines that are warnings or errors.
func complaints(log string) (list []string) {
	for line := range strings.Lines(log) {
		if reason, fatal := strings.CutPrefix(line, "Error: "); fatal {
			list = append(list, "the start fails: "+reasonOf(reason))
			continue
		}
		var entry struct{ Level, Logger, Msg string }
		if json.Unmarshal([]byte(line), &entry) != nil || entry.Level != "error" && entry.Level != "warn" {
			continue
		}
		if text := fmt.Sprintf("%q", withoutFolders(entry.Msg)); !slices.Contains(list, text) && !isUsual(entry.Msg) {
			list = append(list, text)
		}
	}
	return list
}

// isUsual reports whether a server of these tests says so without any fault.
func isUsual(message string) bool {
	for _, start := range []string{"not healthy", "HTTP/2 skipped", "HTTP/3 skipped", "the community login has the public",
		"Caddyfile input is not formatted", "exiting; byeee", "could not clean default/global storage"} {
		if strings.HasPrefix(message, start) {
			return true
		}
	}
	return false
}

// folders is what stands before the name of a file.
var folders = regexp.MustCompile(`(^|[ "(])/[^ ":]*/`)

// withoutFolders leaves of each path the file's name: a test's folders are others
// each time.
func withoutFolders(text string) string { return folders.ReplaceAllString(text, "$1") }

// reasonOf is the end of an error's chain, on one line.
func reasonOf(text string) string {
	parts := strings.Split(withoutFolders(strings.TrimSpace(text)), ": ")
	return fmt.Sprintf("%q", strings.Join(parts[max(0, len(parts)-2):], ": "))
}

// metrics returns those of the server's metrics that count or measure what fails.
func metrics(s *edgetest.Server) map[string]float64 {
	values := map[string]float64{}
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Get("http://" + s.Admin + "/metrics")
	if err != nil {
		return values
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return values
	}
	for line := range strings.Lines(string(text)) {
		name, rest, found := strings.Cut(strings.TrimSpace(line), " ")
		if !found || !strings.HasPrefix(name, "peba_") || !speaksOfFailure(name) {
			continue
		}
		var value float64
		if _, err := fmt.Sscan(rest, &value); err == nil {
			values[name] = value
		}
	}
	return values
}

// queues reports whether a metric is one of those that say how much waits.
func queues(name string) bool {
	return strings.HasPrefix(name, "peba_spool_messages") || strings.HasPrefix(name, "peba_spool_oldest")
}

func speaksOfFailure(name string) bool {
	for _, word := range []string{"fail", "refused", "damaged", "degraded", "dropped", "dead", "forged", "rejected", "spool_oldest", "spool_messages"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
