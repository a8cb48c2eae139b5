package lists

import (
	"strconv"

	"github.com/peba-edge/peba/feed"
)

// lineSize is the expected size of a line with an address, and headSize that of the lines
// above, in bytes.
const (
	lineSize = 20
	headSize = 1 << 10
)

// writeText writes lists for firewalls. They resolve words in a list as host names, so there
// is nothing but addresses, networks and lines that begin with #.
func writeText(s *feed.Snapshot, o Options) []byte {
	entries := o.choose(s.Entries)
	b := appendHead(make([]byte, 0, headSize+lineSize*len(entries)), s, &o)
	return appendLines(b, entries, o.AlwaysCIDR)
}

// writeJuniper writes feeds for Junos, whose documentation knows no comments.
func writeJuniper(s *feed.Snapshot, o Options) []byte {
	entries := o.choose(s.Entries)
	return appendLines(make([]byte, 0, lineSize*len(entries)), entries, true)
}

// writeDataset writes datasets for Suricata, which stops at a line that is not an address:
// it takes neither networks nor comments.
func writeDataset(s *feed.Snapshot, o Options) []byte {
	entries := o.choose(single(s.Members))
	return appendLines(make([]byte, 0, lineSize*len(entries)), entries, false)
}

// appendLines appends one entry per line.
func appendLines(b []byte, entries []feed.Entry, alwaysCIDR bool) []byte {
	for i := range entries {
		if alwaysCIDR {
			b = entries[i].Prefix.AppendTo(b)
		} else {
			b = appendNetwork(b, entries[i].Prefix)
		}
		b = append(b, '\n')
	}
	return b
}

// writeF5 writes feed files for BIG-IP AFM. An empty category stands for that of the feed
// list: others would have to exist on the device.
func writeF5(s *feed.Snapshot, o Options) []byte {
	entries := o.choose(s.Entries)
	b := make([]byte, 0, 2*lineSize*len(entries))
	for i := range entries {
		b = entries[i].Prefix.Addr().AppendTo(b)
		b = append(b, ',')
		b = strconv.AppendInt(b, int64(entries[i].Prefix.Bits()), 10)
		b = append(b, ",bl,\n"...)
	}
	return b
}
