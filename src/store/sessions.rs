//! Rows of sessions: what a new server knows of those before it.
use super::Store;
use super::from_json;
use super::to_json;
use crate::error::Result;
use crate::model::Held;
use crate::model::Session;
use crate::model::SessionId;
use crate::model::SessionState;
use jiff::Timestamp;
use sqlx::Row as _;

/// A session as it was last noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// What is known of it.
    pub session: Session,
    /// What redraws its screen as it was then, where that was kept.
    pub snapshot: Option<Vec<u8>>,
    /// What is needed to find it in its holder.
    pub held: Option<Held>,
}

impl Store {
    /// Notes how a session is; a snapshot that is not given stays as it was. `held` is for a session that lives on without a server.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn save_session(&self, session: &Session, held: Option<&Held>, snapshot: Option<&[u8]>) -> Result<()> {
        let state = match session.state {
            SessionState::Live => "live",
            SessionState::Ended => "ended",
        };
        let text = "INSERT INTO sessions (id, state, facts, snapshot, updated_at, held) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE SET
            state = excluded.state, facts = excluded.facts, snapshot = coalesce(excluded.snapshot, sessions.snapshot), updated_at = excluded.updated_at,
            held = excluded.held";
        let query = sqlx::query(text).bind(session.id.as_str()).bind(state).bind(to_json(session));
        let query = query.bind(snapshot.map(<[u8]>::to_vec)).bind(Timestamp::now().as_microsecond());
        let query = query.bind(held.map(to_json));
        query.execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }

    /// Every session that is noted, oldest first.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list_session_rows(&self) -> Result<Vec<SessionRow>> {
        let rows = sqlx::query("SELECT facts, snapshot, held FROM sessions ORDER BY id").fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter()
            .map(|row| {
                let read = || Ok((row.try_get::<String, _>(0)?, row.try_get::<Option<Vec<u8>>, _>(1)?, row.try_get::<Option<String>, _>(2)?));
                let (facts, snapshot, held) = self.read(read)?;
                Ok(SessionRow { session: from_json(&facts)?, snapshot, held: held.as_deref().map(from_json).transpose()? })
            })
            .collect()
    }

    /// Forgets a session.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn remove_session(&self, id: &SessionId) -> Result<()> {
        sqlx::query("DELETE FROM sessions WHERE id = $1").bind(id.as_str()).execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }
}
