package storetest

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/peba-edge/peba/alert"
)

// Traffic makes messages as a fleet of sensors sends them, each from one
// honeypot: two in three from cowrie, a few busy sources and many quiet ones,
// short texts. It fills stores for benchmarks.
type Traffic struct {
	rng     *rand.Rand
	sources *rand.Zipf
	sensors []sensor
}

// sensor is one machine with a honeypot of each kind.
type sensor struct {
	number    int
	host      string
	uuid      string
	addr      string
	community bool
	place     [4]string
}

// NewTraffic returns the traffic of so many sensors, the same for the same seed.
func NewTraffic(seed uint64, sensors int) *Traffic {
	rng := rand.New(rand.NewPCG(seed, 3))
	t := &Traffic{rng: rng, sources: rand.NewZipf(rng, 1.07, 200, 1<<22)}
	for n := range sensors {
		t.sensors = append(t.sensors, sensor{
			number: n, host: fmt.Sprintf("sensor%04d", n), community: n%10 > 0,
			uuid:  fmt.Sprintf("%08x-0a7d-4029-9830-%012x", rng.Uint32(), rng.Uint64()&0xffffffffffff),
			addr:  address(uint64(n) + 1<<30),
			place: trafficPlace(n % 300),
		})
	}
	return t
}

// address returns an IPv4 address, a different one for each number.
func address(n uint64) string {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(n*2654435761)))).String()
}

func trafficPlace(n int) [4]string {
	return [4]string{
		fmt.Sprintf("%c%c", 'A'+n%26, 'A'+n/26%8),
		fmt.Sprintf("Country %d", n%208),
		fmt.Sprintf("%.4f , %.4f", float64(n%120)-60, float64(n%300)-150),
		fmt.Sprintf("AS%d Some Network Ltd.", 1000+n),
	}
}

// kinds are the honeypots by their share of a hundred alerts.
var kinds = []struct {
	share       int
	ident, kind string
	fill        func(t *Traffic, r *alert.Record)
}{
	{65, "cowrie", "SSH/console(cowrie)", (*Traffic).cowrie},
	{15, "honeytrap", "Network(honeytrap)", (*Traffic).attack},
	{8, "dionaea", "Network(Dionaea)", (*Traffic).attack},
	{7, "tanner", "Webpage", (*Traffic).web},
	{3, "heralding", "Passwords(heralding)", (*Traffic).heralding},
	{2, "suricata", "Network(suricata)", (*Traffic).suricata},
}

// Message returns n alerts of one honeypot, received at the given time.
func (t *Traffic) Message(received time.Time, n int) []alert.Record {
	s := &t.sensors[t.rng.IntN(len(t.sensors))]
	dice := t.rng.IntN(100)
	k := kinds[0]
	for _, k = range kinds {
		if dice -= k.share; dice < 0 {
			break
		}
	}
	message := make([]alert.Record, n)
	for i := range message {
		r := &message[i]
		*r = t.attacked(s, received)
		r.PeerIdent, r.PeerType = fmt.Sprintf("%s-community-%02d", k.ident, s.number%3+1), k.kind
		k.fill(t, r)
	}
	return message
}

// attacked returns what alerts of every kind have.
func (t *Traffic) attacked(s *sensor, received time.Time) alert.Record {
	source := t.sources.Uint64()
	r := plain(0, 0)
	r.RecievedTime = alert.At(received)
	r.CreateTime = alert.At(received.Add(-time.Duration(1+t.rng.IntN(90)) * time.Second))
	r.ID = t.id(r.CreateTime.Unix())
	r.SourceEntryIP, r.SourceEntryPort = address(source), fmt.Sprint(1024+t.rng.IntN(64000))
	from := trafficPlace(int(source % 5000))
	r.Country, r.CountryName, r.Location, r.SourceEntryAS = from[0], from[1], from[2], from[3]
	r.TargetEntryIP, r.ExternalIP, r.InternalIP = s.addr, s.addr, "172.20.0.2"
	r.TargetCountry, r.TargetCountryName, r.LocationDestination, r.TargetEntryAS = s.place[0], s.place[1], s.place[2], s.place[3]
	r.Hostname, r.SensorUUID, r.ClientDomain = s.host, s.uuid, s.community
	return r
}

// id is built as alert.NewID does: the time in front of a digest.
func (t *Traffic) id(created int64) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(created)<<24|t.rng.Uint64N(1<<24))
	binary.BigEndian.PutUint64(b[8:], t.rng.Uint64())
	return hex.EncodeToString(b[:])
}

func (t *Traffic) cowrie(r *alert.Record) {
	r.TargetEntryPort = pick(t.rng, []string{"22", "23"})
	r.Username, r.Password, r.Login = pick(t.rng, []string{"root", "admin", "ubuntu", "user"}), fmt.Sprintf("pass%d", t.rng.IntN(50000)), "Fail"
	r.ClientVersion = pick(t.rng, []string{"SSH-2.0-Go", "SSH-2.0-libssh_0.9.6", ""})
	r.SessionStart, r.SessionEnd = r.CreateTime.String(), r.CreateTime.Add(9*time.Second).Format(alert.TimeLayout)
	r.AdditionalData = fmt.Sprintf(`{"sessionid":"%012x"}`, t.rng.Uint64()&0xffffffffffff)
	if t.rng.IntN(5) == 0 {
		r.Login = "Success"
		r.OriginalRequestString = pick(t.rng, []string{"uname -a; cat /proc/cpuinfo; free -m", "cd ~; chattr -ia .ssh; lockr -ia .ssh", "/ip cloud print"})
	}
}

func (t *Traffic) attack(r *alert.Record) {
	r.TargetEntryPort = pick(t.rng, []string{"445", "5900", "8545", "6379", "1433", "3306", "81", "8088"})
	r.OriginalRequestString = "Attack on port " + r.TargetEntryPort + "/tcp"
	if t.rng.IntN(4) == 0 {
		n := t.rng.IntN(2000)
		r.Payload = &alert.Payload{
			Hash: hexID(n), FuzzyHash: hexID(n), MIMEType: "application/octet-stream",
			Data: []byte(hexID(n) + hexID(n+1) + hexID(n+2) + hexID(n+3)),
		}
		r.AdditionalData = `{"payload_md5":"` + hexID(n) + `"}`
	}
}

func (t *Traffic) web(r *alert.Record) {
	r.TargetEntryPort = "80"
	r.OriginalRequestString = pick(t.rng, []string{"/", "/.env", "/wp-login.php", "/cgi-bin/luci/;stok=/locale?form=country&operation=write"}) + pick(t.rng, []string{"", "?q=1"})
	r.RawHTTP = "GET " + r.OriginalRequestString + " HTTP/1.1\r\nHost: " + r.TargetEntryIP + "\r\nUser-Agent: Mozilla/5.0 zgrab/0.x\r\nAccept: */*\r\n\r\n"
}

func (t *Traffic) heralding(r *alert.Record) {
	r.TargetEntryPort = pick(t.rng, []string{"110", "143", "25"})
	r.Username, r.Password = "info", fmt.Sprintf("pass%d", t.rng.IntN(50000))
	r.AdditionalData = `{"protocol":"pop3"}`
}

func (t *Traffic) suricata(r *alert.Record) {
	r.TargetEntryPort = "443"
	r.VulnID = pick(t.rng, []string{"CVE-2021-44228", "CVE-2019-11500", "CVE-2002-0013"})
	r.OriginalRequestString = "(" + r.VulnID + ") Attack on port 443/tcp"
}
