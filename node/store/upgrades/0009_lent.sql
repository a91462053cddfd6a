-- What each peer has used of this node's model: counts by day, and nothing of what was said.

CREATE TABLE lent (
    -- The owner's own day, as 2026-11-20.
    day TEXT NOT NULL,
    node_id TEXT NOT NULL,
    rounds INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    PRIMARY KEY (day, node_id)
) STRICT, WITHOUT ROWID;
