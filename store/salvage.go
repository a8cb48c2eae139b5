package store

import "context"

// Salvager is implemented by stores that queue messages in files on this machine,
// of which one can be damaged. Such a file is kept until it is salvaged.
type Salvager interface {
	// DamagedFiles returns the files that were set aside.
	DamagedFiles() ([]DamagedFile, error)

	// Salvage queues the sound messages of a file again, unless dryRun is set, and
	// then renames the file or, with remove, deletes it. path is a name in the
	// queue's folder or a path.
	Salvage(ctx context.Context, path string, dryRun, remove bool) (SalvagedFile, error)
}

// DamagedFile is a file that was set aside.
type DamagedFile struct {
	Path string `json:"path"`
	Size int64  `json:"size"` // bytes
}

// SalvagedFile is what became of the messages in a damaged file.
type SalvagedFile struct {
	Path string `json:"path"`
	Kept string `json:"kept"` // where the file is now; empty: it was removed

	Recovered  int64 `json:"recovered"`  // messages that are queued again
	Delivered  int64 `json:"delivered"`  // messages that were delivered or recovered before
	Unreadable int64 `json:"unreadable"` // messages that are damaged, as far as is known
}
