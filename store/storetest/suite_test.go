package storetest

import (
	"testing"

	"github.com/peba-edge/peba/store"
)

// TestModelConforms holds the model to the suite, but for what it leaves out:
// it has nothing to close, and retires alerts only.
func TestModelConforms(t *testing.T) {
	suite := Suite{Open: func(_ *testing.T, opts store.Options) store.Store { return NewModel(opts) }}
	for _, test := range tests {
		if test.name == "closed" || test.name == "retire" {
			continue
		}
		t.Run(test.name, func(t *testing.T) { test.run(suite.start(t)) })
	}
}
