package sqlitedb

import "golang.org/x/sys/windows"

// FreeBytes returns how many bytes the disk of the folder has free for this user.
func FreeBytes(dir string) (int64, error) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, err
	}
	var free uint64
	err = windows.GetDiskFreeSpaceEx(path, &free, nil, nil)
	return int64(free), err
}
