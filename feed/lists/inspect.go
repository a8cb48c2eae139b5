package lists

import (
	"encoding/binary"
	"net/netip"
	"strconv"

	"github.com/peba-edge/peba/feed"
)

// writeCheckPoint writes a custom intelligence feed. Its addresses and ranges are of IPv4
// only, and each needs a name of its own; it keeps the name while it is listed.
func writeCheckPoint(s *feed.Snapshot, o Options) []byte {
	o.Version = 4
	entries := o.choose(s.Entries)
	b := append(make([]byte, 0, headSize+5*lineSize*len(entries)), "#UNIQ-NAME,VALUE,TYPE,CONFIDENCE,SEVERITY,PRODUCT,COMMENT\n"...)
	name := "peba-" + s.Feed.Name + "-"
	for i := range entries {
		p := entries[i].Prefix
		score := s.Members[entries[i].Best].Published.Score.Total()
		b = p.Addr().AppendTo(append(b, name...))
		if p.IsSingleIP() {
			b = p.Addr().AppendTo(append(b, ','))
			b = append(b, ",IP,"...)
		} else {
			b = append(b, '-')
			b = strconv.AppendInt(b, int64(p.Bits()), 10)
			b = p.Addr().AppendTo(append(b, ','))
			b = lastIPv4(p).AppendTo(append(b, '-'))
			b = append(b, ",IP Range,"...)
		}
		b = append(b, confidence(score)...)
		b = append(b, ",high,AB,score "...)
		b = strconv.AppendInt(b, int64(score), 10)
		b = append(b, '\n')
	}
	return b
}

// lastIPv4 returns the last address of a network of IPv4.
func lastIPv4(p netip.Prefix) netip.Addr {
	first := p.Masked().Addr().As4()
	last := binary.BigEndian.Uint32(first[:]) | uint32(uint64(1)<<(32-p.Bits())-1)
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, last)))
}

// confidence returns a score in Check Point's words.
func confidence(score int) string {
	switch {
	case score >= 60:
		return "high"
	case score >= 30:
		return "medium"
	default:
		return "low"
	}
}

// writeIPRep writes a reputation file for Suricata, whose values are from 1 to 127. A value
// of 0 would mean that nothing is known.
func writeIPRep(s *feed.Snapshot, o Options) []byte {
	entries := o.choose(s.Entries)
	b := appendHead(make([]byte, 0, headSize+2*lineSize*len(entries)), s, &o)
	category := "," + strconv.Itoa(max(o.Category, 1)) + ","
	for i := range entries {
		b = appendNetwork(b, entries[i].Prefix)
		b = append(b, category...)
		b = strconv.AppendInt(b, int64(max(1, s.Members[entries[i].Best].Published.Score.Total())), 10)
		b = append(b, '\n')
	}
	return b
}

// writeCategories writes the categories file for the reputation file.
func writeCategories(_ *feed.Snapshot, o Options) []byte {
	return append(strconv.AppendInt(nil, int64(max(o.Category, 1)), 10), ",PEBA,Addresses that attacked honeypots\n"...)
}

// writeZeek writes a file for Zeek's intelligence framework. Lines that begin with # are
// ignored after the first, which names the fields.
func writeZeek(s *feed.Snapshot, o Options) []byte {
	entries := o.choose(s.Entries)
	b := append(make([]byte, 0, headSize+5*lineSize*len(entries)), "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url\n"...)
	b = appendHead(b, s, &o)
	source := "\tPEBA " + s.Feed.Name + "\t"
	for i := range entries {
		d := &s.Members[entries[i].Best].Published
		b = appendNetwork(b, entries[i].Prefix)
		if entries[i].Prefix.IsSingleIP() {
			b = append(b, "\tIntel::ADDR"...)
		} else {
			b = append(b, "\tIntel::SUBNET"...)
		}
		b = append(b, source...)
		b = append(b, "score "...)
		b = strconv.AppendInt(b, int64(d.Score.Total()), 10)
		if len(d.Types) > 0 {
			b = appendASCII(append(b, ": "...), joined(d.Types))
		}
		b = append(b, "\t-\n"...)
	}
	return b
}
