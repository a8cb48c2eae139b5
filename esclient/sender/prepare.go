package sender

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/peba-edge/peba/esclient/cluster"
)

// knownIndices are the names of indices that exist. Nothing is written into another
// one before it has been created with its mapping: Elasticsearch would map the
// fields by itself.
type knownIndices struct {
	mu    sync.Mutex
	names map[string]bool
}

func (k *knownIndices) has(index string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.names[index]
}

func (k *knownIndices) add(index string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.names == nil {
		k.names = make(map[string]bool)
	}
	makeRoom(k.names, index)
	k.names[index] = true
}

func (k *knownIndices) remove(index string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.names, index)
}

// replace takes the indices that the cluster has in place of what was known.
func (k *knownIndices) replace(names []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.names = make(map[string]bool, len(names))
	for _, name := range names {
		k.names[name] = true
	}
}

// prepare creates the indices of actions that are not known to exist. It returns why
// indices cannot be created, by name: nothing can be sent to them. An error says
// that the cluster takes nothing right now.
func (s *Sender) prepare(ctx context.Context, actions []action) (refused map[string]string, err error) {
	if s.create == nil {
		return nil, nil
	}
	for i := range actions {
		index := actions[i].index
		if _, asked := refused[index]; asked || s.indices.has(index) {
			continue
		}
		reason, err := s.prepareIndex(ctx, index)
		if err != nil {
			return nil, err
		}
		if reason != "" {
			if refused == nil {
				refused = make(map[string]string)
			}
			refused[index] = reason
			s.health.blocked(index, reason)
		}
	}
	return refused, nil
}

// prepareIndex creates an index, one at a time. It returns why the cluster does
// not want to.
func (s *Sender) prepareIndex(ctx context.Context, index string) (refusal string, err error) {
	select {
	case s.creating <- struct{}{}:
		defer func() { <-s.creating }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if s.indices.has(index) { // another worker was faster
		return "", nil
	}
	within, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	status, answer, err := s.create(within, index)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil {
		return "", s.health.failed(fmt.Errorf("no answer: %w", err))
	}
	if status == http.StatusOK {
		s.indices.add(index)
		return "", nil
	}
	e := cluster.NewError(http.MethodPut, "/"+index, status, answer)
	switch {
	case e.Cause.Type == cluster.KindExists:
		s.indices.add(index)
		return "", nil
	case status == http.StatusBadRequest, status == http.StatusForbidden, status == http.StatusNotFound:
		return "creating it: " + e.Cause.Text(status), nil
	}
	return "", s.health.failed(e)
}
