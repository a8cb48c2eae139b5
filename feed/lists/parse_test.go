package lists

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/feed"
)

// prefixes returns the entries of a feed.
func prefixes(entries []feed.Entry) []netip.Prefix {
	var all []netip.Prefix
	for _, e := range entries {
		all = append(all, e.Prefix)
	}
	return all
}

// parsePrefix parses an address or a network.
func parsePrefix(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	return netip.ParsePrefix(text)
}

// parsers read formats strictly. Each returns the entries and fails for everything that a
// program could misunderstand.
var parsers = map[string]func([]byte) ([]netip.Prefix, error){
	"txt": func(b []byte) ([]netip.Prefix, error) {
		return eachLine(withoutComments(b), func(line string) (string, error) { return line, nil })
	},
	"juniper": func(b []byte) ([]netip.Prefix, error) {
		return eachLine(b, func(line string) (string, error) {
			_, err := netip.ParsePrefix(line)
			return line, err
		})
	},
	"f5": func(b []byte) ([]netip.Prefix, error) {
		return eachLine(b, func(line string) (string, error) {
			cells := strings.Split(line, ",")
			if len(cells) != 4 || cells[2] != "bl" || cells[3] != "" {
				return "", fmt.Errorf("bad line %q", line)
			}
			return cells[0] + "/" + cells[1], nil
		})
	},
	"iprep": func(b []byte) ([]netip.Prefix, error) {
		return eachLine(withoutComments(b), func(line string) (string, error) {
			cells := strings.Split(line, ",")
			if len(cells) != 3 || cells[1] != "1" {
				return "", fmt.Errorf("bad line %q", line)
			}
			if value, err := strconv.Atoi(cells[2]); err != nil || value < 1 || value > 127 {
				return "", fmt.Errorf("bad value in %q", line)
			}
			return cells[0], nil
		})
	},
	"zeek":   parseZeek,
	"csv":    parseCSV,
	"json":   parseJSON,
	"ndjson": parseNDJSON,
	"rsc":    parseRSC,
}

// eachLine parses the address that a function finds in each line. All lines must end.
func eachLine(b []byte, address func(string) (string, error)) ([]netip.Prefix, error) {
	var found []netip.Prefix
	for line := range strings.Lines(string(b)) {
		line, ended := strings.CutSuffix(line, "\n")
		if !ended {
			return nil, fmt.Errorf("the line %q does not end", line)
		}
		text, err := address(line)
		if err != nil {
			return nil, err
		}
		p, err := parsePrefix(text)
		if err != nil {
			return nil, err
		}
		found = append(found, p)
	}
	return found, nil
}

// withoutComments removes the lines that begin with #, which must be printable ASCII.
func withoutComments(b []byte) []byte {
	var rest []byte
	for line := range bytes.Lines(b) {
		if line[0] != '#' || !printable(string(bytes.TrimSuffix(line, []byte("\n")))) || bytes.ContainsRune(line, '\\') {
			rest = append(rest, line...)
		}
	}
	return rest
}

