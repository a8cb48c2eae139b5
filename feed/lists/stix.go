package lists

import (
	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/feed/stix"
)

// writeSTIX writes a STIX bundle. It has single addresses, as TAXII has: STIX could express
// networks, but many of its consumers cannot.
func writeSTIX(s *feed.Snapshot, o Options) []byte {
	chosen := o.choose(single(s.Members))
	members := make([]*feed.Member, len(chosen))
	for i := range chosen {
		members[i] = &s.Members[chosen[i].Best]
	}
	return stix.Bundle(s.Feed, members, o.Addresses)
}
