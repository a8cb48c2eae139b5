//go:build linux

package torture

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/integration/edgetest"
)

const (
	embedded = "sqlite"
	cluster  = "elasticsearch"
)

// row is one line of the table: one fault of one store. Sensors send before, during
// and after it. A nil function does nothing.
type row struct {
	fault, store string
	// rounds is how often the fault comes in the short version and in the long one.
	// Default: once.
	rounds, long int
	// hold is how long it stays. Default: two seconds.
	hold    time.Duration
	traffic edgetest.Traffic
	// options returns more lines for the app's options.
	options func(r *run) string
	// prepare is called before the server starts, before when it serves and nobody
	// sends yet.
	prepare, before func(r *run)
	// inject begins the fault, recovered ends it as an operator would.
	inject, recovered func(r *run)
	// after is called when everything was sent again, for what else must be so.
	after func(r *run)
	// threeNodes says that the cluster has three nodes, and not one.
	threeNodes bool
	// sick says that the server need not be healthy at its start.
	sick bool
	// idle says that nobody sends during the fault.
	idle bool
	// shows is where the fault must be visible; part is a word that must be there,
	// where another fault is visible too.
	shows view
	part  string
	// loses names what the disk does not keep; empty: it keeps what it acknowledged.
	// Nothing else may be lost, and no more than mayLose (0: any number).
	loses   string
	mayLose int
	// garbles is how many alerts may be stored otherwise than they were sent.
	garbles int
	// operator is what somebody has to do; empty: nothing.
	operator string
}

// stopLimit is how long after a fault OK may be answered to what is lost: a server
// looks after its files once a second, and the rest is for a machine under load.
const (
	stopLimit = 3 * time.Second
	// fileHold is how long files stay away: longer, so that the rest is seen.
	fileHold = 3 * stopLimit / 2
)

// serveLimit is how long a server may take to serve after a fault.
const serveLimit = 90 * time.Second

// run is one row's run.
type run struct {
	t      testing.TB
	row    row
	binary edgetest.Binary
	s      *edgetest.Server
	ledger *edgetest.Ledger
	// elastic and liar are the cluster and what stands before it; nil with the
	// embedded store.
	elastic *edgetest.Elastic
	liar    *liar
	// disk is the file system of the data folder, when it has one of its own.
	disk *disk
	// undo ends the fault, where inject has to say how.
	undo func()
	// note is what the row has to say besides.
	note string
	// peers are more edges that get every message too.
	peers []*edgetest.Server
	asked int // how many questions
	// rounds is how often the fault comes.
	rounds int
	// wrap changes the Caddyfile; nil: it stays.
	wrap func(config string) string
	// begun is when the fault began.
	begun time.Time
	// mark and since are what inject remembers for recovered.
	mark  int
	since time.Time
}

// result is what became of a row.
type result struct {
	row    row
	rounds int
	edgetest.Balance
	// lostAtFirst and duplicatedAtFirst were counted before everything was sent again.
	lostAtFirst, duplicatedAtFirst int
	// serving is how long it took to serve after the fault, at worst.
	serving time.Duration
	// lossTime is how long after the fault a message was answered OK that is lost.
	lossTime time.Duration
	seen     sighting
	note     string
	// ended is the server's log, when it did not come back after the fault.
	ended string
}

func newRun(t testing.TB, binary edgetest.Binary, w row) *run {
	t.Helper()
	if w.hold == 0 {
		w.hold = 2 * time.Second
	}
	r := &run{t: t, row: w, binary: binary, s: binary.New(t, "", "")}
	if w.store == cluster {
		if w.threeNodes {
			r.elastic = bench.three.New(t)
		} else {
			r.elastic = bench.one.New(t)
		}
		r.liar = newLiar(t, r.elastic.URLs())
	}
	return r
}

// configure writes the server's Caddyfile.
func (r *run) configure(more ...string) {
	r.t.Helper()
	options := more
	if r.elastic != nil && !strings.Contains(strings.Join(more, ""), "store elasticsearch") {
		options = append(options, r.storeOption())
	}
	config := r.s.Site(strings.Join(options, "\n"), "")
	if r.wrap != nil {
		config = r.wrap(config)
	}
	r.s.WriteConfig(config)
}

func (r *run) storeOption(spool ...string) string {
	return r.elastic.OptionsAt([]string{r.liar.url}, edgetest.SpoolOption(r.spool(), spool...), "timeout 10s")
}

func (r *run) spool() string { return filepath.Join(r.s.Folder(), "spool") }

// folder is where the store keeps what it has acknowledged.
func (r *run) folder() string {
	if r.elastic != nil {
		return r.spool()
	}
	return r.s.Folder()
}

