package stream_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/memory"
	"github.com/peba-edge/peba/stream"
)

// world is a store in which alerts become visible, and feeds that read it. Its
// tests run in bubbles of time.
type world struct {
	t *testing.T
	store.Store
	alerts int

	mu      sync.Mutex
	failing error
	reads   int
	failed  []error // what feeds told
}

func newWorld(t *testing.T) *world {
	return &world{t: t, Store: memory.New(store.Options{})}
}

// put makes n alerts visible that were received some time ago, and returns their ids.
func (w *world) put(n int, ago time.Duration, community bool) []string {
	w.t.Helper()
	var records []alert.Record
	var ids []string
	for range n {
		w.alerts++
		id := fmt.Sprintf("%032x", w.alerts)
		ids = append(ids, id)
		records = append(records, alert.Record{Document: alert.Document{
			ID:            id,
			RecievedTime:  alert.At(time.Now().Add(-ago)),
			CreateTime:    alert.At(time.Now().Add(-ago)),
			SourceEntryIP: "9.9.9.9", TargetEntryIP: "8.8.8.8",
			ClientDomain: community,
		}})
	}
	if err := w.Put(context.Background(), records); err != nil {
		w.t.Fatal(err)
	}
	return ids
}

func (w *world) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failing = err
}

// Group counts the questions: a feed asks one at the least in each round.
func (w *world) Group(ctx context.Context, f store.Filter, g store.Grouping) ([]store.Group, error) {
	w.mu.Lock()
	w.reads++
	err := w.failing
	w.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return w.Store.Group(ctx, f, g)
}

func (w *world) readsSoFar() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.reads
}

// feed makes a feed, as an edge has one, which ends with the bubble's test.
func (w *world) feed(maxClients int) *stream.Feed {
	return stream.New(stream.Options{
		Reader:        w,
		Encode:        func(d *alert.Document) ([]byte, error) { return []byte(`{"id":"` + d.ID + `"}`), nil },
		MaxClients:    maxClients,
		MaxPerNetwork: maxClients,
		Failed: func(err error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.failed = append(w.failed, err)
		},
	})
}

// event is one as a client reads it.
type event struct{ id, name, data string }

// alertID is what alert an event is of.
func (e event) alertID() string {
	return strings.TrimSuffix(strings.TrimPrefix(e.data, `{"id":"`), `"}`)
}

// client reads a stream until that ends.
type client struct {
	*stream.Client
	done chan struct{}

	mu     sync.Mutex
	events []event
	text   string
	err    error
}

// listen subscribes a client that takes all it is sent.
func listen(t *testing.T, f *stream.Feed, domain store.Domain, lastEventID string) *client {
	t.Helper()
	subscribed, err := f.Subscribe(t.Context(), netip.Prefix{}, domain, lastEventID)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{Client: subscribed, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		for {
			chunk, err := c.Next(context.Background())
			c.mu.Lock()
			if err != nil {
				c.err = err
				c.mu.Unlock()
				return
			}
			c.text += string(chunk)
			c.events = append(c.events, parse(t, string(chunk))...)
			c.mu.Unlock()
		}
	}()
	return c
}

// parse reads whole events, as the standard for them says.
func parse(t *testing.T, text string) []event {
	t.Helper()
	var events []event
	for block := range strings.SplitSeq(strings.TrimSuffix(text, "\n\n"), "\n\n") {
		var e event
		for line := range strings.SplitSeq(block, "\n") {
			field, value, _ := strings.Cut(line, ": ")
			switch field {
			case "id":
				e.id = value
			case "event":
				e.name = value
			case "data":
				e.data = value
			case "", "retry":
			default:
				t.Errorf("a line of a stream: %q", line)
			}
		}
		if e.name != "" {
			events = append(events, e)
		}
	}
	return events
}

// named returns the events of a name so far.
func (c *client) named(name string) []event {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []event
	for _, e := range c.events {
		if e.name == name {
			found = append(found, e)
		}
	}
	return found
}

// alerts returns the ids of the alerts so far.
func (c *client) alerts() []string {
	var ids []string
	for _, e := range c.named("alert") {
		ids = append(ids, e.alertID())
	}
	return ids
}

// leave ends the stream and returns the id of its last event.
func (c *client) leave() string {
	c.Close()
	<-c.done
	alerts := c.named("alert")
	if len(alerts) == 0 {
		return ""
	}
	return alerts[len(alerts)-1].id
}

// same compares lists of alerts.
func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("%s:\n got %s\nwant %s", what, short(got), short(want))
	}
}

// short leaves out the zeros with which ids begin.
func short(ids []string) string {
	var b strings.Builder
	for _, id := range ids {
		b.WriteString(strings.TrimLeft(id, "0") + " ")
	}
	return b.String()
}

var errBroken = errors.New("a broken disk")

// noCount is a world whose store may fail to count.
type noCount struct {
	*world
	fails bool
}

// Count fails where it is to.
func (n *noCount) Count(ctx context.Context, f store.Filter) (int64, error) {
	if n.fails {
		return 0, errBroken
	}
	return n.world.Count(ctx, f)
}

// feed is the world's.
func (n *noCount) feed() *stream.Feed {
	return stream.New(stream.Options{
		Reader:     n,
		Encode:     func(d *alert.Document) ([]byte, error) { return []byte(`{"id":"` + d.ID + `"}`), nil },
		MaxClients: 10, MaxPerNetwork: 10,
		Failed: func(error) {},
	})
}
