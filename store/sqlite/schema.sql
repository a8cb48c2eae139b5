-- Version 1 of the store's file. Later versions are further files, applied in
-- order (schema.go); this one is never edited once released.
--
-- Columns of type ANY hold the short form of a text where it has one, and else
-- the text itself, so that every text comes back byte for byte:
--   addresses        4 or 16 bytes       (columns.go)
--   ports            an integer
--   digests          the bytes of the hex digits
-- Texts that are as usual (empty, "-" or "{}") are NULL. Times are seconds since
-- the Unix epoch.

-- What one honeypot says of itself with every alert.
CREATE TABLE sensors (
    id          INTEGER PRIMARY KEY,
    ident       TEXT NOT NULL, -- peerIdent
    type        TEXT NOT NULL, -- peerType
    hostname    TEXT NOT NULL,
    uuid        TEXT NOT NULL,
    external_ip TEXT NOT NULL,
    internal_ip TEXT NOT NULL,
    last_day    INTEGER NOT NULL, -- when the last alert that refers to this row was received, in days
    UNIQUE (ident, type, hostname, uuid, external_ip, internal_ip)
) STRICT;

-- What geo look-ups say of an address.
CREATE TABLE places (
    id           INTEGER PRIMARY KEY,
    country      TEXT NOT NULL,
    country_name TEXT NOT NULL,
    location     TEXT NOT NULL,
    system       TEXT NOT NULL, -- sourceEntryAS, targetEntryAS
    last_day     INTEGER NOT NULL,
    UNIQUE (country, country_name, location, system)
) STRICT;

CREATE TABLE alerts (
    seq            INTEGER PRIMARY KEY, -- order of arrival
    id             ANY NOT NULL, -- what follows the created time in it; foreign ids as they are, a text
    received       INTEGER NOT NULL,
    created        INTEGER NOT NULL,
    community      INTEGER NOT NULL, -- clientDomain, 0 or 1
    sensor         INTEGER NOT NULL, -- sensors.id
    source_ip      ANY NOT NULL,
    source_port    ANY,
    source_place   INTEGER NOT NULL, -- places.id
    target_ip      ANY NOT NULL,
    target_port    ANY,
    target_place   INTEGER NOT NULL, -- places.id
    request        TEXT, -- originalRequestString
    texts          BLOB, -- all that is only ever read with the whole alert, packed (texts.go)
    block          INTEGER AS (seq >> 14) VIRTUAL
) STRICT;

-- Counts, groups and newest alerts of a span of received time.
CREATE INDEX alerts_received ON alerts (community, received, sensor, source_ip);

-- Newest alerts of one source. The block of arrival comes before the source, so
-- that inserts meet in the last megabyte of this index and not all over it
-- (DESIGN.md).
CREATE INDEX alerts_source ON alerts (community, block, source_ip, created);

-- An alert that is sent again meets itself here. Ids begin with the created time
-- (alert.NewID), so that this index also finds alerts by that.
CREATE UNIQUE INDEX alerts_id ON alerts (created, id);

-- Ids from elsewhere tell nothing of the time.
CREATE UNIQUE INDEX alerts_foreign_id ON alerts (id) WHERE typeof(id) = 'text';

-- Roll-ups: how many alerts there were of one kind (rollup.go), community and
-- key in ten minutes, an hour, six hours or a day. What a transaction adds stands in
-- rollup_news by ten minutes, until enough is there to be added to rollups, in all
-- widths. Times and widths are in slots of ten minutes, since the Unix epoch; counts are
-- rollup_keys.id and numbers, packed.
CREATE TABLE rollup_keys (
    id     INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice
    kind   INTEGER NOT NULL,
    digest BLOB NOT NULL UNIQUE, -- of kind and key
    period INTEGER NOT NULL, -- the last one with an alert, in units of keyPeriod
    key    BLOB NOT NULL
) STRICT;

CREATE TABLE rollup_news (
    kind      INTEGER NOT NULL,
    community INTEGER NOT NULL,
    slot      INTEGER NOT NULL,
    turn      INTEGER NOT NULL, -- one for each transaction
    counts    BLOB NOT NULL,
    PRIMARY KEY (kind, community, slot, turn)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollups (
    kind      INTEGER NOT NULL,
    community INTEGER NOT NULL,
    width     INTEGER NOT NULL,
    start     INTEGER NOT NULL,
    counts    BLOB NOT NULL,
    UNIQUE (kind, community, width, start)
) STRICT;

-- One row for each distinct payload; its bytes stand apart, so that the rows
-- stay small.
CREATE TABLE payloads (
    id          INTEGER PRIMARY KEY,
    fuzzy       ANY NOT NULL UNIQUE,
    md5         ANY NOT NULL,
    mime_type   TEXT NOT NULL,
    source_ip   TEXT NOT NULL, -- of the first alert, as target_port
    target_port TEXT NOT NULL,
    first_seen  INTEGER NOT NULL,
    last_seen   INTEGER NOT NULL,
    md5_count   INTEGER NOT NULL,
    fuzzy_count INTEGER NOT NULL
) STRICT;

CREATE INDEX payloads_md5 ON payloads (md5);

CREATE TABLE payload_data (
    id   INTEGER PRIMARY KEY, -- payloads.id
    data BLOB NOT NULL
) STRICT;

CREATE TABLE cves (
    id          TEXT PRIMARY KEY,
    first_seen  INTEGER NOT NULL,
    source_ip   TEXT NOT NULL,
    target_port TEXT NOT NULL,
    peer_type   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    name      TEXT PRIMARY KEY,
    hash      TEXT NOT NULL,
    get_only  INTEGER NOT NULL,
    community INTEGER NOT NULL,
    email     TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE statistics (
    starts   INTEGER PRIMARY KEY,
    ends     INTEGER NOT NULL,
    "values" TEXT NOT NULL -- a JSON object
) STRICT;
