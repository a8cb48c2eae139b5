package integration

import (
	"fmt"
	"strings"
	"testing"

	"github.com/peba-edge/peba/integration/edgetest"
)

// TestSharedPort runs two servers on one port, each with data of its own. Linux allows
// that: the log of the second and the checks of both say so, until one of them ends.
func TestSharedPort(t *testing.T) {
	first, second := newCheckedServer(t, ""), newServer(t, "", "")
	second.URL = first.URL
	second.WriteConfig(second.checkedSite(""))
	first.Start()
	first.wantHealthy()
	second.Start()
	edge := func(s *server) string { return fmt.Sprintf("process %d on ", s.PID()) }
	edgetest.Eventually(t, "the log warns", func() bool { return strings.Contains(second.Log.String(), "split between this process and another") })
	first.wantCheck("ports", "ss -ltnp")
	second.wantCheck("ports", "ss -ltnp")
	if out, _ := first.Check(); !strings.Contains(out, edge(second)) || strings.Contains(out, edge(first)) || !strings.Contains(out, first.Database()) {
		t.Errorf("the check names another process or store:\n%s", out)
	}
	if !strings.Contains(first.Log.String(), first.Database()) {
		t.Errorf("the log does not say where the data is:\n%s", first.Log)
	}
	second.Reload() // keeps what is announced
	first.wantCheck("ports", "ss -ltnp")
	second.Stop()
	first.wantHealthy()
}
