package esclient

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/peba-edge/peba/esclient/index"
)

// load loads the module as Caddy does.
func load(t *testing.T, config string) (*Module, error) {
	t.Helper()
	m, err := caddyContext(t).LoadModuleByID("peba.stores.elasticsearch", json.RawMessage(config))
	if err != nil {
		return nil, err
	}
	return m.(*Module), nil
}

func TestConfig(t *testing.T) {
	t.Setenv("PEBA_TEST_PASSWORD", "from the environment")
	t.Setenv("PEBA_TEST_EMPTY", "")
	m, err := load(t, `{"urls":["http://es:9200","https://es2.example/path"],"user":"u","password":"{env.PEBA_TEST_PASSWORD}",
		"timeout":"5s","index":{"alerts":"x"},"spool":{"path":"/var/spool/peba","reserve":0}}`)
	must(t, err)
	want := index.Names{Alerts: "x", WriteAlias: "ews2017.1", Users: "users", CVEs: "ewscve", Payloads: "payloads", Statistics: "statistics", Sensors: "ewssensors", Feeds: "ewsfeeds"}
	if m.Password != "from the environment" || time.Duration(m.Timeout) != 5*time.Second || m.Shards != 1 || m.Replicas != nil ||
		m.Index != want || m.Spool.Path != "/var/spool/peba" || *m.Spool.Reserve != 0 || len(m.urls) != 2 {
		t.Errorf("got %+v", m)
	}

	if got := m.location(); got != "http://es:9200 https://es2.example/path, spool /var/spool/peba" {
		t.Errorf("its data is in %s", got)
	}

	for config, want := range map[string]string{
		`{}`:                                      "has no URLs: expected one or more of http://HOST:PORT",
		`{"urls":["es:9200"]}`:                    `URL of elasticsearch "es:9200": must be`,
		`{"urls":["ftp://es"]}`:                   `URL of elasticsearch "ftp://es": must be`,
		`{"urls":["http://es?x=1"]}`:              `URL of elasticsearch "http://es?x=1": must be`,
		`{"urls":["http://u:secret@es"]}`:         "http://u:xxxxx@es has a user",
		`{"urls":["http://u:secret@es:x"]}`:       "is invalid",
		`{"urls":["http://es","http://es"]}`:      "http://es is given twice",
		`{"urls":["http://es"],"user":"u"}`:       "without the other",
		`{"urls":["http://es"],"client_key":"u"}`: "without the other",
		`{"urls":["http://es"],"user":"u","password":"p","api_key":"k"}`: "must have only one of them",
		`{"urls":["http://es"],"api_key":"{env.PEBA_TEST_EMPTY}"}`:       "is empty after replacing placeholders",
		`{"urls":["http://es"],"timeout":"1ms"}`:                         "timeout of elasticsearch: got 1ms, must be 1s to 10m",
		`{"urls":["http://es"],"shards":-1}`:                             "shards of elasticsearch: got -1, must be 1 to 1024",
		`{"urls":["http://es"],"replicas":-1}`:                           "replicas of elasticsearch: got -1, must be 0 to 100",
		`{"urls":["http://es"],"spool":{"max_size":-1}}`:                 "must be at least 0",
		`{"urls":["http://es"],"index":{"alerts":"EWS"}}`:                `index alerts: got "EWS", must be`,
		`{"urls":["http://es"],"index":{"alerts":"*"}}`:                  `index alerts: got "*", must be`,
		`{"urls":["http://es"],"index":{"users":"payloads"}}`:            `index payloads: "payloads" is also the name of another index`,
		`{"urls":["http://es"],"index":{"users":"ews-users"}}`:           `would be read as alerts`,
		`{"urls":["http://es"],"sniff":true}`:                            "sniff",
	} {
		if _, err := load(t, config); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error %v, want one with %q", config, err, want)
		}
	}
}

