package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// file is what the program writes.
type file struct {
	Origin         string
	UnitsPerDegree int
	Countries      []worldCountry
	Arcs           [][]int
}

// fixture has two countries with a common border, an island, one with a hole
// that the other fills, and one beyond the eastern end of the map.
const fixture = `{"type":"FeatureCollection","features":[
{"properties":{"ISO_A2_EH":"YY","ADMIN":"East","LABEL_X":15,"LABEL_Y":5},"geometry":{"type":"MultiPolygon","coordinates":[
 [[[10,0],[20,0],[20,10],[10,10],[10,5],[10,0]]],
 [[[2,2],[2,4],[4,4],[4,2],[2,2]]],
 [[[-175,60],[-170,60],[-170,65],[-175,60]]]]}},
{"properties":{"ISO_A2_EH":"-99","ADMIN":"Nowhere","LABEL_X":31,"LABEL_Y":1},"geometry":{"type":"Polygon","coordinates":[
 [[30,0],[32,0],[32,2],[30.001,0.001],[30,0]]]}},
{"properties":{"ISO_A2_EH":"AQ","ADMIN":"Antarctica"},"geometry":{"type":"Polygon","coordinates":[]}},
{"properties":{"ISO_A2_EH":"XX","ADMIN":"West","LABEL_X":5,"LABEL_Y":5},"geometry":{"type":"Polygon","coordinates":[
 [[0,0],[10,0],[10,5],[10,10],[0,10],[0,0]],
 [[2,2],[4,2],[4,4],[2,4],[2,2]]]}}
]}`

func convert(t *testing.T, in string) ([]byte, file) {
	t.Helper()
	countries, err := readCountries(strings.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := writeWorld(&out, countries); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), decode(t, out.Bytes())
}

func decode(t *testing.T, data []byte) file {
	t.Helper()
	var w file
	if err := json.Unmarshal(data, &w); err != nil {
		t.Fatal(err)
	}
	return w
}

// points gives an arc of a ring in the direction in which the ring has it.
func (w file) points(arc int) []point {
	backwards := arc < 0
	if backwards {
		arc = ^arc
	}
	var out []point
	var p point
	steps := w.Arcs[arc]
	for i := 0; i < len(steps); i += 2 {
		p.x += steps[i]
		p.y += steps[i+1]
		out = append(out, p)
	}
	if backwards {
		slices.Reverse(out)
	}
	return out
}

func TestConvert(t *testing.T) {
	first, w := convert(t, fixture)
	for range 3 {
		if again, _ := convert(t, fixture); !bytes.Equal(again, first) {
			t.Fatalf("the same input gave\n%s\nand\n%s", first, again)
		}
	}
	var codes []string
	for _, c := range w.Countries {
		codes = append(codes, c.Code)
	}
	if want := []string{"", "XX", "YY"}; !slices.Equal(codes, want) {
		t.Errorf("countries are %q, not %q", codes, want)
	}
	// Both of West's rings meet East: one by a border, one all around.
	uses := make(map[int]int)
	for _, c := range w.Countries {
		for _, ring := range c.Rings {
			for _, arc := range ring {
				uses[max(arc, ^arc)]++
			}
		}
	}
	shared := 0
	for _, n := range uses {
		if n == 2 {
			shared++
		}
	}
	if len(w.Arcs) != 6 || shared != 2 {
		t.Errorf("%d arcs of which %d are shared, not 6 and 2: %v", len(w.Arcs), shared, w.Arcs)
	}
	east := w.Countries[2]
	if got := w.points(east.Rings[2][0])[0]; got != (point{185 * 20, 60 * 20}) {
		t.Errorf("the ring beyond the cut begins at %v", got)
	}
	if east.Label != [2]int{300, 100} {
		t.Errorf("label at %v", east.Label)
	}
	if got := w.points(w.Countries[0].Rings[0][0]); len(got) != 4 {
		t.Errorf("points that became equal are not one: %v", got)
	}
}

func TestRefused(t *testing.T) {
	for name, in := range map[string]string{
		"no JSON":  `<xml>`,
		"code":     `{"features":[{"properties":{"ISO_A2_EH":"CN-TW","ADMIN":"T"},"geometry":{"type":"Polygon","coordinates":[]}}]}`,
		"geometry": `{"features":[{"properties":{"ISO_A2_EH":"XX","ADMIN":"T"},"geometry":{"type":"Point","coordinates":[1,2]}}]}`,
	} {
		if _, err := readCountries(strings.NewReader(in)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestCommitted reads the file that the dashboard serves.
func TestCommitted(t *testing.T) {
	data, err := os.ReadFile("../../dashboard/public/map/world.json")
	if err != nil {
		t.Fatal(err)
	}
	w := decode(t, data)
	if w.Origin != origin || w.UnitsPerDegree != unitsPerDegree {
		t.Errorf("origin %q, %d units a degree", w.Origin, w.UnitsPerDegree)
	}
	if n := len(w.Countries); n < 170 || n > 180 {
		t.Errorf("%d countries", n)
	}
	codes := make(map[string]bool)
	used := make(map[int]bool)
	for _, c := range w.Countries {
		if c.Code != "" && (codes[c.Code] || !isCode(c.Code)) {
			t.Errorf("code %q is wrong or there twice", c.Code)
		}
		codes[c.Code] = true
		if len(c.Rings) == 0 {
			t.Errorf("country %q has no rings", c.Code)
		}
		checkPoints(t, c.Code, []point{{c.Label[0], c.Label[1]}})
		for _, ring := range c.Rings {
			w.checkRing(t, c.Code, ring)
			for _, arc := range ring {
				used[max(arc, ^arc)] = true
			}
		}
	}
	if len(used) != len(w.Arcs) {
		t.Errorf("%d of %d arcs are used", len(used), len(w.Arcs))
	}
	for _, code := range []string{"CN", "DE", "FR", "NO", "RU", "TW", "US", "XK"} {
		if !codes[code] {
			t.Errorf("%s is missing", code)
		}
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	z.Close()
	if packed.Len() > 25<<10 {
		t.Errorf("%d bytes compressed", packed.Len())
	}
}

// checkRing asks that each arc begins where the one before ends.
func (w file) checkRing(t *testing.T, country string, ring []int) {
	t.Helper()
	last := w.points(ring[len(ring)-1])
	end := last[len(last)-1]
	for _, arc := range ring {
		points := w.points(arc)
		checkPoints(t, country, points)
		if points[0] != end {
			t.Errorf("%s: arc %d begins at %v, the one before ends at %v", country, arc, points[0], end)
		}
		end = points[len(points)-1]
	}
}

func checkPoints(t *testing.T, country string, points []point) {
	t.Helper()
	for _, p := range points {
		if p.x < westEnd*unitsPerDegree || p.x > (westEnd+361)*unitsPerDegree || p.y < -60*unitsPerDegree || p.y > 85*unitsPerDegree {
			t.Errorf("%s: %v is off the map", country, p)
		}
	}
}
