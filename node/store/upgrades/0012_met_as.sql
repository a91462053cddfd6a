-- What a peer called itself when it was paired: of the names that it gives itself, the one that its owner agreed to.
ALTER TABLE peers ADD COLUMN met_as TEXT NOT NULL DEFAULT '';
UPDATE peers SET met_as = name;
