-- Scripts that run by themselves. `next_due` is the next time that nobody has taken up, `ready_at` the same with its jitter (microseconds).
CREATE TABLE schedules (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    version BIGINT NOT NULL,
    paused BIGINT NOT NULL,
    next_due BIGINT,
    ready_at BIGINT,
    words TEXT NOT NULL,
    facts TEXT NOT NULL
);
CREATE INDEX schedules_ready ON schedules (ready_at);
-- What became of each time: its row is the claim. `server` is the boot of the server that starts it, until `lease`.
CREATE TABLE schedule_fires (
    schedule TEXT NOT NULL,
    due BIGINT NOT NULL,
    state TEXT NOT NULL,
    run TEXT,
    server TEXT NOT NULL,
    lease BIGINT NOT NULL,
    taken_at BIGINT NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (schedule, due)
);
CREATE INDEX schedule_fires_state ON schedule_fires (state);
