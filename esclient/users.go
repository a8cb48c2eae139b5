package esclient

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/esclient/search"
	"github.com/peba-edge/peba/esclient/search/hits"
	"github.com/peba-edge/peba/store"
)

// mirrorEvery is how often the users are read for the local copy.
const mirrorEvery = time.Minute

// userID is the id of a user's document. Those of the Python service's are random.
func userID(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

// decodeUser reads a user's document. Flags may be texts, as older scripts wrote them.
func decodeUser(h cluster.Hit) (store.User, error) {
	fields, err := hits.Fields(h.Source)
	if err != nil {
		return store.User{}, fmt.Errorf("user document %q in elasticsearch: %w", h.ID, err)
	}
	return store.User{
		Name:      hits.Text(fields["peerName"]),
		Hash:      hits.Text(fields["token"]),
		GetOnly:   hits.IsTrue(fields["getOnly"]),
		Community: hits.IsTrue(fields["community"]),
		Email:     hits.Text(fields["email"]),
	}, nil
}

// userPatience limits the lookup of a user who is in the local copy: sensors must
// not wait for a hanging cluster.
const userPatience = 3 * time.Second

// user returns one user, from the local copy while the cluster is unavailable.
func (s *esStore) user(ctx context.Context, name string) (store.User, error) {
	asking := ctx
	copied, ok := s.mirror.user(name)
	if ok {
		var cancel context.CancelFunc
		asking, cancel = context.WithTimeout(ctx, userPatience)
		defer cancel()
	}
	found, err := s.userHits(asking, name)
	if ok && ctx.Err() == nil && (errors.Is(err, store.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded)) {
		return copied, nil
	}
	if err != nil {
		return store.User{}, err
	}
	if len(found) == 0 {
		return store.User{}, fmt.Errorf("user %q: %w", name, store.ErrNotFound)
	}
	return decodeUser(found[0])
}

// userHits returns the documents of one name; ours, whose id is derived from it,
// first.
func (s *esStore) userHits(ctx context.Context, name string) ([]cluster.Hit, error) {
	const enough = 1000 // a name of words may match others that have one of them
	query := object{"bool": object{
		"should": []object{
			{"ids": object{"values": []string{userID(name)}}},
			// Works by keyword and by words, whichever the mapping has.
			{"match": object{"peerName": object{"query": name, "operator": "and"}}},
			{"term": object{"peerName.keyword": name}},
		},
		"minimum_should_match": 1,
	}}
	var found []cluster.Hit
	err := s.reader.Each(ctx, search.Pages{Indices: s.names.Users, Query: query, Max: enough}, func(h cluster.Hit) error {
		u, err := decodeUser(h)
		if err == nil && u.Name == name {
			found = append(found, h)
		}
		return err
	})
	slices.SortFunc(found, func(a, b cluster.Hit) int {
		ours := func(h cluster.Hit) int {
			if h.ID == userID(name) {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(ours(a), ours(b)), cmp.Compare(a.ID, b.ID))
	})
	return found, err
}

// listUsers returns all users by name. If a name has several documents, it uses
// the same one as user.
func (s *esStore) listUsers(ctx context.Context) ([]store.User, error) {
	type entry struct {
		store.User
		id string
	}
	byName := make(map[string]entry)
	err := s.reader.Each(ctx, search.Pages{Indices: s.names.Users, Query: object{"match_all": object{}}}, func(h cluster.Hit) error {
		u, err := decodeUser(h)
		known, there := byName[u.Name]
		if !there || h.ID == userID(u.Name) || known.id != userID(u.Name) && h.ID < known.id {
			byName[u.Name] = entry{u, h.ID}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	users := make([]store.User, 0, len(byName))
	for _, e := range byName {
		users = append(users, e.User)
	}
	slices.SortFunc(users, func(a, b store.User) int { return cmp.Compare(a.Name, b.Name) })
	return users, nil
}

// putUser writes the user's document and removes others of that name.
func (s *esStore) putUser(ctx context.Context, u store.User) error {
	id := userID(u.Name)
	if err := s.client.Do(ctx, http.MethodPut, "/"+s.names.Users+"/_doc/"+id+"?refresh=true", u, nil); err != nil {
		return err
	}
	s.mirror.put(u)
	others, err := s.userHits(ctx, u.Name)
	if err != nil {
		return err
	}
	for _, h := range others {
		if h.ID != id {
			if err := s.deleteUser(ctx, h); err != nil {
				return err
			}
		}
	}
	return s.mirror.save()
}

// removeUser removes all documents of that name.
func (s *esStore) removeUser(ctx context.Context, name string) error {
	found, err := s.userHits(ctx, name)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("user %q: %w", name, store.ErrNotFound)
	}
	for _, h := range found {
		if err := s.deleteUser(ctx, h); err != nil {
			return err
		}
	}
	s.mirror.remove(name)
	return s.mirror.save()
}

func (s *esStore) deleteUser(ctx context.Context, h cluster.Hit) error {
	err := s.client.Do(ctx, http.MethodDelete, "/"+h.Index+"/_doc/"+pathID(h.ID)+"?refresh=true", nil, nil)
	if cluster.IsStatus(err, http.StatusNotFound) { // another edge was faster
		return nil
	}
	return err
}

// keepMirror periodically reads the users for the local copy.
func (s *esStore) keepMirror(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(s.refreshMirror(ctx)):
		}
	}
}

// refreshMirror reads all users, and returns when to do so again.
func (s *esStore) refreshMirror(ctx context.Context) time.Duration {
	before := s.mirror.version()
	users, err := s.listUsers(ctx)
	if err == nil && s.mirror.replace(users, before) {
		err = s.mirror.save()
	}
	if err != nil && ctx.Err() == nil {
		s.logger.Warn("updating the local copy of the users failed", zap.Error(err))
		return layoutRetry
	}
	return mirrorEvery
}
