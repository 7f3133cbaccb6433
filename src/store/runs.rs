//! Runs of scripts: what is known of each, and their logs.
use super::Store;
use super::from_json;
use super::to_json;
use crate::error::Error;
use crate::error::Result;
use crate::model::Run;
use crate::model::RunCause;
use crate::model::RunEntry;
use crate::model::RunState;
use crate::model::StartRun;
use jiff::Timestamp;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use std::time::Duration;

/// A run whose server has died.
#[derive(Clone, Debug)]
pub struct Orphan {
    /// As it was last noted.
    pub run: Run,
    /// What was asked for.
    pub request: StartRun,
    /// The script's last checkpoint.
    pub checkpoint: Option<serde_json::Value>,
}

impl Store {
    /// Notes a new run, which `server` has for as long as `lease`.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn add_run(&self, run: &Run, request: &StartRun, server: &str, lease: Duration) -> Result<()> {
        let mut connection = self.pool().acquire().await.map_err(|error| self.fault(error))?;
        insert(&mut connection, run, request, server, lease).await.map_err(|error| self.fault(error))
    }

    /// Notes how a run is. False when `server` no longer has it: it was taken for dead.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn save_run(&self, run: &Run, server: &str) -> Result<bool> {
        let text = "UPDATE runs SET state = $3, words = $4, facts = $5, ended_at = $6 WHERE id = $1 AND server = $2";
        let query = sqlx::query(text).bind(run.id.as_str()).bind(server).bind(run.state.as_str()).bind(words(run)).bind(to_json(run));
        let query = query.bind(run.ended_at.map(Timestamp::as_microsecond));
        Ok(query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() > 0)
    }

    /// Notes where a resumable run goes on.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn save_checkpoint(&self, run: &str, server: &str, checkpoint: &serde_json::Value) -> Result<bool> {
        let query = sqlx::query("UPDATE runs SET checkpoint = $3 WHERE id = $1 AND server = $2").bind(run).bind(server).bind(to_json(checkpoint));
        Ok(query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() > 0)
    }

    /// `server` has its runs for as long as `lease` from now.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn renew_runs(&self, server: &str, lease: Duration) -> Result<()> {
        let query = sqlx::query("UPDATE runs SET lease = $2 WHERE server = $1 AND state IN ('queued', 'running')").bind(server).bind(until(lease));
        query.execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }

    /// Takes over runs of other servers whose lease is over; of a database that only one server uses at a time, all of them. Each is given to one
    /// server only.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn take_orphans(&self, server: &str, lease: Duration) -> Result<Vec<Orphan>> {
        let alone = matches!(self.0.place, super::Place::File(_));
        let now = if alone { i64::MAX } else { Timestamp::now().as_microsecond() };
        let text = "UPDATE runs SET server = $1, lease = $2 WHERE state IN ('queued', 'running') AND server <> $1 AND lease < $3
            RETURNING facts, request, checkpoint";
        let rows = sqlx::query(text).bind(server).bind(until(lease)).bind(now).fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        let orphan = |row: &AnyRow| {
            let read = || Ok((row.try_get::<String, _>(0)?, row.try_get::<String, _>(1)?, row.try_get::<Option<String>, _>(2)?));
            let (run, request, checkpoint) = self.read(read)?;
            Ok(Orphan { run: from_json(&run)?, request: from_json(&request)?, checkpoint: checkpoint.as_deref().map(from_json).transpose()? })
        };
        rows.iter().map(orphan).collect()
    }

    /// One run.
    ///
    /// # Errors
    /// `not_found`, `store_failed`.
    pub async fn find_run(&self, id: &str) -> Result<Run> {
        Ok(self.find_run_request(id).await?.0)
    }

    /// One run, and what was asked for.
    ///
    /// # Errors
    /// `not_found`, `store_failed`.
    pub async fn find_run_request(&self, id: &str) -> Result<(Run, StartRun)> {
        let query = sqlx::query("SELECT facts, request FROM runs WHERE id = $1").bind(id);
        let row = query.fetch_optional(self.pool()).await.map_err(|error| self.fault(error))?.ok_or_else(|| Error::not_found("run", id))?;
        let (run, request) = self.read(|| Ok((row.try_get::<String, _>(0)?, row.try_get::<String, _>(1)?)))?;
        Ok((from_json(&run)?, from_json(&request)?))
    }

    /// At most `limit` runs that fit, newest first.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list_runs(&self, before: Option<&str>, text: Option<&str>, state: Option<RunState>, limit: u32) -> Result<Vec<Run>> {
        let query = "SELECT facts FROM runs WHERE id < $1 AND words LIKE $2 AND ($3 = '' OR state = $3) ORDER BY id DESC LIMIT $4";
        let asked = sqlx::query(query).bind(before.unwrap_or("~")).bind(super::like(text));
        let asked = asked.bind(state.map_or("", RunState::as_str)).bind(i64::from(limit));
        let rows = asked.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| from_json(&self.read(|| row.try_get::<String, _>(0))?)).collect()
    }

    /// Adds to a run's log.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn add_run_entries(&self, run: &str, entries: &[RunEntry]) -> Result<()> {
        let mut transaction = self.pool().begin().await.map_err(|error| self.fault(error))?;
        for entry in entries {
            let query = sqlx::query("INSERT INTO run_entries (run, seq, facts) VALUES ($1, $2, $3) ON CONFLICT (run, seq) DO NOTHING");
            let query = query.bind(run).bind(entry.seq.cast_signed()).bind(to_json(entry));
            query.execute(&mut *transaction).await.map_err(|error| self.fault(error))?;
        }
        transaction.commit().await.map_err(|error| self.fault(error))
    }

    /// At most `limit` entries of a run's log after one.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list_run_entries(&self, run: &str, after: u64, limit: u32) -> Result<Vec<RunEntry>> {
        let query = sqlx::query("SELECT facts FROM run_entries WHERE run = $1 AND seq > $2 ORDER BY seq LIMIT $3");
        let query = query.bind(run).bind(after.cast_signed()).bind(i64::from(limit));
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| from_json(&self.read(|| row.try_get::<String, _>(0))?)).collect()
    }

    /// The number of the last entry of a run's log; 0 where there is none.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn last_run_entry(&self, run: &str) -> Result<u64> {
        let query = sqlx::query("SELECT CAST(coalesce(max(seq), 0) AS BIGINT) FROM run_entries WHERE run = $1").bind(run);
        let row = query.fetch_one(self.pool()).await.map_err(|error| self.fault(error))?;
        Ok(self.read(|| row.try_get::<i64, _>(0))?.cast_unsigned())
    }

    /// Removes a run and its log.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn remove_run(&self, id: &str) -> Result<()> {
        for text in ["DELETE FROM run_entries WHERE run = $1", "DELETE FROM runs WHERE id = $1"] {
            sqlx::query(text).bind(id).execute(self.pool()).await.map_err(|error| self.fault(error))?;
        }
        Ok(())
    }

    /// Removes runs that have ended before `before`, and those beyond the `most` newest that are over. How many went.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn forget_runs(&self, before: Timestamp, most: u32) -> Result<u64> {
        let text = "DELETE FROM runs WHERE ended_at IS NOT NULL AND (ended_at < $1 OR id <= coalesce(
            (SELECT id FROM runs WHERE ended_at IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET $2), ''))";
        let gone = sqlx::query(text).bind(before.as_microsecond()).bind(i64::from(most)).execute(self.pool()).await.map_err(|error| self.fault(error))?;
        if gone.rows_affected() > 0 {
            let text = "DELETE FROM run_entries WHERE run NOT IN (SELECT id FROM runs)";
            sqlx::query(text).execute(self.pool()).await.map_err(|error| self.fault(error))?;
        }
        Ok(gone.rows_affected())
    }
}

/// The row of a new run, also as a part of something larger.
pub(super) async fn insert(connection: &mut sqlx::AnyConnection, run: &Run, request: &StartRun, server: &str, lease: Duration) -> sqlx::Result<()> {
    let text = "INSERT INTO runs (id, state, owner, words, server, lease, facts, request) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let query = sqlx::query(text).bind(run.id.as_str()).bind(run.state.as_str()).bind(&run.owner).bind(words(run)).bind(server);
    let query = query.bind(until(lease)).bind(to_json(run)).bind(to_json(request));
    query.execute(connection).await.map(drop)
}

fn until(lease: Duration) -> i64 {
    Timestamp::now().as_microsecond().saturating_add(i64::try_from(lease.as_micros()).unwrap_or(i64::MAX))
}

/// What is searched.
fn words(run: &Run) -> String {
    let cause = match &run.cause {
        RunCause::Asked => "",
        RunCause::Again { run } => run.as_str(),
        RunCause::Schedule { name, .. } | RunCause::Trigger { name, .. } | RunCause::Plugin { name, .. } => name,
    };
    let error = run.error.as_ref().map_or("", |error| error.message.as_str());
    [run.id.as_str(), &run.script, &run.owner, cause, error].join(" ").to_lowercase()
}
