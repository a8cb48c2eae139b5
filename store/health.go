package store

// Degrader is an optional interface of a store that can partly fail while
// messages are still accepted and questions answered, such as a cluster that
// rejects writes while alerts are queued in the spool.
type Degrader interface {
	// Degraded returns the failing parts, or nil. It does not wait for the disk
	// or the network. Errors that prevent accepting messages or answering
	// questions are returned by Ping instead.
	Degraded() []*PartError
}
