package store

// Located is an optional interface of a store that knows where its data is.
type Located interface {
	// Location returns paths and URLs for an operator, without passwords.
	Location() string
}
