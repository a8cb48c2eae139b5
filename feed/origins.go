package feed

import (
	"net/netip"
	"strings"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// origin is what alerts have in common besides their source and time.
type origin struct {
	domain      store.Domain
	peerType    string
	doubt       string
	sensor      string
	externalIP  string
	interaction string
}

// newOrigin reads the key of a group by readBy.
func newOrigin(key []string, domain store.Domain) origin {
	o := origin{domain: domain, peerType: key[1], doubt: key[2], externalIP: key[5], interaction: key[6]}
	switch {
	case key[3] != "":
		o.sensor = key[3]
	case key[4] != "" && key[4] != alert.UnknownHost:
		o.sensor = key[4]
	default:
		o.sensor = "address " + key[5]
	}
	return o
}

// originTable numbers origins.
type originTable struct {
	ids  map[origin]uint32
	list []origin
}

func newOriginTable() originTable { return originTable{ids: make(map[origin]uint32)} }

// id returns the number of an origin. If there are too many, all further ones of a
// type count as one sensor.
func (t *originTable) id(o origin) uint32 {
	if id, ok := t.ids[o]; ok {
		return id
	}
	if len(t.list) >= maxOrigins {
		o.sensor, o.externalIP = "", ""
		if id, ok := t.ids[o]; ok {
			return id
		}
	}
	o.peerType, o.doubt, o.sensor = strings.Clone(o.peerType), strings.Clone(o.doubt), strings.Clone(o.sensor)
	o.externalIP, o.interaction = strings.Clone(o.externalIP), strings.Clone(o.interaction)
	id := uint32(len(t.list))
	t.ids[o] = id
	t.list = append(t.list, o)
	return id
}

// compact renumbers origins if most are no longer used.
func (t *originTable) compact(byAddr map[netip.Addr][]count) {
	used := make(map[uint32]uint32)
	for _, counts := range byAddr {
		for _, c := range counts {
			used[c.origin] = 0
		}
	}
	if len(used) > len(t.list)/2 {
		return
	}
	fresh := newOriginTable()
	for old := range used {
		used[old] = fresh.id(t.list[old])
	}
	for _, counts := range byAddr {
		for i := range counts {
			counts[i].origin = used[counts[i].origin]
		}
	}
	*t = fresh
}

// own returns the external addresses of sensors, which are never listed.
func (s *Sources) own() map[netip.Addr]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	own := make(map[netip.Addr]bool)
	for i := range s.origins.list {
		external := s.origins.list[i].externalIP
		if addr, err := netip.ParseAddr(external); err == nil && external != alert.UnknownIP {
			own[addr.Unmap().WithZone("")] = true
		}
	}
	return own
}
