-- What an answer cites, and how its turn went: kept with its message, because the log forgets.

-- A JSON list of places in shared files.
ALTER TABLE messages ADD COLUMN citations TEXT NOT NULL DEFAULT '[]';
-- The turn's calls of the model: a JSON list.
ALTER TABLE messages ADD COLUMN rounds TEXT NOT NULL DEFAULT '[]';
-- The tools that the model saw last, each with the tokens of its definition: a JSON object.
ALTER TABLE messages ADD COLUMN shown_tools TEXT NOT NULL DEFAULT '{}';
