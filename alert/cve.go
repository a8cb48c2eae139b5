package alert

import "unicode/utf8"

// CVE returns the vulnerability that the alert names, if it names one: a vulnid
// longer than two characters (contract §1.3).
func (d *Document) CVE() (id string, ok bool) {
	if utf8.RuneCountInString(d.VulnID) <= 2 {
		return "", false
	}
	return d.VulnID, true
}
