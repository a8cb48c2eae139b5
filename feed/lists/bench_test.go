package lists

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/peba-edge/peba/feed"
)

// large returns a feed of n members, each tenth of IPv6.
func large(n int) *feed.Snapshot {
	s := exampleSnapshot()
	s.Members, s.Entries = nil, nil
	model := exampleSnapshot().Members[0]
	for i := range n {
		m := model
		m.AS = fmt.Sprintf("AS%d Example Hosting, Inc.", 64500+i%500)
		m.Current.First = m.Current.First.Add(time.Duration(i) * time.Second)
		address := binary.BigEndian.AppendUint32(nil, 0x5db80000+uint32(i)*7)
		if i%10 == 9 {
			address = append([]byte{0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 1}, address...)
		}
		m.Addr, _ = netip.AddrFromSlice(address)
		s.Members = append(s.Members, m)
	}
	s.Entries = single(s.Members)
	return s
}

// BenchmarkWrite writes feeds of 100,000 members.
func BenchmarkWrite(b *testing.B) {
	s := large(100_000)
	for _, f := range All() {
		b.Run(f.Suffix, func(b *testing.B) {
			size := 0
			for b.Loop() {
				size = len(f.Write(s, Options{}))
			}
			b.SetBytes(int64(size))
		})
	}
}
