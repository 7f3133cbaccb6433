//! Messages for people, on their way to the clients of other servers of the same database.
use super::Store;
use super::from_json;
use super::to_json;
use crate::error::Result;
use crate::model::Event;
use jiff::Timestamp;
use sqlx::Row as _;

impl Store {
    /// Whether other servers may use the same database.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self.0.place, super::Place::Server(_))
    }

    /// Notes a message that a server has shown to its own clients.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn add_notice(&self, server: &str, at: Timestamp, notice: &Event) -> Result<()> {
        let query = sqlx::query("INSERT INTO notices (id, server, at, facts) VALUES ($1, $2, $3, $4)").bind(uuid::Uuid::now_v7().simple().to_string());
        let query = query.bind(server).bind(at.as_microsecond()).bind(to_json(notice));
        query.execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }

    /// Messages that others than this server have shown since then, oldest first, each with its id.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn notices_of_others(&self, server: &str, since: Timestamp) -> Result<Vec<(String, Event)>> {
        let query =
            sqlx::query("SELECT id, facts FROM notices WHERE at > $1 AND server <> $2 ORDER BY at LIMIT 1000").bind(since.as_microsecond()).bind(server);
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| Ok((self.read(|| row.try_get(0))?, from_json(&self.read(|| row.try_get::<String, _>(1))?)?))).collect()
    }

    /// Forgets messages from before then.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn forget_notices(&self, before: Timestamp) -> Result<()> {
        let query = sqlx::query("DELETE FROM notices WHERE at < $1").bind(before.as_microsecond());
        query.execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }
}
