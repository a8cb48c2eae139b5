//go:build sabotage

// Package sabotage breaks what keeps alerts safe; see off.go.
package sabotage

import "os"

// What PEBA_SABOTAGE names is broken.
var (
	Fsync    = os.Getenv("PEBA_SABOTAGE") == "fsync"
	Checksum = os.Getenv("PEBA_SABOTAGE") == "checksum"
	Order    = os.Getenv("PEBA_SABOTAGE") == "order"
)
