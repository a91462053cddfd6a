-- What use has taught: the words of requests that ended in a call of a tool. Words only, no text.

CREATE TABLE learned_tools (
    tool TEXT PRIMARY KEY,
    -- How many requests the counts stand for; halved with them.
    requests REAL NOT NULL,
    -- Grows with every use: the tool with the smallest is forgotten first.
    used INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE learned_words (
    tool TEXT NOT NULL REFERENCES learned_tools ON DELETE CASCADE,
    word TEXT NOT NULL,
    count REAL NOT NULL,
    PRIMARY KEY (tool, word)
) STRICT, WITHOUT ROWID;
