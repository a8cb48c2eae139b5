//go:build !sabotage

// Package sabotage breaks what keeps alerts safe, so that ./integration/torture can
// show that it would notice. Without the build tag sabotage, which no release has,
// all of it is constant and false, and the compiler leaves the broken code out.
package sabotage

const (
	// Fsync says that nothing is synced to the disk.
	Fsync = false
	// Checksum says that frames are not compared with their checksums.
	Checksum = false
	// Order says that work is reported as committed before it is.
	Order = false
)
