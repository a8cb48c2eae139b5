package simulate

import (
	"strconv"

	"github.com/peba-edge/peba/alert"
)

// xmlBuffer is a message under construction. It is written by appending: an
// encoder would cost more than the server under test.
type xmlBuffer []byte

// raw appends markup.
func (x *xmlBuffer) raw(s string) { *x = append(*x, s...) }

func (x *xmlBuffer) number(n int) { *x = strconv.AppendInt(*x, int64(n), 10) }

// text appends s as the text of an element.
func (x *xmlBuffer) text(s string) { *x = alert.AppendXMLText(*x, s) }

func (x *xmlBuffer) bytes(s []byte) { *x = alert.AppendXMLText(*x, s) }

// request appends a Request element.
func (x *xmlBuffer) request(kind, s string) {
	x.openRequest(kind)
	x.text(s)
	x.raw("</Request>")
}

func (x *xmlBuffer) openRequest(kind string) {
	x.raw(`<Request type="`)
	x.raw(kind)
	x.raw(`">`)
}

// data appends an AdditionalData element.
func (x *xmlBuffer) data(meaning, s string) {
	x.openData(meaning)
	x.text(s)
	x.raw("</AdditionalData>")
}

func (x *xmlBuffer) openData(meaning string) {
	x.raw(`<AdditionalData type="string" meaning="`)
	x.raw(meaning)
	x.raw(`">`)
}
