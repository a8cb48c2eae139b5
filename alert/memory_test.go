package alert

import (
	"runtime"
	"strings"
	"testing"
)

// TestMemory holds what decoding allocates, all in all, to a small multiple of
// the body's size, for bodies that are made to need much.
func TestMemory(t *testing.T) {
	const size, most = 512 << 10, 16
	tanner := `<Analyzer id="tanner"/>` + aTime + aSource + aTarget
	fill := func(unit string) string { return strings.Repeat(unit, size/len(unit)) }
	for name, body := range map[string]string{
		"a request":        message(tanner + req("raw", b64("GET / HTTP/1.1\r\nHost: x\r\n\r\n"+strings.Repeat("\x80", size*3/4)))),
		"a binary request": message(tanner + req("binary", b64(strings.Repeat("\x80", size*3/4)))),
		"HTTP":             message(tanner + req("raw", b64("GET "+strings.Repeat("x", size*3/4)))),
		"binary data":      message(tanner + data("binary", fill("QUJD%41%41%41%41"))),
		"a url":            message(tanner + req("url", fill("%E4"))),
		"a list":           message(tanner + data("input", "["+fill("'',")+"]")),
		"data":             message(tanner + data("k", fill("&#x2028;"))),
		"a comment":        message(tanner + "<!--" + fill("x") + "-->"),
		"attributes":       "<m>" + fill("<x "+attributes(32)+"/>\n"),
		"names":            "<m>" + fill("<x "+strings.Repeat("n", 60_000)+"=''/>\n"),
		"deep":             "<m>" + fill(strings.Repeat("<x>", 10)+strings.Repeat("</x>", 10)),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Decode(strings.NewReader(body), DefaultLimits())
			runtime.ReadMemStats(&after)
			if err != nil && !isSyntaxError(err) {
				t.Fatal(err)
			}
			times := float64(after.TotalAlloc-before.TotalAlloc) / float64(len(body))
			t.Logf("%.1f times the body, error %v", times, err)
			if times > most {
				t.Errorf("%.1f times the body's size was allocated, want at most %d", times, most)
			}
		})
	}
}

func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" a" + strings.Repeat("b", i) + "=''")
	}
	return b.String()
}

// Most messages are small, and what is allocated for one is what the garbage
// collector is for: it runs in proportion to that.
func TestMemoryOfOneAlert(t *testing.T) {
	const times, most = 100, 9 << 10
	body := message(`<Analyzer id="cowrie"/>` + aTime + aSource + aTarget)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range times {
		if _, err := Decode(strings.NewReader(body), DefaultLimits()); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / times; each > most {
		t.Errorf("a message of %d bytes allocates %d, want at most %d", len(body), each, most)
	} else {
		t.Logf("a message of %d bytes allocates %d", len(body), each)
	}
}
