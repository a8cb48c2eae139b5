package mmdb

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

func TestRecordSizes(t *testing.T) {
	for _, size := range []int{24, 28, 32} {
		tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "x", RecordSize: size})
		if err != nil {
			t.Fatal(err)
		}
		record := s("country", "US", "asn", "AS1")
		// One of each type, and of each way to say how long a value is.
		for name, value := range map[string]mmdbtype.DataType{
			"bool": mmdbtype.Bool(true), "bytes": mmdbtype.Bytes("b"), "float": mmdbtype.Float32(1), "double": mmdbtype.Float64(1),
			"int32": mmdbtype.Int32(-1), "uint64": mmdbtype.Uint64(1 << 40), "slice": mmdbtype.Slice{mmdbtype.Uint16(1), mmdbtype.Map{}},
			"28": mmdbtype.String(strings.Repeat("x", 28)), "29": mmdbtype.String(strings.Repeat("x", 29)),
			"285": mmdbtype.String(strings.Repeat("x", 285)), "65821": mmdbtype.String(strings.Repeat("x", 65821)),
			"600000": mmdbtype.Bytes(strings.Repeat("x", 600_000)),
		} {
			record[mmdbtype.String(name)] = value
		}
		for i := range 200 { // more, so that there are pointers of each length
			r := mmdbtype.Map{"asn": mmdbtype.Uint32(i + 1), "all": record, "long": mmdbtype.String(strings.Repeat("y", 100+i))}
			if err := tree.Insert(network(t, i), r); err != nil {
				t.Fatal(err)
			}
		}
		var file bytes.Buffer
		if _, err := tree.WriteTo(&file); err != nil {
			t.Fatal(err)
		}
		db, err := newDatabase(file.Bytes())
		if err != nil {
			t.Errorf("record size %d: %v", size, err)
			continue
		}
		if p, err := db.locate(netip.MustParseAddr("20.0.199.1")); err != nil || p.AS != "AS200" {
			t.Errorf("record size %d: %+v, %v, want AS200", size, p, err)
		}
	}
}

// Two keys that point to each other, or one to itself, would otherwise end the
// process.
func TestPointersInACircle(t *testing.T) {
	key := []byte("\x58autonomous_system_number")
	whole := asnFile(t)
	at := bytes.Index(whole, key)
	separatorAt := bytes.Index(whole, make([]byte, separator))
	if at < 0 || separatorAt < 0 {
		t.Fatal("the test does not find its way about the file")
	}
	offset := at - separatorAt - separator
	damaged := bytes.Clone(whole)
	damaged[at], damaged[at+1] = 0x20|byte(offset>>8), byte(offset)
	if _, err := newDatabase(damaged); err == nil || !strings.Contains(err.Error(), "a pointer points to a pointer") {
		t.Errorf("error %v, want a pointer that points to a pointer", err)
	}
}

func TestDamage(t *testing.T) {
	whole := cityFile(t)
	marker := bytes.Index(whole, []byte(metadataMarker))
	damage := func(from, to int) []byte {
		b := bytes.Clone(whole)
		for i := from; i < to; i++ {
			b[i] = 0xff
		}
		return b
	}
	for name, test := range map[string]struct {
		content []byte
		want    string
	}{
		"tree":         {damage(0, 100), "damaged at node"},
		"data":         {damage(marker-200, marker), "damaged at node"},
		"metadata":     {damage(marker+len(metadataMarker), len(whole)), "damaged metadata"},
		"no metadata":  {whole[:marker+len(metadataMarker)], "damaged metadata"},
		"cut metadata": {whole[:len(whole)-1], "damaged metadata"},
		"middle gone":  {append(bytes.Clone(whole[:100]), whole[marker-100:]...), "invalid metadata"},
	} {
		if _, err := newDatabase(test.content); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
}

// Whatever is in a file, it neither hangs nor ends the process.
func FuzzDatabase(f *testing.F) {
	f.Add(cityFile(f))
	f.Add(asnFile(f))
	f.Add(build(f, "x", 4, records{"8.8.8.0/24": s("asn", "AS1", "country", "US")}))
	f.Fuzz(func(t *testing.T, content []byte) {
		db, err := newDatabase(content)
		if err != nil {
			return
		}
		for _, address := range []string{"8.8.8.8", "9.9.9.9", "255.255.255.255", "2001:4860::1", "::"} {
			_, _ = db.locate(netip.MustParseAddr(address))
		}
	})
}

// network is one of 65536.
func network(t testing.TB, i int) *net.IPNet {
	t.Helper()
	_, n, err := net.ParseCIDR(fmt.Sprintf("20.%d.%d.0/24", i>>8, i&0xff))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func BenchmarkNewDatabase(b *testing.B) {
	rs := records{}
	for i := range 50_000 {
		rs[network(b, i).String()] = asn(uint32(i+1), fmt.Sprintf("Organization %d", i))
	}
	content := build(b, "GeoLite2-ASN", 6, rs)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		if _, err := newDatabase(content); err != nil {
			b.Fatal(err)
		}
	}
}
