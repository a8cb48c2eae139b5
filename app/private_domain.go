package app

import (
	"errors"
	"fmt"

	"github.com/peba-edge/peba/store"
)

// The values of the option private_domain.
const (
	privateDomainPublic = "public"
	privateDomainHidden = "hidden"
)

// ErrPrivateDomain is returned for questions about private users' alerts without a
// login, if the operator hides these. Its text may be shown to clients.
var ErrPrivateDomain = errors.New(`parameter "ci": private users' alerts are shown to logged-in users only: ` +
	"send HTTP Basic credentials, or leave ci out for the community's alerts")

func checkPrivateDomain(value string) error {
	if value != privateDomainPublic && value != privateDomainHidden {
		return fmt.Errorf("private_domain: unknown value: got %q, must be one of %s, %s", value, privateDomainPublic, privateDomainHidden)
	}
	return nil
}

// Hides reports whether a domain's alerts are shown to logged-in users only.
func (a *App) Hides(d store.Domain) bool {
	return a.PrivateDomain == privateDomainHidden && d != store.Community
}

// domainFor returns the domain that reader gets when asking for d; reader is nil without a
// login.
func (a *App) domainFor(reader *Reader, d store.Domain) (store.Domain, error) {
	switch {
	case reader != nil && reader.CommunityOnly:
		return store.Community, nil
	case reader == nil && a.Hides(d):
		return 0, ErrPrivateDomain
	default:
		return d, nil
	}
}
