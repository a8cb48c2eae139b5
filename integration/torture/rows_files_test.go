//go:build linux

package torture

import (
	"net/http"
	"os"
	"strings"
	"time"
)

// What is lost where the disk did not keep its files.
const (
	losesAll    = "what was in the files"
	losesNewer  = "what came after the backup"
	losesHit    = "what the damage hit"
	losesLog    = "what was in the log"
	losesQueued = "what waited in the files"
)

// fileRows are about the files of the store, or of the spool while the cluster is
// away: somebody deletes, moves, replaces or cuts them while the server runs, or they
// are damaged when it starts after a crash.
func fileRows() rows {
	return append(storeFileRows(), spoolFileRows()...)
}

func storeFileRows() rows {
	return forStores([]row{{
		fault: "rm peba.db*", hold: fileHold, loses: losesAll, operator: "a backup, or remove peba.db* and start again",
		inject:    func(r *run) { r.each(r.files("peba.db", "-wal", "-shm"), os.Remove) },
		recovered: (*run).crashes, shows: inHeartbeat | inCheck | inLog,
	}, {
		fault: "rm peba.db-wal", hold: fileHold, loses: losesLog, operator: "restart",
		inject:    func(r *run) { r.each(r.files("-wal"), os.Remove) },
		recovered: (*run).crashes, shows: inLog,
	}, {
		fault: "mv peba.db* elsewhere", hold: fileHold, loses: "what was answered OK until it was noticed", operator: "move them back, restart",
		inject: func(r *run) { r.each(r.files("peba.db", "-wal", "-shm"), moveAway) },
		recovered: func(r *run) {
			r.s.Kill()
			r.each(r.found("peba.db", "-wal", "-shm"), os.Remove) // what the server may have made meanwhile
			r.each(r.files(moved), moveBack)
			r.s.Launch()
		},
		shows: inHeartbeat | inCheck | inLog,
	}, {
		fault: "peba.db replaced by a backup", hold: fileHold, loses: losesNewer, operator: "restart",
		inject: func(r *run) {
			database := r.s.Database()
			backup := copyOf(r, database)
			r.ledger.More(100)
			r.each(r.files("-wal", "-shm"), os.Remove)
			if err := os.Rename(backup, database); err != nil {
				r.t.Fatal(err)
			}
		},
		recovered: (*run).crashes, shows: inHeartbeat | inCheck | inLog,
	}, {
		fault: "peba.db truncated while it is open", hold: fileHold, loses: losesAll, operator: "a backup, or remove peba.db* and start again",
		inject: func(r *run) { r.each(r.files("peba.db"), func(path string) error { return os.Truncate(path, 0) }) },
		recovered: func(r *run) {
			r.s.Kill()
			r.each(r.found("peba.db", "-wal", "-shm", ".lock"), os.Remove)
			r.s.Launch()
		},
		shows: inHeartbeat | inCheck | inLog,
	}, {
		fault: "peba.db-wal truncated while it is open", hold: fileHold, loses: losesLog, operator: "restart",
		inject:    func(r *run) { r.each(r.files("-wal"), func(path string) error { return os.Truncate(path, 0) }) },
		recovered: (*run).crashes, shows: inHeartbeat | inCheck | inLog,
	}, {
		fault: "rm peba.db-shm", hold: time.Second,
		inject:    func(r *run) { r.each(r.files("-shm"), os.Remove) },
		recovered: (*run).crashes,
	}, {
		fault:     "a flipped bit in a checksum of peba.db-wal after a crash",
		inject:    crash(func(r *run) { r.each(r.files("-wal"), r.flipChecksum) }),
		recovered: (*run).launchAnew, shows: inLog,
	}, {
		fault:     "a flipped bit in an alert in peba.db-wal, written again later, after a crash",
		inject:    crash(func(r *run) { r.each(r.files("-wal"), r.flipText(rewritten)) }),
		recovered: (*run).launchAnew, shows: inLog,
	}, {
		// SQLite has no checksum of its own over an alert's text. Sent again, the alert
		// is recognized by its id, and its text stays as it is.
		fault: "a flipped bit in an alert in peba.db-wal after a crash", loses: losesHit, mayLose: 1, garbles: 1,
		inject:    crash(func(r *run) { r.each(r.files("-wal"), r.flipText(newest)) }),
		recovered: (*run).launchAnew, shows: inCheck | inLog,
	}, {
		fault: "peba.db-wal cut after a crash", loses: losesLog,
		inject:    crash(func(r *run) { r.each(r.files("-wal"), cutInHalf) }),
		recovered: (*run).launchAnew,
	}, {
		fault: "peba.db empty beside its log after a crash", loses: losesAll, operator: "a backup, or remove peba.db* and start again",
		inject:    crash(func(r *run) { r.each(r.files("peba.db"), func(path string) error { return os.Truncate(path, 0) }) }),
		recovered: (*run).launchAnew, shows: inHeartbeat | inLog,
	}, {
		fault: "peba.db empty beside its lock", loses: losesAll, operator: "a backup, or remove peba.db* and start again",
		inject: stopped(func(r *run) {
			r.each(r.files("peba.db"), func(path string) error { return os.Truncate(path, 0) })
		}),
		recovered: (*run).launchAnew, shows: inHeartbeat | inLog,
	}, {
		fault: "peba.db cut in half", loses: losesAll, operator: "a backup, or remove peba.db* and start again",
		inject:    stopped(func(r *run) { r.each(r.files("peba.db"), cutInHalf) }),
		recovered: (*run).launchAnew, shows: inHeartbeat | inLog,
	}, {
		fault: "pages of peba.db overwritten", loses: losesAll, operator: "a backup, or remove peba.db* and start again",
		inject:    stopped(func(r *run) { r.each(r.files("peba.db"), r.scribble) }),
		recovered: (*run).launchAnew, shows: inHeartbeat | inLog,
	}}, embedded)
}

