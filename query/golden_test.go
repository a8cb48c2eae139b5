package query_test

import (
	"testing"

	"github.com/peba-edge/peba/query/goldentest"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/memory"
)

func TestGoldenAnswers(t *testing.T) {
	goldentest.Run(t, func(_ *testing.T, opts store.Options) store.Store { return memory.New(opts) })
}
