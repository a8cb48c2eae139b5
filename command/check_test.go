package command

import (
	"bytes"
	"errors"
	"testing"

	"github.com/peba-edge/peba/store"
)

func TestFindingsAreWrittenAsTheyAre(t *testing.T) {
	var out bytes.Buffer
	err := writeFindings(&out, []store.Finding{
		{Part: "clocks", OK: true, Text: `that of node "n1" is right`},
		{Part: "index", Text: "ews\x1b[31m is \"blocked\"", Advice: "Fix it."},
	})
	if !errors.Is(err, errUnhealthy) {
		t.Errorf("error is %v", err)
	}
	const want = "ok  clocks  that of node \"n1\" is right\n" +
		"!!  index   ews\\x1b[31m is \"blocked\"\n" +
		"            → Fix it.\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	if err := writeFindings(&out, []store.Finding{{Part: "cache", OK: true, Text: "answers"}}); err != nil {
		t.Errorf("nothing is wrong, and the error is %v", err)
	}
}
