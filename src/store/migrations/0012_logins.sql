-- Who may sign in, and who is signed in. Secrets are kept as hashes only.
ALTER TABLE users ADD COLUMN password_hash TEXT;

CREATE TABLE logins (
    secret_hash TEXT PRIMARY KEY,
    user_name TEXT NOT NULL,
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX logins_of_user ON logins (user_name);

-- Sessions that people without an account may come into, and who did.
CREATE TABLE shares (
    id TEXT PRIMARY KEY,
    session TEXT NOT NULL,
    code_hash TEXT NOT NULL UNIQUE,
    facts TEXT NOT NULL,
    uses BIGINT NOT NULL,
    max_uses BIGINT,
    expires_at BIGINT NOT NULL
);
CREATE INDEX shares_of_session ON shares (session);

CREATE TABLE guests (
    secret_hash TEXT PRIMARY KEY,
    share TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX guests_of_share ON guests (share);
