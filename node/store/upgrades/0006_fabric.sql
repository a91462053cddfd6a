-- What the fabric keeps: each peer's rights and protocol version, and a record of every ask, both ways.

-- What this peer's asks may use: a JSON list. NULL: what the setting `network.defaultGrants` says.
ALTER TABLE peers ADD COLUMN grants TEXT;
-- The highest protocol version that it has spoken since it was paired.
ALTER TABLE peers ADD COLUMN version INTEGER NOT NULL DEFAULT 0;

-- Every ask, sent or received; a peer's refused ones are counted in one row as long as they come close together.
CREATE TABLE asks (
    n            INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,
    direction    TEXT NOT NULL CHECK (direction IN ('in', 'out')),
    peer         TEXT NOT NULL,
    name         TEXT NOT NULL,                -- what the owner read for the peer then
    ask          TEXT NOT NULL,                -- the same at every node that the question passed
    hops         INTEGER NOT NULL,
    first_asker  TEXT,                         -- NULL: nobody signed for it
    prompt_chars INTEGER NOT NULL,
    answer_chars INTEGER,
    outcome      TEXT,                         -- NULL: under way
    times        INTEGER NOT NULL DEFAULT 1,
    started_at   REAL NOT NULL,
    duration_ms  INTEGER,
    prompt       TEXT,                         -- both NULL unless the owner wants the words kept
    answer       TEXT
) STRICT;
CREATE INDEX asks_by_peer ON asks (peer, n);
