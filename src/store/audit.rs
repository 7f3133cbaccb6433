//! The audit: rows that are only ever added, each with a hash over itself and the row before.
use super::Store;
use super::role;
use super::time;
use crate::error::Error;
use crate::error::Result;
use crate::model::AuditEvent;
use crate::model::AuditId;
use crate::model::Code;
use crate::model::Outcome;
use crate::model::Role;
use jiff::Timestamp;
use sha2::Digest as _;
use sha2::Sha256;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use tokio::sync::oneshot;

/// Another server may have appended in between; then it is tried again on top of that.
const TRIES: usize = 20;
/// Most characters of a target or detail.
const LONGEST: usize = 1_000;

/// Most rows that are written by one statement.
const TOGETHER: usize = 200;

/// A row that is to be written, and who waits for that. There are as many as there are requests.
#[derive(Debug)]
pub(super) struct Waiting {
    note: AuditNote,
    tell: oneshot::Sender<Result<()>>,
}

/// The newest row.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    seq: i64,
    hash: String,
}

/// What is to be noted.
#[derive(Clone, Debug)]
pub struct AuditNote {
    /// Which event; a fresh id begins one, the same id again says how it ended.
    pub event: AuditId,
    /// When the event began.
    pub begun_at: Timestamp,
    /// Who.
    pub actor: String,
    /// Their role.
    pub role: Role,
    /// What, as `verb:noun`.
    pub action: String,
    /// On what.
    pub target: String,
    /// How it is.
    pub outcome: Outcome,
    /// Further facts, with no secrets.
    pub detail: Option<String>,
}

impl AuditNote {
    fn hash(&self, seq: i64, at: i64, prev: &str) -> String {
        let fields =
            (seq, &self.event, at, self.begun_at.as_microsecond(), &self.actor, self.role, &self.action, &self.target, self.outcome, &self.detail, prev);
        let text = super::to_json(&fields);
        Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Store {
    /// Adds a row. It is kept when this returns. Rows that come while others are being written are written together, with the next statement: a
    /// hundred viewers that come back at once wait for a few writes, and not for a hundred.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn append_audit(&self, mut note: AuditNote) -> Result<()> {
        note.target = short(&note.target);
        note.detail = note.detail.as_deref().map(short);
        let (tell, told) = oneshot::channel();
        let first = {
            let mut waiting = self.0.waiting.lock().expect("no panics while held");
            waiting.push(Waiting { note, tell });
            waiting.len() == 1
        };
        if first {
            let store = self.clone();
            // Beside, so that nobody's row is lost when this one is not waited for any more.
            tokio::spawn(async move { store.write_waiting().await });
        }
        told.await.unwrap_or_else(|_| Err(Error::internal("the audit was not written")))
    }

    /// Writes the rows that wait, and tells those who wait for them.
    async fn write_waiting(&self) {
        let mut tail = self.0.tail.lock().await;
        let all = std::mem::take(&mut *self.0.waiting.lock().expect("no panics while held"));
        let mut rest = all.into_iter().peekable();
        while rest.peek().is_some() {
            let (notes, tells): (Vec<AuditNote>, Vec<_>) = rest.by_ref().take(TOGETHER).map(|waiting| (waiting.note, waiting.tell)).unzip();
            let failed = self.write_audit(&mut tail, &notes).await.err();
            for tell in tells {
                let result = failed.as_ref().map_or(Ok(()), |error| Err(Error { fix: error.fix.clone(), ..Error::new(error.code, error.message.clone()) }));
                // Who does not wait any more need not know.
                let _ = tell.send(result);
            }
        }
    }

    /// Writes rows with one statement: all of them or none.
    async fn write_audit(&self, tail: &mut Option<Tail>, notes: &[AuditNote]) -> Result<()> {
        const COLUMNS: usize = 12;
        let places: Vec<String> = (0..notes.len())
            .map(|row| {
                let names: Vec<String> = (1..=COLUMNS).map(|column| format!("${}", row * COLUMNS + column)).collect();
                format!("({})", names.join(", "))
            })
            .collect();
        let text =
            format!("INSERT INTO audit (seq, event, at, begun_at, actor, role, action, target, outcome, detail, prev_hash, hash) VALUES {}", places.join(", "));
        for _ in 0..TRIES {
            let Tail { mut seq, mut hash } = match tail.take() {
                Some(tail) => tail,
                None => self.audit_tail().await?,
            };
            // Numbers of places only; what is noted is bound.
            let mut query = sqlx::query(sqlx::AssertSqlSafe(text.clone()));
            for note in notes {
                let at = Timestamp::now().as_microsecond();
                let prev = hash;
                seq += 1;
                hash = note.hash(seq, at, &prev);
                query = query.bind(seq).bind(note.event.as_str().to_owned()).bind(at).bind(note.begun_at.as_microsecond());
                query = query.bind(note.actor.clone()).bind(note.role.as_str().to_owned()).bind(note.action.clone()).bind(note.target.clone());
                query = query.bind(outcome_text(note.outcome).to_owned()).bind(note.detail.clone()).bind(prev).bind(hash.clone());
            }
            match query.execute(self.pool()).await {
                Ok(_) => {
                    *tail = Some(Tail { seq, hash });
                    return Ok(());
                }
                // Another server was faster: on top of its rows, then.
                Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {}
                Err(error) => return Err(self.fault(error)),
            }
        }
        Err(Error::new(Code::StoreFailed, "other servers append to the audit all the time"))
    }

    async fn audit_tail(&self) -> Result<Tail> {
        let row = sqlx::query("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetch_optional(self.pool()).await.map_err(|error| self.fault(error))?;
        match row {
            Some(row) => self.read(|| Ok(Tail { seq: row.try_get(0)?, hash: row.try_get(1)? })),
            None => Ok(Tail { seq: 0, hash: String::new() }),
        }
    }

    /// At most `limit` events after `after`, newest or oldest first, each as its newest row has it. `text` is looked for in actor, action and target.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list_audit(&self, after: Option<&str>, newest_first: bool, text: Option<&str>, limit: u32) -> Result<Vec<AuditEvent>> {
        let (than, direction, edge) = super::onward(newest_first);
        let query = format!(
            "SELECT event, begun_at, actor, role, action, target, outcome, detail FROM audit a
            WHERE event {than} $1 AND NOT EXISTS (SELECT 1 FROM audit b WHERE b.event = a.event AND b.seq > a.seq)
            AND (lower(actor) LIKE $2 OR lower(action) LIKE $2 OR lower(target) LIKE $2)
            ORDER BY event {direction} LIMIT $3"
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(after.unwrap_or(edge)).bind(super::like(text)).bind(i64::from(limit));
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.event(row)).collect()
    }

    fn event(&self, row: &AnyRow) -> Result<AuditEvent> {
        let (id, at, actor, by, action, target, outcome, detail) = self.read(|| {
            Ok((
                row.try_get::<String, _>(0)?,
                row.try_get(1)?,
                row.try_get(2)?,
                row.try_get::<String, _>(3)?,
                row.try_get(4)?,
                row.try_get(5)?,
                row.try_get::<String, _>(6)?,
                row.try_get(7)?,
            ))
        })?;
        let outcome = Outcome::ALL.into_iter().find(|known| outcome_text(*known) == outcome).unwrap_or(Outcome::Unknown);
        Ok(AuditEvent { id: id.into(), at: time(at)?, actor, role: role(&by)?, action, target, outcome, detail })
    }

    /// Marks what was begun before `started` and has no end as `unknown`. Returns how many.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn sweep_audit(&self, started: Timestamp) -> Result<usize> {
        let query = "SELECT event, begun_at, actor, role, action, target, outcome, detail FROM audit a
            WHERE outcome = 'intent' AND begun_at < $1 AND NOT EXISTS (SELECT 1 FROM audit b WHERE b.event = a.event AND b.seq > a.seq)";
        let rows = sqlx::query(query).bind(started.as_microsecond()).fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        for row in &rows {
            let event = self.event(row)?;
            let AuditEvent { id, at, actor, role, action, target, .. } = event;
            let detail = Some("the server ended before it was known how this ended".to_owned());
            self.append_audit(AuditNote { event: id, begun_at: at, actor, role, action, target, outcome: Outcome::Unknown, detail }).await?;
        }
        Ok(rows.len())
    }

