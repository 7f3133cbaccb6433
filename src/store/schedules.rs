//! Schedules, and what became of their times: the row of a time is the claim that only one server can make.
use super::Store;
use super::from_json;
use super::to_json;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::FireState;
use crate::model::MissedTimes;
use crate::model::Run;
use crate::model::RunId;
use crate::model::RunState;
use crate::model::Schedule;
use crate::model::ScheduleFire;
use crate::model::ScheduleId;
use crate::model::StartRun;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use sqlx::Row as _;
use sqlx::any::AnyRow;
use std::time::Duration;

/// Schedules with their last fires.
const SCHEDULES: &str = "SELECT s.facts, s.version, s.paused, s.next_due, f.due, f.state, f.run, f.taken_at, f.facts, r.state FROM schedules s
    LEFT JOIN schedule_fires f ON f.schedule = s.id AND f.due = (SELECT max(g.due) FROM schedule_fires g WHERE g.schedule = s.id)
    LEFT JOIN runs r ON r.id = f.run";
/// Something of a schedule is under way: a claim, or a run that is not over.
const BUSY: &str = "SELECT 1 FROM schedule_fires b LEFT JOIN runs r ON r.id = b.run WHERE b.schedule = $1
    AND (b.state = 'claimed' OR (b.state = 'started' AND r.state IN ('queued', 'running')))";

/// One time of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FireKey {
    /// Whose.
    pub schedule: ScheduleId,
    /// The time.
    pub due: Timestamp,
}

/// When a schedule is due next, without and with its jitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextDue {
    /// The time.
    pub due: Timestamp,
    /// When its run starts.
    pub ready: Timestamp,
}

/// A server that takes something up, and until when it has it.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'a> {
    /// Its boot.
    pub server: &'a str,
    /// The time as it sees it.
    pub now: Timestamp,
    /// How long it has what it takes.
    pub lease: Duration,
}

impl Holder<'_> {
    fn until(&self) -> i64 {
        self.now.as_microsecond().saturating_add(i64::try_from(self.lease.as_micros()).unwrap_or(i64::MAX))
    }
}

/// What is known of a fire beside its columns.
#[derive(Debug, Default, Serialize, Deserialize)]
struct FireFacts {
    #[serde(default)]
    asked: bool,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    missed: Option<MissedTimes>,
}

