package app

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/geo"
	"github.com/peba-edge/peba/sensors"
)

// CountWrong counts the alerts of a message with a failed login.
func (a *App) CountWrong(m *alert.Message) { a.sensors.CountWrong(m, time.Now()) }

// Ingest stores the alerts of one message of sender; agent is its User-Agent. It
// returns nil only if they are durable.
func (a *App) Ingest(ctx context.Context, m *alert.Message, sender *Sender, agent string) error {
	received := alert.At(time.Now())
	for i := range m.Records {
		d := &m.Records[i].Document
		d.RecievedTime = received
		d.ClientDomain = sender.community
		if err := a.place(d); err != nil {
			return err
		}
	}
	var err error
	if len(m.Records) > 0 {
		err = a.store.Put(ctx, m.Records)
	}
	a.sensors.Count(m, sensors.Outcome{At: received.Time, Community: sender.community, Agent: agent, Stored: err == nil})
	if err != nil {
		return fmt.Errorf("storing %d alerts: %w", len(m.Records), err)
	}
	countIngested(m)
	if m.DroppedPayloads > 0 {
		a.requests.Warn("dropped payloads that were too large; their alerts were stored", zap.String("user", alert.Printable(m.Username, maxRejectedUser)), zap.Int("payloads", m.DroppedPayloads), zap.Int64("bytes", m.DroppedBytes))
	}
	return nil
}

// place sets the geo fields of source and target (docs/CONTRACT.md §1.1, geo
// values).
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
