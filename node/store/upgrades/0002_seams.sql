-- Summaries of older turns, and what the owner should know of a turn.

-- On a summary: the place in the transcript before which it stands. Later turns read it
-- instead of what lies before that place. Nothing is deleted.
ALTER TABLE messages ADD COLUMN seam_at INTEGER;
-- A JSON list of sentences, as "the server cut the prompt".
ALTER TABLE messages ADD COLUMN notices TEXT NOT NULL DEFAULT '[]';

CREATE INDEX seams ON messages (session_id, seam_at) WHERE seam_at IS NOT NULL;