    /// Forgets the oldest rows, up to the first event that began at `cutoff` or later. Returns how many.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn forget_audit(&self, cutoff: Timestamp) -> Result<u64> {
        // The newest row stays in any case: the next one's hash covers it.
        let text = "DELETE FROM audit WHERE seq < (SELECT coalesce(min(seq), (SELECT max(seq) FROM audit)) FROM audit WHERE begun_at >= $1)";
        let done = sqlx::query(text).bind(cutoff.as_microsecond()).execute(self.pool()).await.map_err(|error| self.fault(error))?;
        Ok(done.rows_affected())
    }

    /// Recomputes every hash, from the oldest row that is kept. Returns the number of the newest row.
    ///
    /// # Errors
    /// `store_failed` naming the first row that is not as it was written, or missing.
    pub async fn verify_audit(&self) -> Result<u64> {
        let (mut last, mut prev) = (0i64, None::<String>);
        loop {
            let query = "SELECT event, begun_at, actor, role, action, target, outcome, detail, seq, at, prev_hash, hash FROM audit WHERE seq > $1 ORDER BY seq LIMIT 500";
            let rows = sqlx::query(query).bind(last).fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
            if rows.is_empty() {
                return Ok(last.unsigned_abs());
            }
            for row in &rows {
                let AuditEvent { id, at: begun_at, actor, role, action, target, outcome, detail } = self.event(row)?;
                let (seq, at, before, hash): (i64, i64, String, String) =
                    self.read(|| Ok((row.try_get(8)?, row.try_get(9)?, row.try_get(10)?, row.try_get(11)?)))?;
                let note = AuditNote { event: id, begun_at, actor, role, action, target, outcome, detail };
                let follows = prev.as_ref().is_none_or(|prev| seq == last + 1 && before == *prev);
                if !follows || note.hash(seq, at, &before) != hash {
                    return Err(Error::new(Code::StoreFailed, format!("the audit was changed at row {}", last + 1)));
                }
                (last, prev) = (seq, Some(hash));
            }
        }
    }
}

fn outcome_text(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Intent => "intent",
        Outcome::Succeeded => "succeeded",
        Outcome::Failed => "failed",
        Outcome::Refused => "refused",
        Outcome::Unknown => "unknown",
    }
}

fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