impl Store {
    /// Notes a new schedule; false when its name is taken.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn add_schedule(&self, schedule: &Schedule, next: Option<NextDue>) -> Result<bool> {
        let text = "INSERT INTO schedules (id, name, owner, version, paused, next_due, ready_at, words, facts) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (name) DO NOTHING";
        let query = sqlx::query(text).bind(schedule.id.as_str()).bind(&schedule.name).bind(&schedule.owner).bind(schedule.version);
        let query = query.bind(i64::from(schedule.paused)).bind(next.map(|next| next.due.as_microsecond())).bind(next.map(|next| next.ready.as_microsecond()));
        let query = query.bind(words(schedule)).bind(facts(schedule));
        Ok(query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() > 0)
    }

    /// How many schedules there are.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn count_schedules(&self) -> Result<u64> {
        let row = sqlx::query("SELECT CAST(count(*) AS BIGINT) FROM schedules").fetch_one(self.pool()).await.map_err(|error| self.fault(error))?;
        Ok(self.read(|| row.try_get::<i64, _>(0))?.cast_unsigned())
    }

    /// At most `limit` schedules after a name that have a text in them, by name.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list_schedules(&self, after: Option<&str>, text: Option<&str>, limit: u32) -> Result<Vec<Schedule>> {
        let sql = format!("{SCHEDULES} WHERE s.name > $1 AND s.words LIKE $2 ORDER BY s.name LIMIT $3");
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(after.unwrap_or("")).bind(super::like(text)).bind(i64::from(limit));
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.schedule(row)).collect()
    }

    /// One schedule by its name.
    ///
    /// # Errors
    /// `not_found`, `store_failed`.
    pub async fn find_schedule(&self, name: &str) -> Result<Schedule> {
        let query = sqlx::query(sqlx::AssertSqlSafe(format!("{SCHEDULES} WHERE s.name = $1"))).bind(name);
        let row = query.fetch_optional(self.pool()).await.map_err(|error| self.fault(error))?;
        row.as_ref().map_or_else(|| Err(Error::not_found("schedule", name)), |row| self.schedule(row))
    }

    /// One schedule by its id.
    ///
    /// # Errors
    /// `not_found`, `store_failed`.
    pub async fn schedule_of(&self, id: &ScheduleId) -> Result<Schedule> {
        let query = sqlx::query(sqlx::AssertSqlSafe(format!("{SCHEDULES} WHERE s.id = $1"))).bind(id.as_str());
        let row = query.fetch_optional(self.pool()).await.map_err(|error| self.fault(error))?;
        row.as_ref().map_or_else(|| Err(Error::not_found("schedule", id.as_str())), |row| self.schedule(row))
    }

    /// Changes a schedule over the version that it has in `schedule`, which grows by one. False when it is another by now.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn save_schedule(&self, schedule: &mut Schedule, next: Option<NextDue>) -> Result<bool> {
        let text =
            "UPDATE schedules SET version = version + 1, paused = $3, next_due = $4, ready_at = $5, words = $6, facts = $7 WHERE id = $1 AND version = $2";
        let query = sqlx::query(text).bind(schedule.id.as_str()).bind(schedule.version).bind(i64::from(schedule.paused));
        let query = query.bind(next.map(|next| next.due.as_microsecond())).bind(next.map(|next| next.ready.as_microsecond()));
        let query = query.bind(words(schedule)).bind(facts(schedule));
        let saved = query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() > 0;
        if saved {
            schedule.version += 1;
            schedule.next_due = next.map(|next| next.due).filter(|_| !schedule.paused);
        }
        Ok(saved)
    }

    /// Removes a schedule and what is known of its times, with `replaces` only one of that version. False when it is another by now.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn remove_schedule(&self, id: &ScheduleId, replaces: Option<i64>) -> Result<bool> {
        if !self.remove_version("schedules", id.as_str(), replaces).await? {
            return Ok(false);
        }
        let query = sqlx::query("DELETE FROM schedule_fires WHERE schedule = $1").bind(id.as_str());
        query.execute(self.pool()).await.map(|_| true).map_err(|error| self.fault(error))
    }

    /// At most `limit` schedules whose time has come, the longest ago first.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn due_schedules(&self, now: Timestamp, limit: u32) -> Result<Vec<Schedule>> {
        let sql = format!("{SCHEDULES} WHERE s.paused = 0 AND s.ready_at <= $1 ORDER BY s.ready_at, s.id LIMIT $2");
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(now.as_microsecond()).bind(i64::from(limit));
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.schedule(row)).collect()
    }

    /// When the next time of any schedule comes.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn next_ready(&self) -> Result<Option<Timestamp>> {
        let query = sqlx::query("SELECT min(ready_at) FROM schedules WHERE paused = 0 AND ready_at IS NOT NULL");
        let row = query.fetch_one(self.pool()).await.map_err(|error| self.fault(error))?;
        self.read(|| row.try_get::<Option<i64>, _>(0))?.map(super::time).transpose()
    }

    /// Takes up times of a schedule that stands at `from`, and moves it on to `next`: all or nothing, and by one server only. The times that
    /// are the holder's now; none when it stands elsewhere, was changed or is paused by now.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn claim_fires(
        &self,
        schedule: &Schedule,
        from: Timestamp,
        next: Option<NextDue>,
        times: &[Timestamp],
        missed: Option<MissedTimes>,
        holder: Holder<'_>,
    ) -> Result<Option<Vec<Timestamp>>> {
        let fault = |error| self.fault(error);
        let mut transaction = self.pool().begin().await.map_err(fault)?;
        let text = "UPDATE schedules SET next_due = $4, ready_at = $5 WHERE id = $1 AND version = $2 AND next_due = $3 AND paused = 0";
        let query = sqlx::query(text).bind(schedule.id.as_str()).bind(schedule.version).bind(from.as_microsecond());
        let query = query.bind(next.map(|next| next.due.as_microsecond())).bind(next.map(|next| next.ready.as_microsecond()));
        if query.execute(&mut *transaction).await.map_err(fault)?.rows_affected() == 0 {
            transaction.rollback().await.map_err(fault)?;
            return Ok(None);
        }
        let mut ours = Vec::new();
        let skipped = missed.map(|missed| (missed.last, FireState::Skipped, FireFacts { missed: Some(missed), ..FireFacts::default() }));
        let claimed = times.iter().map(|due| (*due, FireState::Claimed, FireFacts::default()));
        for (due, state, facts) in skipped.into_iter().chain(claimed) {
            let text = "INSERT INTO schedule_fires (schedule, due, state, server, lease, taken_at, facts) VALUES ($1, $2, $3, $4, $5, $6, $7)
                ON CONFLICT (schedule, due) DO NOTHING";
            let query = sqlx::query(text).bind(schedule.id.as_str()).bind(due.as_microsecond()).bind(state.as_str()).bind(holder.server);
            let query = query.bind(holder.until()).bind(holder.now.as_microsecond()).bind(to_json(&facts));
            let new = query.execute(&mut *transaction).await.map_err(fault)?.rows_affected() > 0;
            if new && state == FireState::Claimed {
                ours.push(due);
            }
        }
        transaction.commit().await.map_err(fault)?;
        Ok(Some(ours))
    }

    /// Takes up a time that somebody asked for; false when there is one at that very time.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn claim_asked(&self, key: &FireKey, holder: Holder<'_>) -> Result<bool> {
        let text = "INSERT INTO schedule_fires (schedule, due, state, server, lease, taken_at, facts) VALUES ($1, $2, 'claimed', $3, $4, $5, $6)
            ON CONFLICT (schedule, due) DO NOTHING";
        let query = sqlx::query(text).bind(key.schedule.as_str()).bind(key.due.as_microsecond()).bind(holder.server).bind(holder.until());
        let query = query.bind(holder.now.as_microsecond()).bind(to_json(&FireFacts { asked: true, ..FireFacts::default() }));
        Ok(query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() > 0)
    }

    /// Takes over claims that came to nothing within their lease; of a database that only one server uses at a time, all of other servers.
    /// Each is given to one server only.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn take_over_fires(&self, holder: Holder<'_>) -> Result<Vec<FireKey>> {
        let alone = if matches!(self.0.place, super::Place::File(_)) { holder.server } else { "" };
        let text = "UPDATE schedule_fires SET server = $1, lease = $2 WHERE state = 'claimed' AND (lease < $3 OR ($4 <> '' AND server <> $4))
            RETURNING schedule, due";
        let query = sqlx::query(text).bind(holder.server).bind(holder.until()).bind(holder.now.as_microsecond()).bind(alone);
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.key(row)).collect()
    }

    /// The times that wait, oldest first.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn waiting_fires(&self) -> Result<Vec<FireKey>> {
        let query = sqlx::query("SELECT schedule, due FROM schedule_fires WHERE state = 'waiting' ORDER BY due, schedule");
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().map(|row| self.key(row)).collect()
    }

    /// Takes up a time that waits, if nothing of its schedule is under way and none waits longer.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn take_waiting(&self, key: &FireKey, holder: Holder<'_>) -> Result<bool> {
        let sql = format!(
            "UPDATE schedule_fires SET state = 'claimed', server = $3, lease = $4, taken_at = $5 WHERE schedule = $1 AND due = $2 AND state = 'waiting'
             AND NOT EXISTS ({BUSY})
             AND NOT EXISTS (SELECT 1 FROM schedule_fires w WHERE w.schedule = $1 AND w.state = 'waiting' AND w.due < $2)"
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(key.schedule.as_str()).bind(key.due.as_microsecond()).bind(holder.server);
        let query = query.bind(holder.until()).bind(holder.now.as_microsecond());
        Ok(query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() > 0)
    }

    /// What one time of a schedule finds in its way, oldest first: runs that are not over, and times before it that are claimed or wait.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn fires_under_way(&self, key: &FireKey) -> Result<Vec<ScheduleFire>> {
        let text = "SELECT f.due, f.state, f.run, f.taken_at, f.facts, r.state FROM schedule_fires f LEFT JOIN runs r ON r.id = f.run
            WHERE f.schedule = $1 AND ((f.state IN ('claimed', 'waiting') AND f.due < $2) OR (f.state = 'started' AND r.state IN ('queued', 'running')))
            ORDER BY f.due";
        let query = sqlx::query(text).bind(key.schedule.as_str()).bind(key.due.as_microsecond());
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().filter_map(|row| self.fire(row, 0).transpose()).collect()
    }

    /// Says what became of a time that is in one state and goes to another. False when it was no longer in it, or not the holder's.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn settle_fire(&self, key: &FireKey, fire: &ScheduleFire, from: FireState, server: &str) -> Result<bool> {
        let text = "UPDATE schedule_fires SET state = $3, facts = $4 WHERE schedule = $1 AND due = $2 AND state = $5 AND (state = 'waiting' OR server = $6)";
        let facts = FireFacts { asked: fire.asked, reason: fire.reason.clone(), missed: fire.missed };
        let query = sqlx::query(text).bind(key.schedule.as_str()).bind(key.due.as_microsecond()).bind(fire.state.as_str()).bind(to_json(&facts));
        let query = query.bind(from.as_str()).bind(server);
        Ok(query.execute(self.pool()).await.map_err(|error| self.fault(error))?.rows_affected() > 0)
    }

    /// Notes the run of a time, with the run itself: both or neither, and only while the claim is the server's.
    ///
    /// # Errors
    /// `stale` when another server has taken it over; `disk_full`, `store_failed`.
    pub async fn add_run_of_fire(&self, key: &FireKey, run: &Run, request: &StartRun, server: &str, lease: Duration) -> Result<()> {
        let fault = |error| self.fault(error);
        let mut transaction = self.pool().begin().await.map_err(fault)?;
        let text = "UPDATE schedule_fires SET state = 'started', run = $4 WHERE schedule = $1 AND due = $2 AND state = 'claimed' AND server = $3";
        let query = sqlx::query(text).bind(key.schedule.as_str()).bind(key.due.as_microsecond()).bind(server).bind(run.id.as_str());
        if query.execute(&mut *transaction).await.map_err(fault)?.rows_affected() == 0 {
            transaction.rollback().await.map_err(fault)?;
            return Err(Error::new(Code::Stale, "another server has taken this over"));
        }
        super::runs::insert(&mut transaction, run, request, server, lease).await.map_err(fault)?;
        transaction.commit().await.map_err(fault)
    }

    /// One time of a schedule.
    ///
    /// # Errors
    /// `not_found`, `store_failed`.
    pub async fn find_fire(&self, key: &FireKey) -> Result<ScheduleFire> {
        let text = "SELECT f.due, f.state, f.run, f.taken_at, f.facts, r.state FROM schedule_fires f LEFT JOIN runs r ON r.id = f.run
            WHERE f.schedule = $1 AND f.due = $2";
        let query = sqlx::query(text).bind(key.schedule.as_str()).bind(key.due.as_microsecond());
        let row = query.fetch_optional(self.pool()).await.map_err(|error| self.fault(error))?;
        let found = row.as_ref().map(|row| self.fire(row, 0)).transpose()?.flatten();
        found.ok_or_else(|| Error::not_found("fire", &key.due.to_string()))
    }

    /// At most `limit` times of a schedule before one, latest first.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn list_schedule_fires(&self, schedule: &ScheduleId, before: Option<i64>, limit: u32) -> Result<Vec<ScheduleFire>> {
        let text = "SELECT f.due, f.state, f.run, f.taken_at, f.facts, r.state FROM schedule_fires f LEFT JOIN runs r ON r.id = f.run
            WHERE f.schedule = $1 AND f.due < $2 ORDER BY f.due DESC LIMIT $3";
        let query = sqlx::query(text).bind(schedule.as_str()).bind(before.unwrap_or(i64::MAX)).bind(i64::from(limit));
        let rows = query.fetch_all(self.pool()).await.map_err(|error| self.fault(error))?;
        rows.iter().filter_map(|row| self.fire(row, 0).transpose()).collect()
    }

    /// Forgets times that were settled before `before`.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn forget_schedule_fires(&self, before: Timestamp) -> Result<()> {
        let query = sqlx::query("DELETE FROM schedule_fires WHERE taken_at < $1 AND state NOT IN ('claimed', 'waiting')").bind(before.as_microsecond());
        query.execute(self.pool()).await.map(drop).map_err(|error| self.fault(error))
    }

    fn key(&self, row: &AnyRow) -> Result<FireKey> {
        let (schedule, due) = self.read(|| Ok((row.try_get::<String, _>(0)?, row.try_get(1)?)))?;
        Ok(FireKey { schedule: ScheduleId(schedule), due: super::time(due)? })
    }

    fn schedule(&self, row: &AnyRow) -> Result<Schedule> {
        let read = || Ok((row.try_get::<String, _>(0)?, row.try_get(1)?, row.try_get::<i64, _>(2)?, row.try_get::<Option<i64>, _>(3)?));
        let (facts, version, paused, next) = self.read(read)?;
        let mut schedule: Schedule = from_json(&facts)?;
        schedule.version = version;
        schedule.paused = paused != 0;
        schedule.next_due = next.filter(|_| paused == 0).map(super::time).transpose()?;
        schedule.last = self.fire(row, 4)?;
        Ok(schedule)
    }

    /// The fire whose columns begin at `first`; none where an outer join has none.
    fn fire(&self, row: &AnyRow, first: usize) -> Result<Option<ScheduleFire>> {
        let Some(due) = self.read(|| row.try_get::<Option<i64>, _>(first))? else { return Ok(None) };
        let texts = || Ok((row.try_get::<String, _>(first + 1)?, row.try_get::<Option<String>, _>(first + 2)?, row.try_get::<Option<String>, _>(first + 5)?));
        let (state, run, run_state) = self.read(texts)?;
        let (taken, facts) = self.read(|| Ok((row.try_get(first + 3)?, row.try_get::<String, _>(first + 4)?)))?;
        let FireFacts { asked, reason, missed } = from_json(&facts)?;
        let wrong = || Error::new(Code::StoreFailed, format!("a state in the database is wrong: '{state}'"));
        Ok(Some(ScheduleFire {
            due: super::time(due)?,
            state: FireState::ALL.into_iter().find(|known| known.as_str() == state).ok_or_else(wrong)?,
            taken_at: super::time(taken)?,
            asked,
            run: run.map(RunId),
            run_state: run_state.and_then(|text| RunState::ALL.into_iter().find(|known| known.as_str() == text)),
            reason,
            missed,
        }))
    }
}

/// What is kept as JSON: all that has no column of its own.
fn facts(schedule: &Schedule) -> String {
    to_json(&Schedule { next_due: None, last: None, ..schedule.clone() })
}

/// What is searched.
fn words(schedule: &Schedule) -> String {
    let spec = &schedule.spec;
    let inline = spec.inline.as_ref().map_or("", |inline| inline.name.as_str());
    let texts = [&spec.script, &spec.cron, &spec.at].map(|text| text.as_deref().unwrap_or_default());
    [&[schedule.name.as_str(), &schedule.owner, &spec.zone, inline], &texts[..]].concat().join(" ").to_lowercase()
}
