-- Documents that are changed as a whole have a version, which grows with each change.
ALTER TABLE users ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE webhooks ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE triggers ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

-- What a token is for, in its owner's words.
ALTER TABLE tokens ADD COLUMN about TEXT;
