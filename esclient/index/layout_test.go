package index

import "testing"

// TestShardsOfDay counts the shards of a new index, with their copies.
func TestShardsOfDay(t *testing.T) {
	three, none := 3, 0
	for _, test := range []struct {
		shards   int
		replicas *int
		nodes    int
		want     int
	}{{1, nil, 1, 1}, {1, nil, 3, 2}, {5, nil, 2, 10}, {2, &three, 1, 8}, {4, &none, 3, 4}} {
		m, err := New(nil, &Names{Alerts: "ews"}, Options{Shards: test.shards, Replicas: test.replicas})
		if err != nil {
			t.Fatal(err)
		}
		if got := m.ShardsOfDay(test.nodes); got != test.want {
			t.Errorf("%+v: %d shards", test, got)
		}
	}
}
