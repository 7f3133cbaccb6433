//! Passwords and who is signed in.
use super::Store;
use super::role;
use super::time;
use crate::error::Result;
use crate::model::Role;
use jiff::Timestamp;
use sqlx::Row as _;

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Their name.
    pub user: String,
    /// What they may do: the weaker of the role that they signed in with and the one that they have.
    pub role: Role,
    /// When it was last used, to within some minutes.
    pub used_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl Store {
    /// The hash of a user's password, where they are a user and have one.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn password_of(&self, name: &str) -> Result<Option<String>> {
        let query = sqlx::query("SELECT password_hash FROM users WHERE name = $1").bind(name);
        let row = query.fetch_optional(self.pool()).await.map_err(|error| self.fault(error))?;
        row.map_or(Ok(None), |row| self.read(|| row.try_get(0)))
    }

    /// Whether anybody has a password.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn has_passwords(&self) -> Result<bool> {
        let query = sqlx::query("SELECT name FROM users WHERE password_hash IS NOT NULL LIMIT 1");
        query.fetch_optional(self.pool()).await.map(|row| row.is_some()).map_err(|error| self.fault(error))
    }

    /// Gives a user another role or another password's hash; what is none stays. Whether there is that user.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn change_user(&self, name: &str, role: Option<Role>, password_hash: Option<&str>, replaces: Option<i64>) -> Result<bool> {
        let text = "UPDATE users SET role = COALESCE($2, role), password_hash = COALESCE($3, password_hash), version = version + 1
            WHERE name = $1 AND version = COALESCE(CAST($4 AS BIGINT), version)";
        let query = sqlx::query(text).bind(name).bind(role.map(Role::as_str)).bind(password_hash).bind(replaces);
        query.execute(self.pool()).await.map(|done| done.rows_affected() > 0).map_err(|error| self.fault(error))
    }

    /// Keeps who has signed in, and forgets those that have ended.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn add_login(&self, secret_hash: &str, login: &Login) -> Result<()> {
        let gone = sqlx::query("DELETE FROM logins WHERE expires_at < $1").bind(login.used_at.as_microsecond());
        gone.execute(self.pool()).await.map_err(|error| self.fault(error))?;
        let query = sqlx::query("INSERT INTO logins (secret_hash, user_name, role, created_at, used_at, expires_at) VALUES ($1, $2, $3, $4, $4, $5)");
        let query = query.bind(secret_hash).bind(&login.user).bind(login.role.as_str());
        let query = query.bind(login.used_at.as_microsecond()).bind(login.expires_at.as_microsecond());
        query.execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }

    /// Who is signed in with this secret.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn login_by_hash(&self, secret_hash: &str) -> Result<Option<Login>> {
        let text = "SELECT l.user_name, l.role, u.role, l.used_at, l.expires_at FROM logins l JOIN users u ON u.name = l.user_name WHERE l.secret_hash = $1";
        let row = sqlx::query(text).bind(secret_hash).fetch_optional(self.pool()).await.map_err(|error| self.fault(error))?;
        let Some(row) = row else { return Ok(None) };
        let (user, had, has, used, ends) =
            self.read(|| Ok((row.try_get(0)?, row.try_get::<String, _>(1)?, row.try_get::<String, _>(2)?, row.try_get(3)?, row.try_get(4)?)))?;
        Ok(Some(Login { user, role: role(&had)?.min(role(&has)?), used_at: time(used)?, expires_at: time(ends)? }))
    }

    /// Notes that a login is used.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn use_login(&self, secret_hash: &str, at: Timestamp) -> Result<()> {
        let query = sqlx::query("UPDATE logins SET used_at = $2 WHERE secret_hash = $1").bind(secret_hash).bind(at.as_microsecond());
        query.execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }

    /// Signs one out.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn remove_login(&self, secret_hash: &str) -> Result<()> {
        let query = sqlx::query("DELETE FROM logins WHERE secret_hash = $1").bind(secret_hash);
        query.execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }

    /// Signs a user out everywhere, but where `kept` is the hash.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn remove_logins_of(&self, user: &str, kept: Option<&str>) -> Result<()> {
        let query = sqlx::query("DELETE FROM logins WHERE user_name = $1 AND secret_hash <> $2").bind(user).bind(kept.unwrap_or(""));
        query.execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }
}
