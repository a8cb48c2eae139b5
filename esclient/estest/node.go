package estest

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

//go:embed TestNode.java
var launcher []byte

const (
	// folderVariable names the folder with Elasticsearch's jars.
	folderVariable = "PEBA_ELASTICSEARCH"
	version        = "7.17.29"
	startTimeout   = 2 * time.Minute
)

// Node is one node. Its address and its data stay when it is started again.
type Node struct {
	Name string
	URL  string

	home     string
	settings []string

	process *exec.Cmd
	input   io.Closer // the node ends when it is closed
	output  output
}

func newNode(folder, name string, httpPort, transportPort int) *Node {
	n := &Node{Name: name, URL: fmt.Sprintf("http://127.0.0.1:%d", httpPort), home: filepath.Join(folder, name)}
	n.settings = []string{
		"node.name=" + name, "path.home=" + n.home, "cluster.name=" + filepath.Base(folder),
		"network.host=127.0.0.1", fmt.Sprintf("http.port=%d", httpPort), fmt.Sprintf("transport.port=%d", transportPort),
		"http.type=netty4", "transport.type=netty4",
		// A test machine's disk may be nearly full for all we care.
		"cluster.routing.allocation.disk.threshold_enabled=false",
	}
	return n
}

// Start starts the node again, after Stop or Kill, and returns when it answers.
func (n *Node) Start(tb testing.TB) {
	tb.Helper()
	if err := n.Launch(); err != nil {
		tb.Fatal(err)
	}
	if err := n.waitForAnswer(); err != nil {
		tb.Fatal(err)
	}
}

// Stop ends the node in an orderly way.
func (n *Node) Stop() {
	if n.process == nil {
		return
	}
	_ = n.input.Close()
	killer := time.AfterFunc(time.Minute, func() { _ = n.process.Process.Kill() })
	defer killer.Stop()
	n.reap()
}

// Kill ends the node as a crash would.
func (n *Node) Kill() {
	if n.process == nil {
		return
	}
	_ = n.process.Process.Kill()
	n.reap()
}

func (n *Node) reap() {
	_ = n.process.Wait() // its error tells of the kill
	n.process = nil
}

// Launch starts the process and does not wait for it to answer.
func (n *Node) Launch() error {
	java, jars, err := installation()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(n.home, 0o755); err != nil {
		return err
	}
	source := filepath.Join(n.home, "TestNode.java")
	if err := os.WriteFile(source, launcher, 0o644); err != nil {
		return err
	}
	args := []string{
		// A node of a test ends before a slower compiler's better code would pay.
		"-Xms512m", "-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Des.distribution.type=zip", "-Des.distribution.flavor=default",
		"-cp", filepath.Join(jars, "*"), source,
	}
	n.process = exec.Command(java, append(args, n.settings...)...)
	n.process.Stdout, n.process.Stderr = &n.output, &n.output
	if n.input, err = n.process.StdinPipe(); err == nil {
		err = n.process.Start()
	}
	if err != nil {
		n.process = nil
		return fmt.Errorf("starting Elasticsearch node %s: %w", n.Name, err)
	}
	return nil
}

// installation finds Java and Elasticsearch's jars.
func installation() (java, jars string, err error) {
	const advice = "these tests need Elasticsearch " + version + " and a JDK of version 17: .ci/elasticsearch installs both"
	if java, err = exec.LookPath("java"); err != nil {
		return "", "", fmt.Errorf("%s: %w", advice, err)
	}
	jars = os.Getenv(folderVariable)
	if jars == "" {
		cache := os.Getenv("XDG_CACHE_HOME")
		if cache == "" {
			home, err := os.UserHomeDir()
			if err != nil {
				return "", "", fmt.Errorf("%s: %w", advice, err)
			}
			cache = filepath.Join(home, ".cache")
		}
		jars = filepath.Join(cache, "peba", "elasticsearch-"+version)
	}
	server := filepath.Join(jars, "elasticsearch-"+version+".jar")
	if _, err := os.Stat(server); errors.Is(err, fs.ErrNotExist) {
		return "", "", fmt.Errorf("%s, into the folder that %s names: %s is not there", advice, folderVariable, server)
	} else if err != nil {
		return "", "", fmt.Errorf("%s: %w", advice, err)
	}
	return java, jars, nil
}

// waitForAnswer returns when the node answers HTTP requests.
func (n *Node) waitForAnswer() error { return n.poll("/", "answer") }

// waitFor returns when the node sees a cluster of the status and size.
func (n *Node) waitFor(status string, nodes int) error {
	return n.poll(fmt.Sprintf("/_cluster/health?wait_for_status=%s&wait_for_nodes=%d&timeout=1s", status, nodes), "become "+status)
}

// poll asks the node until it answers 200.
func (n *Node) poll(path, what string) error {
	client := http.Client{Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	var last string
	for deadline := time.Now().Add(startTimeout); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		resp, err := client.Get(n.URL + path)
		if err != nil {
			last = err.Error()
			continue
		}
		text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
		resp.Body.Close()
		if err == nil && resp.StatusCode == http.StatusOK {
			return nil
		}
		last = string(text)
	}
	return fmt.Errorf("elasticsearch node %s does not %s within %v: %s\n%s", n.Name, what, startTimeout, last, n.output.String())
}

// output keeps what a node prints, up to a megabyte. A node writes while a test reads.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.text.Len() < 1<<20 {
		o.text.Write(p)
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
