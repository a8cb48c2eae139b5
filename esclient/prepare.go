package esclient

import (
	"context"
	"net/http"
	"sync"
)

// kindNoIndex is how Elasticsearch says that an index does not exist.
const kindNoIndex = "index_not_found_exception"

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

// prepare creates the indices of actions that are not known to exist, and returns
// the actions that can be sent. Those of an index that cannot be created are
// blocked. An error says that the cluster takes nothing right now.
func (s *sender) prepare(ctx context.Context, actions []*bulkAction) (sendable []*bulkAction, err error) {
	if s.create == nil {
		return actions, nil
	}
	refused := make(map[string]string)
	for _, a := range actions {
		if _, asked := refused[a.index]; asked || s.indices.has(a.index) {
			continue
		}
		reason, err := s.prepareIndex(ctx, a.index)
		if err != nil {
			return nil, err
		}
		if reason != "" {
			refused[a.index] = reason
			s.health.blocked(a.index, reason)
		}
	}
	if len(refused) == 0 {
		return actions, nil
	}
	for _, a := range actions {
		if reason, ok := refused[a.index]; ok {
			a.outcome, a.reason = outcomeBlocked, reason
		} else {
			sendable = append(sendable, a)
		}
	}
	return sendable, nil
}

// prepareIndex creates an index, one at a time. It returns why the cluster does
// not want to.
func (s *sender) prepareIndex(ctx context.Context, index string) (refusal string, err error) {
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
		return "", s.health.failed(&requestError{reason: "no answer: " + err.Error()})
	}
	e := readRequestError(status, answer)
	switch {
	case e == nil || e.cause.Type == kindExists:
		s.indices.add(index)
		return "", nil
	case status == http.StatusBadRequest, status == http.StatusForbidden, status == http.StatusNotFound:
		return "creating it: " + e.reason, nil
	}
	return "", s.health.failed(e)
}
