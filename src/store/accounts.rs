//! Users and tokens.
use super::Store;
use super::like;
use super::role;
use super::time;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Token;
use crate::model::User;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::any::AnyRow;

const USER: &str = "name, role, created_at, password_hash IS NOT NULL, version";

impl Store {
    /// Adds a user.
    ///
    /// # Errors
    /// `name_in_use`, `disk_full`, `store_failed`.
    pub async fn add_user(&self, user: &User, password_hash: Option<&str>) -> Result<()> {
        let query = sqlx::query("INSERT INTO users (name, role, created_at, password_hash) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING");
        let query = query.bind(&user.name).bind(user.role.as_str()).bind(user.created_at.as_microsecond()).bind(password_hash);
        match query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() {
            0 => Err(Error::new(Code::NameInUse, format!("there is a user '{}' already", user.name))),
            _ => Ok(()),
        }
    }

    /// The user of that name.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn find_user(&self, name: &str) -> Result<Option<User>> {
        let query = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT {USER} FROM users WHERE name = $1"))).bind(name);
        let row = query.fetch_optional(self.pool()).await.map_err(|error| self.fault(error))?;
        row.as_ref().map(|row| self.user(row)).transpose()
    }

    /// At most `limit` users after `after`, by name.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list_users(&self, after: Option<&str>, text: Option<&str>, limit: u32) -> Result<Vec<User>> {
        let text_ = format!("SELECT {USER} FROM users WHERE name > $1 AND lower(name) LIKE $2 ORDER BY name LIMIT $3");
        let query = sqlx::query(sqlx::AssertSqlSafe(text_)).bind(after.unwrap_or("")).bind(like(text)).bind(i64::from(limit));
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.user(row)).collect()
    }

    fn user(&self, row: &AnyRow) -> Result<User> {
        let (name, of, at, has_password, version) =
            self.read(|| Ok((row.try_get(0)?, row.try_get::<String, _>(1)?, row.try_get(2)?, truth(row, 3)?, row.try_get(4)?)))?;
        Ok(User { name, role: role(&of)?, created_at: time(at)?, has_password, version })
    }

    /// Removes a user with their tokens and layouts, with `replaces` only one of that version. Whether there was one.
    ///
    /// # Errors
    /// `stale`, `disk_full`, `store_failed`.
    pub async fn remove_user(&self, name: &str, replaces: Option<i64>) -> Result<bool> {
        let fault = |error| self.fault(error);
        let mut transaction = self.pool().begin().await.map_err(fault)?;
        // Whoever changes the row holds it to the end of the transaction.
        let lock = sqlx::query("UPDATE users SET version = version + 1 WHERE name = $1 RETURNING version").bind(name);
        let Some(row) = lock.fetch_all(&mut *transaction).await.map_err(fault)?.pop() else { return Ok(false) };
        let version = self.read(|| row.try_get::<i64, _>(0))? - 1;
        if replaces.is_some_and(|replaces| replaces != version) {
            return Err(Error::stale("user", name, version));
        }
        for text in [
            "DELETE FROM tokens WHERE user_name = $1",
            "DELETE FROM logins WHERE user_name = $1",
            "DELETE FROM layouts WHERE owner = $1",
            "DELETE FROM users WHERE name = $1",
        ] {
            sqlx::query(text).bind(name).execute(&mut *transaction).await.map_err(fault)?;
        }
        transaction.commit().await.map_err(fault)?;
        Ok(true)
    }

    /// Keeps a token, by the hash of its secret.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn add_token(&self, token: &Token, secret_hash: &str) -> Result<()> {
        let query = sqlx::query("INSERT INTO tokens (id, user_name, role, secret_hash, created_at, expires_at, about) VALUES ($1, $2, $3, $4, $5, $6, $7)");
        let query = query.bind(token.id.as_str()).bind(&token.user).bind(token.role.as_str()).bind(secret_hash);
        let query = query.bind(token.created_at.as_microsecond()).bind(token.expires_at.map(Timestamp::as_microsecond)).bind(&token.about);
        query.execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }

    /// The token whose secret has this hash, with its user.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn token_by_hash(&self, secret_hash: &str) -> Result<Option<(Token, User)>> {
        let text = "SELECT t.id, t.user_name, t.role, t.created_at, t.expires_at, t.about, u.role, u.created_at, u.password_hash IS NOT NULL, u.version FROM tokens t JOIN users u ON u.name = t.user_name WHERE t.secret_hash = $1";
        let row = sqlx::query(text).bind(secret_hash).fetch_optional(self.pool()).await.map_err(|error| self.fault(error))?;
        let Some(row) = row else { return Ok(None) };
        let token = self.token(&row)?;
        let (of, at, has_password, version) = self.read(|| Ok((row.try_get::<String, _>(6)?, row.try_get(7)?, truth(&row, 8)?, row.try_get(9)?)))?;
        let user = User { name: token.user.clone(), role: role(&of)?, created_at: time(at)?, has_password, version };
        Ok(Some((token, user)))
    }

    /// At most `limit` tokens after `after` with a text in whose they are or what they are for, oldest first.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list_tokens(&self, after: Option<&str>, text: Option<&str>, limit: u32) -> Result<Vec<Token>> {
        let query = "SELECT id, user_name, role, created_at, expires_at, about FROM tokens
            WHERE id > $1 AND (lower(user_name) LIKE $2 OR lower(COALESCE(about, '')) LIKE $2) ORDER BY id LIMIT $3";
        let query = sqlx::query(query).bind(after.unwrap_or("")).bind(like(text)).bind(i64::from(limit));
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.token(row)).collect()
    }

    /// At most `limit` tokens of one user after `after` with a text in what they are for, oldest first. `also` is a pattern of further users' names.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list_tokens_of(&self, user: &str, also: Option<&str>, after: Option<&str>, text: Option<&str>, limit: u32) -> Result<Vec<Token>> {
        let query = "SELECT id, user_name, role, created_at, expires_at, about FROM tokens
            WHERE (user_name = $1 OR user_name LIKE $2) AND id > $3 AND lower(COALESCE(about, '')) LIKE $4 ORDER BY id LIMIT $5";
        let query = sqlx::query(query).bind(user).bind(also.unwrap_or("")).bind(after.unwrap_or("")).bind(like(text)).bind(i64::from(limit));
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.token(row)).collect()
    }

    /// The token with this id.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn find_token(&self, id: &str) -> Result<Option<Token>> {
        let query = sqlx::query("SELECT id, user_name, role, created_at, expires_at, about FROM tokens WHERE id = $1").bind(id);
        let row = query.fetch_optional(self.pool()).await.map_err(|error| self.fault(error))?;
        row.map(|row| self.token(&row)).transpose()
    }

    fn token(&self, row: &AnyRow) -> Result<Token> {
        let (id, user, of, made, ends, about) = self.read(|| {
            let ends = row.try_get::<Option<i64>, _>(4)?;
            Ok((row.try_get::<String, _>(0)?, row.try_get(1)?, row.try_get::<String, _>(2)?, row.try_get(3)?, ends, row.try_get(5)?))
        })?;
        Ok(Token { id: id.into(), user, role: role(&of)?, created_at: time(made)?, expires_at: ends.map(time).transpose()?, about })
    }

    /// Revokes a token of one user, or of those whose names fit `also`. Whether there was one.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn remove_token_of(&self, user: &str, also: Option<&str>, id: &str) -> Result<bool> {
        let query = sqlx::query("DELETE FROM tokens WHERE id = $1 AND (user_name = $2 OR user_name LIKE $3)").bind(id).bind(user).bind(also.unwrap_or(""));
        Ok(query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() > 0)
    }

    /// Revokes a token. Whether there was one.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn remove_token(&self, id: &str) -> Result<bool> {
        let done = sqlx::query("DELETE FROM tokens WHERE id = $1").bind(id).execute(self.pool()).await.map_err(|error| self.fault(error))?;
        Ok(done.rows_affected() > 0)
    }
}

/// A column that says yes or no: a number in SQLite, a truth value in PostgreSQL.
fn truth(row: &AnyRow, column: usize) -> sqlx::Result<bool> {
    row.try_get::<bool, _>(column).or_else(|_| row.try_get::<i64, _>(column).map(|number| number != 0))
}
