package content

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestServe(t *testing.T) {
	body := NewEncoder().Encode(answer(100))
	onlyGzip := body
	onlyGzip.zstd = nil
	for _, test := range []struct {
		name, accept, match string
		body                Body
		status              int
		encoding            string
	}{
		{"nothing said", "", "", body, 200, ""},
		{"both", "gzip, deflate, br, zstd", "", body, 200, "zstd"},
		{"gzip", "gzip", "", body, 200, "gzip"},
		{"no zstd there", "gzip, zstd", "", onlyGzip, 200, "gzip"},
		{"rather gzip", "zstd;q=0.5, gzip;q=0.8", "", body, 200, "gzip"},
		{"not zstd", "zstd;q=0, gzip", "", body, 200, "gzip"},
		{"anything", "*", "", body, 200, "zstd"},
		{"anything but zstd", "*, zstd;q=0", "", body, 200, "gzip"},
		{"anything but zstd, the other way round", "zstd;q=0, *", "", body, 200, "gzip"},
		{"upper case", "GZIP;Q=1", "", body, 200, "gzip"},
		{"not a number", "gzip;q=x", "", body, 200, ""},
		{"more than all", "gzip;q=2", "", body, 200, ""},
		{"others", "br, identity", "", body, 200, ""},
		{"known", "gzip", body.ETag("gzip"), body, 304, ""},
		{"known in another encoding", "gzip", body.ETag(""), body, 304, ""},
		{"known weakly, among others", "", `"x", W/` + body.ETag("zstd"), body, 304, ""},
		{"any is known", "", "*", body, 304, ""},
		{"another is known", "", `"x"`, body, 200, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Accept-Encoding", test.accept)
			if test.match != "" {
				r.Header.Set("If-None-Match", test.match)
			}
			w := httptest.NewRecorder()
			Serve(w, r, "application/json", &test.body)
			if w.Code != test.status || w.Header().Get("Content-Encoding") != test.encoding || w.Header().Get("Vary") != "Accept-Encoding" {
				t.Fatalf("%d, encoded with %q, Vary %q; want %d, %q", w.Code, w.Header().Get("Content-Encoding"), w.Header().Get("Vary"), test.status, test.encoding)
			}
			want := test.body.Value
			if test.status == http.StatusNotModified {
				want = nil
			} else if test.encoding != "" {
				want = test.body.Encoded(test.encoding)
			}
			if w.Body.String() != string(want) {
				t.Errorf("the body has %d bytes, want %d", w.Body.Len(), len(want))
			}
		})
	}
}

// TestServeModified asks for a body that has been the same since noon.
func TestServeModified(t *testing.T) {
	const noon, earlier, later = "Sun, 29 Nov 2026 12:00:00 GMT", "Sun, 29 Nov 2026 11:59:59 GMT", "Sun, 29 Nov 2026 12:00:01 GMT"
	modified := time.Date(2026, 11, 29, 13, 0, 0, 999, time.FixedZone("", 3600))
	body := Plain([]byte("v"))
	for _, test := range []struct {
		method, since, match string
		status               int
	}{
		{"GET", "", "", 200},
		{"GET", noon, "", 304},
		{"HEAD", noon, "", 304},
		{"GET", later, "", 304},
		{"GET", earlier, "", 200},
		{"GET", "yesterday", "", 200},
		{"POST", noon, "", 200},
		{"GET", later, `"x"`, 200},
		{"GET", earlier, body.ETag(""), 304},
	} {
		r := httptest.NewRequest(test.method, "/", nil)
		for name, value := range map[string]string{"If-Modified-Since": test.since, "If-None-Match": test.match} {
			if value != "" {
				r.Header.Set(name, value)
			}
		}
		w := httptest.NewRecorder()
		ServeModified(w, r, "text/plain", &body, modified)
		if w.Code != test.status || w.Header().Get("Last-Modified") != noon || w.Header().Get("ETag") != body.ETag("") {
			t.Errorf("%s since %q, match %q: %d %v, want %d", test.method, test.since, test.match, w.Code, w.Header(), test.status)
		}
	}
}
