package login

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/peba-edge/peba/intake"
)

// How long after their last login, and how many, known sources are remembered.
const (
	knownFor        = 7 * 24 * time.Hour
	maxKnownSources = 50_000
)

// KnownSources remembers the sources of successful user logins, so that a flood of logins from
// others does not delay theirs. The community's login, which is often public, does not make a
// source known. It is separate from Logins so that it can outlive it.
type KnownSources struct {
	sources *otter.Cache[netip.Prefix, struct{}]
}

// NewKnownSources returns an empty KnownSources. The caller must close it.
func NewKnownSources() (*KnownSources, error) {
	sources, err := otter.New(&otter.Options[netip.Prefix, struct{}]{
		MaximumSize:      maxKnownSources,
		ExpiryCalculator: otter.ExpiryAccessing[netip.Prefix, struct{}](knownFor),
	})
	if err != nil {
		return nil, fmt.Errorf("creating the cache of sources: %w", err)
	}
	return &KnownSources{sources}, nil
}

// Close ends the background work.
func (k *KnownSources) Close() { k.sources.StopAllGoroutines() }

// add records a successful login of a user from a source.
func (k *KnownSources) add(from netip.Addr) { k.sources.Set(intake.SourceNetwork(from), struct{}{}) }

// standing returns whether a source is known.
func (k *KnownSources) standing(from netip.Addr) standing {
	if _, ok := k.sources.GetIfPresent(intake.SourceNetwork(from)); ok {
		return known
	}
	return stranger
}
