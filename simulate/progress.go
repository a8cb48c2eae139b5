package simulate

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// showProgress writes a line per second. The function it returns stops that and
// writes the last line.
func (r *run) showProgress() (stop func()) {
	if r.Progress == nil {
		return func() {}
	}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		line := progressLine{w: r.Progress, terminal: r.Terminal}
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				line.show(r.tally.snapshot())
			case <-done:
				line.end(r.tally.snapshot())
				return
			}
		}
	}()
	return func() { close(done); <-ended }
}

// progressLine is one line that is rewritten on a terminal, and a new line each
// time elsewhere. A failing writer costs only the progress.
type progressLine struct {
	w        io.Writer
	terminal bool
	width    int // of the line on the terminal
	last     Summary
}

// show describes the time since the previous line.
func (p *progressLine) show(s Summary) {
	p.write(s, perSecond(s.Accepted-p.last.Accepted, s.Elapsed-p.last.Elapsed))
	p.last = s
}

// end describes the whole run in a final line.
func (p *progressLine) end(s Summary) {
	p.write(s, perSecond(s.Accepted, s.Elapsed))
	if p.terminal {
		_, _ = fmt.Fprintln(p.w)
	}
}

func (p *progressLine) write(s Summary, rate float64) {
	text := fmt.Sprintf("sent %d, accepted %d, rejected %d, unanswered %d alerts, %.0f per second",
		s.Sent, s.Accepted, s.Rejected, s.Unanswered, rate)
	if !p.terminal {
		_, _ = fmt.Fprintln(p.w, text)
		return
	}
	blanks := strings.Repeat(" ", max(p.width-len(text), 0))
	p.width = len(text)
	_, _ = fmt.Fprint(p.w, "\r"+text+blanks)
}
