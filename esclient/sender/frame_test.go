package sender

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"reflect"
	"strings"
	"testing"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store/storetest"
)

// withSum ends a frame's body as frames end.
func withSum(body []byte) []byte {
	body = body[:len(body):len(body)]
	return binary.BigEndian.AppendUint32(body, crc32.Checksum(body, castagnoli))
}

func TestFrame(t *testing.T) {
	odd := storetest.NewOdd(1)
	payloads, cves := 0, 0
	for range 50 {
		records := odd.Message()
		alerts, err := decodeFrame(frameOf(t, records...))
		if err != nil {
			t.Fatal(err)
		}
		if len(alerts) != len(records) {
			t.Fatalf("%d alerts come back, want %d", len(alerts), len(records))
		}
		for i, a := range alerts {
			r := records[i]
			var d alert.Document
			if err := json.Unmarshal(a.source(), &d); err != nil {
				t.Fatal(err)
			}
			var more struct{ Interaction *string }
			if err := json.Unmarshal(a.source(), &more); err != nil || more.Interaction == nil || *more.Interaction != r.Interaction() {
				t.Errorf("interaction is not %q in %s: %v", r.Interaction(), a.source(), err)
			}
			d.ID = a.id
			if d != r.Document {
				t.Errorf("document:\ngot  %+v\nwant %+v", d, r.Document)
			}
			head, _, _ := strings.Cut(string(a.lines), "\n")
			if want := `{"create":{"_index":"` + testIndex(&d) + `","_id":"` + r.ID + `"}}`; head != want || a.index != testIndex(&d) {
				t.Errorf("action is %s of index %s, want %s", head, a.index, want)
			}
			if cve, _ := r.CVE(); a.cve != cve {
				t.Errorf("CVE is %q, want %q", a.cve, cve)
			} else if cve != "" {
				cves++
			}
			if (a.payload == nil) != (r.Payload == nil) {
				t.Fatalf("payload is %v, want %v", a.payload, r.Payload)
			}
			if p := r.Payload; p != nil {
				payloads++
				want := framePayload{p.Hash, p.FuzzyHash, p.MIMEType, r.SourceEntryIP, r.TargetEntryPort, r.CreateTime.Unix(), p.Data}
				if !reflect.DeepEqual(*a.payload, want) {
					t.Errorf("payload:\ngot  %+v\nwant %+v", *a.payload, want)
				}
			}
		}
		if again, err := decodeFrame(joinFrame(alerts)); err != nil || !reflect.DeepEqual(again, alerts) {
			t.Errorf("joined and read again: %v\ngot  %+v\nwant %+v", err, again, alerts)
		}
	}
	if payloads == 0 || cves == 0 {
		t.Errorf("there were %d payloads and %d CVEs", payloads, cves)
	}
}

func TestFrameWithoutID(t *testing.T) {
	records := testAlerts(3)
	records[1].ID = ""
	if _, err := EncodeFrame(records, testIndex); err == nil || !strings.Contains(err.Error(), "record 2 of 3 has no id") {
		t.Errorf("error is %v", err)
	}
}

func TestMalformedFrames(t *testing.T) {
	good := frameOf(t, testAlerts(2)...)
	body := good[:len(good)-4]
	flipped := append([]byte{}, good...)
	flipped[len(good)/2] ^= 1
	one := frameAlert{index: "i", id: "1", lines: []byte("{}\n{}\n")}
	for name, test := range map[string]struct {
		frame []byte
		want  string
	}{
		"empty":          {nil, "it has 0 bytes"},
		"other version":  {withSum(append([]byte{2}, body[1:]...)), "version is 2"},
		"flipped bit":    {flipped, "checksum"},
		"cut":            {good[:len(good)-1], "checksum"},
		"ends early":     {withSum(body[:len(body)-1]), "it ends too early"},
		"too long":       {withSum(append(body[:len(body):len(body)], 0)), "1 bytes are left over"},
		"no number":      {withSum([]byte{1}), "it ends too early"},
		"too many":       {withSum([]byte{1, 0xff, 0xff, 0xff, 0x7f}), "alerts in"},
		"unknown flags":  {withSum(append([]byte{1, 1, 0x80}, appendAlert(nil, &one)[1:]...)), "unknown flags 0x80"},
		"no id":          {joinFrame([]frameAlert{{index: "i", lines: one.lines}}), "is empty"},
		"one line":       {joinFrame([]frameAlert{{index: "i", id: "1", lines: []byte("{}\n")}}), "not two lines"},
		"no line end":    {joinFrame([]frameAlert{{index: "i", id: "1", lines: []byte("{}\n\n{}")}}), "not two lines"},
		"another action": {joinFrame([]frameAlert{{index: "i", id: "1", lines: []byte("{}\n{}\n{}\n{}\n")}}), "not two lines"},
	} {
		_, err := decodeFrame(test.frame)
		if !errors.Is(err, errFrame) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error is %v, want one that says %q", name, err, test.want)
		}
	}
}

func FuzzDecodeFrame(f *testing.F) {
	odd := storetest.NewOdd(2)
	for range 10 {
		frame := frameOf(f, odd.Message()...)
		f.Add(frame[:len(frame)-4], true)
		f.Add(frame, false)
	}
	f.Fuzz(func(t *testing.T, data []byte, sum bool) {
		if sum { // or nothing gets past the checksum
			data = withSum(data)
		}
		alerts, err := decodeFrame(data)
		if err != nil {
			if !errors.Is(err, errFrame) || alerts != nil {
				t.Errorf("%d alerts, error %v", len(alerts), err)
			}
			return
		}
		again, err := decodeFrame(joinFrame(alerts))
		if err != nil || len(again) != len(alerts) || len(alerts) > 0 && !reflect.DeepEqual(again, alerts) {
			t.Errorf("joined and read again: %v\ngot  %+v\nwant %+v", err, again, alerts)
		}
	})
}
