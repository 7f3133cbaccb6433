-- What a database knows of itself: its id, by which servers on one engine tell their containers apart.
CREATE TABLE server (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
