package alert

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// realistic returns a message of n alerts as sensors send them, in the mix of
// honeypots that T-Pot installations have: mostly cowrie. Every alert differs.
func realistic(tb testing.TB, n int) []byte {
	tb.Helper()
	mix := []struct {
		file  string
		share int // of 100
	}{
		{"001.body", 60}, {"002.body", 8}, {"003.body", 12}, {"004.body", 12}, {"005.body", 8},
	}
	var message bytes.Buffer
	var tail []byte
	for _, part := range mix {
		body, err := os.ReadFile(filepath.Join(ewsposterFolder(), part.file))
		if err != nil {
			tb.Fatal(err)
		}
		begin, end := bytes.Index(body, []byte("<Alert>")), bytes.LastIndex(body, []byte("</Alert>"))+len("</Alert>")
		if message.Len() == 0 {
			message.Write(body[:begin])
			tail = body[end:]
		}
		alerts := bytes.SplitAfter(body[begin:end], []byte("</Alert>"))
		alerts = alerts[:len(alerts)-1]
		for i := range n * part.share / 100 {
			port := fmt.Appendf(nil, `${1}port="%d"`, 10000+i)
			message.Write(sourcePort.ReplaceAll(alerts[i%len(alerts)], port))
		}
	}
	message.Write(tail)
	return message.Bytes()
}

var sourcePort = regexp.MustCompile(`(<Source [^>]*)port="\d+"`)

// BenchmarkDecode prints how long decoding takes, documents and ids included, as
// a multiple of a bare RawToken loop over the same bytes: the figure to reach is 2.
func BenchmarkDecode(b *testing.B) {
	body := realistic(b, 100)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	var bare, whole time.Duration
	for b.Loop() {
		start := time.Now()
		dec := xml.NewDecoder(bytes.NewReader(body))
		for {
			if _, err := dec.RawToken(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
		middle := time.Now()
		m, err := Decode(bytes.NewReader(body), DefaultLimits())
		if err != nil || len(m.Records) != 100 {
			b.Fatalf("%d records, error %v", len(m.Records), err)
		}
		bare += middle.Sub(start)
		whole += time.Since(middle)
	}
	b.ReportMetric(float64(whole)/float64(bare), "x-rawtoken")
	b.ReportMetric(float64(whole.Nanoseconds())/float64(100*b.N), "ns/alert")
}

func BenchmarkNewID(b *testing.B) {
	m, err := Decode(bytes.NewReader(realistic(b, 100)), DefaultLimits())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		NewID(&m.Records[0].Document)
	}
}
