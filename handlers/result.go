package handlers

import (
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp/encode"

	"github.com/peba-edge/peba/cache"
)

// writeResult sends what was encoded beforehand, or 304 to those who have it
// already, in the encoding that the client likes best of those that there are.
// How long it may be kept, the caller has said.
func writeResult(w http.ResponseWriter, r *http.Request, media string, result *cache.Result) {
	body, encoding := result.Value, ""
	for _, name := range acceptedEncodings(r) {
		if encoded := result.Encoded(name); len(encoded) > 0 {
			body, encoding = encoded, name
			break
		}
	}
	header := w.Header()
	header.Set("ETag", result.ETag(encoding))
	header.Add("Vary", "Accept-Encoding")
	if known(r, result) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if encoding != "" {
		header.Set("Content-Encoding", encoding)
	}
	writeBody(w, http.StatusOK, media, body)
}

// acceptedEncodings returns those of ours that the client takes, best first.
func acceptedEncodings(r *http.Request) []string {
	if r.Header.Get("Accept-Encoding") == "" {
		return nil
	}
	return encode.AcceptedEncodings(r, []string{"zstd", "gzip"})
}

// known tells whether the client has the answer, in whatever encoding.
func known(r *http.Request, result *cache.Result) bool {
	match := r.Header.Get("If-None-Match")
	if match == "" || r.Method == http.MethodPost {
		return false
	}
	if match == "*" {
		return true
	}
	for _, encoding := range []string{"", "gzip", "zstd"} {
		// Tags are quoted and of one length: none is a part of another.
		if strings.Contains(match, result.ETag(encoding)) {
			return true
		}
	}
	return false
}
