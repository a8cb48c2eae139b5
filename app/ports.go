package app

import (
	"fmt"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/peba-edge/peba/store"
)

// Linux lets two processes of one user listen on the same port, as Caddy requests for
// restarts without a gap. Each gets a part of the connections, and so of the alerts.
// Each process therefore announces where it listens, and checks for announcements of
// others.

// announcements are those of this process by address; a reload keeps them.
var announcements = caddy.NewUsagePool()

// listener is the content of an announcement.
type listener struct {
	// id is unique per announcement.
	id      string
	pid     int
	address caddy.NetworkAddress
}

// announcePorts announces the addresses on which this configuration serves PEBA.
func (a *App) announcePorts() {
	for _, server := range a.servers() {
		if !carries(server, anyHandler) {
			continue
		}
		for _, listen := range server.Listen {
			address, err := caddy.ParseNetworkAddress(listen)
			if err != nil || address.IsUnixNetwork() || address.IsFdNetwork() {
				continue
			}
			key := address.String()
			// Without an announcement others do not see this process, but it must still
			// run.
			if _, _, err := announcements.LoadOrNew(key, func() (caddy.Destructor, error) { return announce(address) }); err == nil {
				a.announced = append(a.announced, key)
			}
		}
	}
}

// withdrawPorts withdraws this configuration's announcements.
func (a *App) withdrawPorts() error {
	for _, key := range a.announced {
		if _, err := announcements.Delete(key); err != nil {
			return fmt.Errorf("withdrawing an announcement: %w", err)
		}
	}
	a.announced = nil
	return nil
}

// checkPorts looks for other processes that serve PEBA on the same ports.
func checkPorts() store.Finding {
	var own []listener
	announcements.Range(func(_, value any) bool {
		own = append(own, value.(*announcement).listener)
		return true
	})
	shared := conflicts(own, announced())
	if len(shared) == 0 {
		return store.Finding{Part: "ports", OK: true, Text: "no other process serves PEBA on the same port"}
	}
	return store.Finding{Part: "ports",
		Text:   "connections, and so alerts, are split between this process and another one with separate data: " + strings.Join(shared, ", "),
		Advice: "Stop one of the two, or change its port: `ss -ltnp` lists both."}
}

// conflicts describes other processes' listeners that overlap with this process's.
func conflicts(own, all []listener) []string {
	var texts []string
	for _, other := range all {
		if slices.ContainsFunc(own, func(l listener) bool { return l.id == other.id }) {
			continue
		}
		if slices.ContainsFunc(own, func(l listener) bool { return overlap(l.address, other.address) }) {
			texts = append(texts, fmt.Sprintf("process %d on %s", other.pid, other.address))
		}
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// overlap reports whether two addresses share a port. An address for all interfaces
// includes the others.
func overlap(a, b caddy.NetworkAddress) bool {
	everywhere := func(host string) bool { return host == "" || host == "0.0.0.0" || host == "::" }
	return (a.Host == b.Host || everywhere(a.Host) || everywhere(b.Host)) && a.StartPort <= b.EndPort && b.StartPort <= a.EndPort
}
