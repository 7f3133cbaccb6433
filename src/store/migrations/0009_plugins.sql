-- What was granted to plugins. `hash` is of the files for which it was; `failures` counts the runs in a row that failed of what a plugin does by itself,
-- and `error` says why it does nothing by itself any more.
CREATE TABLE plugins (
    name TEXT PRIMARY KEY,
    version TEXT NOT NULL,
    hash TEXT NOT NULL,
    granted TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    installed_by TEXT NOT NULL,
    failures BIGINT NOT NULL,
    error TEXT NOT NULL,
    at BIGINT NOT NULL
);
