package alert

import (
	"cmp"
	"os"
	"path/filepath"
)

// Recordings live outside the repository; other ones can be tried.
func messagesFolder() string {
	return cmp.Or(os.Getenv("PEBA_MESSAGES"), "../../shared/sensor-messages/made")
}

func ewsposterFolder() string { return filepath.Join(messagesFolder(), "../ewsposter") }

func goldenFolder() string {
	return cmp.Or(os.Getenv("PEBA_GOLDEN"), "../../shared/golden")
}
