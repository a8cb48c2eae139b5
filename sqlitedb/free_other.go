//go:build !linux && !darwin && !freebsd && !windows

package sqlitedb

import "errors"

// FreeBytes is not known here: the error is errors.ErrUnsupported.
func FreeBytes(string) (int64, error) { return 0, errors.ErrUnsupported }
