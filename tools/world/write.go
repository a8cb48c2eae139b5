package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
)

const origin = "Made with Natural Earth (public domain), countries at 1:110 million, by tools/world"

// worldCountry is a country in the file, in units of longitude and latitude.
// Browsers know its name.
type worldCountry struct {
	Code  string  `json:"code"`
	Label [2]int  `json:"label"`
	Rings [][]int `json:"rings"`
}

// writeWorld writes a line for each country and arc, so that a difference
// between two versions can be read.
func writeWorld(out io.Writer, countries []country) error {
	t, rings := buildTopology(countries)
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, "{\"origin\":%q,\"unitsPerDegree\":%d,\"countries\":[\n", origin, unitsPerDegree)
	for i, c := range countries {
		line := worldCountry{Code: c.code, Label: [2]int{c.label.x, c.label.y}, Rings: rings[i]}
		if err := writeLine(w, line, i+1 < len(countries)); err != nil {
			return err
		}
	}
	fmt.Fprint(w, "],\"arcs\":[\n")
	for i, arc := range t.arcs {
		if err := writeLine(w, deltas(arc), i+1 < len(t.arcs)); err != nil {
			return err
		}
	}
	fmt.Fprint(w, "]}\n")
	return w.Flush()
}

func writeLine(w io.Writer, value any, more bool) error {
	line, err := json.Marshal(value)
	if err != nil {
		return err
	}
	end := ""
	if more {
		end = ","
	}
	fmt.Fprintf(w, "%s%s\n", line, end)
	return nil
}

// deltas gives x and y of an arc's first point, then the steps to each next one.
func deltas(arc []point) []int {
	var out []int
	var last point
	for _, p := range arc {
		out = append(out, p.x-last.x, p.y-last.y)
		last = p
	}
	return out
}
