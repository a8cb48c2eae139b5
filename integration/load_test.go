package integration

import (
	"os"
	"strconv"
	"testing"
)

// torture is how many times more a test does when PEBA_TORTURE says so.
func torture(t *testing.T) int {
	t.Helper()
	text := os.Getenv("PEBA_TORTURE")
	if text == "" {
		return 1
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("PEBA_TORTURE: got %q, must be a number of rounds", text)
	}
	return n
}
