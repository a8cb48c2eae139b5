//go:build linux

package torture

import (
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/peba-edge/peba/integration/edgetest"
)

// diskRows are about the disk under the data folder: it is full, fails, is slow, or
// cannot be written. The cluster is away meanwhile: what comes must go to the spool.
func diskRows() rows {
	list := forStores([]row{{
		fault: "disk full", operator: "make room",
		prepare:   func(r *run) { r.ownDisk(newTmpfs(r.t, 64)) },
		inject:    func(r *run) { r.away(); r.disk.fill(0) },
		recovered: func(r *run) { r.disk.empty(); r.back() },
		shows:     inHeartbeat | inCheck | inMetrics,
	}, {
		fault: "disk nearly full: 100 KB left", operator: "make room", hold: 4 * time.Second,
		traffic:   edgetest.Traffic{Batch: 300}, // larger than what a health check writes
		prepare:   func(r *run) { r.ownDisk(newTmpfs(r.t, 64)) },
		inject:    func(r *run) { r.away(); r.disk.fill(100 << 10) },
		recovered: func(r *run) { r.disk.empty(); r.back() },
		shows:     inHeartbeat | inCheck | inMetrics,
	}, {
		fault:     "fsync fails (EIO)",
		inject:    func(r *run) { r.away(); r.undo = r.strace("fsync,fdatasync:error=EIO") },
		recovered: func(r *run) { r.undo(); r.back() },
		shows:     inHeartbeat | inCheck | inMetrics,
	}, {
		fault:     "writes fail (EIO)",
		inject:    func(r *run) { r.away(); r.undo = r.strace("pwrite64:error=EIO") },
		recovered: func(r *run) { r.undo(); r.back() },
		shows:     inHeartbeat | inCheck | inMetrics,
	}, {
		fault: "every fsync takes 0.2 s",
		inject: func(r *run) {
			r.away()
			r.undo = r.strace("fsync,fdatasync:delay_enter=200000")
		},
		recovered: func(r *run) { r.undo(); r.back() },
	}, {
		fault: "the disk hangs", hold: 7 * time.Second,
		prepare: func(r *run) { r.ownDisk(newImage(r.t, 128)) },
		inject: func(r *run) {
			r.away()
			asRoot(r.t, "fsfreeze", "-f", r.disk.dir)
			r.t.Cleanup(func() { _ = root(r.t, "fsfreeze", "-u", r.disk.dir).Run() }) // a second time fails
		},
		recovered: func(r *run) { asRoot(r.t, "fsfreeze", "-u", r.disk.dir); r.back() },
		shows:     inHeartbeat,
	}, {
		fault:   "started on a read-only disk",
		prepare: func(r *run) { r.ownDisk(newImage(r.t, 128)) },
		inject: func(r *run) {
			r.s.Stop()
			asRoot(r.t, "mount", "-o", "remount,ro", r.disk.dir)
			r.s.Launch()
		},
		recovered: func(r *run) {
			asRoot(r.t, "mount", "-o", "remount,rw", r.disk.dir)
			if !r.s.Runs() {
				r.s.Launch()
			}
		},
		operator: "remount the disk",
		shows:    inHeartbeat | inLog,
	}, {
		// Linux may return from the fsync under way as if it had succeeded, and not
		// have the data afterwards: seen with a program of ten lines on 6.18.
		fault: "the file system fails, and becomes read-only",
		loses: "what the kernel acknowledged while the file system failed", mayLose: 30,
		prepare: func(r *run) { r.ownDisk(newImage(r.t, 128)) },
		inject: func(r *run) {
			r.away()
			asRoot(r.t, "sh", "-c", "echo torture > /sys/fs/ext4/"+r.disk.device()+"/trigger_fs_error")
		},
		recovered: func(r *run) {
			r.s.Kill()
			r.disk.unmount()
			_ = root(r.t, "e2fsck", "-p", r.disk.image).Run() // 1: it has repaired something
			r.disk.mount("loop,commit=300,errors=remount-ro")
			r.s.Launch()
			r.back()
		},
		operator: "repair the file system, start again",
		shows:    inHeartbeat | inCheck | inMetrics,
	}}, embedded, cluster)
	return list.with(row{
		fault: "reads fail (EIO)", store: embedded,
		inject: func(r *run) {
			r.undo = r.strace("pread64:error=EIO", r.files()...)
			r.ask()
		},
		recovered: func(r *run) { r.undo() },
	}, row{
		fault: "reads fail (EIO) while a backlog is delivered", store: cluster, hold: 6 * time.Second,
		before: func(r *run) { r.liar.tell(bulks(reset)) },
		inject: func(r *run) {
			r.ledger.More(3000)
			r.undo = r.strace("pread64:error=EIO", r.files()...)
			r.back()
		},
		recovered: func(r *run) { r.undo() },
		shows:     inHeartbeat | inLog, part: "spool",
	}, row{
		fault: "one read fails (EIO) while a backlog is delivered", store: cluster, hold: 6 * time.Second,
		before: func(r *run) { r.liar.tell(bulks(reset)) },
		inject: func(r *run) {
			r.ledger.More(3000)
			r.undo = r.strace("pread64:error=EIO:when=2+1000", r.files()...)
			r.back()
		},
		recovered: func(r *run) { r.undo() },
	}, row{
		fault: "the spool is full (max_size)", store: cluster, hold: 8 * time.Second,
		traffic:   edgetest.Traffic{Batch: 100},
		options:   func(r *run) string { return r.storeOption("max_size 4MiB") },
		inject:    func(r *run) { r.away() },
		recovered: func(r *run) { r.back() },
		shows:     inHeartbeat | inCheck | inMetrics,
	}, row{
		fault: "free disk below the spool's reserve", store: cluster, operator: "make room",
		prepare:   func(r *run) { r.ownDisk(newTmpfs(r.t, 64)) },
		inject:    func(r *run) { r.away(); r.disk.fill(9 << 20) },
		recovered: func(r *run) { r.disk.empty(); r.back() },
		shows:     inHeartbeat | inCheck | inMetrics,
	})
}

// device returns the name of the loop device of the image.
func (d *disk) device() string {
	d.t.Helper()
	out, err := exec.Command("losetup", "-n", "-O", "NAME", "-j", d.image).Output()
	if err != nil {
		d.t.Fatal(err)
	}
	return strings.TrimPrefix(strings.TrimSpace(string(out)), "/dev/")
}

// ask asks a question that the cache cannot answer, and returns the status.
func (r *run) ask() int {
	r.t.Helper()
	r.asked++
	got, err := r.s.Try("GET", fmt.Sprintf("/alert/retrieveAlertsCount?time=%d&out=json", 1000+r.asked), "")
	if err != nil {
		return 0
	}
	return got.Status
}
