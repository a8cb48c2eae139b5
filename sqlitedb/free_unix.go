//go:build linux || darwin || freebsd

package sqlitedb

import "golang.org/x/sys/unix"

// FreeBytes returns how many bytes the disk of the folder has free for this user.
func FreeBytes(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * int64(st.Bsize), nil //nolint:unconvert // the types differ from system to system
}
