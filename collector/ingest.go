package collector

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/geo"
)

// mostLoggedUser is how much of a user name is logged, in characters.
const mostLoggedUser = 64

// Ingest stores the alerts of one message from source, which calls itself agent.
// It returns nil only when they are durable. Nothing is stored unless the message's
// credentials are right; if they are not, the error is an *AuthError.
func (a *App) Ingest(ctx context.Context, m *alert.Message, source netip.Addr, agent string) error {
	if err := a.wait(ctx); err != nil {
		return err
	}
	sender, err := a.logins.authenticate(ctx, credentials{m.Username, m.Token}, source, forIngest)
	if err != nil {
		var wrong *AuthError
		if errors.As(err, &wrong) {
			a.roster.countWrong(m, time.Now())
		}
		return err
	}
	received := alert.At(time.Now())
	for i := range m.Records {
		d := &m.Records[i].Document
		d.RecievedTime = received
		d.ClientDomain = sender.community
		if err := a.place(d); err != nil {
			return err
		}
	}
	if len(m.Records) > 0 {
		err = a.store.Put(ctx, m.Records)
	}
	a.roster.count(m, heard{at: received.Time, community: sender.community, agent: agent, stored: err == nil})
	if err != nil {
		return fmt.Errorf("storing %d alerts: %w", len(m.Records), err)
	}
	countIngested(m)
	if m.DroppedPayloads > 0 {
		a.requests.Warn("payloads were too large and dropped, their alerts stored", zap.Stringer("source", source),
			zap.String("user", printed(m.Username, mostLoggedUser)), zap.Int("payloads", m.DroppedPayloads), zap.Int64("bytes", m.DroppedBytes))
	}
	return nil
}

// place fills in where source and target are (contract §1.1, geo values).
func (a *App) place(d *alert.Document) error {
	source, err := a.lookup(d.SourceEntryIP)
	if err != nil {
		return err
	}
	d.Country, d.CountryName = source.Country, source.CountryName
	d.Location, d.SourceEntryAS = source.Location(), source.AS

	target, err := a.lookup(d.TargetEntryIP)
	if err != nil {
		return err
	}
	d.TargetCountry, d.TargetCountryName = target.Country, target.CountryName
	d.LocationDestination, d.TargetEntryAS = target.Location(), target.AS
	return nil
}

func (a *App) lookup(address string) (geo.Place, error) {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return geo.Place{}, fmt.Errorf("looking up a decoded address: %w", err)
	}
	return geo.Lookup(a.locator, addr), nil
}
