-- What the fabric keeps: each peer's rights here, and a record of every ask, both ways.

-- What this peer's asks may use: a JSON list. NULL: what the setting `network.defaultGrants` says.
ALTER TABLE peers ADD COLUMN grants TEXT;
