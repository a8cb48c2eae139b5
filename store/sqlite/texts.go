package sqlite

import (
	"encoding/binary"
	"fmt"

	"github.com/peba-edge/peba/alert"
)

// packedText is a text of a document that stands in the column texts: one value
// to bind and to read in place of eleven, most of them empty (DESIGN.md).
type packedText struct {
	of func(d *alert.Document) *string
	// usual is what nearly every alert has there.
	usual string
}

// packedTexts are all of them. Their order is that of the stored bytes: new ones
// go to the end.
var packedTexts = [...]packedText{
	{of: func(d *alert.Document) *string { return &d.TargetPort }, usual: "tcp"},
	{of: func(d *alert.Document) *string { return &d.Username }},
	{of: func(d *alert.Document) *string { return &d.Password }},
	{of: func(d *alert.Document) *string { return &d.Login }},
	{of: func(d *alert.Document) *string { return &d.ClientVersion }},
	{of: func(d *alert.Document) *string { return &d.SessionStart }},
	{of: func(d *alert.Document) *string { return &d.SessionEnd }},
	{of: func(d *alert.Document) *string { return &d.AdditionalData }, usual: "{}"},
	{of: func(d *alert.Document) *string { return &d.RawHTTP }, usual: "-"},
	{of: func(d *alert.Document) *string { return &d.VulnID }},
	{of: func(d *alert.Document) *string { return &d.Client }, usual: "-"},
}

// appendTexts adds the packed texts of a document to dst: for each its length
// plus one and its bytes, or 0 where it is the usual one. Zeros at the end are
// left out.
func appendTexts(dst []byte, d *alert.Document) []byte {
	end := len(dst)
	for i := range packedTexts {
		t := &packedTexts[i]
		text := *t.of(d)
		if text == t.usual {
			dst = append(dst, 0)
			continue
		}
		dst = binary.AppendUvarint(dst, uint64(len(text))+1)
		dst = append(dst, text...)
		end = len(dst)
	}
	return dst[:end]
}

// decodeTexts fills in what appendTexts wrote.
func decodeTexts(packed []byte, d *alert.Document) error {
	all := string(packed) // one copy, of which the texts are parts
	at := 0
	for i := range packedTexts {
		t := &packedTexts[i]
		to := t.of(d)
		if *to = t.usual; at == len(packed) {
			continue
		}
		length, size := binary.Uvarint(packed[at:])
		if at += size; size <= 0 || length > uint64(len(packed)-at)+1 {
			return fmt.Errorf("alert %s: its texts are damaged", d.ID)
		}
		if length > 0 {
			end := at + int(length) - 1
			*to, at = all[at:end], end
		}
	}
	if at < len(packed) {
		return fmt.Errorf("alert %s: its texts are %d bytes too long", d.ID, len(packed)-at)
	}
	return nil
}
