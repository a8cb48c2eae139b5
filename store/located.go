package store

// Located is what a store may be besides: able to say where its data is.
type Located interface {
	// Location returns paths and URLs for an operator, without passwords.
	Location() string
}
