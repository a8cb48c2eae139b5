package lists

import (
	"encoding/hex"
	"hash/fnv"
	"strconv"

	"github.com/peba-edge/peba/feed"
)

// maxListName is the maximum length of a list's name: ipset takes 31 characters, of which
// the longest suffix, "_v4_next", has 8.
const maxListName = 31 - len("_v4_next")

// listName returns the name of the set or address list. Firewalls execute it: ParseOptions
// and feed.CheckName allow only letters, digits, - and _.
func (o *Options) listName(s *feed.Snapshot) string {
	if o.List != "" {
		return o.List
	}
	name := "peba_" + s.Feed.Name
	if len(name) <= maxListName {
		return name
	}
	// Two long names may differ at the end only.
	hash := fnv.New32a()
	hash.Write([]byte(name))
	sum := hex.EncodeToString(hash.Sum(nil))
	return name[:maxListName-len(sum)-1] + "_" + sum
}

// family is what differs between IPv4 and IPv6.
type family struct {
	version int
	// suffix follows the name of a list. Without the underscore a list could be named like
	// one of nft's keywords, such as ip6.
	suffix string
	// ipset is its name there, nft the type of its addresses, mikrotik its menu.
	ipset, nft, mikrotik string
}

// families returns the versions that the options ask for.
func (o *Options) families() []family {
	all := []family{
		{version: 4, suffix: "_v4", ipset: "inet", nft: "ipv4_addr", mikrotik: "ip"},
		{version: 6, suffix: "_v6", ipset: "inet6", nft: "ipv6_addr", mikrotik: "ipv6"},
	}
	switch o.Version {
	case 4:
		return all[:1]
	case 6:
		return all[1:]
	default:
		return all
	}
}

// has reports whether an entry is of the family.
func (f *family) has(e *feed.Entry) bool { return e.Prefix.Addr().Is4() == (f.version == 4) }

// ipsetMax is how many entries a set can have: the next power of two above the largest
// feed. ipset takes no memory for it, but refuses to create a set again with another value,
// so it does not depend on the number of entries.
const ipsetMax = 1 << 19

// writeIPSet writes commands for ipset restore. Each set is filled under another name and
// then swapped, so that it is never empty in between.
func writeIPSet(s *feed.Snapshot, o Options) []byte {
	entries := o.choose(s.Entries)
	name := o.listName(s)
	b := appendHead(make([]byte, 0, 2*headSize+(lineSize+len("add _v4_next ")+len(name))*len(entries)), s, &o)
	for _, f := range o.families() {
		set := name + f.suffix
		next := set + "_next"
		options := " hash:net family " + f.ipset + " maxelem " + strconv.Itoa(ipsetMax) + " -exist\n"
		b = append(b, "create "+set+options+"create "+next+options+"flush "+next+"\n"...)
		add := "add " + next + " "
		for i := range entries {
			if f.has(&entries[i]) {
				b = appendNetwork(append(b, add...), entries[i].Prefix)
				b = append(b, '\n')
			}
		}
		b = append(b, "swap "+next+" "+set+"\ndestroy "+next+"\n"...)
	}
	return b
}

// writeNFT writes commands for nft -f, which executes a file as one transaction. Networks
// may contain other entries, which needs auto-merge.
func writeNFT(s *feed.Snapshot, o Options) []byte {
	entries := o.choose(s.Entries)
	b := appendHead(make([]byte, 0, 2*headSize+lineSize*len(entries)), s, &o)
	b = append(b, "add table inet peba\n"...)
	for _, f := range o.families() {
		set := "inet peba " + o.listName(s) + f.suffix
		b = append(b, "add set "+set+" { type "+f.nft+"; flags interval; auto-merge; }\nflush set "+set+"\n"...)
		separator := "add element " + set + " {\n"
		found := false
		for i := range entries {
			if f.has(&entries[i]) {
				b = appendNetwork(append(b, separator...), entries[i].Prefix)
				separator, found = ",\n", true
			}
		}
		if found { // no elements would be a syntax error
			b = append(b, "\n}\n"...)
		}
	}
	return b
}
