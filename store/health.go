package store

// Degrader is an extra ability of a store: part of it can fail while messages
// are still accepted and questions still answered, such as a cluster that
// rejects writes while alerts are queued in the spool.
type Degrader interface {
	// Degraded returns the parts that fail now, or nil. It reports what is known
	// without waiting for the disk or the network. Whatever keeps the store from
	// accepting messages or from answering is an error of Ping instead.
	Degraded() []*PartError
}
