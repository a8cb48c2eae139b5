package store

import "context"

// Salvager is implemented by stores that queue messages in local files. A damaged
// file is set aside until it is salvaged.
type Salvager interface {
	// DamagedFiles returns the damaged files that were set aside.
	DamagedFiles() ([]DamagedFile, error)

	// Salvage queues the intact messages of a file again, unless dryRun is set,
	// and then renames the file or, with remove, deletes it. path is a name in the
	// queue's folder or a path.
	Salvage(ctx context.Context, path string, dryRun, remove bool) (SalvagedFile, error)
}

// DamagedFile is a damaged file that was set aside.
type DamagedFile struct {
	Path string `json:"path"`
	Size int64  `json:"size"` // bytes
}

// SalvagedFile is the result of salvaging a damaged file.
type SalvagedFile struct {
	Path string `json:"path"`
	Kept string `json:"kept"` // current path of the file; empty if removed

	Recovered  int64 `json:"recovered"`  // messages queued again
	Delivered  int64 `json:"delivered"`  // messages delivered or recovered before
	Unreadable int64 `json:"unreadable"` // damaged messages, as far as known
}
