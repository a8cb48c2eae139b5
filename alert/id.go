package alert

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
)

const clockBytes, idBytes = 5, 16

// NewID returns the id of a document: 32 hex digits. The first ten are createTime
// in seconds since 1970, so that ids sort by time. The rest is a digest of every
// field that distinguishes one event from another. A retried message gets the same
// ids, however its XML is laid out.
//
// Fields that describe the sensor's environment do not count: uuid, host name,
// external and internal address change when a container is recreated and reads its
// logs again. Neither do fields that the server adds (recievedTime, clientDomain,
// geo fields), nor the type, which follows from the analyzer id. The target address
// counts, because all stock sensors have the same analyzer ids. The payload counts
// by its MD5, which Decode puts into additionalData.
//
// Equal alerts of one message are distinct events: Decode gives the second and later
// ones different ids, see repeatedID.
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
// whose id is first: first itself if n is 0, otherwise an id with the same time.
func repeatedID(first string, n int) string {
	if n == 0 {
		return first
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", first, n))
	const clockDigits = 2 * clockBytes
	return first[:clockDigits] + hex.EncodeToString(sum[:idBytes-clockBytes])
}

// fieldHash hashes fields unambiguously: each text is preceded by its length.
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
	w.sum.Write(w.buf[:w.n]) // a hash never fails
	w.n = 0
}
