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

// migrations lead from one schema version (PRAGMA user_version) to the next;
// the first makes an empty file a store.
var migrations = []string{schema1, schema2}

// applicationID marks a file as ours (PRAGMA application_id): "PEBA".
const applicationID = 0x50454241

// migrate brings the schema of the file to the newest version, and refuses
// files that are not ours to write to.
func migrate(ctx context.Context, c *sqlitedb.Conn) error {
	version, err := checkOurs(ctx, c)
	if err != nil {
		return err
	}
	if err := useWAL(ctx, c); err != nil {
		return err
	}
	for ; version < int64(len(migrations)); version++ {
		// One transaction a step: a step that is cut off has not happened.
		script := fmt.Sprintf("BEGIN IMMEDIATE;\n%s\nPRAGMA application_id = %d;\nPRAGMA user_version = %d;\nCOMMIT;",
			migrations[version], applicationID, version+1)
		if err := c.Exec(ctx, script); err != nil {
			return fmt.Errorf("bring the schema to version %d: %w", version+1, err)
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
		return 0, fmt.Errorf("it is another program's SQLite file (application_id %d, not %d): give another path", application, applicationID)
	case version > newest:
		return 0, fmt.Errorf("its schema version %d is newer than %d, the newest that this build knows: run the newer PEBA again, or put back a backup from before it", version, newest)
	}
	return version, nil
}

// useWAL switches the file to the write-ahead log, which readers and the
// writer do not wait for each other in.
func useWAL(ctx context.Context, c *sqlitedb.Conn) error {
	mode, err := c.Value(ctx, "PRAGMA journal_mode = WAL")
	if err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("the file system allows journal mode %v only, not WAL (is it a network share?)", mode)
	}
	return nil
}
