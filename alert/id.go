package alert

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
)

const clockBytes, idBytes = 5, 16

// NewID returns the id of a document: 32 hex digits, of which the first ten are
// createTime in seconds since 1970 (so that ids are in the order of time) and the
// rest a digest of every field that distinguishes one event from another. It is the
// same for a message that is sent again, however its XML is laid out.
//
// What describes the sensor's surroundings at the moment of sending does not count:
// uuid, host name, external and internal address change when a container is
// recreated and reads its logs again. The target address counts: the analyzer ids of
// all stock sensors are equal. Nor does what the server adds count (recievedTime,
// clientDomain, the places), or the type, which follows from the analyzer id. The
// payload counts by its MD5, which Decode puts into additionalData.
//
// Equal alerts of one message are distinct events; Decode gives the second and later
// ones an id of their own, see repeatedID.
func NewID(d *Document) string {
	seconds := d.CreateTime.Unix()
	w := fieldHash{sum: sha256.New()}
	w.number(uint64(seconds))
	for _, field := range [...]string{
		d.PeerIdent,
		d.SourceEntryIP, d.SourceEntryPort, d.TargetEntryIP, d.TargetEntryPort, d.TargetPort,
		d.OriginalRequestString, d.RawHTTP,
		d.Username, d.Password, d.Login, d.ClientVersion, d.SessionStart, d.SessionEnd, d.VulnID,
		d.AdditionalData,
	} {
		w.text(field)
	}

	clock := uint64(min(max(seconds, 0), 1<<(8*clockBytes)-1))
	var id [sha256.Size + clockBytes]byte
	binary.BigEndian.PutUint64(id[:8], clock<<(64-8*clockBytes))
	w.flush()
	w.sum.Sum(id[:clockBytes])
	return hex.EncodeToString(id[:idBytes])
}

// repeatedID returns the id of an alert that equals n earlier ones of its message,
// whose id is first: first itself if n is 0, else one with the same clock.
func repeatedID(first string, n int) string {
	if n == 0 {
		return first
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", first, n))
	const clockDigits = 2 * clockBytes
	return first[:clockDigits] + hex.EncodeToString(sum[:idBytes-clockBytes])
}

// fieldHash feeds fields to a hash in such a way that they cannot run into each
// other: each text comes with its length.
type fieldHash struct {
	sum hash.Hash
	buf [512]byte
	n   int
}

func (w *fieldHash) number(v uint64) {
	if len(w.buf)-w.n < 8 {
		w.flush()
	}
	binary.BigEndian.PutUint64(w.buf[w.n:], v)
	w.n += 8
}

func (w *fieldHash) text(s string) {
	w.number(uint64(len(s)))
	for {
		n := copy(w.buf[w.n:], s)
		w.n += n
		s = s[n:]
		if s == "" {
			return
		}
		w.flush()
	}
}

func (w *fieldHash) flush() {
	w.sum.Write(w.buf[:w.n]) // a hash takes everything
	w.n = 0
}
