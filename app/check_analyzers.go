package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

const (
	// maxCheckedRecords is the maximum number of records that checkAnalyzers reads, of
	// the community's sensors and of private users' each.
	maxCheckedRecords = 20_000
	// namedAnalyzers is the maximum number of analyzers named.
	namedAnalyzers = 10
)

// errEnough stops reading.
var errEnough = errors.New("read enough")

// checkAnalyzers lists honeypots of unknown types: newer sensors may run honeypots
// unknown to PEBA. It is informational, since the operator need not act and anyone
// may send such ids.
func (a *App) checkAnalyzers(ctx context.Context) store.Finding {
	ctx, cancel := context.WithTimeout(ctx, quickTimeout)
	defer cancel()
	f := store.Finding{Part: "honeypots", OK: true, Text: "the types of all honeypots are known"}
	unknown, err := a.unclassified(ctx)
	if err != nil {
		f.Text = "unknown: the store does not answer"
		return f
	}
	if len(unknown) == 0 {
		return f
	}
	names := slices.Sorted(maps.Keys(unknown))
	more := ""
	if n := len(names) - namedAnalyzers; n > 0 {
		names, more = names[:namedAnalyzers], fmt.Sprintf(" and %d more", n)
	}
	for i := range names {
		names[i] = fmt.Sprintf("%q", names[i])
	}
	f.Text = "of unknown type: their alerts are " + alert.Unclassified + ": " + strings.Join(names, ", ") + more
	return f
}

// unclassified returns analyzer ids of unknown types from sensors with a correct
// login.
func (a *App) unclassified(ctx context.Context) (map[string]bool, error) {
	unknown := make(map[string]bool)
	for _, community := range []bool{true, false} {
		read := 0
		err := a.sensors.Visit(ctx, a.store, community, maxCheckedRecords, func(s store.SensorRecord) error {
			if read++; read > maxCheckedRecords {
				return errEnough
			}
			for _, analyzer := range s.Analyzers {
				if alert.PeerType(analyzer) == alert.Unclassified {
					unknown[analyzer] = true
				}
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			return nil, err
		}
	}
	return unknown, nil
}
