package sqlite

import (
	"context"
	"fmt"
	"os"

	"github.com/dustin/go-humanize"

	"github.com/peba-edge/peba/sqlitedb"
	"github.com/peba-edge/peba/store"
)

// Check implements store.Checker.
func (h *handle) Check(ctx context.Context) []store.Finding {
	if err := h.enter(); err != nil {
		return []store.Finding{{Part: "store", Text: err.Error(), Advice: "Run the check again."}}
	}
	defer h.mu.RUnlock()
	return h.db.check(ctx)
}

// Degraded implements store.Degrader.
func (h *handle) Degraded() []*store.PartError {
	if h.enter() != nil {
		return nil
	}
	defer h.mu.RUnlock()
	return h.db.degraded()
}

func (d *database) check(ctx context.Context) []store.Finding {
	findings := []store.Finding{d.checkFile(ctx), d.checkDisk()}
	findings = append(findings, d.checkLock()...)
	return append(findings, d.checkContent()...)
}

// checkFile finds out whether alerts are taken and questions answered.
func (d *database) checkFile(ctx context.Context) store.Finding {
	if err := d.ping(ctx); err != nil {
		return store.Finding{Part: "store", Text: err.Error(), Advice: failureAdvice(d.path, d.health.loss(), err)}
	}
	var bytes uint64
	for _, name := range sqlitedb.Files(d.path) {
		if size, err := sizeOf(name); err == nil && size > 0 {
			bytes += uint64(size)
		}
	}
	return store.Finding{Part: "store", OK: true, Text: fmt.Sprintf("takes alerts and answers; %s has %s", d.path, humanize.IBytes(bytes))}
}

// failureAdvice says what to do about an error of Ping.
func failureAdvice(path string, loss sqlitedb.Loss, err error) string {
	switch sqlitedb.Cause(err) {
	case sqlitedb.CauseFull:
		return "Make room on the disk, or shorten the retention: deleted alerts leave room in the file. PEBA goes on by itself."
	case sqlitedb.CauseReadOnly:
		return "Mount the disk writable; the system's log says why it is read-only. PEBA goes on by itself."
	case sqlitedb.CauseReplaced:
		return lossAdvice(path, loss)
	case sqlitedb.CauseDamaged:
		return fmt.Sprintf("Stop PEBA. Put a backup in the place of %[1]s and delete %[1]s-wal and %[1]s-shm; or save what is left with `sqlite3 %[1]s .recover | sqlite3 NEW-FILE` and put NEW-FILE in its place.", path)
	case sqlitedb.CauseLocked:
		return "Another program holds the file: end it. `sqlite3 -readonly` may read it while PEBA runs."
	default:
		return "See that the disk works and has room, and that PEBA may write there: the system's log reports errors of the disk."
	}
}

// lossAdvice says what to do about files that are lost.
func lossAdvice(path string, loss sqlitedb.Loss) string {
	switch loss {
	case sqlitedb.LostNothing, sqlitedb.LostLog:
		return "PEBA writes the log again by itself: nothing is lost."
	case sqlitedb.LostContent:
		return fmt.Sprintf("Stop PEBA, put a backup at %s and start PEBA again: alerts since that backup are lost. "+
			"If only the log was cut, a restart is enough: alerts since the last checkpoint are lost.", path)
	default:
		return fmt.Sprintf("If the file was moved, move it back: PEBA goes on by itself. If it was deleted, copy it before PEBA ends: "+
			"`ls -l /proc/%[2]d/fd` shows its number, `cp /proc/%[2]d/fd/NUMBER COPY` copies it, with all alerts. "+
			"If a backup was put at %[1]s, restart PEBA: alerts since that backup are lost.", path, os.Getpid())
	}
}

// checkDisk compares what is free with what the next commits may need.
func (d *database) checkDisk() store.Finding {
	free := d.measure()
	if free < 0 {
		return store.Finding{Part: "disk", OK: true, Text: "the system does not report how much is free"}
	}
	f := store.Finding{Part: "disk", OK: free >= lowDisk, Text: humanize.IBytes(uint64(free)) + " are free"}
	if !f.OK {
		f.Advice = fmt.Sprintf("Make room, or shorten the retention: below %s a large message may not fit, and is answered 503.", humanize.IBytes(lowDisk))
	}
	return f
}

// checkLock reports that somebody has deleted the lock's file.
func (d *database) checkLock() []store.Finding {
	d.files.mu.RLock()
	defer d.files.mu.RUnlock()
	if d.lockFile == nil {
		return nil
	}
	name := d.path + ".lock"
	if info, err := os.Stat(name); err == nil && os.SameFile(info, d.lockFile) {
		return nil
	}
	return []store.Finding{{Part: "lock", Text: name + " is not the file that was locked: a second PEBA could open the same store",
		Advice: "Restart PEBA, and start no other one with this path before."}}
}

// checkContent reports what was done to a damaged log, if there was any.
func (d *database) checkContent() []store.Finding {
	d.files.mu.RLock()
	defer d.files.mu.RUnlock()
	r := d.repair
	if !r.Repaired && r.Harmless() {
		return nil
	}
	f := store.Finding{Part: "log", OK: r.Harmless(), Text: "the write-ahead log was damaged when it was opened: " + repairText(&r)}
	if !f.OK {
		f.Advice = "Check the disk. If alerts matter that the text does not account for, compare with a backup, or have the sensors send them again. This finding goes with the next start."
	}
	return []store.Finding{f}
}

var (
	_ store.Checker  = (*handle)(nil)
	_ store.Degrader = (*handle)(nil)
)
