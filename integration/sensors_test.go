package integration

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/integration/edgetest"
)

// sensorList is the answer of /alert/sensors.
type sensorList struct {
	Sensors []struct {
		ID, UUID, Hostname, Version, FirstSeen, LastSeen string
		Analyzers                                        []string
		Community, Quiet                                 bool
		Accepted, LastHour                               int64
		Refused                                          map[string]int64
		PerHour                                          []int64
	}
	Others struct {
		Accepted int64
		Refused  map[string]int64
	}
}

// sensors asks for sensors as a user.
func (s *server) sensors(user, token, values string) sensorList {
	s.t.Helper()
	got := s.Request(http.MethodGet, "/alert/sensors?"+values, "", "Authorization", basic(user, token))
	if got.Status != http.StatusOK || got.Header.Get("Content-Type") != "application/json" {
		s.t.Fatalf("%d %v %s", got.Status, got.Header, got.Body)
	}
	var list sensorList
	if err := json.Unmarshal([]byte(got.Body), &list); err != nil {
		s.t.Fatalf("%v: %s", err, got.Body)
	}
	return list
}

// from makes an alert one of a sensor.
func from(uuid, host, alert string) string {
	return edgetest.WithFields(alert, edgetest.FieldXML("uuid", uuid), edgetest.FieldXML("hostname", host))
}

// TestSensors sends as two sensors: one has alerts that are skipped, and a wrong
// log-in at times. What is told of them adds up over restarts and a crash, but for
// the last half minute before that.
func TestSensors(t *testing.T) {
	s := newServer(t, "", "")
	s.Start()
	s.User("soc's token\n", "add", "soc", "--token-file", "-")
	s.User("reader's token\n", "add", "reader", "--community", "--token-file", "-")
	const one, two = "0a7d0000-0000-4000-8000-000000000001", "0a7d0000-0000-4000-8000-000000000002"

	post := func(want int, user, token, alerts string) {
		t.Helper()
		got := s.Request(http.MethodPost, "/ews-0.1/alert/postSimpleMessage", edgetest.MessageXML(user, token, alerts), "User-Agent", "EWS Poster v1.33")
		if got.Status != want {
			t.Fatalf("%d %s, want %d", got.Status, got.Body, want)
		}
	}
	wrong := strings.Replace(edgetest.AlertXML("9.9.9.9", 3), `tz="+0000"`, `tz="CET"`, 1)
	send := func() {
		t.Helper()
		post(200, edgetest.CommunityUser, edgetest.CommunityToken, from(one, "host-1", edgetest.AlertXML("9.9.9.9", 1))+from(one, "host-1", edgetest.AlertXML("9.9.9.9", 2)))
		post(200, edgetest.CommunityUser, edgetest.CommunityToken, from(two, "&lt;b>host-2", edgetest.AlertXML("9.9.9.9", 1))+from(two, "&lt;b>host-2", wrong))
		post(403, edgetest.CommunityUser, "wrong", from(two, "forged", edgetest.AlertXML("9.9.9.9", 1)))
		post(403, edgetest.CommunityUser, "wrong", from("never heard of", "forged", edgetest.AlertXML("9.9.9.9", 1)))
		post(200, "soc", "soc's token", from(one, "host-1", edgetest.AlertXML("9.9.9.9", 1)))
	}
	check := func(rounds int64) {
		t.Helper()
		list := s.sensors("soc", "soc's token", "ci=-1")
		if len(list.Sensors) != 3 {
			t.Fatalf("%d sensors: %+v", len(list.Sensors), list)
		}
		for _, sensor := range list.Sensors {
			accepted, refused, host := rounds, map[string]int64{}, "host-1"
			switch {
			case sensor.ID == one && sensor.Community:
				accepted = 2 * rounds
			case sensor.ID == two:
				refused, host = map[string]int64{"timezone": rounds, "credentials": rounds}, "<b>host-2"
			}
			if sensor.Accepted != accepted || !maps.Equal(sensor.Refused, refused) || sensor.LastHour != accepted || sensor.Quiet ||
				sensor.UUID != sensor.ID || sensor.Hostname != host || sensor.Version != "EWS Poster v1.33" ||
				len(sensor.PerHour) != 24 || len(sensor.Analyzers) != 1 {
				t.Errorf("after %d rounds: %+v", rounds, sensor)
			}
			var sum int64
			for _, n := range sensor.PerHour {
				sum += n
			}
			if sum != accepted {
				t.Errorf("%s has %v alerts by the hour, want %d in all", sensor.ID, sensor.PerHour, accepted)
			}
			if seen, err := time.Parse(time.DateTime, sensor.LastSeen); err != nil || time.Since(seen) > time.Hour || sensor.FirstSeen > sensor.LastSeen {
				t.Errorf("%s was seen from %q to %q", sensor.ID, sensor.FirstSeen, sensor.LastSeen)
			}
		}
		if !maps.Equal(list.Others.Refused, map[string]int64{"credentials": rounds}) || list.Others.Accepted != 0 {
			t.Errorf("others: %+v", list.Others)
		}
	}
	send()
	check(1)
	s.Stop()
	s.Start()
	check(1)
	s.Stop()
	s.Start() // nothing asked so far is in the cache
	send()
	check(2)

	// Who sees what, and who nothing.
	for values, want := range map[string][]bool{"": {true, true}, "ci=0": {false}} {
		var got []bool
		for _, sensor := range s.sensors("soc", "soc's token", values).Sensors {
			got = append(got, sensor.Community)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: sensors are the community's: %v, want %v", values, got, want)
		}
	}
	if list := s.sensors("reader", "reader's token", "ci=-1"); len(list.Sensors) != 2 || !list.Sensors[0].Community || !list.Sensors[1].Community {
		t.Errorf("a community user sees %+v", list.Sensors)
	}
	for name, header := range map[string][]string{
		"wrong token": {"Authorization", basic("soc", "wrong")}, "the community's": {"Authorization", basic(edgetest.CommunityUser, edgetest.CommunityToken)},
	} {
		if got := s.Request(http.MethodGet, "/alert/sensors", "", header...); got.Status != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}
	if got := s.Request(http.MethodPost, "/alert/sensors", edgetest.MessageXML("reader", "reader's token")); got.Status != http.StatusOK {
		t.Errorf("POST: %d %s", got.Status, got.Body)
	}
	s.Stop()

	s.Start()
	send()
	s.Kill()
	s.Start()
	list := s.sensors("soc", "soc's token", "ci=-1")
	for _, sensor := range list.Sensors {
		if sensor.ID == two && (sensor.Accepted < 2 || sensor.Accepted > 3) {
			t.Errorf("after a crash: %+v", sensor)
		}
	}
	if len(list.Sensors) != 3 {
		t.Errorf("after a crash there are %d sensors", len(list.Sensors))
	}
}
