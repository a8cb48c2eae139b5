//go:build !linux && !darwin && !freebsd && !windows

package spool

import "errors"

// freeBytes is not told here.
func freeBytes(string) (int64, error) { return 0, errors.ErrUnsupported }
