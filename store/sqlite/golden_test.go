package sqlite

import (
	"testing"

	"github.com/peba-edge/peba/query/goldentest"
	"github.com/peba-edge/peba/store"
)

func TestGoldenAnswers(t *testing.T) {
	goldentest.Run(t, func(t *testing.T, opts store.Options) store.Store {
		return openTest(t, emptyPath(t), opts)
	})
}
