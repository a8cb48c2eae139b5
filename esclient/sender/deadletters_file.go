package sender

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/peba-edge/peba/sqlitedb"
)

// deadLettersFile is the file's name in the spool's folder, whose lock is its
// lock too.
const deadLettersFile = "dead-letters.db"

// deadLettersVersion is the file's user_version.
const deadLettersVersion = 1

// A document that is refused again takes the place of its earlier letter, under a
// new id: each alert is there once, and who requeues the earlier one does not
// delete the later.
const deadLettersSchema = `
	CREATE TABLE letters (
		id          INTEGER PRIMARY KEY AUTOINCREMENT,
		target      TEXT    NOT NULL, -- the index
		document_id TEXT    NOT NULL,
		time        INTEGER NOT NULL, -- Unix milliseconds
		reason      TEXT    NOT NULL,
		attempts    INTEGER NOT NULL,
		frame       BLOB    NOT NULL, -- a frame of this alert alone
		UNIQUE (target, document_id)
	) STRICT;
	PRAGMA user_version = 1`

// letter is a document that was rejected permanently.
type letter struct {
	index, documentID, reason string
	attempts                  int
	frame                     []byte
}

// DeadLetters keeps permanently rejected alerts in one SQLite file.
type DeadLetters struct {
	path string
	// requeue puts a frame back into the spool, durably.
	requeue func(ctx context.Context, frame []byte) error

	mu   sync.Mutex // held while conn is used
	conn *sqlitedb.Conn
	// watch finds a file that somebody deleted, moved or replaced: what is written
	// to it then is lost with the process.
	watch *sqlitedb.Watch

	insert, remove, count, list, get *sqlitedb.Statement
}

// OpenDeadLetters opens the file in the spool's folder, which the caller has
// locked.
func OpenDeadLetters(ctx context.Context, dir string, requeue func(ctx context.Context, frame []byte) error) (_ *DeadLetters, err error) {
	d := &DeadLetters{path: filepath.Join(dir, deadLettersFile), requeue: requeue}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("open dead letters %s: %w", d.path, err), d.Close())
		}
	}()
	return d, d.open(ctx)
}

// open opens what is at the path. The caller holds mu, or has d alone.
func (d *DeadLetters) open(ctx context.Context) (err error) {
	if err := sqlitedb.Create(d.path); err != nil {
		return err
	}
	if d.conn, err = sqlitedb.Connect(ctx, d.path, "busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)"); err != nil {
		return err
	}
	if err := d.migrate(ctx); err != nil {
		return err
	}
	if err := d.prepare(ctx); err != nil {
		return err
	}
	d.watch, err = sqlitedb.NewWatch(d.path)
	return err
}

// restore writes the letters to the path again, from the open file, when the one
// at the path is not it any more. A file that somebody put there is kept under
// another name. The caller holds mu.
func (d *DeadLetters) restore(ctx context.Context) error {
	err := d.watch.Check(0)
	if !errors.Is(err, sqlitedb.ErrReplaced) {
		return err
	}
	begun := d.path + ".new"
	if err := errors.Join(removeFile(begun), d.conn.CopyTo(ctx, begun)); err != nil {
		return err
	}
	kept := fmt.Sprint(d.path, ".replaced-", time.Now().UnixMilli())
	names := sqlitedb.Files(kept)
	for i, name := range sqlitedb.Files(d.path) {
		if err := os.Rename(name, names[i]); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	// Only now, because the last connection to a file removes a log by its name.
	closing := d.conn.Close()
	d.conn = nil
	if err := sqlitedb.Replace(begun, d.path); err != nil {
		return err
	}
	return errors.Join(d.open(ctx), closing)
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (d *DeadLetters) migrate(ctx context.Context) error {
	version, err := d.conn.Number(ctx, "PRAGMA user_version")
	switch {
	case err != nil:
		return err
	case version == 0:
		return d.conn.Transact(func() error { return d.conn.Exec(ctx, deadLettersSchema) })
	case version != deadLettersVersion:
		return fmt.Errorf("its version is %d: this release supports %d", version, deadLettersVersion)
	}
	return nil
}

func (d *DeadLetters) prepare(ctx context.Context) error {
	var errs [5]error
	d.insert, errs[0] = d.conn.Keep(ctx, `
		INSERT OR REPLACE INTO letters (target, document_id, time, reason, attempts, frame) VALUES (?, ?, ?, ?, ?, ?)`)
	d.remove, errs[1] = d.conn.Keep(ctx, "DELETE FROM letters WHERE id = ?")
	d.count, errs[2] = d.conn.Keep(ctx, "SELECT count(*) FROM letters")
	d.list, errs[3] = d.conn.Keep(ctx, `
		SELECT id, target, document_id, time, reason, attempts FROM letters
		WHERE ?1 = 0 OR id < ?1 ORDER BY id DESC LIMIT ?2`)
	d.get, errs[4] = d.conn.Keep(ctx, `
		SELECT id, target, document_id, time, reason, attempts, frame FROM letters WHERE id = ?`)
	return errors.Join(errs[:]...)
}

// Close closes the file. Nothing may be called after it.
func (d *DeadLetters) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn == nil {
		return nil
	}
	return d.conn.Close()
}

// add returns nil only when all letters are on the disk.
func (d *DeadLetters) add(ctx context.Context, letters []letter) error {
	now := time.Now().UnixMilli()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.conn == nil {
		if err := d.open(ctx); err != nil {
			return fmt.Errorf("open dead letters %s: %w", d.path, err)
		}
	}
	err := d.conn.Transact(func() error {
		for i := range letters {
			l := &letters[i]
			_, _, err := d.insert.Exec(ctx, l.index, l.documentID, now, l.reason, int64(l.attempts), l.frame)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = d.restore(ctx)
	}
	if err != nil {
		return fmt.Errorf("write to dead letters %s: %w", d.path, err)
	}
	return nil
}
