// Package lists writes feeds in the formats of firewalls, SIEMs and scripts that take a
// plain list. All is the table of formats, from which routes and documentation are derived.
package lists

import (
	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/feed/stix"
	"github.com/peba-edge/peba/query"
)

// Format is a format of lists. A feed in it is served as /feeds/NAME.SUFFIX.
type Format struct {
	// Suffix follows the feed's name in paths.
	Suffix string
	// Name is what people call it.
	Name string
	// Media is the media type.
	Media string
	// Summary describes it in one sentence.
	Summary string
	// Params are the parameters that it takes; others are ignored.
	Params []query.Param
	// Write writes a snapshot. The same entries and options give the same bytes, so that
	// clients get 304 while a feed is unchanged. It is safe for concurrent use.
	Write func(*feed.Snapshot, Options) []byte
}

// Media types.
const (
	mediaText   = "text/plain; charset=utf-8"
	mediaCSV    = "text/csv; charset=utf-8"
	mediaNDJSON = "application/x-ndjson"
)

// All returns the formats, in the order of the documentation.
func All() []Format {
	return []Format{
		{
			Suffix: "txt", Name: "Text", Media: mediaText, Write: writeText,
			Summary: "One address or network per line, best first, below lines that begin with #: what firewalls call an external list, EDL or URL table.",
			Params:  params(versionParam, cidrParam, licenceParam),
		},
		{
			Suffix: "csv", Name: "CSV", Media: mediaCSV, Write: writeCSV,
			Summary: "A table with a header row and the reasons for each entry (RFC 4180); texts that a spreadsheet would take for a formula begin with an apostrophe.",
			Params:  params(versionParam),
		},
		{
			Suffix: "json", Name: "JSON", Media: query.JSON, Write: writeJSON,
			Summary: "One object with the list iocs, in the field names of GreedyBear, and the score with its parts.",
			Params:  params(versionParam),
		},
		{
			Suffix: "ndjson", Name: "NDJSON", Media: mediaNDJSON, Write: writeNDJSON,
			Summary: "The objects of the JSON format, one per line.",
			Params:  params(versionParam),
		},
		{
			Suffix: "ipset", Name: "ipset", Media: mediaText, Write: writeIPSet,
			Summary: "Input of ipset restore, which replaces the sets LIST_v4 and LIST_v6, each in one step.",
			Params:  params(versionParam, listParam, licenceParam),
		},
		{
			Suffix: "nft", Name: "nftables", Media: mediaText, Write: writeNFT,
			Summary: "Input of nft -f, which replaces the sets LIST_v4 and LIST_v6 of the table inet peba in one transaction.",
			Params:  params(versionParam, listParam, licenceParam),
		},
		{
			Suffix: "rsc", Name: "MikroTik RouterOS", Media: mediaText, Write: writeMikroTik,
			Summary: "A script for /import, which replaces the address lists LIST of IPv4 and IPv6; entries expire after the feed's duration.",
			Params:  params(versionParam, listParam, licenceParam),
		},
		{
			Suffix: "f5", Name: "F5 BIG-IP AFM", Media: mediaText, Write: writeF5,
			Summary: "A feed file for IP intelligence: address, prefix length and bl; the category is the default of the feed list.",
			Params:  params(versionParam),
		},
		{
			Suffix: "juniper", Name: "Juniper SRX", Media: mediaText, Write: writeJuniper,
			Summary: "A feed for dynamic addresses: one network per line and nothing else, single addresses as /32 or /128.",
			Params:  params(versionParam),
		},
		{
			Suffix: "checkpoint", Name: "Check Point", Media: mediaCSV, Write: writeCheckPoint,
			Summary: "A custom intelligence feed in Check Point's CSV; only IPv4, since it takes no IPv6 addresses.",
			Params:  params(),
		},
		{
			Suffix: "iprep", Name: "Suricata IP reputation", Media: mediaText, Write: writeIPRep,
			Summary: "A reputation file: address or network, category, and the score from 1 to 100.",
			Params:  params(versionParam, categoryParam, licenceParam),
		},
		{
			Suffix: "categories", Name: "Suricata categories", Media: mediaText, Write: writeCategories,
			Summary: "The categories file for the reputation file, with one category named PEBA.",
			Params:  []query.Param{categoryParam},
		},
		{
			Suffix: "dataset", Name: "Suricata dataset", Media: mediaText, Write: writeDataset,
			Summary: "A dataset of the type ip: one address per line and nothing else; aggregates are listed as their members.",
			Params:  params(versionParam),
		},
		{
			Suffix: "zeek", Name: "Zeek intelligence", Media: mediaText, Write: writeZeek,
			Summary: "A file for the intelligence framework, tab separated, with score and honeypot types as the description.",
			Params:  params(versionParam, licenceParam),
		},
		{
			Suffix: "stix.json", Name: "STIX 2.1", Media: stix.MediaType, Write: writeSTIX,
			Summary: "A bundle with an indicator for each address, also if the feed has networks; what changes is served by TAXII.",
			Params:  params(versionParam, addressesParam),
		},
	}
}

// params returns those parameters, and the ones that all lists take.
func params(own ...query.Param) []query.Param { return append(own, limitParam, pageParam) }

// WithSuffix returns the format with that suffix.
func WithSuffix(suffix string) (Format, bool) {
	for _, f := range All() {
		if f.Suffix == suffix {
			return f, true
		}
	}
	return Format{}, false
}

// Example returns a short feed in the format, for the documentation.
func (f *Format) Example() []byte { return f.Write(exampleSnapshot(), Options{}) }
