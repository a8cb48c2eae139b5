package esclient

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/peba-edge/peba/sqlitedb"
)

// TestDamagedFilesAreVisible looks for a file that was set aside in the check, in what
// is degraded and in the metrics, until it is salvaged.
func TestDamagedFilesAreVisible(t *testing.T) {
	m := newModule(t, "http://127.0.0.1:1")
	value, _, err := spools.LoadOrNew(t.Name(), func() (caddy.Destructor, error) { return newOutgoing(t.Context(), m.Spool.Path, m) })
	must(t, err)
	defer func() {
		_, err := spools.Delete(t.Name())
		must(t, err)
	}()
	o := value.(*outgoing)
	if findings := o.checkFiles(); len(findings) != 0 {
		t.Errorf("of good files it says %+v", findings)
	}
	file := filepath.Join(o.path, "0001700000000000000.spool.damaged")
	must(t, os.WriteFile(file, make([]byte, 5000), 0o600))
	findings := o.checkFiles()
	if len(findings) != 1 || findings[0].OK || !strings.Contains(findings[0].Text, file) || !strings.Contains(findings[0].Advice, "peba spool salvage") {
		t.Errorf("it says %+v, expected the file and the command", findings)
	}
	if parts := partsOf(t, o); !slices.Equal(parts, []string{partAside}) {
		t.Errorf("degraded are %q", parts)
	}
	if files, bytes := gathered(t, "peba_spool_damaged_files"), gathered(t, "peba_spool_damaged_bytes"); files[0] != 1 || bytes[0] != 5000 {
		t.Errorf("metrics say %v files of %v bytes, expected 1 of 5000", files, bytes)
	}
	if _, err := o.spool.Salvage(t.Context(), file, false, true); err == nil || !strings.Contains(err.Error(), "no message found") {
		t.Errorf("error of a file in which nothing can be read is %v", err)
	}
	if findings := o.checkFiles(); len(findings) != 1 {
		t.Errorf("after salvaging in vain it says %+v", findings)
	}
	must(t, os.Remove(file))
	if findings := o.checkFiles(); len(findings) != 0 {
		t.Errorf("after the file was deleted it says %+v", findings)
	}
	if parts := partsOf(t, o); len(parts) != 0 {
		t.Errorf("after the file was deleted degraded are %q", parts)
	}
}

// TestFailedCommitsAreThereFromTheStart has a value for each cause.
func TestFailedCommitsAreThereFromTheStart(t *testing.T) {
	if values := gathered(t, "peba_spool_failed_commits_total"); len(values) != len(sqlitedb.Causes()) {
		t.Errorf("there are %d values, expected %d", len(values), len(sqlitedb.Causes()))
	}
}

// gathered returns the values of a metric of all spools that are in use.
func gathered(t *testing.T, name string) (values []float64) {
	t.Helper()
	registry := prometheus.NewRegistry()
	must(t, registry.Register(metrics.spool))
	families, err := registry.Gather()
	must(t, err)
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			values = append(values, m.GetGauge().GetValue()+m.GetCounter().GetValue())
		}
	}
	return values
}

// TestFolderCannotBeListed wants advice about the folder, not about files in it.
func TestFolderCannotBeListed(t *testing.T) {
	f := damagedFiles(nil, os.ErrPermission)
	if f == nil || f.OK || f.Text != os.ErrPermission.Error() || strings.Contains(f.Advice, "salvage") || !strings.Contains(f.Advice, "folder") {
		t.Errorf("it says %+v", f)
	}
}
