package esclient

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/peba-edge/peba/esclient/search/hits"
)

// checkDisk compares each node's disk with the watermark above which
// Elasticsearch allocates no more shards to it.
func (s *esStore) checkDisk(ctx context.Context) (text, advice string, err error) {
	var stats struct {
		Nodes map[string]struct {
			Name string `json:"name"`
			FS   struct {
				Total struct {
					Total     uint64 `json:"total_in_bytes"`
					Available uint64 `json:"available_in_bytes"`
				} `json:"total"`
			} `json:"fs"`
		} `json:"nodes"`
	}
	if err := s.client.Do(ctx, http.MethodGet, "/_nodes/stats/fs?filter_path=nodes.*.name,nodes.*.fs.total", nil, &stats); err != nil {
		return "", "", err
	}
	mark, err := s.setting(ctx, "cluster.routing.allocation.disk.watermark.low")
	if err != nil {
		return "", "", err
	}
	var lines, full []string
	for _, id := range slices.Sorted(maps.Keys(stats.Nodes)) {
		n := stats.Nodes[id]
		disk := n.FS.Total
		lines = append(lines, fmt.Sprintf("%q has %s of %s free", n.Name, humanize.IBytes(disk.Available), humanize.IBytes(disk.Total)))
		needed, err := neededFree(mark, disk.Total)
		if err != nil {
			return "", "", err
		}
		if disk.Total > 0 && disk.Available < needed {
			full = append(full, n.Name)
		}
	}
	text = strings.Join(lines, ", ")
	if len(full) > 0 {
		advice = fmt.Sprintf("Nodes %q are beyond the low disk watermark %s: add disks or nodes, or shorten retention, before the flood stage, when Elasticsearch rejects all writes.", full, mark)
	}
	return text, advice, nil
}

// setting returns a setting of the cluster, or its default.
func (s *esStore) setting(ctx context.Context, name string) (string, error) {
	var settings struct {
		Persistent, Transient, Defaults map[string]any
	}
	err := s.client.Do(ctx, http.MethodGet, "/_cluster/settings?include_defaults=true&flat_settings=true", nil, &settings)
	if err != nil {
		return "", err
	}
	for _, level := range []map[string]any{settings.Transient, settings.Persistent, settings.Defaults} {
		if v, ok := level[name]; ok {
			return hits.Text(v), nil
		}
	}
	return "", fmt.Errorf("elasticsearch has no setting %s", name)
}

// neededFree returns how many bytes must be free by a watermark: a percentage
// or ratio that may be used, or a size that must be free.
func neededFree(mark string, total uint64) (uint64, error) {
	used, isPercent := strings.CutSuffix(mark, "%")
	share, err := strconv.ParseFloat(used, 64)
	if err == nil {
		if isPercent {
			share /= 100
		}
		return uint64(float64(total) * max(0, 1-share)), nil
	}
	// Elasticsearch's units are powers of two: gb is GiB.
	powersOfTwo := strings.NewReplacer("kb", "kib", "mb", "mib", "gb", "gib", "tb", "tib", "pb", "pib")
	size, err := humanize.ParseBytes(powersOfTwo.Replace(strings.ToLower(mark)))
	if err != nil {
		return 0, fmt.Errorf("low disk watermark of elasticsearch is %q: %w", mark, err)
	}
	return size, nil
}
