package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/sqlitedb"
	"github.com/peba-edge/peba/store"
)

// inserter holds the statements that insert alerts. It is used only inside the
// writer's transaction.
type inserter struct {
	sensors, places *dictionary
	tally           *tally
	scratch         []byte

	alert       *sqlitedb.Statement
	payloadSeen *sqlitedb.Statement
	payload     *sqlitedb.Statement
	payloadData *sqlitedb.Statement
	cve         *sqlitedb.Statement
}

func newInserter(ctx context.Context, c *sqlitedb.Conn) (inserter, error) {
	var in inserter
	var errs [8]error
	in.sensors, errs[0] = newDictionary(ctx, c, "sensors", "ident", "type", "hostname", "uuid", "external_ip", "internal_ip", "transport", "interaction")
	in.places, errs[1] = newDictionary(ctx, c, "places", "country", "country_name", "location", "system")
	in.alert, errs[2] = c.Keep(ctx, `
		INSERT INTO alerts (id, received, created, community, sensor,
			source_ip, source_port, source_place, target_ip, target_port, target_place,
			request, texts)
		VALUES (?,?,?,?,?, ?,?,?,?,?,?, ?,?)
		ON CONFLICT DO NOTHING`)
	in.payloadSeen, errs[3] = c.Keep(ctx, `
		UPDATE payloads SET
			md5_count   = md5_count + (md5 = ?1),
			fuzzy_count = fuzzy_count + (md5 <> ?1),
			last_seen   = max(last_seen, ?2)
		WHERE fuzzy = ?3`)
	in.payload, errs[4] = c.Keep(ctx, `
		INSERT INTO payloads (fuzzy, md5, mime_type, source_ip, target_port, first_seen, last_seen, md5_count, fuzzy_count)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, 1, 0)`)
	in.payloadData, errs[5] = c.Keep(ctx, "INSERT INTO payload_data (id, data) VALUES (?, ?)")
	in.cve, errs[6] = c.Keep(ctx, `
		INSERT INTO cves (id, first_seen, source_ip, target_port, peer_type) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (id) DO NOTHING`)
	in.tally, errs[7] = newTally(ctx, c)
	return in, errors.Join(errs[:]...)
}

// keep is called after a commit, undo after a rollback.
func (in *inserter) keep() { in.sensors.keep(); in.places.keep(); in.tally.keep() }
func (in *inserter) undo() { in.sensors.undo(); in.places.undo(); in.tally.undo() }

// forget clears the caches of the dictionaries, after rows were deleted.
func (in *inserter) forget() { in.sensors.forget(); in.places.forget() }

// taken is the new part of some records.
type taken struct {
	alerts int
	cves   []store.CVE
}

// records stores alerts with their payloads and CVEs, and returns the new ones. All counters of alerts are updated
// here, for alerts that alertRow reports as new.
func (in *inserter) records(records []alert.Record) (fresh taken, err error) {
	for i := range records {
		r := &records[i]
		isNew, err := in.alertRow(&r.Document)
		if err != nil {
			return taken{}, err
		}
		if !isNew {
			continue
		}
		fresh.alerts++
		if err := in.tally.count(&r.Document); err != nil {
			return taken{}, err
		}
		if err := in.payloadRow(r); err != nil {
			return taken{}, err
		}
		cve, err := in.cveRow(&r.Document)
		if err != nil {
			return taken{}, err
		}
		if cve != nil {
			fresh.cves = append(fresh.cves, *cve)
		}
	}
	return fresh, nil
}

// alertRow stores one alert, and reports whether it is new.
func (in *inserter) alertRow(d *alert.Document) (isNew bool, err error) {
	received := d.RecievedTime.Unix()
	day := dayOf(received)
	sensor, err := in.sensors.id(&words{d.PeerIdent, d.PeerType, d.Hostname, d.SensorUUID, d.ExternalIP, d.InternalIP, d.TargetPort, d.Interaction()}, day)
	if err != nil {
		return false, err
	}
	source, err := in.places.id(&words{d.Country, d.CountryName, d.Location, d.SourceEntryAS}, day)
	if err != nil {
		return false, err
	}
	target, err := in.places.id(&words{d.TargetCountry, d.TargetCountryName, d.LocationDestination, d.TargetEntryAS}, day)
	if err != nil {
		return false, err
	}
	created := d.CreateTime.Unix()
	changed, _, err := in.alert.Exec(context.Background(),
		encodeID(d.ID, created), received, created, encodeBool(d.ClientDomain), sensor,
		encodeAddr(d.SourceEntryIP), encodePort(d.SourceEntryPort), source,
		encodeAddr(d.TargetEntryIP), encodePort(d.TargetEntryPort), target,
		encodeText(d.OriginalRequestString), in.texts(d))
	return changed > 0, err
}

// texts returns the packed texts of an alert, valid until the next call.
func (in *inserter) texts(d *alert.Document) driver.Value {
	in.scratch = appendTexts(in.scratch[:0], d)
	if len(in.scratch) == 0 {
		return nil
	}
	return in.scratch
}

// payloadRow counts the payload of a new alert (docs/CONTRACT.md §1.3).
func (in *inserter) payloadRow(r *alert.Record) error {
	p := r.Payload
	if p == nil {
		return nil
	}
	ctx := context.Background()
	fuzzy, md5, created := encodeHex(p.FuzzyHash), encodeHex(p.Hash), r.CreateTime.Unix()
	changed, _, err := in.payloadSeen.Exec(ctx, md5, created, fuzzy)
	if err != nil || changed > 0 {
		return err
	}
	_, id, err := in.payload.Exec(ctx, fuzzy, md5, p.MIMEType, r.SourceEntryIP, r.TargetEntryPort, created)
	if err != nil {
		return err
	}
	data := p.Data
	if data == nil {
		data = []byte{} // nil would be NULL
	}
	_, _, err = in.payloadData.Exec(ctx, id, driver.Value(data))
	return err
}

// cveRow stores the CVE of a new alert, and returns it if it is new.
func (in *inserter) cveRow(d *alert.Document) (*store.CVE, error) {
	id, named := d.CVE()
	if !named {
		return nil, nil
	}
	changed, _, err := in.cve.Exec(context.Background(), id, d.CreateTime.Unix(),
		d.SourceEntryIP, d.TargetEntryPort, d.PeerType)
	if err != nil || changed == 0 {
		return nil, err
	}
	return &store.CVE{
		ID: id, FirstSeen: d.CreateTime.Time,
		SourceIP: d.SourceEntryIP, TargetPort: d.TargetEntryPort, PeerType: d.PeerType,
	}, nil
}
