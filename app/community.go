package app

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/caddyserver/caddy/v2"

	"github.com/peba-edge/peba/login"
	"github.com/peba-edge/peba/store"
)

// Credentials are a user name and a token. Placeholders such as {env.NAME} and
// {file.PATH} are replaced when the configuration is loaded.
type Credentials struct {
	// User name that sensors send. Placeholders are replaced.
	User string `json:"user"`
	// Token that sensors send, at least 8 characters. Placeholders are replaced.
	Token string `json:"token"`
}

// The login of every stock T-Pot. By default `make run` accepts it and `caddy peba
// simulate` sends it.
const (
	StockUser  = "community-01-user"
	StockToken = "foth{a5maiCee8fineu7"
)

// replaceCommunity replaces {env.*} and {file.*} in the community's login. Other
// braces stay: the tokens of real communities contain some. If both values are
// empty there is no login: a first start from Caddyfile.example must neither admit
// strangers nor fail.
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

// check rejects a missing user or token, and a token that is too short.
func (c *Credentials) check() error {
	if c == nil {
		return nil
	}
	if c.User == "" || c.Token == "" {
		return errors.New("community: user or token is empty: give both, or neither for no community login")
	}
	return checkCommunityToken(c.Token)
}

// checkCommunityToken reports a token that is too short, without showing it.
func checkCommunityToken(token string) error {
	if n := utf8.RuneCountInString(token); n < login.MinToken {
		return fmt.Errorf("community: the token is too short: got %d characters, must be at least %d", n, login.MinToken)
	}
	return nil
}

// stockHalves returns which of user and token are those of every stock T-Pot,
// or "".
func (c *Credentials) stockHalves() string {
	if c == nil {
		return ""
	}
	switch user, token := c.User == StockUser, c.Token == StockToken; {
	case user && token:
		return "user and token"
	case user:
		return "user"
	case token:
		return "token"
	}
	return ""
}

// checkCommunity checks for a community login that is publicly known or missing.
func (a *App) checkCommunity() store.Finding {
	f := store.Finding{Part: "community", OK: true, Text: "the community login is set and not public"}
	switch stock := a.Community.stockHalves(); {
	case a.noCommunity:
		f.OK, f.Text = false, "there is no community login: its user and token are empty after replacing placeholders; only users may send alerts"
		f.Advice = "Set the environment variables that the option community names, PEBA_COMMUNITY_USER and PEBA_COMMUNITY_TOKEN in Caddyfile.example, " +
			"and restart; or omit community."
	case a.Community == nil:
		f.Text = "there is no community login: only users may send alerts"
	case stock != "":
		f.OK, f.Text = false, "the community login has the public "+stock+" of every stock T-Pot"
		if stock != "user" {
			f.Text += ": anyone may send alerts"
		}
		f.Advice = "Set another user and token in the option community, and in the sensors' ews.cfg."
	}
	return f
}
