-- The secret addresses at which others may read a session. Of the secret only a hash is kept.
CREATE TABLE chat_links (
    id TEXT PRIMARY KEY,
    secret_hash BLOB NOT NULL UNIQUE,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    reach TEXT NOT NULL,
    port INTEGER NOT NULL,
    -- What is shown stands before this position. NULL: what is said later is shown, too.
    before_position INTEGER,
    with_details INTEGER NOT NULL,
    created_at REAL NOT NULL,
    expires_at REAL NOT NULL,
    reads INTEGER NOT NULL DEFAULT 0,
    last_read_at REAL
) STRICT;
CREATE INDEX chat_links_of_session ON chat_links (session_id);
