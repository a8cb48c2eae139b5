package integration

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/peba-edge/peba/integration/edgetest"
)

func trim(s string) string { return strings.TrimSpace(s) }

func basic(user, token string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+token))
}

func TestUserCommands(t *testing.T) {
	s := startServer(t, "", "")

	added := s.User("", "add", "soc-team", "--email", "soc@example.org")
	token := regexp.MustCompile(`(?m)^token: (\S+)$`).FindStringSubmatch(added)
	if token == nil {
		t.Fatalf("no token was made and shown: %q", added)
	}
	s.User("reader's token\n", "add", "reader", "--get-only", "--community", "--token-file", "-")

	list := s.User("", "list")
	for _, want := range []string{
		`(?m)^reader +true +true +argon2id$`,
		`(?m)^soc-team +false +false +soc@example.org +argon2id$`,
	} {
		if !regexp.MustCompile(want).MatchString(list) {
			t.Errorf("the list has no line %s:\n%s", want, list)
		}
	}
	var infos []struct{ Name string }
	if err := json.Unmarshal([]byte(s.User("", "list", "--json")), &infos); err != nil || len(infos) != 2 || infos[0].Name != "reader" {
		t.Errorf("the list in JSON: %v, %v", infos, err)
	}
	if names, err := s.CLI("", "__complete", "peba", "user", "remove", "--address", s.Admin, "s"); err != nil || !strings.HasPrefix(names, "soc-team\n") {
		t.Errorf("completing a user name gives %q, %v", names, err)
	}
	if strings.Contains(list, token[1]) || strings.Contains(list, "$argon2id") {
		t.Errorf("the list shows secrets:\n%s", list)
	}

	post := func(user, token string) int {
		return s.Request(http.MethodPost, "/alert/retrieveIPs", edgetest.MessageXML(user, token)).Status
	}
	if got := post("soc-team", token[1]); got != http.StatusOK {
		t.Errorf("POST with the right token: %d", got)
	}
	if got := s.Request(http.MethodGet, "/alert/retrieveIPs?out=json", "", "Authorization", basic("reader", "reader's token")); got.Status != http.StatusOK {
		t.Errorf("GET with HTTP Basic: %d %s", got.Status, got.Body)
	}
	if got := post("soc-team", "wrong token"); got != http.StatusForbidden {
		t.Errorf("POST with a wrong token: %d", got)
	}
	if got := s.Request(http.MethodGet, "/alert/retrieveIPs", ""); got.Status != http.StatusMethodNotAllowed {
		t.Errorf("GET without credentials: %d", got.Status)
	}
	if got := post(edgetest.CommunityUser, edgetest.CommunityToken); got != http.StatusForbidden {
		t.Errorf("the community's log-in on a private endpoint: %d", got)
	}
	if got := s.Post(edgetest.MessageXML("reader", "reader's token", edgetest.AlertXML("9.9.9.9", 1))); got.Status != http.StatusForbidden {
		t.Errorf("a getOnly user sends: %d", got.Status)
	}

	s.User("another token\n", "set", "soc-team", "--token-file", "-")
	if got := post("soc-team", token[1]); got != http.StatusForbidden {
		t.Errorf("the old token after set: %d", got)
	}
	if got := post("soc-team", "another token"); got != http.StatusOK {
		t.Errorf("the new token after set: %d", got)
	}
	s.User("", "remove", "soc-team")
	if got := post("soc-team", "another token"); got != http.StatusForbidden {
		t.Errorf("after remove: %d", got)
	}
}

func TestUserCommandErrors(t *testing.T) {
	s := startServer(t, "", "")
	s.User("long enough\n", "add", "known", "--token-file", "-")
	for name, test := range map[string]struct {
		stdin string
		args  []string
		want  string
	}{
		"exists":           {"long enough\n", []string{"add", "known", "--token-file", "-"}, `Error: user "known" exists`},
		"community's name": {"long enough\n", []string{"add", edgetest.CommunityUser, "--token-file", "-"}, "is the community's"},
		"empty token":      {"\n", []string{"add", "new", "--token-file", "-"}, "is empty"},
		"short token":      {"short\n", []string{"add", "new", "--token-file", "-"}, "token has 5 bytes: must have 8 to 1024"},
		"escape in name":   {"long enough\n", []string{"add", "a\x1b[31m", "--token-file", "-"}, "must be printable"},
		"dots":             {"long enough\n", []string{"add", "..", "--token-file", "-"}, "must not be . or .."},
		"colon":            {"long enough\n", []string{"add", "a:b", "--token-file", "-"}, "contain a colon"},
		"no such command":  {"", []string{"frob"}, "frob"},
		"nothing to set":   {"", []string{"set", "known"}, "nothing to change"},
		"unknown":          {"", []string{"remove", "nobody"}, `Error: there is no user "nobody"`},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := s.CLI(test.stdin, append([]string{"peba", "user", "--address", s.Admin}, test.args...)...)
			if err == nil {
				t.Error("it succeeded")
			}
			if !strings.Contains(out, test.want) {
				t.Errorf("the output lacks %q:\n%s", test.want, out)
			}
			if strings.Contains(out, "\x1b[31m") {
				t.Error("an escape sequence reached the terminal")
			}
		})
	}
}

// TestDomains sends as community and as private user, and asks for each.
func TestDomains(t *testing.T) {
	s := startServer(t, "", "")
	s.User("soc's token\n", "add", "soc", "--token-file", "-")
	s.User("member's token\n", "add", "member", "--community", "--token-file", "-")
	for _, body := range []string{
		edgetest.MessageXML(edgetest.CommunityUser, edgetest.CommunityToken, edgetest.AlertXML("8.8.8.8", 1), edgetest.AlertXML("8.8.4.4", 2)),
		edgetest.MessageXML("soc", "soc's token", edgetest.AlertXML("9.9.9.9", 3)),
	} {
		if got := s.Post(body); got.Body != edgetest.OKResult {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
	}
	for _, test := range []struct{ user, ci, want string }{
		{"soc", "", "8.8.4.4 8.8.8.8"},
		{"soc", "?ci=0", "9.9.9.9"},
		{"soc", "?ci=-1", "8.8.4.4 8.8.8.8 9.9.9.9"},
		{"member", "?ci=0", "8.8.4.4 8.8.8.8"},
		{"member", "?ci=-1", "8.8.4.4 8.8.8.8"},
	} {
		path := "/ews-0.1/alert/retrieveIPs" + test.ci
		if test.ci == "" {
			path += "?out=json"
		} else {
			path += "&out=json"
		}
		got := s.Request(http.MethodPost, path, edgetest.MessageXML(test.user, test.user+"'s token"))
		var list []struct {
			IP    string `json:"ip"`
			Count int    `json:"count"`
		}
		if err := json.Unmarshal([]byte(got.Body), &list); err != nil {
			t.Fatalf("%s: %v: %s", path, err, got.Body)
		}
		var ips []string
		for _, item := range list {
			ips = append(ips, item.IP)
		}
		if strings.Join(ips, " ") != test.want {
			t.Errorf("%s asks %q: got %v, want %s", test.user, test.ci, ips, test.want)
		}
	}
}
