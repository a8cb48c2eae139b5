package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

// questions is the path prefix of answers that a frontend's scripts may read.
const questions = "/alert/"

// crossOrigin lets scripts of the frontend read answers (docs/CONTRACT.md §3.2, CORS). It
// reports whether the request was a preflight of the frontend, which is then complete.
// Preflights of other origins are answered by the questions themselves, which allow none.
func (h *Site) crossOrigin(w http.ResponseWriter, r *http.Request) (answered bool) {
	header := w.Header()
	header.Set("Vary", "Origin")
	origins := r.Header["Origin"]
	// A request without an Origin gets the headers too, since caches may serve its
	// answer to requests with one.
	if len(origins) > 0 && origins[0] != h.Frontend {
		return false
	}
	header.Set("Access-Control-Allow-Origin", h.Frontend)
	header.Set("Access-Control-Allow-Credentials", "true")
	header.Set("Access-Control-Expose-Headers", "ETag, Server-Timing")
	if len(origins) == 0 || r.Method != http.MethodOptions {
		return false
	}
	header.Set("Access-Control-Allow-Methods", "GET, HEAD, POST")
	header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID")
	header.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
	return true
}

// parseOrigin parses scheme://host[:port] as browsers send it.
func parseOrigin(d *caddyfile.Dispenser) (string, error) {
	args := d.RemainingArgs()
	if len(args) != 1 {
		return "", d.Errf("frontend has %d arguments: expected frontend <origin>", len(args))
	}
	if !isOrigin(args[0]) {
		return "", d.WrapErr(badOrigin(args[0]))
	}
	return args[0], nil
}

func badOrigin(text string) error {
	return fmt.Errorf("frontend: got %q, must be an origin as browsers send it, such as https://map.example.org: "+
		"lower case, no path, no default port, no wildcard", text)
}

// isOrigin reports whether browsers would send exactly this text as an origin.
func isOrigin(text string) bool {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Scheme+"://"+u.Host != text {
		return false
	}
	usual := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	return u.Hostname() != "" && u.Host == strings.ToLower(u.Host) && u.Port() != usual &&
		!strings.HasSuffix(u.Host, ":") && !strings.ContainsAny(u.Host, "*{}")
}
