package collector

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/maypok86/otter/v2"
)

// How long after the last log-in from there, and how many, sources are remembered that a user
// has logged in from.
const (
	acquaintedFor  = 7 * 24 * time.Hour
	acquaintedMost = 50_000
)

// acquaintances are the sources that users have logged in from: a flood of log-ins from others
// does not keep theirs waiting. The community's log-in, which is often public, makes no source
// one of them.
type acquaintances struct {
	sources *otter.Cache[netip.Prefix, struct{}]
}

// acquainted are the acquaintances of this process, by what store has the users: an operator who
// reloads during a flood does not turn users into strangers.
var acquainted = caddy.NewUsagePool()

// joinAcquaintances returns those of a store; leaveAcquaintances gives them back.
func joinAcquaintances(storeConfig string) (acquaintances, error) {
	shared, _, err := acquainted.LoadOrNew(storeConfig, func() (caddy.Destructor, error) {
		sources, err := otter.New(&otter.Options[netip.Prefix, struct{}]{
			MaximumSize:      acquaintedMost,
			ExpiryCalculator: otter.ExpiryAccessing[netip.Prefix, struct{}](acquaintedFor),
		})
		return acquaintances{sources}, err
	})
	if err != nil {
		return acquaintances{}, fmt.Errorf("making the memory of sources: %w", err)
	}
	return shared.(acquaintances), nil
}

func leaveAcquaintances(storeConfig string) error {
	_, err := acquainted.Delete(storeConfig)
	return err
}

// Destruct implements caddy.Destructor.
func (a acquaintances) Destruct() error {
	a.sources.StopAllGoroutines()
	return nil
}

// add notes that a user has logged in from a source.
func (a acquaintances) add(from netip.Addr) { a.sources.Set(SourceNetwork(from), struct{}{}) }

// standing returns how a source stands with the server.
func (a acquaintances) standing(from netip.Addr) standing {
	if _, ok := a.sources.GetIfPresent(SourceNetwork(from)); ok {
		return acquaintance
	}
	return stranger
}
