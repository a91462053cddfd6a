-- A message that was taken back before its turn ran says so, as an answer does that was broken off.

CREATE TRIGGER message_taken_back AFTER UPDATE OF state ON turns
WHEN old.state = 'pending' AND new.state = 'cancelled' BEGIN
    UPDATE messages SET state = 'cancelled' WHERE id = new.message_id;
END;

CREATE TRIGGER message_said_again AFTER UPDATE OF state ON turns
WHEN old.state = 'cancelled' AND new.state = 'pending' BEGIN
    UPDATE messages SET state = 'complete' WHERE id = new.message_id;
END;

UPDATE messages SET state = 'cancelled' WHERE id IN (
    SELECT message_id FROM turns t WHERE state = 'cancelled' AND NOT EXISTS (
        SELECT 1 FROM messages a WHERE a.session_id = t.session_id AND a.position = t.position + 1
    )
);
