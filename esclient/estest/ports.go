package estest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// handedOut are the ports that FreePorts has returned: a server which is stopped for
// a while must find its port free when it starts again.
var handedOut struct {
	sync.Mutex
	ports map[int]bool
}

// FreePorts returns n TCP ports of the loopback interface that nobody listens on and
// that it has not returned before. They are below the ports which the system gives to
// outgoing connections and to listeners on port 0, so nobody takes them meanwhile.
func FreePorts(n int) ([]int, error) {
	const first, count, tries = 20_000, 10_000, 1000
	handedOut.Lock()
	defer handedOut.Unlock()
	if handedOut.ports == nil {
		handedOut.ports = make(map[int]bool)
	}
	var ports []int
	for range tries {
		port := first + rand.IntN(count)
		if handedOut.ports[port] {
			continue
		}
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		_ = l.Close() // nothing was accepted
		handedOut.ports[port] = true
		if ports = append(ports, port); len(ports) == n {
			return ports, nil
		}
	}
	return nil, fmt.Errorf("found %d free ports on 127.0.0.1 from %d to %d, want %d", len(ports), first, first+count-1, n)
}
