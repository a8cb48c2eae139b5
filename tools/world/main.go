// Command world makes the outlines of the dashboard's map from Natural Earth's
// countries at 1:110 million (public domain):
//
//	curl -O https://raw.githubusercontent.com/nvkelso/natural-earth-vector/master/geojson/ne_110m_admin_0_countries.geojson
//	go run ./tools/world ne_110m_admin_0_countries.geojson > dashboard/public/map/world.json
//
// The same input gives the same output. dashboard/DESIGN.md tells the format.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: world COUNTRIES.GEOJSON > world.json")
		os.Exit(2)
	}
	if err := convertFile(os.Args[1], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "world:", err)
		os.Exit(1)
	}
}

func convertFile(path string, out io.Writer) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	countries, err := readCountries(file)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return writeWorld(out, countries)
}
