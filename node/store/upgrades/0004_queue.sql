-- What is looked for in a store of a million messages, and messages that change while they wait.

-- Every question about the queue is about these few rows of a table that only grows.
CREATE INDEX open_turns ON turns (session_id) WHERE state IN ('pending', 'dispatching');
CREATE INDEX unanswered_turns ON turns (id) WHERE state IN ('failed', 'cancelled');

CREATE INDEX sessions_in_list ON sessions (archived, pinned, last_message_at);
DROP INDEX sessions_by_time;

-- A message that waits for its turn may still be edited.
CREATE TRIGGER message_edited AFTER UPDATE OF content ON messages BEGIN
    INSERT INTO message_words (message_words, rowid, content) VALUES ('delete', old.id, old.content);
    INSERT INTO message_words (rowid, content) VALUES (new.id, new.content);
END;
