package query

import (
	"testing"

	"github.com/peba-edge/peba/alert"
)

// Windows that end with a whole second have what arrived before it, and nothing of
// the second that is not over, or has only just ended.
func TestStatsUntilSecond(t *testing.T) {
	s := filled(t,
		received(t, "2026-11-23 23:46:05"), received(t, "2026-11-23 23:46:04"), // asked is 23:46:05.2
		received(t, "2026-11-23 23:46:03"), received(t, "2026-11-23 23:45:04"), // the last minute
		received(t, "2026-11-23 23:45:03"), received(t, "2026-11-23 23:41:04"),
		received(t, "2026-11-23 22:46:04"), received(t, "2026-11-22 23:46:04"), received(t, "2026-11-22 23:46:03"))
	const want = `{"AlertsLast24Hours":6,"AlertsLastHour":5,"AlertsLast5Minutes":4,"AlertsLastMinute":2,"until":"2026-11-23 23:46:04"}` + "\n"
	if got := answer(t, s, "retrieveAlertStats", "until=second"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	const open = `{"AlertsLast24Hours":7,"AlertsLastHour":6,"AlertsLast5Minutes":5,"AlertsLastMinute":3}` + "\n"
	if got := answer(t, s, "retrieveAlertStats", ""); got != open {
		t.Errorf("up to now: got  %s\nwant %s", got, open)
	}
}

// By arrival, a late alert counts on the day it came, and a wrong clock does not matter.
func TestDaysByArrival(t *testing.T) {
	late, wrong := received(t, "2026-11-23 10:00:00"), received(t, "2026-11-22 10:00:00")
	late.CreateTime = alert.At(at(t, "2026-11-22 09:00:00"))
	wrong.CreateTime = alert.At(at(t, "2027-06-01 00:00:00"))
	s := filled(t, late, wrong)
	for clock, want := range map[string]string{
		"":        `{"2026-11-22 00:00:00":{"Webpage":1}}`,
		"sensor":  `{"2026-11-22 00:00:00":{"Webpage":1}}`,
		"arrival": `{"2026-11-22 00:00:00":{"Webpage":1},"2026-11-23 00:00:00":{"Webpage":1}}`,
	} {
		if got := answer(t, s, "datasetAlertTypesPerMonth", "days=7&clock="+clock); got != `[{"datasetAlertsPerMonth":`+want+"}]\n" {
			t.Errorf("clock=%s: %s", clock, got)
		}
	}
}

// An answer that has a part of a day is not kept beyond its end.
func TestDaysByArrivalEnd(t *testing.T) {
	q := question(t, "datasetAlertTypesPerMonth")
	args := parse(t, q, "clock=arrival")
	for now, want := range map[string]string{
		"2026-11-23 12:00:00": "1h0m0s", "2026-11-23 23:59:50": "10s",
		"2026-11-24 00:00:00": "1m0s", "2026-11-24 00:04:59": "1m0s", "2026-11-24 00:05:00": "1h0m0s",
	} {
		if got := q.TTL(args, at(t, now)).String(); got != want {
			t.Errorf("at %s the answer holds %s, want %s", now, got, want)
		}
	}
}

// The places of a replay are those of its day up to a moment, most first.
func TestReplayPlaces(t *testing.T) {
	here := func(created, location string) alert.Document {
		d := received(t, asked)
		d.CreateTime, d.Location = alert.At(at(t, created)), location
		return d
	}
	s := filled(t,
		here("2026-11-21 23:59:59", "1.0 , 1.0"), here("2026-11-22 00:00:00", "2.0 , 2.0"), here("2026-11-22 12:59:59", "3.0 , 3.0"),
		here("2026-11-22 11:00:00", "3.0 , 3.0"), here("2026-11-22 13:00:00", "4.0 , 4.0"), here("2026-11-22 23:59:59", "4.0 , 4.0"))
	const two, three = `{"lat":"2.0","lng":"2.0","count":1}`, `{"lat":"3.0","lng":"3.0","count":2}`
	for to, want := range map[string]string{
		"2026-11-22 13:00:00": three + "," + two,
		"2026-11-22 01:00:00": two,
		"2026-11-23 00:00:00": three + `,{"lat":"4.0","lng":"4.0","count":2},` + two,
		"2027-11-22 13:00:00": "",
		"0000-01-01 00:00:00": "",
		"2020-11-22 13:00:00": "",
	} {
		from := to[:11] + "00:00:00"
		if to == "2026-11-23 00:00:00" {
			from = "2026-11-22 00:00:00"
		}
		if got := answer(t, s, "replayPlaces", "to="+to); got != `{"from":"`+from+`","to":"`+to+`","places":[`+want+"]}\n" {
			t.Errorf("up to %s: %s", to, got)
		}
	}
}
