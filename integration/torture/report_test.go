//go:build linux

package torture

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// report collects the rows of a run and writes them into the document's table.
type report struct {
	commit string
	all    []row // in the table's order
	mu     sync.Mutex
	lines  map[string]string // by the row's key
}

// key tells a row from all others.
func (w row) key() string { return w.fault + " | " + w.store }

func newReport(t *testing.T, all []row) *report {
	t.Helper()
	out, err := exec.Command("git", "rev-parse", "--short=10", "HEAD").Output()
	if err != nil {
		t.Fatal("the commit:", err)
	}
	r := &report{commit: strings.TrimSpace(string(out)), all: all, lines: map[string]string{}}
	t.Cleanup(func() { r.write(t) })
	return r
}

// row plays a row, fails the test if its result is not what is promised, and notes it.
func (p *report) row(t *testing.T, w row) {
	rounds := max(1, w.rounds)
	if *long {
		rounds = max(rounds, w.long)
	}
	result := newRun(t, bench.binary, w).play(rounds)
	for _, fault := range result.faults() {
		t.Error(fault)
	}
	line := result.line(p.commit)
	t.Log(line)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines[w.key()] = line
}

const (
	tableBegin = "<!-- rows: make torture writes what stands between these lines -->"
	tableEnd   = "<!-- rows end -->"
	tableHead  = "| fault | store | rounds | answered OK | lost | duplicated | serving after | how it is visible | what the operator does | commit |\n" +
		"|---|---|--:|--:|--:|--:|--:|---|---|---|\n"
)

// line returns the result as a line of the table.
func (r result) line(commit string) string {
	lost := fmt.Sprint(r.lostAtFirst)
	if r.lostAtFirst > 0 && r.row.loses != "" {
		lost += ": " + r.row.loses
		if r.lossTime > 0 {
			lost += fmt.Sprintf(", until %s after", seconds(r.lossTime))
		}
	}
	operator := r.row.operator
	if operator == "" {
		operator = "nothing"
	}
	seen := r.seen.String()
	if r.note != "" {
		seen = r.note + "; " + seen
	}
	cells := []string{r.row.fault, r.row.store, fmt.Sprint(r.rounds), fmt.Sprint(r.Acknowledged), lost,
		fmt.Sprint(max(r.duplicatedAtFirst, r.Duplicated)), seconds(r.serving), seen, operator, commit}
	for i := range cells {
		cells[i] = strings.ReplaceAll(cells[i], "|", `\|`)
	}
	return "| " + strings.Join(cells, " | ") + " |"
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// write puts the rows into the table. Of rows that were not played, it keeps what is
// in the table.
func (p *report) write(t *testing.T) {
	if *table == "" {
		return
	}
	text, err := os.ReadFile(*table)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), tableBegin+"\n")
	old, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		t.Fatalf("%s: the lines around the table are missing: expected %q and %q", *table, tableBegin, tableEnd)
	}
	known := make(map[string]string)
	for line := range strings.Lines(strings.TrimPrefix(old, tableHead)) {
		if cells := strings.SplitN(strings.TrimPrefix(line, "| "), " | ", 3); len(cells) == 3 {
			known[cells[0]+" | "+cells[1]] = strings.TrimSpace(line)
		}
	}
	var lines []string
	for _, w := range p.all {
		if line := cmp.Or(p.lines[w.key()], known[w.key()]); line != "" {
			lines = append(lines, line)
		}
	}
	text = []byte(before + tableBegin + "\n" + tableHead + strings.Join(lines, "\n") + "\n" + tableEnd + after)
	if err := os.WriteFile(*table, text, 0o644); err != nil {
		t.Fatal(err)
	}
}
