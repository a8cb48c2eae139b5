package app

import (
	"bufio"
	"crypto/rand"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
)

// announcementPrefix begins the name of an abstract Unix socket, which exists while the
// process has it open, in the same network namespace as the ports:
// @peba/ID/PID/ADDRESS.
const announcementPrefix = "@peba/"

// announcement is a socket used only for its name.
type announcement struct {
	listener
	socket net.PacketConn
}

func announce(address caddy.NetworkAddress) (*announcement, error) {
	a := &announcement{listener: listener{id: rand.Text(), pid: os.Getpid(), address: address}}
	name := fmt.Sprintf("%s%s/%d/%s", announcementPrefix, a.id, a.pid, address)
	var err error
	if a.socket, err = net.ListenPacket("unixgram", name); err != nil {
		return nil, fmt.Errorf("announcing %s: %w", address, err)
	}
	return a, nil
}

// Destruct implements caddy.Destructor.
func (a *announcement) Destruct() error { return a.socket.Close() }

// announced returns the announcements of all processes; none if they cannot be read.
func announced() []listener {
	f, err := os.Open("/proc/net/unix")
	if err != nil {
		return nil
	}
	defer f.Close()
	var all []listener
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if i := strings.Index(lines.Text(), announcementPrefix); i >= 0 {
			if l, ok := parseAnnouncement(lines.Text()[i+len(announcementPrefix):]); ok {
				all = append(all, l)
			}
		}
	}
	return all
}

// parseAnnouncement parses ID/PID/ADDRESS, which any program may have forged.
func parseAnnouncement(text string) (listener, bool) {
	parts := strings.SplitN(text, "/", 3)
	if len(parts) != 3 {
		return listener{}, false
	}
	pid, err := strconv.Atoi(parts[1])
	if err != nil {
		return listener{}, false
	}
	address, err := caddy.ParseNetworkAddress(parts[2])
	return listener{id: parts[0], pid: pid, address: address}, err == nil
}
