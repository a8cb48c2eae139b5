package collector

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/geo"
)

// Sender is somebody who may send alerts.
type Sender struct{ who principal }

// LogInSender checks the credentials of a message from source. The error for those
// who may not send is an *AuthError.
func (a *App) LogInSender(ctx context.Context, user, token string, source netip.Addr) (*Sender, error) {
	if err := a.wait(ctx); err != nil {
		return nil, err
	}
	who, err := a.logins.authenticate(ctx, credentials{user, token}, source, forIngest)
	if err != nil {
		return nil, err
	}
	return &Sender{who}, nil
}

// CountWrong counts the alerts of a message whose log-in was wrong.
func (a *App) CountWrong(m *alert.Message) { a.roster.countWrong(m, time.Now()) }

// Ingest stores the alerts of one message of sender, which calls itself agent. It
// returns nil only when they are durable.
func (a *App) Ingest(ctx context.Context, m *alert.Message, sender *Sender, agent string) error {
	received := alert.At(time.Now())
	for i := range m.Records {
		d := &m.Records[i].Document
		d.RecievedTime = received
		d.ClientDomain = sender.who.community
		if err := a.place(d); err != nil {
			return err
		}
	}
	var err error
	if len(m.Records) > 0 {
		err = a.store.Put(ctx, m.Records)
	}
	a.roster.count(m, heard{at: received.Time, community: sender.who.community, agent: agent, stored: err == nil})
	if err != nil {
		return fmt.Errorf("storing %d alerts: %w", len(m.Records), err)
	}
	countIngested(m)
	if m.DroppedPayloads > 0 {
		a.requests.Warn("payloads were too large and dropped, their alerts stored", zap.String("user", printed(m.Username, mostRejectedUser)), zap.Int("payloads", m.DroppedPayloads), zap.Int64("bytes", m.DroppedBytes))
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
