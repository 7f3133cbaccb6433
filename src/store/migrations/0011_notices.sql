-- Messages for people, for the clients of all servers. `server` is the boot of the one that has shown it to its own already.
CREATE TABLE notices (
    id TEXT PRIMARY KEY,
    server TEXT NOT NULL,
    at BIGINT NOT NULL,
    facts TEXT NOT NULL
);
CREATE INDEX notices_at ON notices (at);
