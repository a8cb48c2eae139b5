package collector

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/caddyserver/caddy/v2"

	"github.com/peba-edge/peba/store"
)

// Credentials are a user name and a token. Placeholders such as {env.NAME} and
// {file.PATH} are replaced when the configuration is loaded.
type Credentials struct {
	// User name that sensors send.
	User string `json:"user"`
	// Token that sensors send, at least 8 characters.
	Token string `json:"token"`
}

// replaceCommunity resolves {env.*} and {file.*} in the community's log-in. Braces
// that are no known placeholder stay: the tokens of real communities contain some.
// Without any value there is no log-in: a first start from Caddyfile.example must
// not invite strangers, and need not fail.
func (a *App) replaceCommunity() {
	if a.Community == nil {
		return
	}
	repl := caddy.NewReplacer()
	a.Community.User = repl.ReplaceKnown(a.Community.User, "")
	a.Community.Token = repl.ReplaceKnown(a.Community.Token, "")
	if *a.Community == (Credentials{}) {
		a.Community, a.noCommunity = nil, true
	}
}

// check reports a pair of which half is missing, and a token that is easy to guess.
func (c *Credentials) check() error {
	if c == nil {
		return nil
	}
	if c.User == "" || c.Token == "" {
		return errors.New("community: user or token is empty: must be both, or neither to have no community log-in")
	}
	return checkCommunityToken(c.Token)
}

// checkCommunityToken reports a token that is too short, without showing it.
func checkCommunityToken(token string) error {
	if n := utf8.RuneCountInString(token); n < leastToken {
		return fmt.Errorf("community: the token is too short: got %d characters, must be at least %d", n, leastToken)
	}
	return nil
}

// stockHalves says which halves are those of every stock T-Pot, or returns "".
func (c *Credentials) stockHalves() string {
	if c == nil {
		return ""
	}
	switch user, token := c.User == stockUser, c.Token == stockToken; {
	case user && token:
		return "user and token"
	case user:
		return "user"
	case token:
		return "token"
	}
	return ""
}

// checkCommunity looks for a community log-in that anybody may know, or that is missing.
func (a *App) checkCommunity() store.Finding {
	f := store.Finding{Part: "community", OK: true, Text: "sensors have a log-in of their own"}
	switch stock := a.Community.stockHalves(); {
	case a.noCommunity:
		f.OK, f.Text = false, "there is no community log-in: its user and token are empty once their placeholders are replaced; only users may send alerts"
		f.Advice = "Set the environment variables that the option community names, PEBA_COMMUNITY_USER and PEBA_COMMUNITY_TOKEN in Caddyfile.example, " +
			"and restart; or leave community out."
	case a.Community == nil:
		f.Text = "there is no community log-in: only users may send alerts"
	case stock != "":
		f.OK, f.Text = false, "the community log-in has the public "+stock+" of every stock T-Pot"
		if stock != "user" {
			f.Text += ": anybody may send alerts"
		}
		f.Advice = "Set another user and token in the option community, and in the sensors' ews.cfg."
	}
	return f
}
