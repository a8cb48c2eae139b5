package spool

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// scanText is the data of a frame: most fit into a leaf, some have pages of
// overflow.
func scanText(n int) string {
	return fmt.Sprintf("%04d", n) + strings.Repeat(string(rune('a'+n%26)), 10+n%7*400+n%50/49*30_000)
}

// segmentOfTexts returns the file of a segment with so many frames, and its log
// if it is still active.
func segmentOfTexts(t testing.TB, frames int, sealed bool) (file, log []byte) {
	t.Helper()
	dir := t.TempDir()
	s := openTest(t, dir, Options{})
	for n := range frames {
		s.append(scanText(n))
	}
	path := s.active().path
	if sealed {
		s.close()
	}
	file, err := os.ReadFile(path)
	must(t, err)
	log, _ = os.ReadFile(path + "-wal")
	return file, log
}

// scanTexts writes the files and scans them: it returns the numbers of the
// frames that were found, and fails if one is not as it was appended.
func scanTexts(t testing.TB, file, log []byte) map[int]bool {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.damaged")
	must(t, os.WriteFile(path, file, 0o600))
	if log != nil {
		must(t, os.WriteFile(path+"-wal", log, 0o600))
	}
	got := map[int]bool{}
	_, err := scan(path, func(f found) error {
		var n int
		if _, err := fmt.Sscanf(string(f.data[:4]), "%04d", &n); err != nil || string(f.data) != scanText(n) || got[n] {
			t.Errorf("frame %d is not what was appended, or found twice: %.20q", f.id, f.data)
		}
		got[n] = true
		return nil
	})
	must(t, err)
	return got
}

// pageWith returns where the first page from the second on begins whose first
// byte is kind.
func pageWith(t testing.TB, file []byte, kind byte) int {
	t.Helper()
	for at := pageSize; at < len(file); at += pageSize {
		if file[at] == kind {
			return at
		}
	}
	t.Fatalf("no page of kind %#x", kind)
	return 0
}

// TestScan damages every kind of place in a file: 32 bytes cost the frames that
// they hit, and no others.
func TestScan(t *testing.T) {
	const frames = 500
	file, _ := segmentOfTexts(t, frames, true)
	wipe := func(b []byte, at int) []byte { clear(b[at : at+32]); return b }
	tests := []struct {
		name   string
		damage func(b []byte) []byte
		lost   int // at most
	}{
		{"nothing", func(b []byte) []byte { return b }, 0},
		{"the file's header", func(b []byte) []byte { return wipe(b, 0) }, 0},
		{"the first page", func(b []byte) []byte { clear(b[:pageSize]); return b }, 0},
		{"the root", func(b []byte) []byte { clear(b[pageSize : 2*pageSize]); return b }, 0},
		{"an interior page", func(b []byte) []byte { return wipe(b, pageWith(t, b, interiorPage)) }, 0},
		{"the header of a leaf", func(b []byte) []byte { clear(b[pageWith(t, b, leafPage):][:8]); return b }, 0},
		{"the first pointer of a leaf", func(b []byte) []byte { clear(b[pageWith(t, b, leafPage)+8:][:2]); return b }, 1},
		{"all pointers of a leaf", func(b []byte) []byte { clear(b[pageWith(t, b, leafPage)+8:][:16]); return b }, 1},
		{"a pointer of a leaf flipped", func(b []byte) []byte { b[pageWith(t, b, leafPage)+9] ^= 0x40; return b }, 1},
		{"the end of a leaf", func(b []byte) []byte { return wipe(b, pageWith(t, b, leafPage)+pageSize-32) }, 1},
		{"a page of overflow", func(b []byte) []byte { return wipe(b, bytes.Index(b, bytes.Repeat([]byte("x"), 4000))+100) }, 1},
		{"cut in the middle of a page", func(b []byte) []byte { return b[:len(b)-pageSize*3/2] }, 12},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := scanTexts(t, test.damage(bytes.Clone(file)), nil)
			if len(got) < frames-test.lost || len(got) > frames {
				t.Errorf("%d of %d frames were found, expected at least %d", len(got), frames, frames-test.lost)
			}
		})
	}
}

// TestScanAnyPlace puts 32 bytes of noise at many places of a file and of a log.
func TestScanAnyPlace(t *testing.T) {
	const frames, most = 200, 16
	random := rand.New(rand.NewPCG(1, 2))
	for _, sealed := range []bool{true, false} {
		t.Run(fmt.Sprint("sealed=", sealed), func(t *testing.T) {
			file, log := segmentOfTexts(t, frames, sealed)
			for range 150 {
				target := file
				if !sealed {
					target = log
				}
				at := random.IntN(len(target) - 32)
				before := bytes.Clone(target[at : at+32])
				for i := range 32 {
					target[at+i] = byte(random.Uint32())
				}
				if got := scanTexts(t, file, log); len(got) < frames-most {
					t.Errorf("32 bytes of noise at %d cost %d frames of %d", at, frames-len(got), frames)
				}
				copy(target[at:], before)
			}
		})
	}
}

