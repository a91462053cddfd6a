-- Folders whose files peers' asks may search and read.

CREATE TABLE shares (
    -- Its real path.
    folder TEXT PRIMARY KEY,
    -- What peers read in its place.
    label TEXT NOT NULL UNIQUE,
    -- Node ids of the peers it is shared with: a JSON list. NULL: every peer that may read what is shared.
    peers TEXT,
    added_at REAL NOT NULL
) STRICT;
