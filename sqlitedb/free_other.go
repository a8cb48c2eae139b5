//go:build !linux && !darwin && !freebsd && !windows

package sqlitedb

import "errors"

// FreeBytes is not supported here: it returns errors.ErrUnsupported.
func FreeBytes(string) (int64, error) { return 0, errors.ErrUnsupported }
