package store

import "context"

// Checker is what a store may be besides: able to tell an operator what is wrong
// with it, for `caddy peba check`.
type Checker interface {
	// Check looks at every part of the store and returns a finding for each,
	// good ones included. It returns when ctx ends, at the latest.
	Check(ctx context.Context) []Finding
}

// Finding is what is to be said of one part of a store.
type Finding struct {
	// Part names the part in a word or two, such as "clocks".
	Part string `json:"part"`
	// OK is false when an operator must do something.
	OK bool `json:"ok"`
	// Text is what was found, in one sentence.
	Text string `json:"text"`
	// Advice says what to do; empty when OK.
	Advice string `json:"advice,omitempty"`
}
