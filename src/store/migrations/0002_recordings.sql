-- What is known of each recording; its bytes are a file of the server that made it.
CREATE TABLE recordings (
    id TEXT PRIMARY KEY,
    session TEXT NOT NULL,
    words TEXT NOT NULL,
    facts TEXT NOT NULL
);
CREATE INDEX recordings_of_session ON recordings (session);
