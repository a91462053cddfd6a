-- What the calls of a turn that has not ended came to, and which events a stopped node still owes.

CREATE TABLE calls (
    -- Order over all turns.
    number INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL,
    turn_id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- As the model wrote them: canonical JSON.
    arguments TEXT NOT NULL,
    writes INTEGER NOT NULL,
    -- Both NULL: started, and not known to have finished.
    ok INTEGER,
    result TEXT,
    FOREIGN KEY (session_id, turn_id) REFERENCES turns (session_id, id) ON DELETE CASCADE
) STRICT;

CREATE INDEX calls_by_turn ON calls (session_id, turn_id);

-- The event (`queued` or `done`) that is true of a turn, and that the log may not hold yet.
ALTER TABLE turns ADD COLUMN owed TEXT NOT NULL DEFAULT '';

CREATE INDEX owing_turns ON turns (number) WHERE owed <> '';

-- The highest number of a session that is no longer in the log.
ALTER TABLE sessions ADD COLUMN pruned_seq INTEGER NOT NULL DEFAULT 0;
-- From where the last process that used the session counted on.
ALTER TABLE sessions ADD COLUMN counted_from INTEGER NOT NULL DEFAULT 0;

CREATE INDEX ended_in_log ON events (session_id, seq) WHERE event = 'done';
