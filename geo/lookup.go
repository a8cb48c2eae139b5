package geo

import "net/netip"

// unknown is the stored form of a missing text (docs/CONTRACT.md §1.1).
const unknown = "-"

// Lookup returns the stored geo values of addr (docs/CONTRACT.md §1.1). It asks l
// for global addresses. Private addresses have a place of their own, and other
// addresses have none. A country without a name, as in some databases, gets its
// English one. Unknown texts are "-".
func Lookup(l Locator, addr netip.Addr) Place {
	addr = addr.Unmap()
	var p Place
	switch {
	case IsPrivate(addr):
		return Place{Country: "PIR", CountryName: "IANA Private IP Range", AS: "IANA"}
	case IsGlobal(addr):
		p = l.Locate(addr.WithZone(""))
		if p.CountryName == "" {
			c, _ := CountryOf(p.Country)
			p.CountryName = c.Name
		}
	}
	for _, text := range []*string{&p.Country, &p.CountryName, &p.AS} {
		if *text == "" {
			*text = unknown
		}
	}
	return p
}
