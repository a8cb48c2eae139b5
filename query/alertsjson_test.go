package query

import (
	"bytes"
	"strings"
	"testing"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// TestEncodeAlert streams what retrieveAlertsJson lists, and neither more nor
// anything that could end a line.
func TestEncodeAlert(t *testing.T) {
	settings := Settings{HomeLatitude: 1.25, HomeLongitude: -2.5}
	hostile := alert.Document{
		SourceEntryIP: "203.0.113.7", TargetEntryIP: "198.51.100.9", Hostname: "sensor-7", PeerIdent: "ident-7",
		ExternalIP: "192.0.2.1", InternalIP: "10.0.0.1", RawHTTP: "secret", ClientVersion: "SSH-2.0-secret",
		PeerType: "Webpage\r\n\ndata: x", OriginalRequestString: "</script>\r\n\nid: 1\u2028\x00\ufffd", ClientDomain: true,
		LocationDestination: "0.0 , 0.0",
	}
	s := filled(t, hostile)
	docs, err := s.Newest(t.Context(), store.Filter{}, 1)
	if err != nil || len(docs) != 1 {
		t.Fatal(docs, err)
	}
	got, err := EncodeAlert(&docs[0], settings, 1000)
	if err != nil {
		t.Fatal(err)
	}
	question, _ := Named("retrieveAlertsJson")
	args, err := question.Parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	list, err := question.Ask(t.Context(), Input{Reader: s, Args: args, Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"alerts":[` + string(got) + "]}\n"; string(list) != want {
		t.Errorf("retrieveAlertsJson answers\n%swant\n%s", list, want)
	}
	if bytes.ContainsAny(got, "\r\n<>\x00\u2028") {
		t.Errorf("not one harmless line: %q", got)
	}
	for _, secret := range []string{"203.0.113", "198.51.100", "192.0.2", "10.0.0.1", "sensor-7", "ident-7", "secret"} {
		if bytes.Contains(got, []byte(secret)) {
			t.Errorf("%s is told to all: %s", secret, got)
		}
	}
}

// TestEncodeLongAlert cuts requests, between characters.
func TestEncodeLongAlert(t *testing.T) {
	d := alert.Document{OriginalRequestString: strings.Repeat("<", 8) + "ü" + strings.Repeat("x", 70_000)}
	for most, want := range map[int]string{8: strings.Repeat(`\u0026lt;`, 8), 9: strings.Repeat(`\u0026lt;`, 8), 10: strings.Repeat(`\u0026lt;`, 8) + "ü"} {
		got, err := EncodeAlert(&d, Settings{}, most)
		if err != nil || !bytes.Contains(got, []byte(`"requestString":"`+want+`"`)) {
			t.Errorf("at most %d bytes: %v %s", most, err, got)
		}
	}
}
