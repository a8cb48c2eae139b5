package app

import (
	"net"
	"slices"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// TestPorts compares a listener of this process with one that another announces.
func TestPorts(t *testing.T) {
	for name, test := range map[string]struct {
		own, other string
		want       []string
	}{
		"same":             {"127.0.0.1:8080", "127.0.0.1:8080", []string{"process 4242 on 127.0.0.1:8080"}},
		"everywhere":       {":8080", "127.0.0.1:8080", []string{"process 4242 on 127.0.0.1:8080"}},
		"other everywhere": {"[::1]:8080", "0.0.0.0:8080", []string{"process 4242 on 0.0.0.0:8080"}},
		"range":            {":8080", ":8000-8100", []string{"process 4242 on :8000-8100"}},
		"other port":       {":8080", ":8081", nil},
		"other address":    {"127.0.0.1:8080", "127.0.0.2:8080", nil},
	} {
		t.Run(name, func(t *testing.T) {
			address, err := caddy.ParseNetworkAddress(test.own)
			if err != nil {
				t.Fatal(err)
			}
			own, err := announce(address)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = own.Destruct() }()
			mine := []listener{own.listener}
			if got := conflicts(mine, announced()); len(got) != 0 {
				t.Errorf("alone: %v", got)
			}
			other, err := net.ListenPacket("unixgram", "@peba/ANOTHER/4242/"+test.other)
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			if got := conflicts(mine, announced()); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

// TestOddAnnouncements reads names that any program may give its sockets.
func TestOddAnnouncements(t *testing.T) {
	for _, text := range []string{"", "A", "A/1", "A/x/:80", "A/1/:x", "A/1/:1-99999999"} {
		if l, ok := parseAnnouncement(text); ok {
			t.Errorf("%q is read as %+v", text, l)
		}
	}
}
