-- Folders whose files peers' asks may search and read.

CREATE TABLE shares (
    folder TEXT PRIMARY KEY,
    -- Node ids of the peers it is shared with: a JSON list. NULL: every peer that may read what is shared.
    peers TEXT,
    added_at REAL NOT NULL
) STRICT;
