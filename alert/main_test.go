package alert

import (
	"cmp"
	"os"
	"path/filepath"
)

// Other recordings than those of the repository can be tried.
func messagesFolder() string {
	return cmp.Or(os.Getenv("PEBA_MESSAGES"), "../testdata/recorded/messages/made")
}

func ewsposterFolder() string { return filepath.Join(messagesFolder(), "../ewsposter") }

func goldenFolder() string {
	return cmp.Or(os.Getenv("PEBA_GOLDEN"), "../testdata/recorded/golden")
}