func TestCaddyfile(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"ca.pem", "c.pem", "k.pem"} {
		must(t, os.WriteFile(name, nil, 0o600))
	}
	tests := []struct{ input, json, err string }{
		{input: "elasticsearch http://a http://b", json: `{"urls":["http://a","http://b"]}`},
		{
			input: `elasticsearch http://a {
				user u {env.P}
				ca ca.pem
				client_certificate c.pem k.pem
				shards 2
				replicas 0
				timeout 5s
				index alerts x
				index users y
				spool /s {
					max_size 10GiB
					reserve 1GiB
				}
			}`,
			json: `{"urls":["http://a"],"user":"u","password":"{env.P}","ca":"ca.pem","client_certificate":"c.pem","client_key":"k.pem",` +
				`"shards":2,"replicas":0,"timeout":5000000000,"index":{"alerts":"x","users":"y"},"spool":{"path":"/s","max_size":10737418240,"reserve":1073741824}}`,
		},
		{input: "elasticsearch http://a {\n\tapi_key k\n\tspool /s\n}", json: `{"urls":["http://a"],"api_key":"k","spool":{"path":"/s"}}`},
		{input: "elasticsearch", err: "has no URLs: expected one or more of"},
		{input: "elasticsearch http://a {\n\tsniff on\n}", err: `unknown option "sniff": must be one of user, api_key, ca, client_certificate, shards, replicas, timeout, index, spool`},
		{input: "elasticsearch http://a {\n\tuser u\n}", err: "user has 1 arguments, or an empty one: expected user NAME PASSWORD"},
		{input: "elasticsearch http://a {\n\tapi_key \"\"\n}", err: "expected api_key KEY"},
		{input: "elasticsearch http://a {\n\tapi_key a\n\tapi_key b\n}", err: "api_key is given twice"},
		{input: "elasticsearch http://a {\n\tapi_key a {\n\t\tb\n\t}\n}", err: `api_key takes no block: unexpected "b"`},
		{input: "elasticsearch http://a {\n\tshards many\n}", err: `shards: got "many", must be a whole number from 1 to 1024`},
		{input: "elasticsearch http://a {\n\treplicas 101\n}", err: `replicas: got "101", must be a whole number from 0 to 100`},
		{input: "elasticsearch http://a {\n\ttimeout 1ms\n}", err: `timeout: got "1ms", must be 1s to 10m`},
		{input: "elasticsearch http://a {\n\tindex alert x\n}", err: `unknown kind of index "alert": must be one of alerts, write_alias, users, cves, payloads, statistics, sensors`},
		{input: "elasticsearch http://a {\n\tindex users x\n\tindex users y\n}", err: "index users is given twice"},
		{input: "elasticsearch http://a {\n\tspool\n}", err: "expected spool PATH"},
		{input: "elasticsearch http://a {\n\tspool /s\n\tspool /s\n}", err: "spool is given twice"},
		{input: "elasticsearch http://a {\n\tspool /s {\n\t\tsize 1\n\t}\n}", err: `spool: unknown option "size": must be one of max_size, reserve`},
		{input: "elasticsearch http://a {\n\tspool /s {\n\t\treserve much\n\t}\n}", err: `spool: reserve: got "much", must be a size such as 10GiB`},
		{input: "elasticsearch http://a {\n\tspool /s {\n\t\treserve 1GB\n\t\treserve 1GB\n\t}\n}", err: "spool: reserve is given twice"},
		{input: "elasticsearch http://a {\n\tspool /s {\n\t\treserve\n\t}\n}", err: "spool: reserve has 0 arguments"},
	}
	for _, test := range tests {
		m := new(Module)
		err := m.UnmarshalCaddyfile(caddyfile.NewTestDispenser(test.input))
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%q: error %v, want one with %q", test.input, err, test.err)
			}
			continue
		}
		got, jsonErr := json.Marshal(m)
		if err != nil || jsonErr != nil || string(got) != test.json {
			t.Errorf("%q: %s, %v, %v, want %s", test.input, got, err, jsonErr, test.json)
		}
	}
}
