//! The index of recordings: what is known of each; their bytes are files.
use super::Store;
use super::from_json;
use super::to_json;
use crate::error::Error;
use crate::error::Result;
use crate::model::Recording;
use crate::model::RecordingId;
use crate::model::SessionId;
use sqlx::Row as _;
use sqlx::any::AnyRow;

impl Store {
    /// Notes how a recording is.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn save_recording(&self, recording: &Recording) -> Result<()> {
        let words = [recording.id.as_str(), recording.session.as_str(), &recording.container_name, &recording.owner, &recording.command.join(" ")];
        let text = "INSERT INTO recordings (id, session, words, facts) VALUES ($1, $2, $3, $4)
            ON CONFLICT (id) DO UPDATE SET words = excluded.words, facts = excluded.facts";
        let query = sqlx::query(text).bind(recording.id.as_str()).bind(recording.session.as_str());
        let query = query.bind(words.join(" ").to_lowercase()).bind(to_json(recording));
        query.execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }

    /// One recording.
    ///
    /// # Errors
    /// `not_found`, `store_failed`.
    pub async fn find_recording(&self, id: &str) -> Result<Recording> {
        let query = sqlx::query("SELECT facts FROM recordings WHERE id = $1").bind(id);
        let row = query.fetch_optional(self.pool()).await.map_err(|error| self.fault(error))?;
        row.as_ref().map_or_else(|| Err(Error::not_found("recording", id)), |row| self.recording(row))
    }

    /// At most `limit` recordings older than `before`, newest first. `text` is looked for in ids, container, owner and command.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list_recordings(&self, before: Option<&str>, text: Option<&str>, limit: u32) -> Result<Vec<Recording>> {
        let query = sqlx::query("SELECT facts FROM recordings WHERE id < $1 AND words LIKE $2 ORDER BY id DESC LIMIT $3");
        let query = query.bind(before.unwrap_or("~")).bind(super::like(text)).bind(i64::from(limit));
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.recording(row)).collect()
    }

    /// The recordings of a session, oldest first; of all sessions where none is given.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn recordings_of(&self, session: Option<&SessionId>) -> Result<Vec<Recording>> {
        let query = match session {
            Some(session) => sqlx::query("SELECT facts FROM recordings WHERE session = $1 ORDER BY id").bind(session.as_str()),
            None => sqlx::query("SELECT facts FROM recordings ORDER BY id"),
        };
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.recording(row)).collect()
    }

    /// Forgets a recording.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn remove_recording(&self, id: &RecordingId) -> Result<()> {
        sqlx::query("DELETE FROM recordings WHERE id = $1").bind(id.as_str()).execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }

    fn recording(&self, row: &AnyRow) -> Result<Recording> {
        let facts = self.read(|| row.try_get::<String, _>(0))?;
        from_json(&facts)
    }
}
