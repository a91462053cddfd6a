-- How the owner's cockpit is laid out.

CREATE TABLE layouts (
    workspace TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    -- The tree, as JSON.
    layout TEXT NOT NULL,
    -- Grows with every change.
    revision INTEGER NOT NULL
) STRICT;
