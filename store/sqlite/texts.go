package sqlite

import (
	"encoding/binary"
	"fmt"

	"github.com/peba-edge/peba/alert"
)

// packedText is a text of a document in the column texts: one value to bind and
// read instead of eleven mostly empty ones (DESIGN.md).
type packedText struct {
	of func(d *alert.Document) *string
	// usual is the value of nearly every alert.
	usual string
}

// packedTexts are all packed texts, in stored order: new ones must be added at
// the end.
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

// appendTexts appends the packed texts of a document to dst: for each its
// length plus one and its bytes, or 0 for the usual value. Zeros at the end are
// omitted.
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

// decodeTexts decodes the output of appendTexts.
func decodeTexts(packed []byte, d *alert.Document) error {
	all := string(packed) // one copy that the texts are parts of
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
