package esclient

import (
	"context"
	"fmt"

	"github.com/peba-edge/peba/store"
)

// DamagedFiles implements store.Salvager.
func (s *esStore) DamagedFiles() ([]store.DamagedFile, error) {
	var files []store.DamagedFile
	err := s.run(func() error {
		aside, err := s.out.spool.SetAside()
		for _, f := range aside {
			files = append(files, store.DamagedFile(f))
		}
		return err
	})
	return files, err
}

// Salvage implements store.Salvager.
func (s *esStore) Salvage(ctx context.Context, path string, dryRun, remove bool) (result store.SalvagedFile, err error) {
	err = s.run(func() error {
		salvaged, err := s.out.spool.Salvage(ctx, path, dryRun, remove)
		result = store.SalvagedFile(salvaged)
		return err
	})
	if err != nil {
		return result, fmt.Errorf("after %d messages: %w", result.Recovered, err)
	}
	return result, nil
}

var _ store.Salvager = (*esStore)(nil)
