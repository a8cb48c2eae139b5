package sender

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/fakecluster"
	"github.com/peba-edge/peba/store"
)

// rig is a sender with all that it works with.
type rig struct {
	t       *testing.T
	cluster *fakecluster.Cluster
	outbox  *fakeOutbox
	dead    *DeadLetters
	sender  *Sender
	log     *observer.ObservedLogs
	stop    func() // ends the sender, and waits for that

	mu     sync.Mutex
	cves   []string // announced
	counts map[string]int
}

// newRig makes a sender that has not been started.
func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, cluster: fakecluster.Start(t), outbox: newFakeOutbox(), counts: map[string]int{}}
	r.dead = newDeadLetters(t, func(_ context.Context, frame []byte) error {
		r.outbox.append(frame)
		return nil
	})
	core, log := observer.New(zapcore.InfoLevel)
	r.log = log
	r.sender = New(r.outbox, r.cluster.Post, r.dead, Options{
		Log:    zap.New(core),
		NewCVE: r.heard,
		Count:  r.count,
		Create: r.cluster.Create,
		Wait:   time.Millisecond, MaxWait: 20 * time.Millisecond,
	})
	return r
}

func newDeadLetters(t *testing.T, requeue func(context.Context, []byte) error) *DeadLetters {
	t.Helper()
	d, err := OpenDeadLetters(t.Context(), t.TempDir(), requeue)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (r *rig) heard(c store.CVE) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cves = append(r.cves, c.ID)
}

func (r *rig) count(what Counted, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counts[what.String()] += n
}

func (r *rig) counted(what Counted) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.counts[what.String()]
}

// start starts the sender, until stop or the end of the test.
func (r *rig) start() {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.sender.Run(ctx)
	}()
	r.stop = sync.OnceFunc(func() {
		cancel()
		<-ended
	})
	r.t.Cleanup(r.stop)
}

// put appends records as one frame.
func (r *rig) put(records ...alert.Record) {
	r.t.Helper()
	r.outbox.append(frameOf(r.t, records...))
}

// deliver appends records as one frame each, and waits until all frames are done.
func (r *rig) deliver(records ...alert.Record) {
	r.t.Helper()
	for _, record := range records {
		r.put(record)
	}
	if r.stop == nil {
		r.start()
	}
	r.outbox.waitEmpty(r.t)
}

func frameOf(t testing.TB, records ...alert.Record) []byte {
	t.Helper()
	frame, err := EncodeFrame(records, testIndex)
	if err != nil {
		t.Fatal(err)
	}
	return frame
}

func testIndex(d *alert.Document) string { return "ews-" + d.CreateTime.Format("2006.01.02") + "-1" }

// testDay is the index of the alerts that testAlert makes.
const testDay = "ews-2026.11.24-1"

// testAlert returns an alert; its id is a text of its own for each number.
func testAlert(n int) alert.Record {
	created := time.Date(2026, 11, 24, 12, 0, n%3600, 0, time.UTC)
	return alert.Record{Document: alert.Document{
		ID: testID(n), PeerIdent: "cowrie-01", PeerType: "SSH/console(cowrie)",
		CreateTime: alert.At(created), RecievedTime: alert.At(created.Add(5 * time.Second)),
		SourceEntryIP: "203.0.113.7", SourceEntryPort: "43288", TargetEntryIP: "198.51.100.9", TargetEntryPort: "22",
		TargetPort: "tcp", RawHTTP: "-", Hostname: "undefined", AdditionalData: "{}", ClientDomain: true, Client: "-",
		OriginalRequestString: fmt.Sprintf("/<n>%d\n", n),
	}}
}

func testAlerts(n int) []alert.Record {
	records := make([]alert.Record, n)
	for i := range records {
		records[i] = testAlert(i)
	}
	return records
}

func testID(n int) string {
	sum := md5.Sum(fmt.Appendf(nil, "alert %d", n))
	return hex.EncodeToString(sum[:])
}

// wantStored fails unless the cluster has just the alerts of these numbers, each
// created once, but for those that are not to be there.
func (r *rig) wantStored(n int, but ...int) {
	r.t.Helper()
	want := map[string]bool{}
	for i := range n {
		want[testID(i)] = true
	}
	for _, i := range but {
		delete(want, testID(i))
	}
	stored := r.cluster.IDs(testDay)
	for id := range want {
		if !stored[id] {
			r.t.Errorf("alert %s is not stored", id)
		}
	}
	if len(stored) != len(want) {
		r.t.Errorf("%d alerts are stored, want %d", len(stored), len(want))
	}
}

// letters returns all dead letters.
func (r *rig) letters() []store.DeadLetter {
	r.t.Helper()
	all, err := r.dead.ListDeadLetters(r.t.Context(), 0, maxListed)
	if err != nil {
		r.t.Fatal(err)
	}
	return all
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
