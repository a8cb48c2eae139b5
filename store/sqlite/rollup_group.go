package sqlite

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/peba-edge/peba/store"
)

// groups makes groups of what was read.
func (r *rollupReader) groups() ([]keyed, error) {
	if r.onlyTotals() {
		return r.totals()
	}
	all := r.filter.PeerType == "" // of what the kind counts
	add := r.addUp
	if all && !r.kind.scattered && r.grouping.Top > 0 && slices.Equal(r.grouping.By, r.kind.by) {
		add = r.addUpTop
	}
	buckets, err := add()
	if err != nil {
		return nil, err
	}
	return r.byTexts(buckets)
}

// onlyTotals says whether the question is how many alerts there are, of whatever keys.
func (r *rollupReader) onlyTotals() bool {
	return r.filter.PeerType == "" && len(r.grouping.By) == 0
}

// addUp adds up all lists of a bucket.
func (r *rollupReader) addUp() (map[int64][]entry, error) {
	buckets := make(map[int64][]entry, len(r.lists))
	for start, packed := range r.lists {
		lists := make([][]entry, len(packed))
		for i := range packed {
			var err error
			if lists[i], err = unpack(packed[i]); err != nil {
				return nil, err
			}
		}
		buckets[start] = merge(lists)
	}
	return buckets, nil
}

// addUpTop adds up only what keys have that may be among those that occur
// most: as often as the last of them, for texts decide between equals.
func (r *rollupReader) addUpTop() (map[int64][]entry, error) {
	all := sums{make(map[int64]*[sumsPage]int64)}
	for _, packed := range r.lists {
		for _, list := range packed {
			if err := all.each(list, func(_, n int64, sum *int64) { *sum += n }); err != nil {
				return nil, err
			}
		}
	}
	least := all.least(r.grouping.Top)
	buckets := make(map[int64][]entry, len(r.lists))
	for start, packed := range r.lists {
		var entries []entry
		for _, list := range packed {
			err := all.each(list, func(key, n int64, sum *int64) {
				if *sum >= least {
					entries = append(entries, entry{key, n})
				}
			})
			if err != nil {
				return nil, err
			}
		}
		buckets[start] = inOrder(entries)
	}
	return buckets, nil
}

// totals are the groups by nothing.
func (r *rollupReader) totals() ([]keyed, error) {
	var found []keyed
	for start, packed := range r.lists {
		k := r.group(start, []string{})
		for _, list := range packed {
			if err := eachPacked(list, func(_, n int64) { k.Count += n }); err != nil {
				return nil, err
			}
		}
		if k.Count > 0 {
			found = append(found, k)
		}
	}
	return found, nil
}

// byTexts puts texts to ids, and adds up what has the same texts.
func (r *rollupReader) byTexts(buckets map[int64][]entry) ([]keyed, error) {
	if by := r.grouping.By; r.kind.scattered && slices.Equal(by, r.kind.by[:min(len(by), len(r.kind.by))]) && len(by) > 0 {
		return r.byAddr(buckets)
	}
	texts, err := r.textsOf(buckets)
	if err != nil {
		return nil, err
	}
	places := make([]int, len(r.grouping.By))
	for i, by := range r.grouping.By {
		places[i] = slices.Index(r.kind.by, by)
	}
	distinct := len(places) == len(r.kind.by) // no two ids have the same texts
	for i := range r.kind.by {
		distinct = distinct && slices.Contains(places, i)
	}
	peer := slices.Index(r.kind.by, store.PeerType)
	var found []keyed
	for start, entries := range buckets {
		known := make(map[string]int)
		for _, e := range entries {
			text := texts[e.key]
			if peer >= 0 && r.filter.PeerType != "" && text[peer] != r.filter.PeerType {
				continue
			}
			key := make([]string, len(places))
			for i, place := range places {
				key[i] = text[place]
			}
			at, ok := len(found), false
			if !distinct {
				name := strings.Join(quotedAll(key), " ")
				if at, ok = known[name]; !ok {
					at = len(found)
					known[name] = at
				}
			}
			if !ok {
				found = append(found, r.group(start, key))
			}
			found[at].Count += e.n
		}
	}
	return found, nil
}

