package esclient

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/peba-edge/peba/spool"
	"github.com/peba-edge/peba/sqlitedb"
	"github.com/peba-edge/peba/store"
)

// usualFrame is the size of a large message without payloads.
const usualFrame = 256 << 10

// slowSpool is how long a message may be queued before that is reported: normally
// it takes a second or two.
const slowSpool = 5 * time.Minute

// check checks the local parts: the spool, its sender, the dead letters.
func (o *outgoing) check(ctx context.Context) []store.Finding {
	findings := []store.Finding{o.checkSpool(time.Now())}
	findings = append(findings, o.checkFiles()...)
	return append(findings, o.checkSender(), o.checkDeadLetters(ctx))
}

func (o *outgoing) checkSpool(now time.Time) store.Finding {
	stats := o.spool.Stats()
	f := store.Finding{Part: "spool", OK: true, Text: fmt.Sprintf("%d messages of %s are queued in %s, which takes %s of the disk",
		stats.Frames, humanize.IBytes(uint64(stats.Bytes)), o.path, humanize.IBytes(uint64(stats.Disk)))}
	if o.maxSize > 0 {
		f.Text += " of at most " + humanize.IBytes(uint64(o.maxSize))
	}
	if err := o.accepts(); err != nil {
		f.OK, f.Text = false, err.Error()
		f.Advice = spoolAdvice(err, o.path) + " Sensors get 503 and will give up within minutes."
		return f
	}
	if waited := now.Sub(stats.Oldest).Round(time.Second); !stats.Oldest.IsZero() && waited > slowSpool {
		f.OK, f.Text = false, fmt.Sprintf("%s; the oldest has waited for %v", f.Text, waited)
		f.Advice = "If the cluster answers (see below), alerts arrive faster than it accepts them: add more or faster data nodes."
	}
	return f
}

// spoolAdvice returns advice for a spool that accepts nothing.
func spoolAdvice(err error, path string) string {
	switch {
	case errors.Is(err, spool.ErrFull):
		return "Free space on its disk, raise max_size or lower reserve."
	case errors.Is(err, sqlitedb.ErrReplaced):
		return fmt.Sprintf("The folder %s or a file in it was deleted, moved or replaced: move it back. Do not restart before: what is not restored yet exists only in this process.", path)
	default:
		return fmt.Sprintf("Check the disk of %s (dmesg), and that PEBA's user may write there.", path)
	}
}

// mostNamed is the maximum number of damaged files named in a finding.
const mostNamed = 5

// checkFiles returns findings about spool files that are damaged or currently
// unreadable; none if all are fine.
func (o *outgoing) checkFiles() (findings []store.Finding) {
	if err := o.spool.Trouble(); err != nil {
		findings = append(findings, store.Finding{Part: "spool files", Text: err.Error(),
			Advice: "Check the disk and its cables (dmesg), and restore deleted files. Messages in these files are retried; files that stay unreadable for a minute are set aside."})
	}
	if lost := o.spool.Stats().Lost; lost > 0 {
		findings = append(findings, store.Finding{Part: "spool files", Text: fmt.Sprintf("%d messages were lost with damaged or deleted files since the start; the log names the files", lost),
			Advice: "If there is a copy of such a file, `caddy peba spool salvage FILE` queues its messages again. Replace a failing disk."})
	}
	if f := o.lookAside(); f != nil {
		findings = append(findings, *f)
	}
	return findings
}

// lookAside returns a finding about damaged files that were set aside, nil if
// there are none, and keeps it for the heartbeat.
func (o *outgoing) lookAside() *store.Finding {
	f := damagedFiles(o.spool.SetAside())
	o.aside.Store(f)
	return f
}

func damagedFiles(files []spool.File, err error) *store.Finding {
	const part = "damaged files"
	if err != nil {
		return &store.Finding{Part: part, Text: err.Error(), Advice: "Make sure that PEBA may read the folder of the spool."}
	}
	if len(files) == 0 {
		return nil
	}
	var names []string
	for _, f := range files[:min(len(files), mostNamed)] {
		names = append(names, fmt.Sprintf("%s (%s)", f.Path, humanize.IBytes(uint64(f.Size))))
	}
	if more := len(files) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return &store.Finding{Part: part, Text: "set aside: " + strings.Join(names, ", "),
		Advice: "`caddy peba spool salvage` queues every intact message in them again; --dry-run only counts them. Delete files without any message once nobody needs them."}
}

// accepts returns an error while messages are not accepted. A small probe that
// fits proves nothing for a larger message that did not.
func (o *outgoing) accepts() error {
	if err := o.spool.Err(); err != nil {
		return err
	}
	return o.spool.Room(usualFrame)
}

func (o *outgoing) checkSender() store.Finding {
	status := o.sender.Status()
	f := store.Finding{Part: "sender", OK: true, Text: fmt.Sprintf("since the start: %d alerts stored, %d duplicates, %d dead letters",
		status.Stored, status.Duplicates, status.Dead)}
	switch {
	case status.Paused != "":
		f.OK, f.Text = false, "the cluster rejects alerts: "+status.Paused
		f.Advice = "Fix the cause (login, privileges, block): the queued alerts are then sent, without a restart."
	case status.Down != "":
		f.OK, f.Text = false, "the cluster currently accepts no alerts: "+status.Down
		f.Advice = "Make sure that Elasticsearch runs and is not overloaded. The queued alerts are sent once it accepts alerts again."
	case len(status.Blocked) > 0:
		var blocked []string
		for _, b := range status.Blocked {
			blocked = append(blocked, b.Index+" ("+b.Reason+")")
		}
		f.OK, f.Text = false, "these indices reject writes: "+strings.Join(blocked, ", ")
		f.Advice = "Fix the cause; the queued alerts are then sent."
	}
	return f
}

func (o *outgoing) checkDeadLetters(ctx context.Context) store.Finding {
	n, err := o.dead.CountDeadLetters(ctx)
	switch {
	case err != nil:
		return store.Finding{Part: "dead letters", Text: err.Error(), Advice: "Make sure that the spool's disk is writable."}
	case n > 0:
		return store.Finding{Part: "dead letters", Text: fmt.Sprintf("%d alerts were rejected permanently", n),
			Advice: "`caddy peba dead-letters list` shows why; requeue them once the cause is fixed, or drop them."}
	}
	return store.Finding{Part: "dead letters", OK: true, Text: "none"}
}

// ping returns an error if no alert can be accepted.
func (o *outgoing) ping() error {
	if err := o.accepts(); err != nil {
		return &store.PartError{Part: "spool", Err: fmt.Errorf("%w: %w", store.ErrUnavailable, err)}
	}
	return nil
}
