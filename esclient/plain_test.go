package esclient

import (
	"bytes"
	"errors"
	"net/http"
	"testing"

	"github.com/peba-edge/peba/store"
)

// TestLargestParts puts and lists the largest records.
func TestLargestParts(t *testing.T) {
	s := openTest(t, store.Options{})
	value := bytes.Repeat([]byte{0xfb}, store.MaxFeedPart) // base64 of slashes
	for _, key := range []string{"a", "b", "c"} {
		must(t, s.PutRecords(t.Context(), store.FeedPart{Key: key, Value: value}))
	}
	n := 0
	must(t, store.Each(t.Context(), s, store.Listing{}, func(p store.FeedPart) error {
		if !bytes.Equal(p.Value, value) {
			t.Errorf("part %s came back with %d bytes", p.Key, len(p.Value))
		}
		n++
		return nil
	}))
	if n != 3 {
		t.Errorf("%d parts are listed, want 3", n)
	}
}

// TestFeedsIndexDeleted deletes the index: that a record does not exist is not said
// before there is an index again.
func TestFeedsIndexDeleted(t *testing.T) {
	s := openTest(t, store.Options{})
	ctx := t.Context()
	must(t, s.client.Do(ctx, http.MethodDelete, "/"+s.names.Feeds, nil, nil))
	token := store.FeedToken{Name: "mia"}
	_, getErr := store.Get[store.FeedToken](ctx, s, "mia")
	for what, err := range map[string]error{
		"get": getErr, "put": s.PutRecords(ctx, token), "delete": store.Delete[store.FeedToken](ctx, s, "mia"),
	} {
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: error is %v, want ErrUnavailable", what, err)
		}
	}
	must(t, s.layOut(ctx))
	must(t, s.PutRecords(ctx, token))
	if got := mapping(t, s, s.names.Feeds); got["dynamic"] != "false" {
		t.Errorf("the mapping is %v", got)
	}
}