// byAddr is byTexts for groups by an address, and the doubt about it if that is
// asked for. Most addresses need no text looked up.
func (r *rollupReader) byAddr(buckets map[int64][]entry) ([]keyed, error) {
	var found []keyed
	others := make(map[int64][]entry)
	for start, entries := range buckets {
		others[start] = below(entries, firstAddr)
		var lists [][]entry
		for _, span := range addrRanges {
			list := slices.Clone(below(entries[len(below(entries, span.first)):], span.first+firstAddr))
			for i := range list {
				list[i].key -= span.first
			}
			if len(r.grouping.By) > 1 {
				found = r.appendAddrs(found, start, list, span.doubt)
			}
			lists = append(lists, list)
		}
		if len(r.grouping.By) == 1 {
			found = r.appendAddrs(found, start, merge(lists))
		}
	}
	texts, err := r.textsOf(others)
	if err != nil {
		return nil, err
	}
	for start, entries := range others {
		known := make(map[string]int)
		for _, e := range entries {
			key := texts[e.key][:len(r.grouping.By)]
			name := strings.Join(quotedAll(key), " ")
			at, there := known[name]
			if !there {
				at = len(found)
				known[name] = at
				found = append(found, r.group(start, key))
			}
			found[at].Count += e.n
		}
	}
	return found, nil
}

// below returns the entries before a key.
func below(entries []entry, key int64) []entry {
	n, _ := slices.BinarySearchFunc(entries, key, func(e entry, key int64) int { return cmp.Compare(e.key, key) })
	return entries[:n]
}

// appendAddrs adds a group for each entry, of which all keys are IPv4 addresses;
// more are the texts that follow in all keys. Texts of addresses are parts of one,
// for there are very many.
func (r *rollupReader) appendAddrs(found []keyed, start int64, entries []entry, more ...string) []keyed {
	const longest = len("255.255.255.255")
	first, width := len(found), 1+len(more)
	found = slices.Grow(found, len(entries))
	addrs, ends := make([]netip.Addr, width*len(entries)), make([]int, len(entries))
	texts := make([]byte, 0, longest*len(entries))
	for i, e := range entries {
		addrs[i*width] = netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(e.key))))
		texts = addrs[i*width].AppendTo(texts)
		ends[i] = len(texts)
		found = append(found, keyed{Group: store.Group{Start: r.startTime(start), Count: e.n}, addrs: addrs[i*width : (i+1)*width]})
	}
	all, from := string(texts), 0
	keys := make([]string, width*len(entries))
	for i, end := range ends {
		key := keys[i*width : (i+1)*width : (i+1)*width]
		key[0], from = all[from:end], end
		copy(key[1:], more)
		found[first+i].Key = key
	}
	return found
}

// startTime is the start of a bucket, zero if there are no buckets.
func (r *rollupReader) startTime(start int64) time.Time {
	if r.bucket == 0 {
		return time.Time{}
	}
	return decodeTime(start * slotSeconds)
}

// quotedAll returns texts in quotation marks, without any inside.
func quotedAll(texts []string) []string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = fmt.Sprintf("%q", text)
	}
	return quoted
}

// group returns a group that has no alerts yet.
func (r *rollupReader) group(start int64, key []string) keyed {
	k := keyed{Group: store.Group{Key: key, Start: r.startTime(start)}, addrs: make([]netip.Addr, len(key))}
	for i, by := range r.grouping.By {
		if by == store.SourceIP || by == store.TargetIP {
			k.addrs[i] = addrOf(key[i])
		}
	}
	return k
}

// textsOf returns the texts of all keys.
func (r *rollupReader) textsOf(buckets map[int64][]entry) (map[int64][]string, error) {
	texts := make(map[int64][]string)
	var ids []int64
	for _, entries := range buckets {
		for _, e := range entries {
			if e.key < 0 {
				texts[e.key] = r.strange[-e.key-1]
				continue
			}
			if direct, ok := directTexts(e.key); ok {
				texts[e.key] = direct
				continue
			}
			ids = append(ids, e.key)
		}
	}
	slices.SortFunc(ids, cmp.Compare[int64])
	err := r.texts.read(r.ctx, r.tx, slices.Compact(ids), len(r.kind.by), texts)
	return texts, err
}
