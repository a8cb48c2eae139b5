package alert

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// counted is a reader that tells how much of it was read.
type counted struct {
	r io.Reader
	n int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

func TestCheck(t *testing.T) {
	const (
		user, token = "<username>u</username>", "<token>t</token>"
		both        = "<Authentication>" + user + token + "</Authentication>"
		rest        = "<Alert>" + good + "</Alert>"
	)
	long := strings.Repeat(rest, 900)
	for name, test := range map[string]struct {
		body  string
		calls int
		early bool // the check comes before the body's end is read
	}{
		"first":                    {"<m>" + both + long + "</m>", 1, true},
		"last":                     {"<m>" + long + both + "</m>", 1, false},
		"missing":                  {"<m>" + long + "</m>", 0, false},
		"no token":                 {"<m><Authentication>" + user + "</Authentication>" + long + "</m>", 0, false},
		"empty":                    {"<m><Authentication><username/><token/></Authentication>" + long + "</m>", 1, true},
		"twice":                    {"<m>" + both + both + long + "</m>", 1, true},
		"in two elements":          {"<m><Authentication>" + user + "</Authentication><Authentication>" + token + "</Authentication>" + long + "</m>", 1, true},
		"with an element within":   {"<m><Authentication>" + user + token + "<x></x></Authentication>" + long + "</m>", 1, true},
		"of another name space":    {"<m><x:Authentication>" + user + token + "</x:Authentication>" + long + "</m>", 0, false},
		"the root":                 {both, 1, false},
		"not in an Authentication": {"<m>" + user + token + long + "</m>", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			body := &counted{r: strings.NewReader(test.body)}
			calls := 0
			var gotUser, gotToken string
			m, err := DecodeChecked(body, DefaultLimits(), func(user, token string) error {
				calls++
				gotUser, gotToken = user, token
				if early := body.n < len(test.body)/2; early != test.early {
					t.Errorf("called after %d of %d bytes", body.n, len(test.body))
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if calls != test.calls {
				t.Errorf("called %d times, want %d", calls, test.calls)
			}
			if calls > 0 && (gotUser != m.Username || gotToken != m.Token) {
				t.Errorf("called with %q, %q; the message has %q, %q", gotUser, gotToken, m.Username, m.Token)
			}
			if calls == 0 {
				return
			}
			wrong := errors.New("wrong")
			body = &counted{r: strings.NewReader(test.body)}
			m, err = DecodeChecked(body, DefaultLimits(), func(string, string) error { return wrong })
			if m != nil || !errors.Is(err, wrong) {
				t.Errorf("a failed check: %v, %v", m, err)
			}
			if test.early && body.n > len(test.body)/2 {
				t.Errorf("%d of %d bytes were read after a failed check", body.n, len(test.body))
			}
		})
	}
}
