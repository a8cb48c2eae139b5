package integration

import (
	"strings"
	"testing"
)

// TestTrustWithoutStrict runs behind a proxy whose clients can choose their address: the log
// and the check say so, and how to change that.
func TestTrustWithoutStrict(t *testing.T) {
	for strict, wrong := range map[string]bool{"": true, "\n\t\ttrusted_proxies_strict": false} {
		s := newCheckedServer(t, "")
		s.WriteConfig(strings.Replace(s.checkedSite(""), "\tpeba {", "\tservers {\n\t\ttrusted_proxies static 127.0.0.1/32"+strict+"\n\t}\n\tpeba {", 1))
		s.Start()
		if wrong {
			s.wantCheck("proxies", "Add trusted_proxies_strict")
		} else {
			s.wantHealthy()
		}
		if warned := strings.Contains(s.Log.String(), "trusted_proxies without trusted_proxies_strict"); warned != wrong {
			t.Errorf("with %q the log warns: %v\n%s", strict, warned, s.Log)
		}
	}
}
