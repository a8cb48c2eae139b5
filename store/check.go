package store

import "context"

// Checker is an optional interface of a store that can diagnose itself, for
// `caddy peba check`.
type Checker interface {
	// Check checks every part of the store and returns a finding for each,
	// including good ones. It returns when ctx ends, at the latest.
	Check(ctx context.Context) []Finding
}

// Finding is the result of checking one part of a store.
type Finding struct {
	// Part names the part in a word or two, such as "clocks".
	Part string `json:"part"`
	// OK is false if an operator must act.
	OK bool `json:"ok"`
	// Text describes the state, in one sentence.
	Text string `json:"text"`
	// Advice says how to fix it; empty if OK.
	Advice string `json:"advice,omitempty"`
}