func parseZeek(b []byte) ([]netip.Prefix, error) {
	const header = "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url\n"
	b, found := bytes.CutPrefix(b, []byte(header))
	if !found {
		return nil, fmt.Errorf("no header in %.100q", b)
	}
	return eachLine(withoutComments(b), func(line string) (string, error) {
		cells := strings.Split(line, "\t")
		if len(cells) != 5 || slices.Contains(cells, "") || strings.Contains(line, `\`) {
			return "", fmt.Errorf("bad line %q", line)
		}
		if network := strings.Contains(cells[0], "/"); network != (cells[1] == "Intel::SUBNET") || !network && cells[1] != "Intel::ADDR" {
			return "", fmt.Errorf("bad type in %q", line)
		}
		return cells[0], nil
	})
}

func parseCSV(b []byte) ([]netip.Prefix, error) {
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil {
		return nil, err
	}
	var found []netip.Prefix
	for i, row := range rows {
		if i == 0 {
			if names := strings.Join(row, ","); names != strings.TrimSpace(csvHeader) {
				return nil, fmt.Errorf("the header is %q", names)
			}
			continue
		}
		for _, cell := range row {
			if strings.ContainsAny(cell, "\r\n\t") || cell != "" && strings.ContainsAny(cell[:1], "=+-@") || strings.HasPrefix(cell, "＝") {
				return nil, fmt.Errorf("a spreadsheet would compute %q", cell)
			}
		}
		p, err := parsePrefix(row[0])
		if err != nil {
			return nil, err
		}
		for _, column := range []int{2, 3, 11, 12} {
			if _, err := time.Parse(time.RFC3339, row[column]); err != nil {
				return nil, err
			}
		}
		found = append(found, p)
	}
	return found, nil
}

// object is an entry of JSON.
type object struct {
	Value      string     `json:"value"`
	First      time.Time  `json:"first_seen"`
	Last       time.Time  `json:"last_seen"`
	Attacks    int64      `json:"attack_count"`
	Count      int64      `json:"interaction_count"`
	Attempts   int64      `json:"login_attempts"`
	Country    string     `json:"attacker_country"`
	Code       string     `json:"attacker_country_code"`
	ASN        *uint32    `json:"asn"`
	ASName     string     `json:"as_name"`
	Types      []string   `json:"feed_type"`
	Way        string     `json:"interaction"`
	Sensors    int        `json:"sensors"`
	Days       int        `json:"days"`
	Score      int        `json:"score"`
	ScoreParts feed.Score `json:"score_parts"`
	Joined     time.Time  `json:"joined"`
	Until      time.Time  `json:"until"`
	Members    int        `json:"members"`
}

func decodeStrictly(b []byte, v any) error {
	decoder := json.NewDecoder(bytes.NewReader(b))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return fmt.Errorf("%w in %.300q", err, b)
	}
	if bytes.ContainsAny(b, "<>&") {
		return fmt.Errorf("markup in %.300q", b)
	}
	return nil
}

func parseObject(o *object) (netip.Prefix, error) {
	p, err := parsePrefix(o.Value)
	if err == nil && (o.Score != o.ScoreParts.Total() || (o.Members > 0) == p.IsSingleIP() || o.Types == nil || !o.Until.After(o.Joined)) {
		err = fmt.Errorf("bad values in %+v", o)
	}
	return p, err
}

func parseJSON(b []byte) ([]netip.Prefix, error) {
	var answer struct {
		Licence string   `json:"license"`
		IOCs    []object `json:"iocs"`
	}
	if err := decodeStrictly(b, &answer); err != nil {
		return nil, err
	}
	if answer.IOCs == nil {
		return nil, fmt.Errorf("no list in %s", b)
	}
	var found []netip.Prefix
	for i := range answer.IOCs {
		p, err := parseObject(&answer.IOCs[i])
		if err != nil {
			return nil, err
		}
		found = append(found, p)
	}
	return found, nil
}

func parseNDJSON(b []byte) ([]netip.Prefix, error) {
	var found []netip.Prefix
	scanner := bufio.NewScanner(bytes.NewReader(b))
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		var o object
		if err := decodeStrictly(scanner.Bytes(), &o); err != nil {
			return nil, err
		}
		p, err := parseObject(&o)
		if err != nil {
			return nil, err
		}
		found = append(found, p)
	}
	return found, scanner.Err()
}

// parseRSC reads the script as RouterOS would. IPv4 comes first.
func parseRSC(b []byte) ([]netip.Prefix, error) {
	var found []netip.Prefix
	state := 0 // how many of the lines that are not calls have come
	lines := []string{
		`:do { /ip firewall address-list remove [find where list="peba_blocklist"] } on-error={}`,
		`:global pebaAdd4 do={ :do { /ip firewall address-list add list="peba_blocklist" address=$1 timeout=1d } on-error={} }`,
		`:set pebaAdd4`,
		`:do { /ipv6 firewall address-list remove [find where list="peba_blocklist"] } on-error={}`,
		`:global pebaAdd6 do={ :do { /ipv6 firewall address-list add list="peba_blocklist" address=$1 timeout=1d } on-error={} }`,
		`:set pebaAdd6`,
	}
	calls := map[int]string{2: "$pebaAdd4 ", 5: "$pebaAdd6 "}
	for line := range strings.Lines(string(withoutComments(b))) {
		line = strings.TrimSuffix(line, "\n")
		if state < len(lines) && line == lines[state] {
			state++
			continue
		}
		address, called := strings.CutPrefix(line, calls[state])
		if !called || calls[state] == "" {
			return nil, fmt.Errorf("bad line %q", line)
		}
		p, err := parsePrefix(address)
		if err != nil {
			return nil, err
		}
		found = append(found, p)
	}
	if state != len(lines) {
		return nil, fmt.Errorf("the script ends after %d lines", state)
	}
	return found, nil
}

// byFamily returns IPv4 before IPv6, in the same order otherwise.
func byFamily(all []netip.Prefix) []netip.Prefix {
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b netip.Prefix) int { return a.Addr().BitLen() - b.Addr().BitLen() })
	return all
}

// TestParse reads all formats strictly and finds the entries, in their order.
func TestParse(t *testing.T) {
	for name, s := range snapshots() {
		for suffix, parse := range parsers {
			body := format(t, suffix).Write(s, Options{})
			got, err := parse(body)
			if err != nil {
				t.Errorf("%s of %s: %v", suffix, name, err)
				continue
			}
			want := prefixes(s.Entries)
			if suffix == "rsc" {
				want = byFamily(want)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s of %s has %v, want %v", suffix, name, got, want)
			}
		}
	}
}

// TestDataset holds that Suricata gets single addresses only, also of a network's members.
func TestDataset(t *testing.T) {
	for name, s := range snapshots() {
		got := string(format(t, "dataset").Write(s, Options{}))
		want := ""
		for _, m := range s.Members {
			want += m.Addr.String() + "\n"
		}
		if got != want {
			t.Errorf("%s: the dataset is\n%s\nwant\n%s", name, got, want)
		}
	}
}

// TestCheckPoint holds that Check Point gets IPv4 only, with unique names.
func TestCheckPoint(t *testing.T) {
	for name, s := range snapshots() {
		reader := csv.NewReader(bytes.NewReader(format(t, "checkpoint").Write(s, Options{})))
		reader.FieldsPerRecord = 7
		rows, err := reader.ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got, want []string
		names := make(map[string]bool)
		for _, row := range rows[1:] {
			if names[row[0]] {
				t.Errorf("%s: the name %s comes twice", name, row[0])
			}
			names[row[0]] = true
			got = append(got, row[2]+" "+row[1])
		}
		for _, e := range s.Entries {
			switch {
			case e.Prefix.String() == "198.51.100.0/24":
				want = append(want, "IP Range 198.51.100.0-198.51.100.255")
			case e.Prefix.Addr().Is4():
				want = append(want, "IP "+e.Prefix.Addr().String())
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: Check Point gets %v, want %v", name, got, want)
		}
	}
}

// TestValues compares all values of an entry in JSON and CSV with those of its member.
func TestValues(t *testing.T) {
	s := hostile()
	m := s.Members[2]
	var o object
	lines := bytes.Split(format(t, "ndjson").Write(s, Options{}), []byte("\n"))
	if err := decodeStrictly(lines[2], &o); err != nil {
		t.Fatal(err)
	}
	d := m.Current
	if o.ASN == nil || *o.ASN != 64501 || o.ASName != strings.TrimPrefix(m.AS, "AS64501 ") || o.Country != m.CountryName || o.Code != m.Country ||
		o.Attacks != d.Alerts || o.Count != d.Alerts || o.Attempts != d.Attempts || o.Sensors != d.Sensors || o.Days != d.Days || o.Members != 1 ||
		o.Score != d.Score.Total() || o.Way != d.Interaction || o.Types[1] != d.Types[1] || !o.First.Equal(d.First) || !o.Last.Equal(d.Last) ||
		!o.Joined.Equal(m.Joined) || !o.Until.Equal(s.Feed.Until(&m, s.At)) {
		t.Errorf("JSON has %+v of %+v", o, m)
	}
	rows, err := csv.NewReader(bytes.NewReader(format(t, "csv").Write(s, Options{}))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"2001:db8:0:1::/64", "58", "2026-11-28T10:00:00Z", "2026-11-29T11:58:00Z", "12", "3", "2", "\uFFFD|＝1", "'=1", "'=1",
		`AS64501 Line  break, "Inc"; # $(reboot) \`, "2026-11-28T11:00:00Z", "2026-11-30T04:28:31Z",
	}
	if !slices.Equal(rows[3], want) {
		t.Errorf("CSV has\n%q\nwant\n%q", rows[3], want)
	}
	if number, name := splitAS(s.Members[4].AS); number != "null" || name != "AS00 x" {
		t.Errorf("an invalid AS is %s %s", number, name)
	}
}

// FuzzText holds for any feed that the text has exactly its entries.
func FuzzText(f *testing.F) {
	f.Add([]byte{4, 192, 0, 2, 1, 32, 6, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 64}, "CC BY\n1.1.1.1", "x\n2.2.2.2")
	f.Add([]byte{}, "\\", "\r")
	f.Fuzz(func(t *testing.T, data []byte, licence, text string) {
		licence, text = licence[:min(len(licence), 300)], text[:min(len(text), 300)]
		s := empty()
		s.Feed.Licence = licence
		for len(data) > 17 {
			address, _ := netip.AddrFromSlice(data[1:5])
			if data[0]%2 == 0 {
				address, _ = netip.AddrFromSlice(data[1:17])
				address = address.Unmap()
			}
			p, err := address.Prefix(int(data[17]) % (address.BitLen() + 1))
			if err != nil {
				t.Fatal(err)
			}
			m := feed.Member{Addr: address, Created: s.At, Joined: s.At, AS: text, Country: text, CountryName: text}
			m.Current.Types, m.Published.Types = []string{text}, []string{text, licence}
			m.Current.Interaction = text
			s.Entries = append(s.Entries, feed.Entry{Prefix: p, Best: len(s.Members), Members: 2})
			s.Members = append(s.Members, m)
			data = data[18:]
		}
		for suffix, parse := range parsers {
			got, err := parse(format(t, suffix).Write(s, Options{}))
			want := prefixes(s.Entries)
			if suffix == "rsc" {
				want = byFamily(want)
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s has %v, %v, want %v", suffix, got, err, want)
			}
		}
	})
}