// TestScanFindsNoForgery has a stranger send what looks like pages and rows of a
// segment: none of it may be taken for a frame.
func TestScanFindsNoForgery(t *testing.T) {
	forged := forgedCell(1<<50, []byte("0666 forged"))
	page := forgedLeaf(forged)
	own := filepath.Join(t.TempDir(), "own")
	must(t, os.WriteFile(own, forgedLeafFile(), 0o600))
	works := false
	_, err := scan(own, func(found) error { works = true; return nil })
	must(t, err)
	if !works {
		t.Fatal("the forgery is no frame even where it is one: the test tests nothing")
	}
	s := openTest(t, t.TempDir(), Options{})
	texts := []string{
		"0000" + string(bytes.Repeat(forged, 40)),                      // within a leaf
		"0000" + strings.Repeat("x", 4000) + string(page[:]) + "xxxxx", // shifted over pages of overflow
	}
	for shift := range 64 {
		texts = append(texts, "0000"+strings.Repeat("x", 400+shift)+string(bytes.Repeat(page[:], 3)))
	}
	s.append(texts...)
	path := s.active().path
	s.close()
	file, err := os.ReadFile(path)
	must(t, err)
	random := rand.New(rand.NewPCG(3, 4))
	for round := range 300 {
		damaged := bytes.Clone(file)
		if round > 0 { // the pages that lead to the data, too
			at := random.IntN(len(damaged) - 32)
			clear(damaged[at : at+32])
		}
		must(t, os.WriteFile(path, damaged, 0o600))
		_, err = scan(path, func(f found) error {
			if bytes.HasPrefix(f.data, []byte("0666")) {
				t.Errorf("round %d: a forged frame is taken for one", round)
			}
			return nil
		})
		must(t, err)
	}
	must(t, os.Remove(path))
}

// forgedCell is a row with a right checksum.
func forgedCell(id int64, data []byte) []byte {
	const appended, total = 1, 1
	head := []byte{6, 0, 1, 1, 6, byte(12 + 2*len(data))}
	body := append([]byte{appended, total}, binary.BigEndian.AppendUint64(nil, uint64(sum(id, appended, total, data)))...)
	row := append(append(head, body...), data...)
	cell := []byte{byte(len(row))}
	for shift := 49; shift >= 0; shift -= 7 {
		b := byte(id>>shift) & 0x7f
		if shift > 0 {
			b |= 0x80
		}
		cell = append(cell, b)
	}
	return append(cell, row...)
}

// forgedLeaf is a page of one row.
func forgedLeaf(cell []byte) (page [pageSize]byte) {
	at := pageSize - len(cell)
	copy(page[at:], cell)
	page[0], page[4] = leafPage, 1
	binary.BigEndian.PutUint16(page[5:], uint16(at))
	binary.BigEndian.PutUint16(page[8:], uint16(at))
	return page
}

// FuzzScan has any bytes for a file: nothing may panic or run on.
func FuzzScan(f *testing.F) {
	file, log := segmentOfTexts(f, 30, false)
	f.Add(file, log)
	f.Add(forgedLeafFile(), []byte{})
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, file, log []byte) {
		path := filepath.Join(dir, "x")
		must(t, os.WriteFile(path, file, 0o600))
		must(t, os.WriteFile(path+"-wal", log, 0o600))
		if _, err := scan(path, func(f found) error {
			if !f.sound() {
				t.Error("a frame with a wrong checksum is found")
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
}

func forgedLeafFile() []byte {
	page := forgedLeaf(forgedCell(1<<50, []byte("0666 forged")))
	return append(make([]byte, pageSize), page[:]...)
}

// TestSalvage has a file that was given up although it is intact, as earlier
// releases did: of a part of its frames it is known that they are delivered.
func TestSalvage(t *testing.T) {
	for name, noted := range map[string]bool{"known": true, "of an earlier release": false} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path, inFirst, all := twoSegments(t, dir)
			s := openTest(t, dir, Options{})
			const delivered = 3
			for range delivered {
				must(t, s.Done(s.take(Oldest, 1)))
			}
			s.close()
			must(t, os.Rename(path, path+setAside))
			if !noted {
				must(t, removeFiles(filepath.Join(dir, progressFile)))
			}
			overwrite(t, path+setAside, flip("0007xxx"))
			s = openTest(t, dir, Options{})
			if got := len(s.drain()); got != all-inFirst {
				t.Fatalf("%d frames are delivered, expected %d", got, all-inFirst)
			}
			want := Salvaged{Path: path + setAside, Kept: path + setAside, Recovered: int64(inFirst) - 1, Unreadable: 1}
			if noted {
				want.Recovered, want.Delivered = want.Recovered-delivered, delivered
			}
			for range 2 {
				got, err := s.Salvage(t.Context(), filepath.Base(path)+setAside, true, false)
				if err != nil || got != want {
					t.Errorf("a dry run returns %+v, %v, expected %+v", got, err, want)
				}
			}
			if !s.nothing(Oldest) {
				t.Error("a dry run has appended something")
			}
			want.Kept = path + salvagedName
			got, err := s.Salvage(t.Context(), path+setAside, false, false)
			if err != nil || got != want {
				t.Errorf("salvage returns %+v, %v, expected %+v", got, err, want)
			}
			if files, err := s.SetAside(); err != nil || len(files) != 0 {
				t.Errorf("set aside is %v, %v, expected nothing", files, err)
			}
			frames := s.drain()
			numbers(t, frames)
			if int64(len(frames)) != want.Recovered || !frames[0].Tried {
				t.Errorf("%d frames are delivered, tried: %t, expected %d", len(frames), frames[0].Tried, want.Recovered)
			}
			must(t, os.Rename(want.Kept, path+setAside))
			// What cannot be read may be saved by other means.
			if got, err := s.Salvage(t.Context(), path+setAside, false, true); err != nil || (got.Kept == "") != (got.Unreadable == 0) {
				t.Errorf("salvage returns %+v, %v, expected that the file is removed if all of it was read", got, err)
			}
			s.drain()
		})
	}
}

// TestSalvageOfFileInUse must not touch what the spool writes.
func TestSalvageOfFileInUse(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	s.append("a")
	for _, path := range []string{s.active().path, progressFile, lockFile, "missing"} {
		if got, err := s.Salvage(t.Context(), path, false, true); err == nil {
			t.Errorf("salvage of %s returns %+v, expected an error", path, got)
		}
	}
	s.want(s.drain(), "a")
}
