package alert

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
)

// NewID returns the id of a document: 32 hex digits, of which the first ten are
// createTime in seconds since 1970 (so that ids are in the order of time) and the
// rest a digest of every field that tells one event from another. It is the same
// for a message that is sent again, however its XML is laid out. What the server
// adds (recievedTime, clientDomain, the places) does not count. The payload
// counts by its MD5, which Decode puts into additionalData.
func NewID(d *Document) string {
	seconds := d.CreateTime.Unix()
	w := fieldHash{sum: sha256.New()}
	w.number(uint64(seconds))
	for _, field := range [...]string{
		d.PeerIdent, d.PeerType,
		d.SourceEntryIP, d.SourceEntryPort, d.TargetEntryIP, d.TargetEntryPort, d.TargetPort,
		d.OriginalRequestString, d.RawHTTP,
		d.Username, d.Password, d.Login, d.ClientVersion, d.SessionStart, d.SessionEnd, d.VulnID,
		d.ExternalIP, d.InternalIP, d.Hostname, d.SensorUUID,
		d.AdditionalData,
	} {
		w.text(field)
	}

	const clockBytes, idBytes = 5, 16
	clock := uint64(min(max(seconds, 0), 1<<(8*clockBytes)-1))
	var id [sha256.Size + clockBytes]byte
	binary.BigEndian.PutUint64(id[:8], clock<<(64-8*clockBytes))
	w.flush()
	w.sum.Sum(id[:clockBytes])
	return hex.EncodeToString(id[:idBytes])
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
