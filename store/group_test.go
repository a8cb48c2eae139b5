package store

import (
	"reflect"
	"testing"
	"time"
)

func TestRank(t *testing.T) {
	at := func(minute int64) time.Time { return time.Unix(minute*60, 0).UTC() }
	one := func(count int64, start time.Time, key ...string) Group {
		return Group{Key: key, Start: start, Count: count}
	}
	for _, test := range []struct {
		name     string
		grouping Grouping
		groups   []Group
		want     []Group
	}{
		{
			"addresses by number, texts by byte", Grouping{By: []Dimension{SourceIP, PeerType}},
			[]Group{one(1, time.Time{}, "10.0.0.1", "a"), one(1, time.Time{}, "9.0.0.1", "b"), one(1, time.Time{}, "9.0.0.1", "B"), one(1, time.Time{}, "", "z"), one(2, time.Time{}, "::1", "a")},
			[]Group{one(2, time.Time{}, "::1", "a"), one(1, time.Time{}, "", "z"), one(1, time.Time{}, "9.0.0.1", "B"), one(1, time.Time{}, "9.0.0.1", "b"), one(1, time.Time{}, "10.0.0.1", "a")},
		},
		{
			"top", Grouping{By: []Dimension{PeerType}, Top: 2},
			[]Group{one(1, time.Time{}, "a"), one(3, time.Time{}, "c"), one(1, time.Time{}, "b")},
			[]Group{one(3, time.Time{}, "c"), one(1, time.Time{}, "a")},
		},
		{
			"top over all buckets", Grouping{By: []Dimension{PeerType}, Top: 1, Bucket: time.Minute},
			[]Group{one(3, at(0), "a"), one(2, at(0), "b"), one(2, at(1), "b"), one(2, at(2), "a")},
			[]Group{one(3, at(0), "a"), one(2, at(2), "a")},
		},
		{"nothing", Grouping{By: []Dimension{PeerType}, Top: 3}, nil, []Group{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := Rank(test.groups, test.grouping, nil); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func TestBucketStart(t *testing.T) {
	for seconds, want := range map[int64]int64{0: 0, 59: 0, 60: 60, -1: -60, -60: -60, -61: -120} {
		if got := BucketStart(time.Unix(seconds, 0), time.Minute); got.Unix() != want {
			t.Errorf("%d is in the bucket from %d, want %d", seconds, got.Unix(), want)
		}
	}
}
