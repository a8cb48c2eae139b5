package sqlite

import (
	"database/sql"
	"testing"
	"time"

	"github.com/peba-edge/peba/sqlitedb"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/memory"
	"github.com/peba-edge/peba/store/storetest"
)

// toVersion2 makes a closed file one of schema version 2, with its alerts.
func toVersion2(t *testing.T, path string) {
	t.Helper()
	c, err := sqlitedb.Connect(t.Context(), path)
	must(t, err)
	must(t, c.Exec(t.Context(), `
		UPDATE alerts SET sensor = (SELECT min(o.id)
			FROM sensors AS s JOIN sensors AS o USING (ident, type, hostname, uuid, external_ip, internal_ip) WHERE s.id = alerts.sensor);
		CREATE TABLE sensors2 (
			id INTEGER PRIMARY KEY, ident TEXT NOT NULL, type TEXT NOT NULL, hostname TEXT NOT NULL, uuid TEXT NOT NULL,
			external_ip TEXT NOT NULL, internal_ip TEXT NOT NULL, last_day INTEGER NOT NULL,
			UNIQUE (ident, type, hostname, uuid, external_ip, internal_ip)
		) STRICT;
		INSERT INTO sensors2 SELECT min(id), ident, type, hostname, uuid, external_ip, internal_ip, max(last_day)
			FROM sensors GROUP BY 2, 3, 4, 5, 6, 7;
		DROP TABLE sensors;
		ALTER TABLE sensors2 RENAME TO sensors;
		DROP TABLE documents;
		PRAGMA user_version = 2`))
	must(t, c.Close())
}

// olderAlerts returns how many alerts are from before schema version 3.
func olderAlerts(t *testing.T, s *handle) int64 {
	return numberOf(t, s, "SELECT count(*) FROM alerts WHERE sensor IN ("+olderSensors+")")
}

// TestVersion2 groups alerts from before version 3, from after it, and of both, by what only
// version 3 has in the dictionary of sensors.
func TestVersion2(t *testing.T) {
	path, ctx := emptyPath(t), t.Context()
	s, err := open(ctx, path, store.Options{})
	must(t, err)
	model, odd := memory.New(store.Options{}), storetest.NewOdd(7)
	put := func(messages int) {
		t.Helper()
		for range messages {
			message := odd.Message()
			must(t, s.Put(ctx, message))
			must(t, model.Put(ctx, message))
		}
	}
	compare := func() {
		t.Helper()
		for _, by := range [][]store.Dimension{
			{store.SourceDoubt}, {store.Transport}, {store.Interaction}, {store.ExternalIP}, {store.SourceIP, store.SourceDoubt},
			{store.Interaction, store.Username, store.SourceDoubt, store.Transport}, {store.Transport, store.Request, store.Transport},
			{store.SourceIP, store.PeerType, store.SourceDoubt, store.SensorUUID, store.Hostname, store.ExternalIP, store.Interaction},
		} {
			for _, f := range []store.Filter{
				{Domain: store.Both}, {Time: store.Created}, {From: odd.Start().Add(5 * time.Hour), To: odd.Start().Add(40 * time.Hour)},
				{SourceIP: "203.0.113.7"}, {Web: true, Domain: store.Both},
			} {
				for _, g := range []store.Grouping{{By: by}, {By: by, Times: true, Top: 3, Bucket: 6 * time.Hour}} {
					got, err := s.Group(ctx, f, g)
					must(t, err)
					want, err := model.Group(ctx, f, g)
					must(t, err)
					sameGroups(t, "the model", got, want, f, g)
				}
			}
		}
	}
	put(40)
	must(t, s.Close())
	toVersion2(t, path)
	s = openTest(t, path, store.Options{})
	before := numberOf(t, s, "SELECT count(*) FROM alerts")
	if n := olderAlerts(t, s); n != before || n == 0 {
		t.Fatalf("%d of %d alerts are from before version 3", n, before)
	}
	compare()
	put(40)
	if n, all := olderAlerts(t, s), numberOf(t, s, "SELECT count(*) FROM alerts"); n != before || all <= n {
		t.Fatalf("%d of %d alerts are from before version 3, want %d", n, all, before)
	}
	compare()

	must(t, s.Retire(ctx, odd.Start().Add(100*24*time.Hour)))
	put(5)
	must(t, s.db.snapshot(ctx, func(tx *sql.Tx) error {
		parts, err := portions(ctx, tx, store.Grouping{By: []store.Dimension{store.Transport}})
		if len(parts) != 1 {
			t.Errorf("alerts are grouped in %d portions, although none is from before version 3", len(parts))
		}
		return err
	}))
}
