-- Runs of scripts. `server` is the boot of the server that has it, until `lease` (microseconds); `request` is what was asked for, with the
-- script's text as it was then; `checkpoint` is where a resumable one goes on.
CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    owner TEXT NOT NULL,
    words TEXT NOT NULL,
    server TEXT NOT NULL,
    lease BIGINT NOT NULL,
    facts TEXT NOT NULL,
    request TEXT NOT NULL,
    checkpoint TEXT,
    ended_at BIGINT
);
CREATE INDEX runs_state ON runs (state, lease);
CREATE TABLE run_entries (
    run TEXT NOT NULL,
    seq BIGINT NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (run, seq)
);
