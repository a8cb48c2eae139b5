package main

// topology holds each stretch of border once, as an arc. A ring is a list of
// arcs; ^i is arc i backwards.
type topology struct {
	arcs  [][]point
	index map[arcKey][]int
}

// arcKey finds arcs that may be equal whichever way they run.
type arcKey struct {
	low, high point
	length    int
}

// buildTopology cuts the rings of all countries where borders meet. The result
// has for each country its rings.
func buildTopology(countries []country) (*topology, [][][]int) {
	junctions := findJunctions(countries)
	t := &topology{index: make(map[arcKey][]int)}
	rings := make([][][]int, len(countries))
	for i, c := range countries {
		for _, ring := range c.rings {
			rings[i] = append(rings[i], t.cut(ring, junctions))
		}
	}
	return t, rings
}

// findJunctions gives the points where rings meet or part: those whose two
// neighbours are not the same in all rings.
func findJunctions(countries []country) map[point]bool {
	type pair struct{ low, high point }
	seen := make(map[point]pair)
	junctions := make(map[point]bool)
	for _, c := range countries {
		for _, ring := range c.rings {
			for i, p := range ring {
				low, high := sorted(ring[(i+len(ring)-1)%len(ring)], ring[(i+1)%len(ring)])
				if old, ok := seen[p]; ok && old != (pair{low, high}) {
					junctions[p] = true
				}
				seen[p] = pair{low, high}
			}
		}
	}
	return junctions
}

func sorted(a, b point) (low, high point) {
	if b.x < a.x || b.x == a.x && b.y < a.y {
		return b, a
	}
	return a, b
}

// cut gives a ring's arcs. One without junctions is an arc from its lowest point.
func (t *topology) cut(ring []point, junctions map[point]bool) []int {
	start := -1
	lowest := 0
	for i, p := range ring {
		if junctions[p] && start < 0 {
			start = i
		}
		if low, _ := sorted(p, ring[lowest]); low == p {
			lowest = i
		}
	}
	if start < 0 {
		start = lowest
	}
	var arcs []int
	arc := []point{ring[start]}
	for i := 1; i <= len(ring); i++ {
		p := ring[(start+i)%len(ring)]
		arc = append(arc, p)
		if junctions[p] || i == len(ring) {
			arcs = append(arcs, t.add(arc))
			arc = []point{p}
		}
	}
	return arcs
}

// add gives the number of an arc: of the one there already, if there is.
func (t *topology) add(arc []point) int {
	low, high := sorted(arc[0], arc[len(arc)-1])
	key := arcKey{low, high, len(arc)}
	for _, i := range t.index[key] {
		if equal(t.arcs[i], arc, false) {
			return i
		}
		if equal(t.arcs[i], arc, true) {
			return ^i
		}
	}
	t.arcs = append(t.arcs, arc)
	t.index[key] = append(t.index[key], len(t.arcs)-1)
	return len(t.arcs) - 1
}

func equal(a, b []point, backwards bool) bool {
	for i, p := range a {
		j := i
		if backwards {
			j = len(b) - 1 - i
		}
		if p != b[j] {
			return false
		}
	}
	return true
}
