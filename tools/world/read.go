package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"sort"
)

const (
	// A degree has 20 units: half a pixel of a map 3840 pixels wide is one.
	unitsPerDegree = 20
	// The map is cut in the Bering Strait, so that Russia is in one piece.
	westEnd = -169
)

// point is a place in units of longitude and latitude.
type point struct{ x, y int }

// country has a code of two letters, or none when ISO gave it none.
type country struct {
	code, name string
	label      point
	rings      [][]point // closed: the first point is not repeated
}

// geoJSON is as much of Natural Earth's file as is needed.
type geoJSON struct {
	Features []struct {
		Properties struct {
			Code   string  `json:"ISO_A2_EH"`
			Name   string  `json:"ADMIN"`
			LabelX float64 `json:"LABEL_X"`
			LabelY float64 `json:"LABEL_Y"`
		} `json:"properties"`
		Geometry struct {
			Type        string          `json:"type"`
			Coordinates json.RawMessage `json:"coordinates"`
		} `json:"geometry"`
	} `json:"features"`
}

// readCountries gives all countries but Antarctica, by code and name.
func readCountries(in io.Reader) ([]country, error) {
	var file geoJSON
	if err := json.NewDecoder(in).Decode(&file); err != nil {
		return nil, err
	}
	var countries []country
	for _, f := range file.Features {
		if f.Properties.Code == "AQ" {
			continue
		}
		c := country{code: f.Properties.Code, name: f.Properties.Name, label: quantise(f.Properties.LabelX, f.Properties.LabelY)}
		if c.code == "-99" {
			c.code = ""
		} else if !isCode(c.code) {
			return nil, fmt.Errorf("country %q has the code %q: two capital letters or -99 are allowed", c.name, c.code)
		}
		polygons, err := readPolygons(f.Geometry.Type, f.Geometry.Coordinates)
		if err != nil {
			return nil, fmt.Errorf("country %q: %w", c.name, err)
		}
		for _, polygon := range polygons {
			for _, ring := range polygon {
				if r := quantiseRing(ring); len(r) >= 3 {
					c.rings = append(c.rings, r)
				}
			}
		}
		countries = append(countries, c)
	}
	sort.Slice(countries, func(i, j int) bool {
		a, b := countries[i], countries[j]
		return a.code < b.code || a.code == b.code && a.name < b.name
	})
	return countries, nil
}

func isCode(s string) bool {
	return len(s) == 2 && s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z'
}

func readPolygons(kind string, coordinates json.RawMessage) ([][][][]float64, error) {
	switch kind {
	case "Polygon":
		var polygon [][][]float64
		err := json.Unmarshal(coordinates, &polygon)
		return [][][][]float64{polygon}, err
	case "MultiPolygon":
		var polygons [][][][]float64
		err := json.Unmarshal(coordinates, &polygons)
		return polygons, err
	}
	return nil, fmt.Errorf("the geometry is a %q: Polygon and MultiPolygon are allowed", kind)
}

func quantise(lng, lat float64) point {
	return point{int(math.Round(lng * unitsPerDegree)), int(math.Round(lat * unitsPerDegree))}
}

// quantiseRing leaves out points that became equal to the one before, and the
// last, which repeats the first. A ring that ends west of the cut goes to the
// eastern end of the map.
func quantiseRing(ring [][]float64) []point {
	east := math.Inf(-1)
	for _, p := range ring {
		east = max(east, p[0])
	}
	shift := 0.0
	if east < westEnd+1 {
		shift = 360
	}
	var out []point
	for _, p := range ring {
		if q := quantise(p[0]+shift, p[1]); len(out) == 0 || q != out[len(out)-1] {
			out = append(out, q)
		}
	}
	for len(out) > 1 && out[0] == out[len(out)-1] {
		out = out[:len(out)-1]
	}
	return out
}
