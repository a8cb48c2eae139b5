package index

import (
	"reflect"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
)

// TestIndexOf keeps an alert in one index however often and late it is sent.
func TestIndexOf(t *testing.T) {
	n := Names{}
	n.SetDefaults()
	for created, want := range map[string]string{
		"2026-11-24 00:00:00": "ews-2026.11.24-1", "2026-11-23 23:59:59": "ews-2026.11.23-1", "2099-12-31 23:59:59": "ews-2099.12.31-1",
		"2016-12-31 23:59:59": "ews-unclocked-1", "2100-01-01 00:00:00": "ews-unclocked-1", "1901-01-01 00:00:00": "ews-unclocked-1",
	} {
		var d alert.Document
		var err error
		if d.CreateTime.Time, err = time.Parse(time.DateTime, created); err != nil {
			t.Fatal(err)
		}
		if got := n.Of(&d); got != want || !n.ours(got) {
			t.Errorf("created %s: index %s, want %s", created, got, want)
		}
	}
	var ours []string
	for _, name := range []string{"ews-2018.04.24-1", "ews-2018.04.24-000002", "ews-notifications", "ews-2018.04.24", "ewscve", "ews2017.1", "xews-2018.04.24-1", "ews-unclocked-1"} {
		if n.ours(name) {
			ours = append(ours, name)
		}
	}
	if want := []string{"ews-2018.04.24-1", "ews-2018.04.24-000002", "ews-unclocked-1"}; !reflect.DeepEqual(ours, want) {
		t.Errorf("ours are %q, want %q", ours, want)
	}
}
