-- Version 2: what was counted of sensors, and of each five minutes.

-- One record of one process about one sensor (store.SensorRecord), as JSON.
CREATE TABLE sensor_records (
    key       TEXT PRIMARY KEY,
    community INTEGER NOT NULL,
    updated   INTEGER NOT NULL,
    record    TEXT NOT NULL
) STRICT;

CREATE INDEX sensor_records_updated ON sensor_records (community, updated DESC, key);

-- How many alerts were received in each five minutes, for questions finer than
-- roll-ups are. start is in seconds since the Unix epoch.
CREATE TABLE arrivals (
    community INTEGER NOT NULL,
    start     INTEGER NOT NULL,
    alerts    INTEGER NOT NULL,
    PRIMARY KEY (community, start)
) STRICT, WITHOUT ROWID;

INSERT INTO arrivals (community, start, alerts)
    SELECT community, received - (received % 300 + 300) % 300, count(*)
    FROM alerts INDEXED BY alerts_received GROUP BY 1, 2;
