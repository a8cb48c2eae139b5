package geo

import "net/netip"

// unknown stands where nothing is known (contract §1.1).
const unknown = "-"

// Lookup returns what is stored of addr (contract §1.1, geo values): private
// addresses have a place of their own, other addresses that are not global have
// none, and for global ones l is asked. A country without a name, as some
// databases have it, gets its English one. Texts that nothing is known of are "-".
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
