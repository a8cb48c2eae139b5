package esclient

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/estest"
	"github.com/peba-edge/peba/store"
)

// TestLosingNodes takes nodes away from a cluster, one after the other: whatever
// is asked is answered rightly or not at all.
func TestLosingNodes(t *testing.T) {
	server := estest.StartCluster(t, 3)
	ctx := t.Context()
	m := newModule(t, server.URLs()...)
	none := 0
	m.Replicas = &none
	m.Shards = 3
	s, err := m.open(ctx, store.Options{})
	must(t, err)
	const alerts = 300
	records := make([]alert.Record, alerts)
	for i := range records {
		records[i] = plain(fmt.Sprint(i), i%60)
	}
	must(t, s.Put(ctx, records))
	settle(t, s)

	// ask returns how many of the questions were answered.
	ask := func() (answered, asked int) {
		t.Helper()
		for range 10 {
			for name, question := range map[string]func() (int64, error){
				"Count": func() (int64, error) { return s.Count(ctx, store.Filter{}) },
				"Group": func() (n int64, err error) {
					groups, err := s.Group(ctx, store.Filter{}, store.Grouping{By: []store.Dimension{store.PeerType}})
					for _, g := range groups {
						n += g.Count
					}
					return n, err
				},
				"Newest": func() (int64, error) {
					docs, err := s.Newest(ctx, store.Filter{}, 1000)
					return int64(len(docs)), err
				},
			} {
				n, err := question()
				asked++
				switch {
				case err == nil && n == alerts:
					answered++
				case err == nil:
					t.Errorf("%s is %d, want %d or an error", name, n, alerts)
				case !errors.Is(err, store.ErrUnavailable):
					t.Errorf("%s: %v, want ErrUnavailable", name, err)
				}
			}
		}
		return answered, asked
	}
	if answered, asked := ask(); answered != asked {
		t.Errorf("of a whole cluster %d of %d questions were answered", answered, asked)
	}
	server.Nodes[2].Kill() // every node has a shard
	if answered, _ := ask(); answered != 0 {
		t.Errorf("without a third of the alerts %d questions were answered", answered)
	}
	// The master may notice a moment later than the nodes that are asked.
	deadline := time.Now().Add(time.Minute)
	for s.Ping(ctx) == nil {
		if time.Now().After(deadline) {
			t.Fatal("Ping tells nothing of a cluster that lacks a third of the alerts")
		}
		time.Sleep(100 * time.Millisecond)
	}
	server.Nodes[2].Start(t)
	server.Wait(t, "green")
	server.Nodes[0].Kill()
	server.Nodes[1].Kill()
	server.Nodes[2].Kill()
	if answered, _ := ask(); answered != 0 {
		t.Errorf("without any node %d questions were answered", answered)
	}
	for _, n := range server.Nodes {
		if err := n.Launch(); err != nil { // they wait for each other
			t.Fatal(err)
		}
	}
	server.Wait(t, "green")
	if answered, asked := ask(); answered != asked {
		t.Errorf("of the cluster that is whole again %d of %d questions were answered", answered, asked)
	}
	must(t, s.Close())
}
