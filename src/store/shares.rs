//! Shares of sessions and their guests.
use super::Store;
use super::from_json;
use super::time;
use super::to_json;
use crate::error::Result;
use crate::model::Share;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::any::AnyRow;

const SHARE: &str = "facts, uses";

impl Store {
    /// Keeps a share by the hash of its code, and forgets those that have ended.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn add_share(&self, share: &Share, code_hash: &str) -> Result<()> {
        let now = share.created_at.as_microsecond();
        for text in ["DELETE FROM guests WHERE share IN (SELECT id FROM shares WHERE expires_at < $1)", "DELETE FROM shares WHERE expires_at < $1"] {
            sqlx::query(text).bind(now).execute(self.pool()).await.map_err(|error| self.fault(error))?;
        }
        let query = sqlx::query("INSERT INTO shares (id, session, code_hash, facts, uses, max_uses, expires_at) VALUES ($1, $2, $3, $4, 0, $5, $6)");
        let query = query.bind(share.id.as_str()).bind(share.session.as_str()).bind(code_hash).bind(to_json(share));
        let query = query.bind(share.max_uses.map(i64::from)).bind(share.expires_at.as_microsecond());
        query.execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }

    /// The shares of a session that have not ended, oldest first.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list_shares(&self, session: &str, now: Timestamp) -> Result<Vec<Share>> {
        let text = format!("SELECT {SHARE} FROM shares WHERE session = $1 AND expires_at > $2 ORDER BY id");
        let query = sqlx::query(sqlx::AssertSqlSafe(text)).bind(session).bind(now.as_microsecond());
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.share(row)).collect()
    }

    /// One share.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn find_share(&self, id: &str) -> Result<Option<Share>> {
        let query = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT {SHARE} FROM shares WHERE id = $1"))).bind(id);
        let row = query.fetch_optional(self.pool()).await.map_err(|error| self.fault(error))?;
        row.as_ref().map(|row| self.share(row)).transpose()
    }

    /// Uses a share's code once, if it has not ended and may be used once more. Of two at the same time one gets the last use.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn use_share(&self, code_hash: &str, now: Timestamp) -> Result<Option<Share>> {
        let text = "UPDATE shares SET uses = uses + 1 WHERE code_hash = $1 AND expires_at > $2 AND (max_uses IS NULL OR uses < max_uses)";
        let done = sqlx::query(text).bind(code_hash).bind(now.as_microsecond()).execute(self.pool()).await.map_err(|error| self.fault(error))?;
        if done.rows_affected() == 0 {
            return Ok(None);
        }
        let query = sqlx::query(sqlx::AssertSqlSafe(format!("SELECT {SHARE} FROM shares WHERE code_hash = $1"))).bind(code_hash);
        let row = query.fetch_optional(self.pool()).await.map_err(|error| self.fault(error))?;
        row.as_ref().map(|row| self.share(row)).transpose()
    }

    /// Ends a share; its guests are none from then on. Whether there was one.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn remove_share(&self, id: &str) -> Result<bool> {
        let mut gone = 0;
        for text in ["DELETE FROM guests WHERE share = $1", "DELETE FROM shares WHERE id = $1"] {
            gone = sqlx::query(text).bind(id).execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected();
        }
        Ok(gone > 0)
    }

    /// Keeps a guest by the hash of their secret.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn add_guest(&self, secret_hash: &str, share: &str, name: &str, at: Timestamp) -> Result<()> {
        let query = sqlx::query("INSERT INTO guests (secret_hash, share, name, created_at) VALUES ($1, $2, $3, $4)");
        let query = query.bind(secret_hash).bind(share).bind(name).bind(at.as_microsecond());
        query.execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }

    /// The guest whose secret has this hash: their name and their share, as long as that has not ended.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn guest_by_hash(&self, secret_hash: &str, now: Timestamp) -> Result<Option<(String, Share)>> {
        let text = "SELECT s.facts, s.uses, g.name, s.expires_at FROM guests g JOIN shares s ON s.id = g.share WHERE g.secret_hash = $1";
        let row = sqlx::query(text).bind(secret_hash).fetch_optional(self.pool()).await.map_err(|error| self.fault(error))?;
        let Some(row) = row else { return Ok(None) };
        let (name, ends) = self.read(|| Ok((row.try_get(2)?, row.try_get(3)?)))?;
        if time(ends)? <= now {
            return Ok(None);
        }
        Ok(Some((name, self.share(&row)?)))
    }

    /// As [`Store::guest_by_hash`], if it is the share with this code that they came by.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn guest_of(&self, secret_hash: &str, code_hash: &str, now: Timestamp) -> Result<Option<(String, Share)>> {
        let Some((name, share)) = self.guest_by_hash(secret_hash, now).await? else { return Ok(None) };
        let query = sqlx::query("SELECT 1 FROM shares WHERE id = $1 AND code_hash = $2").bind(share.id.as_str()).bind(code_hash);
        let same = query.fetch_optional(self.pool()).await.map_err(|error| self.fault(error))?.is_some();
        Ok(same.then_some((name, share)))
    }

    fn share(&self, row: &AnyRow) -> Result<Share> {
        let (facts, uses) = self.read(|| Ok((row.try_get::<String, _>(0)?, row.try_get::<i64, _>(1)?)))?;
        let share: Share = from_json(&facts)?;
        Ok(Share { uses: u32::try_from(uses).unwrap_or(u32::MAX), ..share })
    }
}
