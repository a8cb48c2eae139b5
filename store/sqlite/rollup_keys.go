package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/netip"
	"sync"
)

const (
	// keptTexts is how many keys readers remember.
	keptTexts = 1 << 16
	// keptKey is how long a key may be to be remembered, in bytes.
	keptKey = 1 << 10
)

// keyTexts remembers rows of rollup_keys for readers; they never change. It is
// replaced when some are deleted (writer.keysGone).
type keyTexts struct {
	mu    sync.RWMutex
	texts map[int64][]string
	ids   map[string]int64 // by digest
}

func newKeyTexts() *keyTexts {
	return &keyTexts{texts: make(map[int64][]string), ids: make(map[string]int64)}
}

// id returns the id of a key of a kind, or 0 when there is none.
func (k *keyTexts) id(ctx context.Context, tx *sql.Tx, kind int, key []byte) (int64, error) {
	digest := digestOf(kind, key)
	k.mu.RLock()
	id, ok := k.ids[string(digest)]
	k.mu.RUnlock()
	if ok {
		return id, nil
	}
	err := tx.QueryRowContext(ctx, "SELECT id FROM rollup_keys WHERE digest = ?", digest).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.ids) >= keptTexts {
		clear(k.ids)
	}
	k.ids[string(digest)] = id
	return id, nil
}

// read puts the texts of keys, of which each has n, into texts.
func (k *keyTexts) read(ctx context.Context, tx *sql.Tx, ids []int64, n int, texts map[int64][]string) error {
	var missing []int64
	k.mu.RLock()
	for _, id := range ids {
		if text, ok := k.texts[id]; ok {
			texts[id] = text
		} else {
			missing = append(missing, id)
		}
	}
	k.mu.RUnlock()
	if len(missing) == 0 {
		return nil
	}
	list, err := json.Marshal(missing)
	if err != nil {
		return err
	}
	fresh := make(map[int64][]string)
	err = eachRow(ctx, tx, "SELECT k.id, k.key FROM json_each(?) AS wanted CROSS JOIN rollup_keys AS k ON k.id = wanted.value",
		[]any{string(list)}, func(rows *sql.Rows) error {
			var id int64
			var key sql.RawBytes
			if err := rows.Scan(&id, &key); err != nil {
				return err
			}
			if texts[id], err = splitKey(key, n); err == nil && len(key) <= keptKey {
				fresh[id] = texts[id]
			}
			return err
		})
	if err != nil {
		return err
	}
	for _, id := range missing {
		if texts[id] == nil {
			return errDamaged
		}
	}
	k.remember(fresh)
	return nil
}

func (k *keyTexts) remember(fresh map[int64][]string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.texts)+len(fresh) > keptTexts {
		clear(k.texts)
	}
	for id, text := range fresh {
		if len(k.texts) < keptTexts {
			k.texts[id] = text
		}
	}
}

// addrOf returns an address in canonical text, zero for a text that is none:
// what decodeAddr returns of its column.
func addrOf(text string) netip.Addr {
	if b, ok := encodeAddr(text).([]byte); ok {
		addr, _ := netip.AddrFromSlice(b)
		return addr
	}
	return netip.Addr{}
}
