-- The title as a search compares it, which SQLite itself can only do for ASCII.
ALTER TABLE sessions ADD COLUMN plain_title TEXT NOT NULL DEFAULT '';
UPDATE sessions SET plain_title = plain(title);
