-- A store as version 1 left it: a frozen copy, never to follow the program.

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    created_at REAL NOT NULL,
    last_message_at REAL NOT NULL,
    pinned INTEGER NOT NULL DEFAULT 0,
    archived INTEGER NOT NULL DEFAULT 0,
    -- A turn takes two places, for its question and its answer, so that an answer
    -- stands beside its question however many questions came in meanwhile.
    next_position INTEGER NOT NULL DEFAULT 1,
    -- Tool groups that the last turn had in use: a JSON list.
    tool_groups TEXT NOT NULL DEFAULT '[]'
) STRICT;

CREATE INDEX sessions_by_time ON sessions (last_message_at);

CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    position INTEGER NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('user', 'agent', 'system', 'tool')),
    content TEXT NOT NULL,
    -- NULL: imported, not written by a turn.
    turn_id TEXT,
    created_at REAL NOT NULL,
    state TEXT NOT NULL DEFAULT 'complete' CHECK (state IN ('complete', 'failed', 'cancelled')),
    error TEXT,
    reasoning TEXT NOT NULL DEFAULT '',
    -- The turn's action log: a JSON list.
    tool_calls TEXT NOT NULL DEFAULT '[]',
    -- NULL in the figures below is "not reported", never zero.
    tokens_in INTEGER,
    tokens_out INTEGER,
    context_used INTEGER,
    context_max INTEGER,
    execution_time_ms INTEGER,
    model TEXT NOT NULL DEFAULT '',
    UNIQUE (session_id, position)
) STRICT;

CREATE VIRTUAL TABLE message_words USING fts5 (content, content = 'messages', content_rowid = 'id');

-- Messages are written once and never changed, so there is no trigger for updates.
CREATE TRIGGER message_written AFTER INSERT ON messages BEGIN
    INSERT INTO message_words (rowid, content) VALUES (new.id, new.content);
END;

CREATE TRIGGER message_deleted AFTER DELETE ON messages BEGIN
    INSERT INTO message_words (message_words, rowid, content) VALUES ('delete', old.id, old.content);
END;

CREATE TABLE turns (
    -- Age over all sessions.
    number INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    -- Chosen by the client.
    id TEXT NOT NULL,
    -- The user's message.
    message_id INTEGER NOT NULL REFERENCES messages ON DELETE CASCADE,
    position INTEGER NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('user', 'peer', 'app', 'schedule')),
    priority INTEGER NOT NULL,
    mode TEXT,
    context TEXT,
    state TEXT NOT NULL DEFAULT 'pending'
        CHECK (state IN ('pending', 'dispatching', 'sent', 'failed', 'cancelled')),
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before REAL NOT NULL DEFAULT 0,
    last_error TEXT,
    created_at REAL NOT NULL,
    claimed_at REAL,
    ended_at REAL,
    UNIQUE (session_id, id)
) STRICT;

CREATE UNIQUE INDEX one_running_turn_per_session ON turns (session_id) WHERE state = 'dispatching';
CREATE INDEX waiting_turns ON turns (session_id) WHERE state = 'pending';
CREATE INDEX turns_by_message ON turns (message_id);

CREATE TABLE events (
    session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    turn_id TEXT NOT NULL,
    event TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (session_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE peers (
    node_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    pet_name TEXT NOT NULL,
    state TEXT NOT NULL,
    addresses TEXT NOT NULL,
    added_at REAL NOT NULL,
    last_seen REAL
) STRICT;

CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

INSERT INTO "messages" VALUES(1,'s1',1,'user','Where do penguins live?','t1',1750000000.0,'complete',NULL,'','[]',NULL,NULL,NULL,NULL,NULL,'');
INSERT INTO "messages" VALUES(2,'s1',2,'agent','In Antarctica.','t1',1750000000.0,'complete',NULL,'','[]',NULL,NULL,NULL,NULL,0,'');
INSERT INTO "sessions" VALUES('s1','Where do penguins live?',1750000000.0,1750000000.0,0,0,3,'[]');
INSERT INTO "turns" VALUES(1,'s1','t1',1,1,'user',0,NULL,NULL,'sent',1,0.0,NULL,1750000000.0,1750000000.0,1750000000.0);

PRAGMA user_version = 1;
