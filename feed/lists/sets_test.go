package lists

import (
	"encoding/json"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/internal/rings"
	"github.com/peba-edge/peba/query"
)

// inNamespace runs a shell script in an empty folder with those files, with a network
// of its own, and returns what it prints.
func inNamespace(t *testing.T, files map[string][]byte, script string) string {
	t.Helper()
	folder := t.TempDir()
	for name, body := range files {
		if err := os.WriteFile(filepath.Join(folder, name), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"--net", "sh", "-euc", script}
	if os.Geteuid() != 0 {
		args = append([]string{"--map-root-user"}, args...)
	}
	cmd := exec.Command("unshare", args...)
	cmd.Dir = folder
	var out, errors strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errors
	if err := cmd.Run(); err != nil || errors.Len() > 0 {
		t.Fatalf("%v\n%.1000s", err, errors.String())
	}
	return out.String()
}

// tools names what the tests below need.
func tools(t *testing.T, program string) {
	t.Helper()
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin")
	rings.Tool(t, program, "sudo apt-get install "+map[string]string{"nft": "nftables", "ipset": "ipset"}[program])
	rings.Tool(t, "unshare", "sudo apt-get install util-linux")
}

// generations are feeds that one firewall loads in this order: each must replace the one
// before, also if it is far larger or empty.
func generations(list string) []*feed.Snapshot {
	second := hostile()
	second.Entries = second.Entries[1:3]
	all := []*feed.Snapshot{hostile(), hostile(), second, empty(), empty(), exampleSnapshot()}
	if list == "" {
		all = append(all, large(70_000), second)
	}
	return all
}

// listNames are names of lists: the default, the longest, and those that nft could take for
// keywords.
var listNames = []string{"", "ip", "add", "set", "ct", "Z9-_" + strings.Repeat("z", maxListName-4)}

// loaded is what the firewall then has, by name of the set.
type loaded map[string]map[netip.Prefix]bool

// wanted returns what a firewall has after it loaded a feed.
func wanted(s *feed.Snapshot, o Options) loaded {
	want := make(loaded)
	for _, f := range o.families() {
		set := make(map[netip.Prefix]bool)
		for _, e := range s.Entries {
			if f.has(&e) {
				set[e.Prefix] = true
			}
		}
		want[o.listName(s)+f.suffix] = set
	}
	return want
}

func compareLoaded(t *testing.T, what string, got, want loaded) {
	t.Helper()
	for name := range want {
		if _, found := got[name]; !found || !maps.Equal(got[name], want[name]) {
			t.Errorf("%s: the set %s has %d entries, want %d (it is there: %v)", what, name, len(got[name]), len(want[name]), found)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: the sets are %v, want %v", what, slices.Collect(maps.Keys(got)), slices.Collect(maps.Keys(want)))
	}
}

// files returns what a format writes for the generations, and a script that loads them in
// turn. After each it prints what is loaded, and a line "--".
func files(t *testing.T, suffix string, o Options, load, list string) (map[string][]byte, string) {
	t.Helper()
	bodies := make(map[string][]byte)
	script := ""
	for i, s := range generations(o.List) {
		name := string(rune('a' + i))
		bodies[name] = format(t, suffix).Write(s, o)
		script += strings.ReplaceAll(load, "FILE", name) + "; " + list + "; echo; echo --\n"
	}
	return bodies, script
}

// TestIPSet loads all generations into the kernel.
func TestIPSet(t *testing.T) {
	tools(t, "ipset")
	for _, list := range listNames {
		o := Options{List: list}
		bodies, script := files(t, "ipset", o, "ipset restore < FILE", "ipset save")
		states := strings.Split(inNamespace(t, bodies, script), "\n--\n")
		for i, s := range generations(list) {
			compareLoaded(t, "ipset "+list, parseIPSet(t, states[i]), wanted(s, o))
		}
	}
}

// parseIPSet parses the output of ipset save.
func parseIPSet(t *testing.T, text string) loaded {
	t.Helper()
	sets := make(loaded)
	for line := range strings.Lines(text) {
		switch words := strings.Fields(line); {
		case len(words) > 1 && words[0] == "create":
			sets[words[1]] = make(map[netip.Prefix]bool)
		case len(words) == 3 && words[0] == "add":
			p, err := parsePrefix(words[2])
			if err != nil {
				t.Fatal(err)
			}
			sets[words[1]][p] = true
		}
	}
	return sets
}

// TestNFT loads all generations into the kernel.
func TestNFT(t *testing.T) {
	tools(t, "nft")
	for _, list := range listNames {
		o := Options{List: list}
		bodies, script := files(t, "nft", o, "nft -f FILE", "nft -j list ruleset")
		states := strings.Split(inNamespace(t, bodies, script), "\n--\n")
		for i, s := range generations(list) {
			compareLoaded(t, "nft "+list, parseNFT(t, states[i]), wanted(s, o))
		}
	}
}

// parseNFT parses the output of nft -j list ruleset. Neighbors that nft merged into a range
// are expanded again.
func parseNFT(t *testing.T, text string) loaded {
	t.Helper()
	var rules struct {
		Objects []struct {
			Set *struct {
				Name, Table string
				Elements    []json.RawMessage `json:"elem"`
			}
		} `json:"nftables"`
	}
	if err := json.Unmarshal([]byte(text), &rules); err != nil {
		t.Fatal(err)
	}
	sets := make(loaded)
	for _, o := range rules.Objects {
		if o.Set == nil {
			continue
		}
		if o.Set.Table != "peba" {
			t.Errorf("a set is in the table %s", o.Set.Table)
		}
		set := make(map[netip.Prefix]bool)
		for _, element := range o.Set.Elements {
			addElement(t, set, element)
		}
		sets[o.Set.Name] = set
	}
	return sets
}

// addElement adds an element of a set of nft: a text, or an object.
func addElement(t *testing.T, set map[netip.Prefix]bool, element json.RawMessage) {
	t.Helper()
	var address string
	var other struct {
		Prefix *struct {
			Addr string
			Len  int
		}
		Range []netip.Addr
	}
	if json.Unmarshal(element, &address) == nil {
		addr := netip.MustParseAddr(address)
		set[netip.PrefixFrom(addr, addr.BitLen())] = true
		return
	}
	if err := json.Unmarshal(element, &other); err != nil {
		t.Fatal(err)
	}
	if other.Prefix != nil {
		set[netip.PrefixFrom(netip.MustParseAddr(other.Prefix.Addr), other.Prefix.Len)] = true
		return
	}
	for addr := other.Range[0]; addr.Compare(other.Range[1]) <= 0; addr = addr.Next() {
		set[netip.PrefixFrom(addr, addr.BitLen())] = true
	}
}

// TestOneVersion loads IPv4 alone: IPv6 stays as it is.
func TestOneVersion(t *testing.T) {
	tools(t, "nft")
	tools(t, "ipset")
	for suffix, commands := range map[string][2]string{
		"nft":   {"nft -f FILE", "nft -j list ruleset"},
		"ipset": {"ipset restore < FILE", "ipset save"},
	} {
		files := map[string][]byte{
			"a": format(t, suffix).Write(hostile(), Options{}),
			"b": format(t, suffix).Write(empty(), Options{Version: 4}),
		}
		text := inNamespace(t, files, strings.ReplaceAll(commands[0], "FILE", "a")+"; "+strings.ReplaceAll(commands[0], "FILE", "b")+"; "+commands[1])
		parse := parseNFT
		if suffix == "ipset" {
			parse = parseIPSet
		}
		want := wanted(hostile(), Options{})
		want["peba_blocklist_v4"] = nil
		compareLoaded(t, suffix, parse(t, text), want)
	}
}

// TestNested loads a network and an address in it, which nft takes for a conflict unless it
// may merge them.
func TestNested(t *testing.T) {
	tools(t, "nft")
	s := hostile()
	s.Entries = append(s.Entries, feed.Entry{Prefix: netip.MustParsePrefix("198.51.100.7/32"), Best: 1, Members: 1})
	text := inNamespace(t, map[string][]byte{"a": format(t, "nft").Write(s, Options{})}, "nft -f a; nft -f a; nft -j list ruleset")
	compareLoaded(t, "nft", parseNFT(t, text), wanted(hostile(), Options{}))
}

// TestAborted loads a feed after a run of ipset that stopped in the middle.
func TestAborted(t *testing.T) {
	tools(t, "ipset")
	body := format(t, "ipset").Write(hostile(), Options{})
	half, _, found := strings.Cut(string(body), "swap")
	if !found {
		t.Fatal("sets are not swapped")
	}
	s := exampleSnapshot()
	s.Entries = s.Entries[:1]
	text := inNamespace(t, map[string][]byte{"a": []byte(half), "b": format(t, "ipset").Write(s, Options{})}, "ipset restore < a; ipset restore < b; ipset save")
	compareLoaded(t, "ipset", parseIPSet(t, text), wanted(s, Options{}))
}

// TestListNames holds the bounds that ipset sets, and that different feeds have different
// lists.
func TestListNames(t *testing.T) {
	p := listParam
	seen := make(map[string]bool)
	for _, name := range []string{
		"a", "blocklist", strings.Repeat("a", maxListName-5), strings.Repeat("a", feed.MaxName-1), strings.Repeat("a", feed.MaxName), strings.Repeat("a", feed.MaxName-1) + "b",
		"0-_",
	} {
		if err := feed.CheckName(name); err != nil {
			t.Fatal(err)
		}
		s := empty()
		s.Feed.Name = name
		list := (&Options{}).listName(s)
		if _, err := p.Text(map[string][]string{"list": {list}}); err != nil || len(list+"_v6_next") > 31 || seen[list] {
			t.Errorf("the list of the feed %s is %s: %v", name, list, err)
		}
		seen[list] = true
	}
	for _, name := range []string{"1a", "-a", "_a", "a b", "a;", "a\n", "a\"", "ä", "$a", "a.b", strings.Repeat("a", maxListName+1)} {
		_, err := format(t, "nft").ParseOptions(map[string][]string{"list": {name}})
		if _, ok := err.(*query.ParamError); !ok { //nolint:errorlint // it must not be wrapped
			t.Errorf("the list name %q: %v", name, err)
		}
	}
	if ipsetMax < feed.MaxLimit || ipsetMax&(ipsetMax-1) != 0 {
		t.Errorf("sets of %d entries are too small, or no power of two", ipsetMax)
	}
}
