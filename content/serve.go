package content

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// encodings are those that a Body may have, best first.
var encodings = [...]string{"zstd", "gzip"}

// Serve sends a body in the available encoding that the client prefers, or 304 if
// the client has it. The caller sets Cache-Control before.
func Serve(w http.ResponseWriter, r *http.Request, media string, b *Body) {
	serve(w, r, media, b, b.known(r))
}

// ServeModified is like Serve for a body that has been the same since a time, which becomes
// Last-Modified. Clients that compare only that time get 304 as well.
func ServeModified(w http.ResponseWriter, r *http.Request, media string, b *Body, modified time.Time) {
	w.Header().Set("Last-Modified", modified.UTC().Format(http.TimeFormat))
	serve(w, r, media, b, b.known(r) || unmodifiedSince(r, modified))
}

// serve sends a body, or 304 if the client knows it.
func serve(w http.ResponseWriter, r *http.Request, media string, b *Body, known bool) {
	encoding := b.choose(r.Header.Get("Accept-Encoding"))
	header := w.Header()
	header.Set("ETag", b.ETag(encoding))
	header.Add("Vary", "Accept-Encoding")
	if known {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	value := b.Value
	if encoding != "" {
		header.Set("Content-Encoding", encoding)
		value = b.Encoded(encoding)
	}
	Write(w, http.StatusOK, media, value)
}

// Write sends an answer whose media type browsers must not guess.
func Write(w http.ResponseWriter, status int, media string, value []byte) {
	header := w.Header()
	header.Set("Content-Type", media)
	header.Set("Content-Length", strconv.Itoa(len(value)))
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// An error here means that the client is gone.
	_, _ = w.Write(value)
}

// choose returns the available encoding that the client prefers, by its header
// Accept-Encoding; "" for none.
func (b *Body) choose(accept string) string {
	if accept == "" {
		return ""
	}
	best, most := "", 0.0
	for _, encoding := range encodings {
		if q := quality(accept, encoding); q > most && len(b.Encoded(encoding)) > 0 {
			best, most = encoding, q
		}
	}
	return best
}

// quality returns the client's preference for an encoding (RFC 9110 §12.5.3), from 0
// (not acceptable) to 1. An invalid value counts as 0.
func quality(accept, encoding string) float64 {
	q, named := 0.0, false
	for part := range strings.SplitSeq(accept, ",") {
		name, parameter, weighted := strings.Cut(part, ";")
		name = strings.TrimSpace(name)
		own := strings.EqualFold(name, encoding)
		if !own && (name != "*" || named) {
			continue
		}
		q, named = 1, named || own
		if weighted {
			number, found := strings.CutPrefix(strings.ToLower(strings.TrimSpace(parameter)), "q=")
			weight, err := strconv.ParseFloat(number, 64)
			if !found || err != nil || !(weight >= 0 && weight <= 1) {
				weight = 0
			}
			q = weight
		}
	}
	return q
}

// known reports whether the client has the body, in any encoding.
func (b *Body) known(r *http.Request) bool {
	match := r.Header.Get("If-None-Match")
	if match == "" || r.Method == http.MethodPost {
		return false
	}
	if match == "*" {
		return true
	}
	// Tags are quoted and have the same length, so none is part of another.
	return strings.Contains(match, b.ETag("")) || strings.Contains(match, b.ETag("gzip")) || strings.Contains(match, b.ETag("zstd"))
}

// unmodifiedSince reports whether the client has a copy of that time or later. Those with an
// entity tag are more exact, and count alone (RFC 9110 §13.1.3).
func unmodifiedSince(r *http.Request, modified time.Time) bool {
	if r.Header.Get("If-None-Match") != "" || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	since, err := http.ParseTime(r.Header.Get("If-Modified-Since"))
	return err == nil && !modified.Truncate(time.Second).After(since)
}
