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

// checkFile checks whether alerts are accepted and questions answered.
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
	return store.Finding{Part: "store", OK: true, Text: fmt.Sprintf("accepts alerts and answers questions; %s has %s", d.path, humanize.IBytes(bytes))}
}

// failureAdvice returns advice for an error of Ping.
func failureAdvice(path string, loss sqlitedb.Loss, err error) string {
	switch sqlitedb.Cause(err) {
	case sqlitedb.CauseFull:
		return "Free space on the disk, or shorten the retention: deleted alerts leave space in the file. PEBA recovers automatically."
	case sqlitedb.CauseReadOnly:
		return "Mount the disk writable; the system's log says why it is read-only. PEBA recovers automatically."
	case sqlitedb.CauseReplaced:
		return lossAdvice(path, loss)
	case sqlitedb.CauseDamaged:
		return fmt.Sprintf("Stop PEBA. Replace %[1]s with a backup and delete %[1]s-wal and %[1]s-shm; or recover what is left with `sqlite3 %[1]s .recover | sqlite3 NEW-FILE` and replace it with NEW-FILE.", path)
	case sqlitedb.CauseLocked:
		return "Another program locks the file: stop it. `sqlite3 -readonly` may read it while PEBA runs."
	default:
		return "Make sure that the disk works and has free space and that PEBA may write there: the system's log reports errors of the disk."
	}
}

// lossAdvice returns advice for lost files.
func lossAdvice(path string, loss sqlitedb.Loss) string {
	switch loss {
	case sqlitedb.LostNothing, sqlitedb.LostLog:
		return "PEBA recreates the log automatically: nothing is lost."
	case sqlitedb.LostContent:
		return fmt.Sprintf("Stop PEBA, put a backup at %s and start PEBA again: alerts since that backup are lost. "+
			"If only the log was truncated, a restart is enough: alerts since the last checkpoint are lost.", path)
	default:
		return fmt.Sprintf("If the file was moved, move it back: PEBA recovers automatically. If it was deleted, copy it before PEBA ends: "+
			"`ls -l /proc/%[2]d/fd` shows its number, `cp /proc/%[2]d/fd/NUMBER COPY` copies it, with all alerts. "+
			"If a backup was put at %[1]s, restart PEBA: alerts since that backup are lost.", path, os.Getpid())
	}
}

// checkDisk compares the free space with the need of the next commits.
func (d *database) checkDisk() store.Finding {
	free := d.measure()
	if free < 0 {
		return store.Finding{Part: "disk", OK: true, Text: "the system does not report free space"}
	}
	f := store.Finding{Part: "disk", OK: free >= lowDisk, Text: humanize.IBytes(uint64(free)) + " are free"}
	if !f.OK {
		f.Advice = fmt.Sprintf("Free space, or shorten the retention: below %s a large message may not fit and gets 503.", humanize.IBytes(lowDisk))
	}
	return f
}

// checkLock reports a deleted lock file.
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
		Advice: "Restart PEBA, and do not start another one with this path before."}}
}

// checkContent reports the repair of a damaged log, if any.
func (d *database) checkContent() []store.Finding {
	d.files.mu.RLock()
	defer d.files.mu.RUnlock()
	r := d.repair
	if !r.Repaired && r.Harmless() {
		return nil
	}
	f := store.Finding{Part: "log", OK: r.Harmless(), Text: "the write-ahead log was damaged when it was opened: " + repairText(&r)}
	if !f.OK {
		f.Advice = "Check the disk. To find further lost alerts, compare with a backup, or let the sensors resend them: lost ones are then stored, and those with a wrong text stay unchanged. This finding disappears with the next start."
	}
	return []store.Finding{f}
}

var (
	_ store.Checker  = (*handle)(nil)
	_ store.Degrader = (*handle)(nil)
)
