package search

import (
	"bytes"
	"context"
	"errors"

	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/esclient/search/hits"
)

const (
	// pageSize is how many documents are asked for at once. Their _source may be
	// long: where a page is too large for an answer, it is asked for in parts.
	pageSize = 1000
	// maxPage is Elasticsearch's limit.
	maxPage = 10_000
)

// Pages says which documents are read, and in which order.
type Pages struct {
	Indices string
	Query   map[string]any
	Order   []map[string]any
	// Max is how many are read at most; 0: all.
	Max int
	// Size is how many documents are asked for at once. Default: pageSize, or Max if that is more.
	Size int
	// Source, if not nil, are the fields of _source that Elasticsearch sends. It is
	// slow at leaving out the others.
	Source []string
	// Alerts, if not nil, says that documents are alerts, of which these fields are read.
	Alerts hits.Wanted
}

// Each calls visit for documents in order. What the order leaves open is put in
// the order of _seq_no.
//
// Pages go on after the last document's sort values. Where an index has several
// shards two documents may share all of them: so the ones that share those of a
// page's last document are left to the next page.
func (r *Reader) Each(ctx context.Context, p Pages, visit func(cluster.Hit) error) error {
	size := pageSize
	switch {
	case p.Size > 0:
		size = p.Size
	case p.Max > size && p.Max <= maxPage:
		size = p.Max
	}
	body := object{
		"query":            p.Query,
		"sort":             append(p.Order[:len(p.Order):len(p.Order)], object{"_seq_no": "desc"}, object{"_index": "desc"}),
		"track_total_hits": false,
	}
	if p.Source != nil {
		body["_source"] = p.Source
	}
	for seen := 0; p.Max == 0 || seen < p.Max; {
		asked := size
		if p.Max > 0 {
			asked = min(size, p.Max-seen)
		}
		body["size"] = asked
		var a cluster.Answer
		err := r.find(ctx, p.Indices, body, &a, p.Alerts)
		if errors.Is(err, cluster.ErrTooLarge) && asked > 1 {
			size = asked / 2
			continue
		}
		if err != nil {
			return err
		}
		page := a.Hits.Hits
		last := len(page) < asked || p.Max > 0 && seen+len(page) >= p.Max
		if !last {
			page = withoutTies(page)
		}
		for _, h := range page {
			if err := visit(h); err != nil {
				return err
			}
		}
		if last {
			return nil
		}
		seen += len(page)
		body["search_after"] = page[len(page)-1].Sort
	}
	return nil
}

// withoutTies cuts off the documents at a page's end that share their sort
// values, unless the page has no others.
func withoutTies(page []cluster.Hit) []cluster.Hit {
	last := page[len(page)-1]
	for end := len(page) - 1; end > 0; end-- {
		if !bytes.Equal(page[end-1].Sort, last.Sort) {
			return page[:end]
		}
	}
	return page
}
