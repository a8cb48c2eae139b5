package memory_test

import (
	"testing"

	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/memory"
	"github.com/peba-edge/peba/store/storetest"
)

// TestStore is how a store is held to the suite.
func TestStore(t *testing.T) {
	storetest.Run(t, func(_ *testing.T, opts store.Options) store.Store { return memory.New(opts) })
}
