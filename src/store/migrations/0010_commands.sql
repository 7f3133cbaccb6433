-- Commands that shells ran in sessions, as they marked them. `place` is the offset in the session's output where the command's own begins; `words` is the
-- line in lower case; times are microseconds.
CREATE TABLE commands (
    id TEXT PRIMARY KEY,
    session TEXT NOT NULL,
    number BIGINT NOT NULL,
    place BIGINT NOT NULL,
    container TEXT NOT NULL,
    container_name TEXT NOT NULL,
    owner TEXT NOT NULL,
    line TEXT NOT NULL,
    words TEXT NOT NULL,
    cut BIGINT NOT NULL,
    directory TEXT,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    exit_code BIGINT,
    UNIQUE (session, place)
);
CREATE INDEX commands_of_session ON commands (session, id);
CREATE INDEX commands_by_time ON commands (started_at);
