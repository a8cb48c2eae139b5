// Package estest starts real Elasticsearch nodes for tests: one, or a cluster.
package estest

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/peba-edge/peba/internal/rings"
)

// Server is an Elasticsearch cluster of a test's own. Its nodes end when the
// process ends that started them, however it ends.
type Server struct {
	Nodes  []*Node
	folder string
}

// StartServer starts a cluster of one node, which takes about ten seconds. It
// ends with the test.
func StartServer(tb testing.TB) *Server {
	tb.Helper()
	return StartCluster(tb, 1)
}

// StartCluster starts a cluster of so many nodes. It ends with the test.
func StartCluster(tb testing.TB, nodes int) *Server {
	tb.Helper()
	rings.Outer(tb, "Elasticsearch")
	s, err := Launch(nodes)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// Launch is StartCluster for a server that several tests share: Close ends it.
func Launch(nodes int) (*Server, error) {
	folder, err := os.MkdirTemp("", "peba-elasticsearch-")
	if err != nil {
		return nil, err
	}
	s := &Server{folder: folder}
	ports, err := FreePorts(2 * nodes)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	var seeds, names []string
	for i := range nodes {
		seeds = append(seeds, fmt.Sprintf("127.0.0.1:%d", ports[2*i+1]))
		names = append(names, fmt.Sprintf("n%d", i+1))
	}
	for i, name := range names {
		n := newNode(folder, name, ports[2*i], ports[2*i+1])
		if nodes == 1 {
			n.settings = append(n.settings, "discovery.type=single-node")
		} else {
			n.settings = append(n.settings, "discovery.seed_hosts="+strings.Join(seeds, ","), "cluster.initial_master_nodes="+strings.Join(names, ","))
		}
		s.Nodes = append(s.Nodes, n)
	}
	// All at once: a cluster's first nodes wait for each other.
	for _, n := range s.Nodes {
		if err := n.Launch(); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	if err := s.wait("green", nodes); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// URLs returns where the nodes answer, one URL a node.
func (s *Server) URLs() []string {
	var urls []string
	for _, n := range s.Nodes {
		urls = append(urls, n.URL)
	}
	return urls
}

// URL returns where the first node answers.
func (s *Server) URL() string { return s.Nodes[0].URL }

// Wait returns when the cluster has the status, "green", "yellow" or "red", or a
// better one, and all nodes that were started.
func (s *Server) Wait(tb testing.TB, status string) {
	tb.Helper()
	running := 0
	for _, n := range s.Nodes {
		if n.process != nil {
			running++
		}
	}
	if err := s.wait(status, running); err != nil {
		tb.Fatal(err)
	}
}

// Heal starts the nodes that do not run, and returns when the cluster is green.
func (s *Server) Heal(tb testing.TB) {
	tb.Helper()
	s.Revive(tb)
	s.Wait(tb, "green")
}

// Revive starts the nodes that do not run, and returns when the cluster answers,
// whatever its shards are like.
func (s *Server) Revive(tb testing.TB) {
	tb.Helper()
	// All at once: most of them are needed for the first to answer.
	for _, n := range s.Nodes {
		if n.process != nil {
			continue
		}
		if err := n.Launch(); err != nil {
			tb.Fatal(err)
		}
	}
	s.Wait(tb, "red")
}

func (s *Server) wait(status string, nodes int) error {
	for _, n := range s.Nodes {
		if n.process == nil {
			continue
		}
		if err := n.waitFor(status, nodes); err != nil {
			return err
		}
	}
	return nil
}

// Close ends all nodes and deletes their data.
func (s *Server) Close() error {
	for _, n := range s.Nodes {
		n.Kill()
	}
	return os.RemoveAll(s.folder)
}
