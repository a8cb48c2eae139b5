package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/sqlitedb"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/storetest"
)

// messageSize is the number of alerts in a message.
const messageSize = 100

// traffic returns messages of a fleet that sends a thousand alerts a second.
func traffic(alerts int) [][]alert.Record {
	t := storetest.NewTraffic(1, 500)
	start := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	var messages [][]alert.Record
	for sent := 0; sent < alerts; {
		n := min(messageSize, alerts-sent)
		messages = append(messages, t.Message(start.Add(time.Duration(sent)*time.Millisecond), n))
		sent += n
	}
	return messages
}

// BenchmarkPut puts messages of 100 alerts, from one sensor and from many at
// once; an operation is an alert.
func BenchmarkPut(b *testing.B) {
	for _, senders := range []int{1, 16} {
		b.Run(fmt.Sprint("senders=", senders), func(b *testing.B) { benchmarkPut(b, senders) })
	}
}

func benchmarkPut(b *testing.B, senders int) {
	path := filepath.Join(b.TempDir(), "peba.db")
	s := openTest(b, path, store.Options{})
	messages := make(chan []alert.Record, b.N/messageSize+1)
	for _, message := range traffic(b.N) {
		messages <- message
	}
	close(messages)
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for message := range messages {
				if err := s.Put(b.Context(), message); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	report(b, path)
}

// report adds alerts a second and the size of the file.
func report(b *testing.B, path string) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "alerts/s")
	c, err := sqlitedb.Connect(context.Background(), path)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	if err := c.Exec(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		b.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(info.Size())/float64(b.N), "B/alert")
}

// BenchmarkPlainInsert is the yardstick: the same alerts as texts into one flat
// table without a single index but the id, by a prepared statement in
// transactions of a given size, on the same connection settings.
func BenchmarkPlainInsert(b *testing.B) {
	for _, size := range []int{100, 1600} {
		b.Run(fmt.Sprint("transaction=", size), func(b *testing.B) { plainInsert(b, size) })
	}
}

func plainInsert(b *testing.B, size int) {
	p := newPlain(b)
	var records []alert.Record
	for _, message := range traffic(b.N) {
		records = append(records, message...)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for part := range slices.Chunk(records, size) {
		p.put(b, part)
	}
	b.StopTimer()
	report(b, p.path)
}

// plain is a store that is nothing but a table.
type plain struct {
	*sqlitedb.Conn
	path   string
	insert *sqlitedb.Statement
}

func newPlain(b *testing.B) *plain {
	ctx := context.Background()
	p := &plain{path: filepath.Join(b.TempDir(), "plain.db")}
	must(b, sqlitedb.Create(p.path))
	var err error
	p.Conn, err = sqlitedb.Connect(ctx, p.path, "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-32768)", "temp_store(MEMORY)", "wal_autocheckpoint(4096)")
	must(b, err)
	b.Cleanup(func() { must(b, p.Close()) })
	var fields []string
	for i := range reflect.TypeFor[alert.Document]().NumField() {
		fields = append(fields, reflect.TypeFor[alert.Document]().Field(i).Name)
	}
	must(b, p.Exec(ctx, "CREATE TABLE alerts ("+strings.Join(fields, ",")+", PRIMARY KEY (ID))"))
	p.insert, err = p.Keep(ctx, "INSERT INTO alerts VALUES (?"+strings.Repeat(",?", len(fields)-1)+")")
	must(b, err)
	return p
}

// put inserts records in one transaction.
func (p *plain) put(b *testing.B, records []alert.Record) {
	ctx := context.Background()
	must(b, p.Exec(ctx, "BEGIN IMMEDIATE"))
	for i := range records {
		_, _, err := p.insert.Exec(ctx, plainValues(&records[i].Document)...)
		must(b, err)
	}
	must(b, p.Exec(ctx, "COMMIT"))
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// plainValues returns the fields of a document as they are.
func plainValues(d *alert.Document) []driver.Value {
	return []driver.Value{
		d.ID, d.PeerIdent, d.PeerType, d.CreateTime.String(), d.RecievedTime.String(),
		d.SourceEntryIP, d.SourceEntryPort, d.TargetEntryIP, d.TargetEntryPort, d.TargetPort,
		d.OriginalRequestString, d.RawHTTP, d.Username, d.Password, d.Login, d.ClientVersion,
		d.SessionStart, d.SessionEnd, d.VulnID, d.ExternalIP, d.InternalIP, d.Hostname, d.SensorUUID,
		d.AdditionalData, d.ClientDomain, d.Country, d.CountryName, d.Location, d.SourceEntryAS,
		d.TargetCountry, d.TargetCountryName, d.LocationDestination, d.TargetEntryAS, d.Client,
	}
}