func spoolFileRows() rows {
	list := []row{{
		fault: "rm *.spool", loses: losesQueued, shows: inLog,
		inject: func(r *run) { r.each(r.files(".spool"), os.Remove) },
	}, {
		fault: "rm *.spool-wal", loses: losesQueued, shows: inLog,
		inject: func(r *run) { r.each(r.files(".spool-wal"), os.Remove) },
	}, {
		fault: "rm all of the spool", loses: losesQueued, shows: inLog,
		inject: func(r *run) { r.each(r.files(), os.Remove) },
	}, {
		fault: "rm progress.db*",
		inject: func(r *run) {
			r.each(r.files("progress.db", "progress.db-wal", "progress.db-shm"), os.Remove)
		},
	}, {
		fault: "mv *.spool* elsewhere", loses: losesQueued, operator: "move them back, restart", shows: inLog,
		inject: func(r *run) { r.each(r.files(".spool", ".spool-wal", ".spool-shm"), moveAway) },
		recovered: func(r *run) {
			r.s.Kill()
			r.each(r.files(moved), moveBack)
			r.s.Launch()
		},
	}, {
		fault: "*.spool* replaced by a backup", loses: losesNewer, shows: inLog,
		inject: func(r *run) {
			files := r.files(".spool", ".spool-wal")
			var backups []string
			for _, path := range files {
				backups = append(backups, copyOf(r, path))
			}
			r.ledger.More(100)
			for i := range files {
				if err := os.Rename(backups[i], files[i]); err != nil {
					r.t.Fatal(err)
				}
			}
		},
	}, {
		fault: "*.spool-wal truncated while it is open", loses: losesQueued, shows: inLog,
		inject: func(r *run) { r.each(r.files(".spool-wal"), func(path string) error { return os.Truncate(path, 0) }) },
	}, {
		// The log's own copy of a page may be repaired by the next one: then nothing is lost.
		fault: "a flipped bit in *.spool-wal after a crash", loses: losesHit, mayLose: 100, shows: inLog,
		inject: crash(func(r *run) { r.each(r.files(".spool-wal"), r.flip) }),
	}, {
		fault: "flipped bits in a spool segment", loses: losesHit, mayLose: 100, shows: inHeartbeat | inCheck | inLog,
		inject: stopped(func(r *run) { r.each(r.files(".spool"), r.flip) }),
	}, {
		fault: "*.spool-wal cut after a crash", loses: losesQueued,
		inject: crash(func(r *run) { r.each(r.files(".spool-wal"), cutInHalf) }),
	}, {
		fault: "a spool segment cut in half", loses: losesQueued, shows: inHeartbeat | inCheck | inLog,
		inject: stopped(func(r *run) { r.each(r.files(".spool"), cutInHalf) }),
	}, {
		fault: "a spool segment overwritten", loses: losesHit, shows: inHeartbeat | inCheck | inLog,
		inject: stopped(func(r *run) { r.each(r.files(".spool"), r.scribble) }),
	}, {
		fault: "users.json and the lock emptied",
		inject: stopped(func(r *run) {
			r.each(r.files("users.json", "spool.lock"), func(p string) error { return os.Truncate(p, 0) })
		}),
	}}
	for i := range list {
		w := &list[i]
		w.before, w.part = (*run).away, "spool"
		if w.hold == 0 {
			w.hold = fileHold
		}
		if w.recovered == nil {
			w.recovered = (*run).crashes
			if w.operator == "" && w.loses != losesHit {
				w.operator = "restart"
			}
		}
		recovered := w.recovered
		w.recovered = func(r *run) { r.back(); recovered(r) }
	}
	return forStores(list, cluster)
}

// crash kills the server, damages its files and starts it again.
func crash(damage func(r *run)) func(r *run) {
	return func(r *run) {
		r.ledger.More(500)
		r.s.Kill()
		r.begun = time.Now()
		damage(r)
		r.s.Launch()
	}
}

// stopped does so after an orderly end.
func stopped(damage func(r *run)) func(r *run) {
	return func(r *run) {
		r.ledger.More(500)
		r.s.Stop()
		r.begun = time.Now()
		damage(r)
		r.s.Launch()
	}
}

// launchAnew does what a server advises that does not start, or does not serve.
func (r *run) launchAnew() {
	for deadline := time.Now().Add(20 * time.Second); r.s.Runs() && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if r.s.Beats(http.StatusOK) {
			return
		}
	}
	if r.s.Runs() {
		r.s.Kill()
	}
	r.each(r.found("peba.db", "-wal", "-shm", ".lock"), os.Remove)
	r.s.Launch()
}

// crashes ends the process without the chance to write anything more, if it runs, and
// starts it again.
func (r *run) crashes() {
	if r.s.Runs() {
		r.s.Kill()
	}
	r.s.Launch()
	if r.elastic == nil {
		r.launchAnew()
	}
}

const moved = ".moved"

func moveAway(path string) error { return os.Rename(path, path+moved) }
func moveBack(path string) error { return os.Rename(path, strings.TrimSuffix(path, moved)) }

// copyOf copies a file and returns where to.
func copyOf(r *run, path string) string {
	r.t.Helper()
	to := path + ".backup"
	content, err := os.ReadFile(path)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(to, content, 0o600); err != nil {
		r.t.Fatal(err)
	}
	return to
}
