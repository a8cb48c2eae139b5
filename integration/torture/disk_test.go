//go:build linux

package torture

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// root returns a command that runs as root.
func root(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	if os.Geteuid() == 0 {
		return exec.Command(args[0], args[1:]...)
	}
	if err := exec.Command("sudo", "-n", "true").Run(); err != nil {
		t.Fatalf("mounts, and strace on another process, need root: run as root, or let sudo work without a password (sudo -n true: %v)", err)
	}
	return exec.Command("sudo", append([]string{"-n"}, args...)...)
}

// asRoot runs a command as root, which must succeed.
func asRoot(t testing.TB, args ...string) {
	t.Helper()
	if out, err := root(t, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// disk is a file system of a test's own. The tmpfs and the ext4 image are in memory:
// what a test does to them costs this machine's disk nothing.
type disk struct {
	t     testing.TB
	dir   string // where it is mounted
	image string // its file; empty: tmpfs
}

// newTmpfs mounts a tmpfs of that size.
func newTmpfs(t testing.TB, megabytes int) *disk {
	t.Helper()
	d := &disk{t: t, dir: t.TempDir()}
	asRoot(t, "mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm,mode=0777", megabytes), "tmpfs", d.dir)
	t.Cleanup(d.unmount)
	return d
}

// newImage mounts an ext4 file system in a file. The kernel writes back what is
// not synced after five minutes, so that a test is not helped by that.
func newImage(t testing.TB, megabytes int) *disk {
	t.Helper()
	memory, err := os.MkdirTemp("/dev/shm", "peba-torture-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(memory) })
	d := &disk{t: t, dir: t.TempDir(), image: filepath.Join(memory, "image")}
	file, err := os.Create(d.image)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := file.Truncate(int64(megabytes) << 20); err != nil {
		t.Fatal(err)
	}
	asRoot(t, "mkfs.ext4", "-q", "-F", "-E", "root_owner="+strconv.Itoa(os.Getuid())+":"+strconv.Itoa(os.Getgid()), d.image)
	d.mount("loop,commit=300,errors=remount-ro")
	t.Cleanup(d.unmount)
	return d
}

func (d *disk) mount(options string) {
	d.t.Helper()
	asRoot(d.t, "mount", "-o", options, d.image, d.dir)
}

func (d *disk) unmount() {
	d.t.Helper()
	var out []byte
	var err error
	for range 50 { // a process that was killed may have files open for a moment
		if out, err = root(d.t, "umount", d.dir).CombinedOutput(); err == nil || strings.Contains(string(out), "not mounted") {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	d.t.Errorf("umount %s: %v\n%s", d.dir, err, out)
}

// copy keeps what is on the disk now: what the kernel has not written is not in it.
func (d *disk) copy() (image string) {
	d.t.Helper()
	image = d.image + ".copy"
	asRoot(d.t, "cp", "--sparse=always", d.image, image)
	return image
}

// replace mounts the copy instead.
func (d *disk) replace(image string) {
	d.t.Helper()
	d.unmount()
	if err := os.Rename(image, d.image); err != nil {
		d.t.Fatal(err)
	}
	d.mount("loop,commit=300,errors=remount-ro")
}

// fill writes a file that leaves at most that many bytes, while others write too.
func (d *disk) fill(left int64) {
	d.t.Helper()
	file, err := os.Create(d.ballast())
	if err != nil {
		d.t.Fatal(err)
	}
	defer file.Close()
	for size := int64(0); ; {
		var disk syscall.Statfs_t
		if err := syscall.Statfs(d.dir, &disk); err != nil {
			d.t.Fatal(err)
		}
		n := int64(disk.Bavail)*disk.Bsize - left
		if n <= 0 {
			return
		}
		err := syscall.Fallocate(int(file.Fd()), 0, size, n)
		if err == nil {
			size += n
		} else if !errors.Is(err, syscall.ENOSPC) { // else somebody was quicker
			d.t.Fatalf("filling %s: %v", d.dir, err)
		}
	}
}

func (d *disk) empty() {
	d.t.Helper()
	if err := os.Remove(d.ballast()); err != nil {
		d.t.Error(err)
	}
}

func (d *disk) ballast() string { return filepath.Join(d.dir, "ballast") }

// strace has the kernel fail, or delay, system calls of the server. It returns how
// to end that. The injection is strace's, such as "fsync,fdatasync:error=EIO"; with
// paths only calls about these files are meant.
func (r *run) strace(injection string, paths ...string) (end func()) {
	r.t.Helper()
	calls, _, _ := strings.Cut(injection, ":")
	pid := strconv.Itoa(r.s.PID())
	args := []string{"strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + calls, "-e", "inject=" + injection, "-p", pid}
	for _, path := range paths {
		args = append(args, "-P", path)
	}
	tracer := root(r.t, args...)
	var out strings.Builder
	tracer.Stdout, tracer.Stderr = &out, &out
	if err := tracer.Start(); err != nil {
		r.t.Fatalf("strace, a Debian package that .ci/dependencies installs: %v", err)
	}
	for deadline := time.Now().Add(20 * time.Second); !r.traced(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("strace does not attach:\n%s", out.String())
		}
	}
	return func() {
		asRoot(r.t, "kill", "-INT", strconv.Itoa(tracer.Process.Pid))
		_ = tracer.Wait() // it ends by that signal
		if r.s.Runs() && r.traced() {
			r.t.Errorf("strace has not let go:\n%s", out.String())
		}
	}
}

// traced reports whether all threads of the server are traced.
func (r *run) traced() bool {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", r.s.PID()))
	if err != nil || len(files) == 0 {
		return false
	}
	for _, file := range files {
		status, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(status), "TracerPid:\t0\n") {
			return false
		}
	}
	return true
}

// files returns the files below folder whose name ends with one of the endings, in
// order; with none, all. There must be one.
func (r *run) files(endings ...string) []string {
	r.t.Helper()
	list := r.found(endings...)
	if len(list) == 0 {
		r.t.Fatalf("no file in %s is one of %v", r.folder(), endings)
	}
	return list
}

// found is files where there may be none.
func (r *run) found(endings ...string) (list []string) {
	r.t.Helper()
	err := filepath.WalkDir(r.folder(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		for _, ending := range endings {
			if strings.HasSuffix(path, ending) {
				list = append(list, path)
			}
		}
		if len(endings) == 0 {
			list = append(list, path)
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

// each does the same to each of the files.
func (r *run) each(files []string, do func(path string) error) {
	r.t.Helper()
	for _, path := range files {
		if err := do(path); err != nil {
			r.t.Fatal(err)
		}
	}
}
