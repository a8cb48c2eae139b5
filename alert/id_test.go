package alert

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// notIdentifying are the fields that do not count towards the id: the id itself, what
// follows from others, the sensor's surroundings, what the server adds, and what is
// the same in all documents.
var notIdentifying = []string{
	"ID", "PeerType", "Hostname", "SensorUUID", "ExternalIP", "InternalIP", "RecievedTime", "ClientDomain", "Country", "CountryName", "Location", "SourceEntryAS",
	"TargetCountry", "TargetCountryName", "LocationDestination", "TargetEntryAS", "Client",
}

// TestNewIDFields changes one field after the other: a field that is added to
// Document must be put into NewID or named above.
func TestNewIDFields(t *testing.T) {
	base := Document{CreateTime: At(time.Unix(1_795_479_136, 0))}
	for i := range reflect.TypeFor[Document]().NumField() {
		name := reflect.TypeFor[Document]().Field(i).Name
		changed := base
		switch field := reflect.ValueOf(&changed).Elem().Field(i).Addr().Interface().(type) {
		case *string:
			*field = "x"
		case *bool:
			*field = true
		case *Time:
			*field = At(time.Unix(1_795_479_137, 0))
		default:
			t.Fatalf("field %s is a %T", name, field)
		}
		differs := NewID(&changed) != NewID(&base)
		if want := !slices.Contains(notIdentifying, name); differs != want {
			t.Errorf("another %s gives another id: %v, want %v", name, differs, want)
		}
	}
}

// Texts must not run into each other, however long they are.
func TestNewIDKeepsFieldsApart(t *testing.T) {
	seen := make(map[string]Document)
	for _, n := range []int{0, 1, 7, 8, 300, 487, 488, 489, 495, 496, 497, 511, 512, 513, 1024, 5000} {
		long := strings.Repeat("x", n)
		for _, d := range []Document{
			{Username: "a" + long, Password: "b"}, {Username: "a", Password: long + "b"}, {Username: "", Password: "a" + long + "b"},
			{Username: "a" + long + "b"}, {PeerIdent: "a" + long, SourceEntryIP: "b"}, {PeerIdent: "a", SourceEntryIP: long + "b"},
			{AdditionalData: "a" + long + "b"}, {AdditionalData: "a" + long + "c"},
		} {
			id := NewID(&d)
			if other, ok := seen[id]; ok && other != d {
				t.Errorf("%+v and %+v have the same id", d, other)
			}
			seen[id] = d
		}
	}
}

func TestNewIDTime(t *testing.T) {
	for seconds, prefix := range map[int64]string{
		0: "0000000000", 1: "0000000001", 1_795_479_136: "006b04d660", 1<<40 - 1: "ffffffffff",
		-1: "0000000000", math.MinInt32: "0000000000", 1 << 40: "ffffffffff", 1<<40 + 1: "ffffffffff",
	} {
		d := Document{CreateTime: At(time.Unix(seconds, 0))}
		id := NewID(&d)
		if len(id) != 32 || !strings.HasPrefix(id, prefix) {
			t.Errorf("at %d the id is %s, want %s and 22 digits more", seconds, id, prefix)
		}
		d.CreateTime = At(time.Unix(seconds+1, 0))
		if NewID(&d) == id {
			t.Errorf("at %d and a second later the id is the same", seconds)
		}
	}
}

// An id is written into stores: it must be the same in every version.
func TestNewIDStays(t *testing.T) {
	d := decodeOne(t, req("url", "/u"), req("raw", b64("GET / HTTP/1.1\r\n\r\n")), data("username", "ü"), data("k", "v")).Document
	if got, want := NewID(&d), "006b04c5700c7dc5787b4302b2d43b92"; got != want {
		t.Errorf("id %s, want %s", got, want)
	}
}

// TestEqualAlerts tells equal alerts of one message apart, and recognizes them when
// the message is sent again.
func TestEqualAlerts(t *testing.T) {
	other := good + data("k", "v")
	m := mustDecode(t, message(good, other, good, good, other))
	again := mustDecode(t, message(good, other, good, good, other))
	distinct := make(map[string]bool)
	for i, r := range m.Records {
		distinct[r.ID] = true
		if len(r.ID) != 32 || r.ID[:10] != m.Records[0].ID[:10] || r.ID != again.Records[i].ID {
			t.Errorf("alert %d has the id %s, sent again %s", i, r.ID, again.Records[i].ID)
		}
	}
	if len(distinct) != 5 {
		t.Errorf("5 alerts have %d ids", len(distinct))
	}
	alone := mustDecode(t, message(good))
	if got, want := alone.Records[0].ID, m.Records[0].ID; got != want || got != NewID(&alone.Records[0].Document) {
		t.Errorf("alone it has the id %s, with others %s", got, want)
	}
}

// TestRecreatedContainer recognizes alerts of a log that is read again.
func TestRecreatedContainer(t *testing.T) {
	sensor := func(name, host string) string {
		return good + data("uuid", name) + data("hostname", host) + data("internalIP", "10.0.0."+name) + data("externalIP", "80.1.1."+name)
	}
	first, again := mustDecode(t, message(sensor("1", "a"))), mustDecode(t, message(sensor("2", "b")))
	if ids(first)[0] != ids(again)[0] {
		t.Errorf("ids %s and %s", ids(first)[0], ids(again)[0])
	}
}
