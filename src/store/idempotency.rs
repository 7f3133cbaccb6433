//! Idempotency keys: what was answered to a request, for its repetitions within 24 hours.
use super::Store;
use crate::error::Result;
use jiff::Timestamp;
use sqlx::Row as _;

/// How long a key counts, in microseconds.
const KEPT: i64 = 24 * 60 * 60 * 1_000_000;

/// What a key says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is new, and the caller's now: it answers, or gives the key back.
    Ours,
    /// The request with this hash has it; its answer, where there is one by now.
    Taken {
        /// Hash of the request that came first.
        request_hash: String,
        /// What was answered.
        answer: Option<String>,
    },
}

impl Store {
    /// Claims a key for an actor's request.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn claim_key(&self, actor: &str, key: &str, request_hash: &str) -> Result<Claim> {
        let now = Timestamp::now().as_microsecond();
        let old = sqlx::query("DELETE FROM idempotency WHERE created_at < $1").bind(now - KEPT);
        old.execute(self.pool()).await.map_err(|error| self.fault(error))?;
        let text = "INSERT INTO idempotency (actor, token, request_hash, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT (actor, token) DO NOTHING";
        let query = sqlx::query(text).bind(actor).bind(key).bind(request_hash).bind(now);
        if query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() == 1 {
            return Ok(Claim::Ours);
        }
        let query = sqlx::query("SELECT request_hash, answer FROM idempotency WHERE actor = $1 AND token = $2").bind(actor).bind(key);
        let row = query.fetch_optional(self.pool()).await.map_err(|error| self.fault(error))?;
        // Given back in between: then it is as if it were still being answered, and asking again helps.
        let Some(row) = row else { return Ok(Claim::Taken { request_hash: request_hash.to_owned(), answer: None }) };
        self.read(|| Ok(Claim::Taken { request_hash: row.try_get(0)?, answer: row.try_get(1)? }))
    }

    /// Notes what was answered.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn answer_key(&self, actor: &str, key: &str, answer: &str) -> Result<()> {
        let query = sqlx::query("UPDATE idempotency SET answer = $3 WHERE actor = $1 AND token = $2").bind(actor).bind(key).bind(answer);
        query.execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }

    /// Gives a key back: the request had no effect.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn release_key(&self, actor: &str, key: &str) -> Result<()> {
        let query = sqlx::query("DELETE FROM idempotency WHERE actor = $1 AND token = $2 AND answer IS NULL").bind(actor).bind(key);
        query.execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }
}
