-- What a server needs to find a session of a server before it in its holder again (JSON).
ALTER TABLE sessions ADD COLUMN held TEXT;
