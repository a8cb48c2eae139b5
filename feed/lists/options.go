package lists

import (
	"net/netip"
	"net/url"
	"strconv"

	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/query"
)

// The parameters of the formats.
var (
	versionParam = query.Param{
		Name: "v", Kind: query.Word, Words: []string{"4", "6"}, Example: "4",
		Summary: "Only IPv4 or only IPv6; default: both.",
	}
	cidrParam = query.Param{
		Name: "cidr", Kind: query.Word, Words: []string{"auto", "always"}, Default: "auto", Example: "always",
		Summary: "always writes single addresses with /32 or /128, for devices that take only networks.",
	}
	limitParam = query.Param{
		Name: "limit", Kind: query.Number, Min: 1, Example: "50000",
		Summary: "Maximum number of entries, the best ones; default: all.",
	}
	pageParam = query.Param{
		Name: "page", Kind: query.Number, Min: 1, Example: "2",
		Summary: "Which entries if there are more than limit: 2 gives the next best, and so on; a page beyond the end is empty. Without limit a page has 10000 entries.",
	}
	licenceParam = query.Param{
		Name: "licence", Kind: query.Word, Words: []string{"on", "off"}, Default: "on", Example: "off",
		Summary: "off leaves the line with the feed's licence out.",
	}
	listParam = query.Param{
		Name: "list", Kind: query.Name, Max: int64(maxListName), Example: "blocklist",
		Summary: "Name of the set or address list; default: peba_ and the feed's name.",
	}
	addressesParam = query.Param{
		Name: "addresses", Kind: query.Word, Words: []string{"off", "on"}, Default: "off", Example: "on",
		Summary: "on adds each address as an object, and its relationship to the indicator.",
	}
	categoryParam = query.Param{
		Name: "category", Kind: query.Number, Min: 1, Max: 59, Default: "1", Example: "7",
		Summary: "Number of the category, if another provider has taken 1.",
	}
)

// Options say what to write. The zero value is a request without parameters.
type Options struct {
	// Version is 4 or 6 for addresses of one version only.
	Version int
	// AlwaysCIDR writes single addresses as networks.
	AlwaysCIDR bool
	// Limit is the maximum number of entries; 0: no limit. Page counts pages of Limit
	// entries from 1; 0 is the first, too.
	Limit, Page int
	// NoLicence leaves the licence out.
	NoLicence bool
	// List is the name of the set or address list; empty: that of the feed.
	List string
	// Category is Suricata's number of the category; 0 is 1.
	Category int
	// Addresses adds STIX objects of the addresses.
	Addresses bool
}

// pageSize is the limit of pages if none is given.
const pageSize = 10_000

// ParseOptions parses the parameters of a request. Those that the format does not take are
// ignored. Errors are a *query.ParamError.
func (f *Format) ParseOptions(values url.Values) (Options, error) {
	var o Options
	for i := range f.Params {
		p := &f.Params[i]
		text, err := p.Text(values)
		if err != nil {
			return Options{}, err
		}
		o.set(p, text)
	}
	if o.Page > 0 && o.Limit == 0 {
		o.Limit = pageSize
	}
	return o, nil
}

// set sets the option of a parameter to its canonical text.
func (o *Options) set(p *query.Param, text string) {
	switch p.Name {
	case versionParam.Name:
		o.Version = clamped(text)
	case cidrParam.Name:
		o.AlwaysCIDR = text == "always"
	case limitParam.Name:
		o.Limit = clamped(text)
	case pageParam.Name:
		o.Page = clamped(text)
	case licenceParam.Name:
		o.NoLicence = text == "off"
	case listParam.Name:
		o.List = text
	case addressesParam.Name:
		o.Addresses = text == "on"
	case categoryParam.Name:
		o.Category = clamped(text)
	}
}

// clamped returns a number of ASCII digits, at most feed.MaxLimit: no feed has more entries,
// nor pages. An empty text is 0.
func clamped(digits string) int {
	if digits == "" {
		return 0
	}
	n, err := strconv.Atoi(digits)
	if err != nil { // only out of range is possible
		return feed.MaxLimit
	}
	return min(n, feed.MaxLimit)
}

// Key identifies what Write returns for a snapshot: requests with equal keys get equal
// bytes.
func (f *Format) Key(o Options) string {
	key := append(make([]byte, 0, 64), f.Suffix...)
	for _, n := range []int{o.Version, o.Limit, max(o.Page, 1), o.Category} {
		key = strconv.AppendInt(append(key, ' '), int64(n), 10)
	}
	key = strconv.AppendBool(append(key, ' '), o.AlwaysCIDR)
	key = strconv.AppendBool(append(key, ' '), o.NoLicence)
	key = strconv.AppendBool(append(key, ' '), o.Addresses)
	return string(append(append(key, ' '), o.List...))
}

// choose returns the entries that the options ask for, best first.
func (o *Options) choose(entries []feed.Entry) []feed.Entry {
	if o.Version != 0 {
		all := entries
		entries = make([]feed.Entry, 0, len(all))
		for _, e := range all {
			if e.Prefix.Addr().Is4() == (o.Version == 4) {
				entries = append(entries, e)
			}
		}
	}
	if o.Limit == 0 {
		return entries
	}
	// int64, since pages times limit can be larger than an int of 32 bits.
	skip := int64(max(o.Page, 1)-1) * int64(o.Limit)
	entries = entries[min(skip, int64(len(entries))):]
	return entries[:min(o.Limit, len(entries))]
}

// single returns the members as entries without aggregation.
func single(members []feed.Member) []feed.Entry {
	entries := make([]feed.Entry, len(members))
	for i := range members {
		addr := members[i].Addr
		entries[i] = feed.Entry{Prefix: netip.PrefixFrom(addr, addr.BitLen()), Best: i, Members: 1}
	}
	return entries
}
