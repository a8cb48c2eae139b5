//go:build linux

package torture

import (
	"bytes"
	"encoding/binary"
	"os"
)

func cutInHalf(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return os.Truncate(path, info.Size()/2)
}

// change has a file's content changed.
func (r *run) change(path string, change func(content []byte) []byte) {
	r.t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, change(content), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// sent is part of each alert that sensors send.
const sent = "sessionid"

// flip flips a bit in the middle of the file, in a text that sensors sent.
func (r *run) flip(path string) error {
	r.change(path, func(content []byte) []byte {
		middle := len(content) / 2
		at := bytes.Index(content[middle:], []byte(sent))
		if at < 0 {
			r.t.Fatalf("%s: nothing that sensors sent is in its second half", path)
		}
		content[middle+at+len(sent)-1] ^= 0x20
		return content
	})
	return nil
}

// scribble overwrites the heads of pages in the middle of the file.
func (r *run) scribble(path string) error {
	r.change(path, func(content []byte) []byte {
		for at := len(content) / 2 / pageSize * pageSize; at < min(len(content)/2+8*pageSize, len(content)-pageSize); at += pageSize {
			copy(content[at:], bytes.Repeat([]byte{0xff}, 64))
		}
		return content
	})
	return nil
}

// The parts of a write-ahead log (https://www.sqlite.org/fileformat2.html#walformat).
const (
	logHead   = 32
	frameHead = 24
	pageSize  = 4096
)

// frames returns the frames of a write-ahead log that belong to its header.
func frames(log []byte) (list [][]byte) {
	salt := log[16:24]
	for rest := log[logHead:]; len(rest) >= frameHead+pageSize && bytes.Equal(rest[8:16], salt); rest = rest[frameHead+pageSize:] {
		list = append(list, rest[:frameHead+pageSize])
	}
	return list
}

// flipChecksum flips a bit of a checksum in the middle of a write-ahead log: what it
// is about is as it was written.
func (r *run) flipChecksum(path string) error {
	r.change(path, func(log []byte) []byte {
		all := frames(log)
		all[len(all)/2][16] ^= 1
		return log
	})
	return nil
}

// copyKind tells a page's last copy in a write-ahead log, which is read from then on,
// from one that a later commit has written again.
type copyKind bool

const (
	newest    copyKind = true
	rewritten copyKind = false
)

// flipText flips a bit of a text that a sensor sent, in a copy of that kind in the
// second half of a write-ahead log.
func (r *run) flipText(kind copyKind) func(path string) error {
	return func(path string) error {
		r.change(path, func(log []byte) []byte {
			all := frames(log)
			last := make(map[uint32]int)
			for n, frame := range all {
				last[binary.BigEndian.Uint32(frame)] = n
			}
			for n, frame := range all[len(all)/2:] {
				is := last[binary.BigEndian.Uint32(frame)] == len(all)/2+n
				if text := sentText(frame[frameHead:]); text != nil && is == bool(kind) {
					text[len(text)-1] ^= 0x20
					return log
				}
			}
			r.t.Fatalf("%s: none of %d frames is what is looked for", path, len(all))
			return nil
		})
		return nil
	}
}

// sentText returns a text that a sensor sent from the first row of a leaf of a table,
// or nil. The rest of a page may have texts that are no longer part of it.
func sentText(page []byte) []byte {
	const leafOfTable, heads = 13, 8 // the row's place comes after the leaf's head
	if page[0] != leafOfTable || binary.BigEndian.Uint16(page[3:]) == 0 {
		return nil
	}
	row := page[binary.BigEndian.Uint16(page[heads:]):]
	size, n := int(row[0]), 1
	if size >= 0x80 { // 14 bits are more than a page has
		size, n = (size&0x7f)<<7|int(row[1]), 2
	}
	const rowid = 9 // at most
	row = row[:min(len(row), n+rowid+size)]
	if at := bytes.Index(row, []byte(sent)); at >= 0 {
		return row[at:][:len(sent)]
	}
	return nil
}
