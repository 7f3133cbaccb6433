-- Webhooks, and events on their way to them. `secrets` is a list, newest first, with the time (microseconds) until which each counts;
-- `event_key` is the same on every server that sees an event; `server` is the boot of the server that delivers it, until `lease`.
CREATE TABLE webhooks (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    facts TEXT NOT NULL,
    secrets TEXT NOT NULL
);
CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    webhook TEXT NOT NULL,
    event_key TEXT NOT NULL,
    state TEXT NOT NULL,
    next_at BIGINT NOT NULL,
    lease BIGINT NOT NULL,
    server TEXT NOT NULL,
    facts TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (webhook, event_key)
);
CREATE INDEX deliveries_due ON deliveries (state, webhook, next_at);
-- Triggers, what they did with events, and ids of messages that have come in already.
CREATE TABLE triggers (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    facts TEXT NOT NULL,
    secrets TEXT NOT NULL
);
CREATE TABLE fires (
    id TEXT PRIMARY KEY,
    trigger_id TEXT NOT NULL,
    event_key TEXT NOT NULL,
    at BIGINT NOT NULL,
    facts TEXT NOT NULL,
    UNIQUE (trigger_id, event_key)
);
CREATE TABLE hook_messages (
    trigger_id TEXT NOT NULL,
    message TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (trigger_id, message)
);
CREATE INDEX hook_messages_at ON hook_messages (at);
