package lists

import (
	"strconv"
	"time"

	"github.com/peba-edge/peba/feed"
)

// writeMikroTik writes a script for RouterOS. Entries with a timeout are kept in memory;
// without one the router would write each to its flash. RouterOS cannot replace a list in
// one step: while the script runs, the list is not complete. A function makes lines short,
// since routers have little space for files. An entry that cannot be added, or that expired
// while the list is being removed, does not stop the script.
func writeMikroTik(s *feed.Snapshot, o Options) []byte {
	entries := o.choose(s.Entries)
	b := appendHead(make([]byte, 0, 2*headSize+2*lineSize*len(entries)), s, &o)
	list, timeout := o.listName(s), routerTime(s.Feed.Duration)
	for _, f := range o.families() {
		menu := "/" + f.mikrotik + " firewall address-list"
		function := "pebaAdd" + strconv.Itoa(f.version)
		b = append(b, ":do { "+menu+" remove [find where list=\""+list+"\"] } on-error={}\n"+
			":global "+function+" do={ :do { "+menu+" add list=\""+list+"\" address=$1 timeout="+timeout+" } on-error={} }\n"...)
		call := "$" + function + " "
		for i := range entries {
			if f.has(&entries[i]) {
				b = appendNetwork(append(b, call...), entries[i].Prefix)
				b = append(b, '\n')
			}
		}
		b = append(b, ":set "+function+"\n"...)
	}
	return b
}

// routerTime returns a duration as RouterOS writes it, in whole seconds.
func routerTime(d time.Duration) string {
	const day = 24 * time.Hour
	d = d.Truncate(time.Second)
	text := ""
	if days := d / day; days > 0 {
		text = strconv.Itoa(int(days)) + "d"
	}
	if d%day > 0 {
		text += (d % day).String()
	}
	return text
}
