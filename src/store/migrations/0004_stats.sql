-- What containers have used, in spans of some minutes.
CREATE TABLE stats (
    container TEXT NOT NULL,
    -- Seconds since 1970 at which the span begins, and how long it is.
    at BIGINT NOT NULL,
    seconds BIGINT NOT NULL,
    cpu DOUBLE PRECISION NOT NULL,
    cpu_max DOUBLE PRECISION NOT NULL,
    memory BIGINT NOT NULL,
    memory_limit BIGINT NOT NULL,
    pids BIGINT NOT NULL,
    received BIGINT NOT NULL,
    sent BIGINT NOT NULL,
    read_bytes BIGINT NOT NULL,
    written_bytes BIGINT NOT NULL,
    PRIMARY KEY (container, at)
);
CREATE INDEX stats_by_time ON stats (at);