// play goes through the row and returns what became of it.
func (r *run) play(rounds int) result {
	r.t.Helper()
	call := func(f func(*run)) {
		if f != nil {
			f(r)
		}
	}
	r.rounds = rounds
	result := result{row: r.row, rounds: rounds}
	call(r.row.prepare)
	if r.row.options != nil {
		r.configure(r.row.options(r))
	} else {
		r.configure()
	}
	r.s.Launch()
	edgetest.Eventually(r.t, "the server answers", func() bool {
		return r.s.Beats(http.StatusOK) || r.row.sick && r.s.Beats(http.StatusServiceUnavailable)
	})
	call(r.row.before)
	var usual []string
	if !r.row.sick {
		usual = failingParts(r.s)
	}
	r.ledger = edgetest.StartLedger(r.t, r.row.traffic, append(r.peers, r.s)...)
	r.ledger.MayRefuse.Store(true)
	for range rounds {
		r.ledger.More(100)
		if r.row.idle {
			r.ledger.End()
		}
		w := watch(r.s, r.ledger, usual, r.row.shows)
		r.begun = time.Now()
		call(r.row.inject)
		time.Sleep(r.row.hold)
		result.seen.add(w.end())
		ended := time.Now()
		call(r.row.recovered)
		if r.row.idle {
			r.ledger.Resume()
		}
		if !r.serves(ended) {
			r.ledger.End()
			result.ended = edgetest.Tail(r.s.Log.String())
			return result
		}
		result.serving = max(result.serving, time.Since(ended))
	}
	r.ledger.End()
	for _, peer := range r.peers {
		peer.Drain()
	}
	at := r.ledger.Balance(r.stored())
	result.lostAtFirst, result.duplicatedAtFirst = at.Lost, at.Duplicated
	if at.Lost > 0 {
		result.lossTime = at.LastLost.Sub(r.begun)
	}
	r.ledger.Resend()
	call(r.row.after)
	result.Balance = r.ledger.Balance(r.stored())
	result.Acknowledged = at.Acknowledged
	result.note = r.note
	return result
}

// serves waits until the server is healthy and a message is answered OK that was
// first sent then. It returns false when the server has ended by itself.
func (r *run) serves(since time.Time) bool {
	r.t.Helper()
	for deadline := since.Add(serveLimit); !r.s.Beats(http.StatusOK); time.Sleep(20 * time.Millisecond) {
		if !r.s.Runs() {
			return false
		}
		if time.Now().After(deadline) {
			out, _ := r.s.Check()
			r.t.Fatalf("the server is not healthy %v after the fault:\n%s\n%s", serveLimit, out, edgetest.Tail(r.s.Log.String()))
		}
	}
	r.ledger.More(1)
	return true
}

// stored returns how often each session is stored.
func (r *run) stored() map[string]int {
	r.t.Helper()
	if r.elastic != nil {
		r.s.Drain()
		sessions := r.elastic.Sessions()
		delete(sessions, "restored") // what a row has put there
		return sessions
	}
	r.s.Stop()
	sessions := map[string]int{}
	for _, d := range r.s.Documents() {
		sessions[d.AdditionalData]++
	}
	r.s.Start()
	return sessions
}

// faults returns what is wrong with the result.
func (r result) faults() []string { return append(r.damage(), r.hidden()...) }

// damage returns what is wrong with what is stored.
func (r result) damage() (list []string) {
	add := func(wrong bool, format string, args ...any) {
		if wrong {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	if r.ended != "" {
		return []string{"the server has ended:\n" + r.ended}
	}
	add(r.Acknowledged == 0, "nothing was answered OK")
	add(r.row.loses == "" && r.lostAtFirst > 0, "%d of %d alerts that were answered OK are lost", r.lostAtFirst, r.Acknowledged)
	add(r.row.mayLose > 0 && r.lostAtFirst > r.row.mayLose, "%d of %d alerts are lost, the disk did not keep %d", r.lostAtFirst, r.Acknowledged, r.row.mayLose)
	add(r.duplicatedAtFirst > 0, "%d are stored twice", r.duplicatedAtFirst)
	// What is stored otherwise than it was sent has its id: sent again, it is known.
	add(r.Lost > min(r.row.garbles, r.Unknown), "%d are lost after everything was sent again", r.Lost)
	add(r.Duplicated > 0, "%d are stored twice after everything was sent again", r.Duplicated)
	add(r.Unknown > r.row.garbles, "%d are stored that were never sent", r.Unknown)
	add(r.lossTime > stopLimit, "%v after the fault a message was answered OK that is lost", r.lossTime)
	return list
}

// hidden returns what an operator could not see.
func (r result) hidden() (list []string) {
	if r.seen.blind {
		list = append(list, "the heartbeat was as ever while messages were refused")
	}
	if missing := r.row.shows &^ r.seen.view(r.row.part); missing != 0 {
		list = append(list, fmt.Sprintf("not visible in %v, but: %s", missing, r.seen))
	}
	return list
}
