package collector

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
	// checkedRecords is how many records of each crowd checkAnalyzers reads at most.
	checkedRecords = 20_000
	// namedAnalyzers is how many it names.
	namedAnalyzers = 10
)

// errEnough ends reading.
var errEnough = errors.New("enough was read")

// checkAnalyzers names honeypots of unknown types: newer sensors run what PEBA does
// not know. It is nothing that an operator must act on, and anybody may send it.
func (a *App) checkAnalyzers(ctx context.Context) store.Finding {
	ctx, cancel := context.WithTimeout(ctx, quickTimeout)
	defer cancel()
	f := store.Finding{Part: "honeypots", OK: true, Text: "the types of all honeypots are known"}
	unknown, err := a.unclassified(ctx)
	if err != nil {
		f.Text = "which types there are is not known: the store does not answer"
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
	f.Text = "of unknown type, so that their alerts are " + alert.Unclassified + ": " + strings.Join(names, ", ") + more
	return f
}

// unclassified returns the analyzer ids of unknown types that sensors with the right
// log-in sent.
func (a *App) unclassified(ctx context.Context) (map[string]bool, error) {
	unknown := make(map[string]bool)
	for _, community := range []bool{true, false} {
		read := 0
		err := upToDate{a.store, a.roster}.Sensors(ctx, community, checkedRecords, func(s store.SensorRecord) error {
			if read++; read > checkedRecords {
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
