package sqlite

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/peba-edge/peba/store"
)

// childTask is the environment variable that makes this binary a helper
// process of a test: its value is the task, the arguments are after it.
const childTask = "PEBA_SQLITE_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childTask) {
	case "":
		os.Exit(m.Run())
	case "open": // tells how opening went, and stays
		_, err := open(parentless, os.Args[1], store.Options{})
		fmt.Println(err)
		_, _ = os.Stdin.Read(make([]byte, 1))
	case "put":
		putForEver(os.Args[1], true)
	case "putOn":
		putForEver(os.Args[1], false)
	}
}

// child starts this binary as a helper process.
func child(t *testing.T, task, path string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, path)
	cmd.Env = append(os.Environ(), childTask+"="+task)
	cmd.Stderr = os.Stderr
	return cmd
}

// waitFor is how long eventually waits.
const waitFor = time.Minute

func tick() <-chan time.Time { return time.After(20 * time.Millisecond) }
