package storetest

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/peba-edge/peba/store"
)

// User implements store.Users.
func (m *model) User(ctx context.Context, name string) (store.User, error) {
	if err := ctx.Err(); err != nil {
		return store.User{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.userIndex(name)
	if i < 0 {
		return store.User{}, fmt.Errorf("user %q: %w", name, store.ErrNotFound)
	}
	return m.users[i], nil
}

// ListUsers implements store.Users.
func (m *model) ListUsers(ctx context.Context) ([]store.User, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	users := slices.Clone(m.users)
	slices.SortFunc(users, func(a, b store.User) int { return cmp.Compare(a.Name, b.Name) })
	return users, nil
}

// PutUser implements store.Users.
func (m *model) PutUser(ctx context.Context, u store.User) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := m.userIndex(u.Name); i >= 0 {
		m.users[i] = u
	} else {
		m.users = append(m.users, u)
	}
	return nil
}

// RemoveUser implements store.Users.
func (m *model) RemoveUser(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.userIndex(name)
	if i < 0 {
		return fmt.Errorf("user %q: %w", name, store.ErrNotFound)
	}
	m.users = slices.Delete(m.users, i, i+1)
	return nil
}

// userIndex returns where the user of that name is, or -1.
func (m *model) userIndex(name string) int {
	return slices.IndexFunc(m.users, func(u store.User) bool { return u.Name == name })
}
