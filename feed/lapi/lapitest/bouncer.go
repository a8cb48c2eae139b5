//go:build linux

package lapitest

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Kind is a kind of bouncer.
type Kind string

// The kinds of bouncers that Debian has.
const (
	// NFTables and IPSet are the firewall bouncer's modes.
	NFTables Kind = "nftables"
	IPSet    Kind = "ipset"
	// Custom is the bouncer that runs a script for each decision. Its addresses have no
	// timeouts.
	Custom Kind = "custom"
)

// Bouncer is a running bouncer.
type Bouncer struct {
	kind    Kind
	network *Network
	folder  string
	log     string // path
}

// Start starts a bouncer that polls a server, until the test ends. The address is the
// server's URL with a slash at its end.
func Start(t testing.TB, kind Kind, n *Network, address, key string, every time.Duration) *Bouncer {
	t.Helper()
	b := &Bouncer{kind: kind, network: n, folder: t.TempDir()}
	name, config := "crowdsec-firewall-bouncer", b.firewallConfig()
	if kind == Custom {
		name, config = "crowdsec-custom-bouncer", b.customConfig(t, every)
	}
	config += fmt.Sprintf("update_frequency: %s\ndaemonize: false\nlog_mode: stdout\nlog_level: info\napi_url: %s\napi_key: %s\nprometheus: {enabled: false}\n", every, address, key)
	path := filepath.Join(b.folder, "config.yaml")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if kind == IPSet {
		b.createSets(t)
	}
	b.log = run(t, n.Command(program(t, name), "-c", path))
	return b
}

// LostReleases returns how often the firewall bouncer failed to remove the addresses of an
// answer. It deletes all in one transaction, which fails if one of them expires in the same
// moment, and does not repeat it: the others stay until their bans end.
func (b *Bouncer) LostReleases(t testing.TB) int {
	t.Helper()
	text, err := os.ReadFile(b.log)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(text), "unable to commit delete decisions")
}

// createSets makes the sets, which the bouncer expects of its administrator in this mode.
func (b *Bouncer) createSets(t testing.TB) {
	t.Helper()
	for name, family := range map[string]string{"crowdsec-blacklists": "inet", "crowdsec6-blacklists": "inet6"} {
		cmd := b.network.Command("ipset", "create", name, "hash:net", "family", family, "timeout", "0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("ipset: %v: %s", err, out)
		}
	}
}

// firewallConfig returns the options of the firewall bouncer only.
func (b *Bouncer) firewallConfig() string {
	return fmt.Sprintf(`mode: %s
pid_dir: %s
disable_ipv6: false
deny_action: DROP
supported_decisions_types: [ban]
blacklists_ipv4: crowdsec-blacklists
blacklists_ipv6: crowdsec6-blacklists
ipset_type: nethash
iptables_chains: [INPUT]
nftables:
  ipv4: {enabled: true, set-only: false, table: crowdsec, chain: crowdsec-chain}
  ipv6: {enabled: true, set-only: false, table: crowdsec6, chain: crowdsec6-chain}
`, b.kind, b.folder)
}

// customConfig returns the options of the custom bouncer only. Its script keeps a file per address.
func (b *Bouncer) customConfig(t testing.TB, every time.Duration) string {
	t.Helper()
	script := filepath.Join(b.folder, "script")
	set := filepath.Join(b.folder, "set")
	if err := os.Mkdir(set, 0o700); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("#!/bin/sh\ncase $1 in\nadd) : >'%s/'\"$2\" ;;\ndel) rm -f '%s/'\"$2\" ;;\nesac\n", set, set)
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil { //nolint:gosec // the bouncer runs it
		t.Fatal(err)
	}
	// It skips what it did in the last cache_retention_duration, also if the opposite came between.
	return fmt.Sprintf("bin_path: %s\npiddir: %s\nfeed_via_stdin: false\ncache_retention_duration: %s\n", script, b.folder, every/2)
}

// run runs a program until the test ends, and returns the path of its log, which is shown if
// the test fails.
func run(t testing.TB, cmd *exec.Cmd) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "log")
	log, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Errorf("%s ended before the test: %v", cmd, err)
		}
		_ = cmd.Wait() // it was killed
		log.Close()
		if text, err := os.ReadFile(path); t.Failed() {
			t.Logf("%s: %v\n%s", cmd, err, text[max(0, len(text)-20000):])
		}
	})
	return path
}

// element is an address in the output of nft or ipset, before its timeout.
var element = regexp.MustCompile(`([0-9a-f]+[.:][0-9a-f.:]*) timeout`)

// Set returns the addresses that the bouncer blocks. It is empty before the bouncer has begun.
func (b *Bouncer) Set() (map[netip.Addr]bool, error) {
	var names []string
	switch b.kind {
	case Custom:
		files, err := os.ReadDir(filepath.Join(b.folder, "set"))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			names = append(names, file.Name())
		}
	case NFTables:
		text, err := b.network.Command("nft", "list", "ruleset").CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("nft: %w: %s", err, text)
		}
		names = elements(string(text))
	case IPSet:
		text, err := b.network.Command("ipset", "save").CombinedOutput()
		if err != nil {
			return nil, fmt.Errorf("ipset: %w: %s", err, text)
		}
		names = elements(string(text))
	}
	set := map[netip.Addr]bool{}
	for _, name := range names {
		addr, err := netip.ParseAddr(name)
		if err != nil {
			return nil, fmt.Errorf("set of the %s bouncer: %w", b.kind, err)
		}
		set[addr] = true
	}
	return set, nil
}

// elements returns the addresses with timeouts in a text.
func elements(text string) []string {
	var all []string
	for _, match := range element.FindAllStringSubmatch(text, -1) {
		all = append(all, strings.TrimSpace(match[1]))
	}
	return all
}
