package spool

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/peba-edge/peba/sqlitedb"
)

// contents is the result of inspecting both ends of a segment.
type contents struct{ last, bytes int64 }

// inspect opens a segment of an earlier process, moves its log, if any, into
// the file, and finds the last intact frame. It reads only a few pages, however
// many frames there are.
func inspect(ctx context.Context, path string) (contents, error) {
	repaired, err := sqlitedb.RepairLog(path)
	if err != nil {
		return contents{}, err
	}
	conn, err := sqlitedb.Connect(ctx, path, "synchronous(FULL)", "cell_size_check(1)", "busy_timeout(5000)", "cache_size(-1024)")
	if err != nil {
		return contents{}, err
	}
	found, err := lastSound(ctx, conn)
	if err == nil && repaired {
		err = fmt.Errorf("%w: wrong checksums in the middle of its log", ErrDamaged)
	}
	return found, errors.Join(err, conn.Close())
}

// lastSound returns the last frame with a correct checksum: ids of other frames
// cannot be trusted.
func lastSound(ctx context.Context, conn *sqlitedb.Conn) (contents, error) {
	application, err := conn.Number(ctx, "PRAGMA application_id")
	if err != nil {
		return contents{}, err
	}
	version, err := conn.Number(ctx, "PRAGMA user_version")
	if err != nil {
		return contents{}, err
	}
	if application != applicationID {
		return contents{}, fmt.Errorf("%w: its application id is %#x, expected %#x", ErrDamaged, application, applicationID)
	}
	if version != schemaVersion {
		return contents{}, fmt.Errorf("%w: its schema version is %d, expected %d", ErrDamaged, version, schemaVersion)
	}
	get, err := conn.Prepare(ctx, "SELECT id, appended, total, sum, data FROM frames WHERE id < ? ORDER BY id DESC LIMIT 1")
	if err != nil {
		return contents{}, err
	}
	found, err := walkBack(ctx, get)
	return found, errors.Join(err, get.Close())
}

func walkBack(ctx context.Context, get *sqlitedb.Statement) (contents, error) {
	dest := make([]driver.Value, 5)
	var damage error
	for before := int64(1<<63 - 1); ; {
		found, err := get.Row(ctx, dest, before)
		if err != nil || !found {
			return contents{}, errors.Join(damage, err)
		}
		id, _ := dest[0].(int64)
		appended, _ := dest[1].(int64)
		total, _ := dest[2].(int64)
		want, _ := dest[3].(int64)
		data, _ := dest[4].([]byte)
		if sum(id, appended, total, data) == want {
			return contents{last: id, bytes: total}, damage
		}
		damage = fmt.Errorf("%w: frame %d, the last, has a wrong checksum", ErrDamaged, id)
		before = id
	}
}
