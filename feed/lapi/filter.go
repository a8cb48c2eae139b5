package lapi

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/peba-edge/peba/feed"
)

// Filter is which decisions a client asks for. The zero value asks for all.
type Filter struct {
	// Origins and Scopes are those that the client wants; empty: all.
	Origins, Scopes []string
	// Containing are parts of scenarios of which one must be in the scenario, and
	// NotContaining those of which none may be in it. They are in lower case.
	Containing, NotContaining []string
	// Type and Scope are the decision's; empty: any. The stream has no such parameters.
	Type, Scope string
	// Value is the only address; the zero value: any. Not in the stream either.
	Value netip.Addr
	// Within is a network that must have the address; the zero value: any. Not in the stream
	// either.
	Within netip.Prefix
	// Nothing is set if the parameters match no single address.
	Nothing bool
}

// maxOrigin is the maximum length of an origin, which each decision repeats.
const maxOrigin = 64

// ParseFilter reads the parameters of a request. Like CrowdSec it ignores unknown ones. So
// is dedup: a feed has each address once.
func ParseFilter(query url.Values) (Filter, error) {
	f := Filter{
		Origins: words(query.Get("origins")), Scopes: words(strings.ToLower(query.Get("scopes"))),
		Containing:    words(strings.ToLower(query.Get("scenarios_containing"))),
		NotContaining: words(strings.ToLower(query.Get("scenarios_not_containing"))),
		Type:          query.Get("type"), Scope: query.Get("scope"),
	}
	for _, origin := range f.Origins {
		if len(origin) > maxOrigin {
			return Filter{}, fmt.Errorf("origins: got %q, must have at most %d bytes each", origin, maxOrigin)
		}
	}
	if text := query.Get("value"); text != "" {
		addr, err := netip.ParseAddr(text)
		f.Value, f.Nothing = addr.Unmap(), err != nil // such as a user name, of another scope
	}
	if err := f.parseWithin(query); err != nil {
		return Filter{}, err
	}
	return f, nil
}

// parseWithin reads ip, range and contains. By default a decision must contain the range, which
// no single address does unless the range is one.
func (f *Filter) parseWithin(query url.Values) error {
	contains := true
	if text := query.Get("contains"); text != "" {
		var err error
		if contains, err = strconv.ParseBool(text); err != nil {
			return fmt.Errorf("contains: got %q, must be true or false", text)
		}
	}
	switch ip, network := query.Get("ip"), query.Get("range"); {
	case ip != "" && network != "":
		return fmt.Errorf("ip and range: got %q and %q, must be one of them", ip, network)
	case ip != "":
		addr, err := netip.ParseAddr(ip)
		if err != nil {
			return fmt.Errorf("ip: got %q, must be an address", ip)
		}
		addr = addr.Unmap().WithZone("")
		f.Within = netip.PrefixFrom(addr, addr.BitLen())
	case network != "":
		prefix, err := netip.ParsePrefix(network)
		if err != nil {
			return fmt.Errorf("range: got %q, must be a network such as 192.0.2.0/24", network)
		}
		f.Within = prefix.Masked()
		f.Nothing = f.Nothing || contains && !prefix.IsSingleIP()
	}
	return nil
}

// words splits a list at commas, without empty words.
func words(text string) []string {
	return slices.DeleteFunc(strings.Split(text, ","), func(word string) bool { return word == "" })
}

// origin returns the origin that decisions have. Clients that ask for certain origins ignore
// others.
func (f *Filter) origin() string {
	if len(f.Origins) == 0 || slices.Contains(f.Origins, DefaultOrigin) {
		return DefaultOrigin
	}
	return f.Origins[0]
}

// wants reports whether the client wants decisions of the feed.
func (f *Filter) wants(d *feed.Definition) bool {
	scenario := Scenario(d)
	has := func(word string) bool { return strings.Contains(scenario, word) }
	return !f.Nothing &&
		(len(f.Scopes) == 0 || slices.Contains(f.Scopes, "ip")) &&
		(f.Scope == "" || strings.EqualFold(f.Scope, "ip")) &&
		(f.Type == "" || f.Type == "ban") &&
		(len(f.Containing) == 0 || slices.ContainsFunc(f.Containing, has)) &&
		!slices.ContainsFunc(f.NotContaining, has)
}

// matches reports whether the client wants the decision for an address.
func (f *Filter) matches(addr netip.Addr) bool {
	return (!f.Value.IsValid() || f.Value == addr) && (!f.Within.IsValid() || f.Within.Contains(addr))
}

// quote returns a text as a JSON string.
func quote(text string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	return quoted
}
