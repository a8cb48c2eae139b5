package sqlite

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/peba-edge/peba/sqlitedb"
)

//go:embed schema.sql
var schema1 string

//go:embed schema2.sql
var schema2 string

//go:embed schema3.sql
var schema3 string

// migrations lead from one schema version (PRAGMA user_version) to the next;
// the first turns an empty file into a store.
var migrations = []string{schema1, schema2, schema3}

// applicationID marks a file as ours (PRAGMA application_id): "PEBA".
const applicationID = 0x50454241

// migrate updates the schema of the file to the newest version. It rejects
// files of other programs and newer versions.
func migrate(ctx context.Context, c *sqlitedb.Conn) error {
	version, err := checkOurs(ctx, c)
	if err != nil {
		return err
	}
	if err := useWAL(ctx, c); err != nil {
		return err
	}
	for ; version < int64(len(migrations)); version++ {
		// One transaction per step: an interrupted step has no effect.
		script := fmt.Sprintf("BEGIN IMMEDIATE;\n%s\nPRAGMA application_id = %d;\nPRAGMA user_version = %d;\nCOMMIT;",
			migrations[version], applicationID, version+1)
		if err := c.Exec(ctx, script); err != nil {
			return fmt.Errorf("update the schema to version %d: %w", version+1, err)
		}
	}
	return nil
}

// checkOurs returns the schema version, 0 for an empty file.
func checkOurs(ctx context.Context, c *sqlitedb.Conn) (int64, error) {
	tables, err := c.Number(ctx, "SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return 0, err
	}
	version, err := c.Number(ctx, "PRAGMA user_version")
	if err != nil {
		return 0, err
	}
	application, err := c.Number(ctx, "PRAGMA application_id")
	if err != nil {
		return 0, err
	}
	switch newest := int64(len(migrations)); {
	case tables > 0 && application != applicationID:
		return 0, fmt.Errorf("it is another program's SQLite file (application_id is %d, expected %d): use another path", application, applicationID)
	case version > newest:
		return 0, fmt.Errorf("its schema version %d is newer than %d, the newest known to this build: run the newer PEBA, or restore a backup from before", version, newest)
	}
	return version, nil
}

// useWAL switches the file to a write-ahead log, with which readers and the
// writer do not block each other.
func useWAL(ctx context.Context, c *sqlitedb.Conn) error {
	mode, err := c.Value(ctx, "PRAGMA journal_mode = WAL")
	if err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("the file system supports only journal mode %v, not WAL (is it a network share?)", mode)
	}
	return nil
}
