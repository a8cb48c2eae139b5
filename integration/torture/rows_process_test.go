//go:build linux

package torture

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"
)

// processRows are about the process: it ends, starts, and changes its configuration.
func processRows() []row {
	return forStores([]row{{
		fault: "kill -9", rounds: 3, long: 200, hold: 50 * time.Millisecond,
		inject:    func(r *run) { sometime(); r.s.Kill() },
		recovered: func(r *run) { r.s.Launch() },
		shows:     inHeartbeat,
	}, {
		fault: "kill -9 while every write takes 20 ms", hold: 50 * time.Millisecond,
		before: func(r *run) { r.away() },
		inject: func(r *run) {
			r.strace("fsync,fdatasync:delay_enter=200000")
			r.ledger.More(50)
			sometime()
			r.s.Kill()
		},
		recovered: func(r *run) { r.s.Launch(); r.back() },
		shows:     inHeartbeat,
	}, {
		fault: "SIGTERM", rounds: 2, long: 50, hold: 50 * time.Millisecond,
		inject:    func(r *run) { sometime(); r.s.Stop() },
		recovered: func(r *run) { r.s.Launch() },
		shows:     inHeartbeat,
	}, {
		fault: "power loss", rounds: 2, long: 20, hold: 50 * time.Millisecond,
		prepare: func(r *run) { r.ownDisk(newImage(r.t, 128)) },
		before:  func(r *run) { r.away() },
		inject: func(r *run) {
			sometime()
			r.s.Kill()
			r.disk.replace(r.disk.copy())
		},
		recovered: func(r *run) { r.s.Launch(); r.back() },
		shows:     inHeartbeat,
	}, {
		fault: "a reload every second", rounds: 3, long: 60, hold: time.Second,
		inject: func(r *run) { r.reload() },
	}, {
		fault:  "a reload that fails",
		inject: func(r *run) { r.failedReload() },
	}, {
		fault: "two processes on one folder",
		inject: func(r *run) {
			second := r.binary.New(r.t, "", "")
			config := strings.NewReplacer(r.s.URL, second.URL, r.s.Admin, second.Admin).Replace(r.config())
			second.WriteConfig(config)
			second.Data = r.s.Data
			out, err := second.Command("run", "--config", second.Config, "--adapter", second.Adapter).CombinedOutput()
			if err == nil || !strings.Contains(string(out), r.folder()) {
				r.t.Errorf("the second process does not name the folder: %v\n%s", err, out)
			}
		},
	}, {
		fault: "no file descriptors left",
		inject: func(r *run) {
			r.limitFiles(3) // those that are open stay open
		},
		recovered: func(r *run) { r.limitFiles(4096) },
		hold:      2 * beatLimit,
		shows:     inHeartbeat,
	}}, embedded, cluster).with(row{
		fault: "100 reloads", store: embedded, hold: time.Second,
		inject: func(r *run) {
			n := 30
			if *long {
				n = 100
			}
			before := r.s.ResidentMemory()
			for range n {
				r.reload()
			}
			after := r.s.ResidentMemory()
			r.note = fmt.Sprintf("%d reloads: %d → %d MB resident", n, before>>20, after>>20)
			if grown := after - before; grown > 150<<20 {
				r.t.Errorf("%d reloads: the server grew by %d MB", n, grown>>20)
			}
		},
	})
}

// rows is a list of rows.
type rows []row

func (list rows) with(more ...row) rows { return append(list, more...) }

// forStores returns each row for each of the stores.
func forStores(list []row, stores ...string) (all rows) {
	for _, w := range list {
		for _, store := range stores {
			w.store = store
			all = append(all, w)
		}
	}
	return all
}

// sometime is a moment within which there are many commits.
func sometime() { time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond) }

// away takes the cluster away, if there is one, so that what comes waits in the spool.
func (r *run) away() {
	if r.liar != nil {
		r.liar.tell(reset)
	}
}

func (r *run) back() {
	if r.liar != nil {
		r.liar.honest()
	}
}

// ownDisk puts the data folder on the disk. It is called before the start.
func (r *run) ownDisk(d *disk) {
	r.disk = d
	r.s.Data = d.dir
}

// restart ends the process, if it runs, and starts it again.
func (r *run) restart() {
	if r.s.Runs() {
		r.s.Stop()
	}
	r.s.Launch()
}

func (r *run) config() string {
	r.t.Helper()
	text, err := os.ReadFile(r.s.Config)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(text)
}

// reload has the server take another configuration that asks for the same.
func (r *run) reload() {
	r.t.Helper()
	const option = "\n\t\thome 50.7 7."
	text, _, changed := strings.Cut(r.config(), option)
	if changed {
		_, rest, _ := strings.Cut(r.config()[len(text)+len(option):], "\n")
		text += "\n" + rest
	}
	number := strconv.Itoa(1 + rand.IntN(1_000_000))
	r.s.WriteConfig(strings.Replace(text, "\n\tpeba {", "\n\tgrace_period 10s\n\tpeba {"+option+number, 1))
	text = r.config()
	if strings.Count(text, "grace_period") > 1 {
		r.s.WriteConfig(strings.Replace(text, "\n\tgrace_period 10s", "", 1))
	}
	r.s.Reload()
}

// failedReload brings a configuration that cannot be taken.
func (r *run) failedReload() {
	r.t.Helper()
	good := r.config()
	defer r.s.WriteConfig(good)
	r.s.WriteConfig(strings.Replace(good, "\n\tpeba {", "\n\tpeba {\n\t\tgeoip mmdb /proc/none.mmdb", 1))
	if out, err := r.s.CLI("", "reload", "--address", r.s.Admin, "--config", r.s.Config, "--adapter", "caddyfile"); err == nil {
		r.t.Errorf("a configuration without its files is taken:\n%s", out)
	}
}

func (r *run) limitFiles(n int) {
	r.t.Helper()
	asRoot(r.t, "prlimit", "--pid", strconv.Itoa(r.s.PID()), fmt.Sprintf("--nofile=%d:", n))
}
