-- Version 3: plain records, and transport and interaction of alerts in the dictionary of
-- sensors.

-- The records that are a JSON document under a key (store.IsPlain).
CREATE TABLE documents (
    id    INTEGER PRIMARY KEY, -- so that long values are not in the index of keys
    kind  TEXT NOT NULL,
    key   TEXT NOT NULL,
    value BLOB NOT NULL,
    UNIQUE (kind, key)
) STRICT;

-- With these two columns the index alerts_received leads to all that the feeds group by.
-- Rows from before have NULL there: their alerts have both in texts and request only
-- (dimensions.go). No alert is added to such a row, and it is deleted with its last alert.
CREATE TABLE sensors3 (
    id          INTEGER PRIMARY KEY,
    ident       TEXT NOT NULL, -- peerIdent
    type        TEXT NOT NULL, -- peerType
    hostname    TEXT NOT NULL,
    uuid        TEXT NOT NULL,
    external_ip TEXT NOT NULL,
    internal_ip TEXT NOT NULL,
    transport   TEXT, -- targetport
    interaction TEXT, -- how far the attacker got
    last_day    INTEGER NOT NULL, -- when the last alert that refers to this row was received, in days
    UNIQUE (ident, type, hostname, uuid, external_ip, internal_ip, transport, interaction)
) STRICT;

INSERT INTO sensors3 (id, ident, type, hostname, uuid, external_ip, internal_ip, last_day)
    SELECT id, ident, type, hostname, uuid, external_ip, internal_ip, last_day FROM sensors;
DROP TABLE sensors;
ALTER TABLE sensors3 RENAME TO sensors;

-- The rows from before; empty in a new file.
CREATE INDEX sensors_older ON sensors (id) WHERE transport IS NULL;
