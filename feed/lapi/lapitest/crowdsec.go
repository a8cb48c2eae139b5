//go:build linux

package lapitest

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// CrowdSec is CrowdSec's own local API, without anything else. It runs in a network
// namespace and is not registered anywhere.
type CrowdSec struct {
	network *Network
	client  *http.Client
	cscli   string
	config  string
}

// crowdSecAddress is where it listens in its network.
const crowdSecAddress = "127.0.0.1:8080"

// crowdSecKey is the key of its only bouncer.
const crowdSecKey = "key-of-the-test"

// StartCrowdSec starts CrowdSec's local API, until the test ends.
func StartCrowdSec(t testing.TB) *CrowdSec {
	t.Helper()
	server := program(t, "crowdsec")
	dir := t.TempDir()
	c := &CrowdSec{network: NewNetwork(t), cscli: program(t, "cscli"), config: filepath.Join(dir, "config.yaml")}
	c.client = c.network.Client()
	for _, folder := range []string{"etc", "data", "hub", "notifications", "plugins"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"config.yaml": strings.ReplaceAll(crowdSecConfig, "DIR", dir), "simulation.yaml": "simulation: off\n", "acquis.yaml": "", "credentials.yaml": "",
		"profiles.yaml": "name: none\nfilters: [\"false\"]\n", "hub/.index.json": "{}",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c.Do(t, "machines", "add", "test", "-p", "password-of-the-test", "-f", filepath.Join(dir, "credentials.yaml"), "-u", "http://"+crowdSecAddress+"/")
	c.Do(t, "bouncers", "add", "test", "-k", crowdSecKey)
	run(t, c.network.Command(server, "-c", c.config, "-no-cs"))
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		_, err := c.request("/health")
		if err == nil {
			return c
		}
		if time.Now().After(deadline) {
			t.Fatalf("CrowdSec does not answer: %v", err)
		}
	}
}

// crowdSecConfig is the configuration in the folder DIR. Without online_client it stays alone.
const crowdSecConfig = `common: {daemonize: false, log_media: stdout, log_level: info, working_dir: DIR}
config_paths:
  config_dir: DIR/etc
  data_dir: DIR/data
  simulation_path: DIR/simulation.yaml
  hub_dir: DIR/hub
  index_path: DIR/hub/.index.json
  notification_dir: DIR/notifications
  plugin_dir: DIR/plugins
crowdsec_service: {acquisition_path: DIR/acquis.yaml, parser_routines: 1}
cscli: {output: json}
db_config: {log_level: info, type: sqlite, db_path: DIR/data/crowdsec.db}
api:
  client: {credentials_path: DIR/credentials.yaml}
  server: {log_level: info, listen_uri: "` + crowdSecAddress + `", profiles_path: DIR/profiles.yaml}
prometheus: {enabled: false}
`

// Do runs cscli.
func (c *CrowdSec) Do(t testing.TB, args ...string) {
	t.Helper()
	cmd := c.network.Command(c.cscli, append([]string{"-c", c.config}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cscli %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// Get asks for a path as a bouncer.
func (c *CrowdSec) Get(t testing.TB, path string) Answer {
	t.Helper()
	answer, err := c.request(path)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// Answer is an answer of CrowdSec's local API.
type Answer struct {
	Status      int
	ContentType string
	Body        string
}

func (c *CrowdSec) request(path string) (Answer, error) {
	req, err := http.NewRequest(http.MethodGet, "http://"+crowdSecAddress+path, nil)
	if err != nil {
		return Answer{}, err
	}
	req.Header.Set("X-Api-Key", crowdSecKey)
	resp, err := c.client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("reading %s: %w", path, err)
	}
	return Answer{resp.StatusCode, resp.Header.Get("Content-Type"), string(body)}, nil
}
