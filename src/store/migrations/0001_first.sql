-- Portable: TEXT, BIGINT, DOUBLE PRECISION and BYTEA only. Times are microseconds since 1970, UTC.
CREATE TABLE users (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    user_name TEXT NOT NULL,
    role TEXT NOT NULL,
    secret_hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);
CREATE INDEX tokens_of_user ON tokens (user_name);

CREATE TABLE layouts (
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (owner, name)
);

-- Append-only: an outcome is a further row of the same event. Each row's hash covers the one before it.
CREATE TABLE audit (
    seq BIGINT PRIMARY KEY,
    event TEXT NOT NULL,
    at BIGINT NOT NULL,
    begun_at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    role TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX audit_of_event ON audit (event, seq);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    facts TEXT NOT NULL,
    snapshot BYTEA,
    updated_at BIGINT NOT NULL
);

CREATE TABLE idempotency (
    actor TEXT NOT NULL,
    token TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    answer TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (actor, token)
);
