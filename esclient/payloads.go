package esclient

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/esclient/index"
	"github.com/peba-edge/peba/esclient/search"
	"github.com/peba-edge/peba/esclient/search/hits"
	"github.com/peba-edge/peba/store"
)

// payload returns a payload by its MD5, or by its fuzzy hash, which is the id of
// our documents. An older mapping may not have indexed the fuzzy hash: then it is
// looked for among the values of all documents.
func (s *esStore) payload(ctx context.Context, hash string) (store.Payload, error) {
	if hash == "" { // Elasticsearch refuses to look for an empty id
		return store.Payload{}, fmt.Errorf("payload %q: %w", hash, store.ErrNotFound)
	}
	var found []store.Payload
	visit := func(h cluster.Hit) error {
		p, err := decodePayload(h)
		if err == nil && (p.Hash == hash || p.FuzzyHash == hash) {
			found = append(found, p)
		}
		return err
	}
	query := object{"bool": object{
		"should":               []object{{"ids": object{"values": []string{hash}}}, index.LookFor("hash", hash)},
		"minimum_should_match": 1,
	}}
	if err := s.reader.Each(ctx, search.Pages{Indices: s.names.Payloads, Query: query}, visit); err != nil {
		return store.Payload{}, err
	}
	if len(found) == 0 {
		if err := s.eachByFuzzyHash(ctx, hash, visit); err != nil {
			return store.Payload{}, err
		}
	}
	if len(found) == 0 {
		return store.Payload{}, fmt.Errorf("payload %q: %w", hash, store.ErrNotFound)
	}
	return slices.MinFunc(found, func(a, b store.Payload) int {
		return cmp.Or(a.FirstSeen.Compare(b.FirstSeen), cmp.Compare(a.FuzzyHash, b.FuzzyHash))
	}), nil
}

// eachByFuzzyHash visits the documents with that fuzzy hash, whether or not it is indexed.
func (s *esStore) eachByFuzzyHash(ctx context.Context, hash string, visit func(cluster.Hit) error) error {
	const most = 10
	var found struct {
		Same struct {
			Buckets []struct {
				First struct {
					Hits struct {
						Hits []cluster.Hit `json:"hits"`
					} `json:"hits"`
				} `json:"first"`
			} `json:"buckets"`
		} `json:"same"`
	}
	err := s.reader.Find(ctx, s.names.Payloads, object{"size": 0, "aggs": object{"same": object{
		"terms": object{"field": "hashfuzzyhttp", "include": []string{hash}, "size": 1},
		"aggs":  object{"first": object{"top_hits": object{"size": most}}},
	}}}, &cluster.Answer{Aggregations: &found})
	if err != nil {
		return err
	}
	for _, b := range found.Same.Buckets {
		for _, h := range b.First.Hits.Hits {
			if err := visit(h); err != nil {
				return err
			}
		}
	}
	return nil
}

// decodePayload reads a payload's document, of this program or the Python service.
func decodePayload(h cluster.Hit) (store.Payload, error) {
	fields, err := hits.Fields(h.Source)
	if err != nil {
		return store.Payload{}, fmt.Errorf("payload document %q in elasticsearch: %w", h.ID, err)
	}
	port := fields["initialDestPort"]
	if port == nil {
		port = fields["initalDestPort"] // as the Python service's documentation spells it
	}
	p := store.Payload{
		Hash:            hits.Text(fields["hash"]),
		FuzzyHash:       hits.Text(fields["hashfuzzyhttp"]),
		MIMEType:        hits.Text(fields["fileMagic"]),
		InitialIP:       hits.Text(fields["initialIP"]),
		InitialDestPort: hits.Text(port),
		FirstSeen:       hits.Time(fields["createTime"]),
		LastSeen:        hits.Time(fields["lastSeen"]),
		MD5Count:        hits.Number(fields["md5count"]),
		FuzzyHashCount:  hits.Number(fields["fuzzyHashCount"]),
		Location:        hits.Text(fields["data"]),
	}
	if content := hits.Text(fields["content"]); content != "" {
		if p.Data, err = base64.StdEncoding.DecodeString(content); err != nil {
			return p, fmt.Errorf("content of payload document %q in elasticsearch: %w", h.ID, err)
		}
	}
	return p, nil
}

// cves returns all CVEs, by id. The Python service may have stored one several
// times: the first counts.
func (s *esStore) cves(ctx context.Context) ([]store.CVE, error) {
	byID := make(map[string]store.CVE)
	p := search.Pages{
		Indices: s.names.CVEs, Query: object{"match_all": object{}},
		Source: []string{"vulnid", "createTime", "sourceEntryIp", "targetEntryPort", "peerType"},
	}
	err := s.reader.Each(ctx, p, func(h cluster.Hit) error {
		d, err := hits.Decode(h.ID, h.Source)
		if err != nil {
			return err
		}
		if known, there := byID[d.VulnID]; d.VulnID != "" && (!there || d.CreateTime.Before(known.FirstSeen)) {
			byID[d.VulnID] = newCVE(&d)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	all := make([]store.CVE, 0, len(byID))
	for _, c := range byID {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b store.CVE) int { return cmp.Compare(a.ID, b.ID) })
	return all, nil
}

// newCVE is what an alert tells of the CVE that it names.
func newCVE(d *alert.Document) store.CVE {
	return store.CVE{
		ID:         d.VulnID,
		FirstSeen:  d.CreateTime.Time,
		SourceIP:   d.SourceEntryIP,
		TargetPort: d.TargetEntryPort,
		PeerType:   d.PeerType,
	}
}
