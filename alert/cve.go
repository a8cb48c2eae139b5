package alert

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// CVE returns the alert's vulnerability, or "": a vulnid longer than two
// characters (docs/CONTRACT.md §1.3).
func (d *Document) CVE() (id string, ok bool) {
	if utf8.RuneCountInString(d.VulnID) <= 2 {
		return "", false
	}
	return d.VulnID, true
}

// cveName matches a CVE in a text, either in its usual form or as rules are tagged:
// CVE_2021_44228.
var cveName = regexp.MustCompile(`(?i)cve[-_ ,:]{0,2}((?:19|20)[0-9]{2})[-_]([0-9]{4,10})`)

// findCVE returns the first CVE that a text names, in the form CVE-2021-44228.
func findCVE(text string) string {
	found := cveName.FindStringSubmatch(text)
	if found == nil {
		return ""
	}
	return "CVE-" + found[1] + "-" + found[2]
}

// hint looks for a CVE in an AdditionalData that may contain one: no current client
// sends cve_id.
func (a *alertFields) hint(value string) {
	switch key := a.key; {
	case key == "trapped_for" || key == "cve_hint":
		if a.hintedCVE == "" {
			a.hintedCVE = findCVE(value)
		}
	case strings.Contains(key, "signature") || strings.HasPrefix(key, "alert") || key == "msg":
		a.signature(value)
	}
}

// signature looks for a CVE in a possible rule name.
func (a *alertFields) signature(text string) {
	if a.signedCVE == "" && text != "" {
		a.signedCVE = findCVE(text)
	}
}

// settleCVE chooses the best CVE found, unless the client sent one. Only Suricata
// has rule names; elsewhere an attacker may have written the text.
func (a *alertFields) settleCVE() {
	if _, ok := a.doc.CVE(); ok {
		return
	}
	switch {
	case a.hintedCVE != "":
		a.doc.VulnID = a.hintedCVE
	case a.signedCVE != "" && a.doc.PeerType == suricata:
		a.doc.VulnID = a.signedCVE
	}
}
