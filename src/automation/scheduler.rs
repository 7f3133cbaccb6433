//! What starts schedules' runs when their time comes: once for each time, however many servers use the database.
//!
//! A time is taken up in two steps. First one server claims it: a row of the time, written together with the schedule's step to its next
//! time. Then it starts the run: the run's row, written together with the claim's end, and only while the claim is its own. A claim whose
//! server dies in between is taken over when its lease is over; a run whose server dies is an orphan like any other.
use super::Automation;
use super::due;
use super::timing::Timing;
use crate::access::Actor;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Event;
use crate::model::FireState;
use crate::model::Overlap;
use crate::model::RunCause;
use crate::model::RunState;
use crate::model::Schedule;
use crate::model::ScheduleFire;
use crate::model::ScheduleId;
use crate::model::StartRun;
use crate::store::FireKey;
use crate::store::Holder;
use crate::store::NextDue;
use crate::store::Orphan;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The database is looked at so often at least: for what other servers have changed, and for clocks that were set.
const POLL: Duration = Duration::from_secs(10);
/// A pause when the database fails.
const PAUSE: Duration = Duration::from_secs(1);
/// Within it a claim becomes a run, or is taken over.
const CLAIM: Duration = Duration::from_secs(20);
/// Runs that are started at the same time.
const AT_ONCE: usize = 8;
/// Schedules that are looked at in one go; the others come right after.
const BATCH: u32 = 200;
/// Times of one schedule that may wait for their turn.
const WAITING: usize = 100;
/// After so many times in a row that could not be started a schedule is paused.
const FAILURES: usize = 5;
/// What became of times is known so long.
const KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);
/// The end of a server waits so long for runs that are just being started.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Claims of this server, those of one schedule together, and when the next time comes.
struct Taken {
    fires: BTreeMap<ScheduleId, Vec<FireKey>>,
    next: Option<Timestamp>,
}

impl Automation {
    /// Starts what is due until `shutdown`.
    pub(super) async fn keep_schedules(self, shutdown: CancellationToken) {
        let (starts, places) = (TaskTracker::new(), Arc::new(Semaphore::new(AT_ONCE)));
        let mut forgotten = None;
        loop {
            let wait = match self.take_due(Timestamp::now()).await {
                Ok(Taken { fires, next }) => {
                    for keys in fires.into_values() {
                        let (automation, places) = (self.clone(), places.clone());
                        starts.spawn(async move {
                            let _place = places.acquire().await;
                            for key in keys {
                                automation.start_logged(&key).await;
                            }
                        });
                    }
                    let left = next.map(|next| Duration::try_from(next.duration_since(Timestamp::now())).unwrap_or_default());
                    left.map_or(POLL, |left| left.clamp(Duration::from_millis(5), POLL))
                }
                Err(error) => {
                    tracing::warn!(%error, "schedules can't be looked after");
                    PAUSE
                }
            };
            let today = Timestamp::now().as_second() / 86_400;
            if forgotten != Some(today) {
                forgotten = Some(today);
                self.store()
                    .forget_schedule_fires(Timestamp::now() - KEPT)
                    .await
                    .unwrap_or_else(|error| tracing::warn!(%error, "old fires can't be forgotten"));
            }
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = tokio::time::sleep(wait) => {}
                () = self.0.schedules_changed.notified() => {}
            }
        }
        starts.close();
        // What is not started by then is taken over.
        let _ = tokio::time::timeout(LAST_WORDS, starts.wait()).await;
    }

    /// Does once what is due at `now`, and waits until it is started: for those who bring their own clock.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn fire_due(&self, now: Timestamp) -> Result<()> {
        for key in self.take_due(now).await?.fires.into_values().flatten() {
            self.start_logged(&key).await;
        }
        Ok(())
    }

    pub(super) fn holder(&self, now: Timestamp) -> Holder<'_> {
        Holder { server: self.control().boot_id(), now, lease: CLAIM }
    }

    /// Takes up all that this server can have now.
    async fn take_due(&self, now: Timestamp) -> Result<Taken> {
        let (store, holder) = (self.store(), self.holder(now));
        let mut fires: BTreeMap<ScheduleId, Vec<FireKey>> = BTreeMap::new();
        let mut take = |key: FireKey| fires.entry(key.schedule.clone()).or_default().push(key);
        self.settle_doubts().await?;
        store.take_over_fires(holder).await?.into_iter().for_each(&mut take);
        for key in store.waiting_fires().await? {
            self.make_way(&key).await?;
            if store.take_waiting(&key, holder).await? {
                take(key);
            }
        }
        for schedule in store.due_schedules(now, BATCH).await? {
            self.claim(&schedule, now).await?.into_iter().for_each(&mut take);
        }
        Ok(Taken { fires, next: store.next_ready().await? })
    }

    /// Claims what has come of one schedule.
    async fn claim(&self, schedule: &Schedule, now: Timestamp) -> Result<Vec<FireKey>> {
        let Some(first) = schedule.next_due else { return Ok(Vec::new()) };
        let timing = match Timing::of(&schedule.spec, schedule.timed_at) {
            Ok(timing) => timing,
            Err(places) => {
                let why = places.first().map_or_else(String::new, |place| place.detail.clone());
                self.pause_by_itself(schedule.clone(), why).await?;
                return Ok(Vec::new());
            }
        };
        let plan = due::plan(&timing, schedule.id.as_str(), schedule.spec.missed, first, now);
        if plan.starts.is_empty() && plan.missed.is_none() && plan.next == Some(first) {
            return Ok(Vec::new());
        }
        let next = next_due(&timing, &schedule.id, plan.next);
        let ours = self.store().claim_fires(schedule, first, next, &plan.starts, plan.missed, self.holder(now)).await?.unwrap_or_default();
        if ours.is_empty() && plan.missed.is_some() {
            self.tell_schedule(&schedule.id).await;
        }
        Ok(ours.into_iter().map(|due| FireKey { schedule: schedule.id.clone(), due }).collect())
    }

    async fn start_logged(&self, key: &FireKey) {
        if let Err(error) = self.start_fire(key).await {
            tracing::warn!(%error, schedule = %key.schedule, due = %key.due, "a schedule's run was not started");
        }
    }

    /// Does with a claim of this server's what its schedule says.
    ///
    /// # Errors
    /// Why its run could not be started, which is noted too; those of the store leave the claim for later.
    pub(super) async fn start_fire(&self, key: &FireKey) -> Result<()> {
        let schedule = match self.store().schedule_of(&key.schedule).await {
            Err(error) if error.code == Code::NotFound => return Ok(()),
            found => found?,
        };
        let fire = self.store().find_fire(key).await?;
        if schedule.spec.overlap != Overlap::Allow {
            let before = self.store().fires_under_way(key).await?;
            if !before.is_empty() {
                return self.hold_back(key, &schedule, fire, &before).await;
            }
        }
        let started = self.start_as_owner(key, &schedule).await;
        match &started {
            Ok(()) => {}
            // Whoever has it now goes on with it.
            Err(error) if error.code == Code::Stale => return Ok(()),
            Err(error) if matches!(error.code, Code::StoreFailed | Code::DiskFull) => self.0.doubtful().push(key.clone()),
            Err(error) => {
                let failed = ScheduleFire { state: FireState::Failed, reason: Some(error.message.clone()), ..fire };
                self.settle(key, &failed, FireState::Claimed).await?;
                self.pause_if_hopeless(&schedule).await?;
            }
        }
        self.tell_schedule(&key.schedule).await;
        started
    }

    async fn start_as_owner(&self, key: &FireKey, schedule: &Schedule) -> Result<()> {
        let actor = self.schedule_actor(schedule).await?;
        let spec = &schedule.spec;
        let request = StartRun { script: spec.script.clone(), inline: spec.inline.clone(), params: spec.params.clone(), ..StartRun::default() };
        let cause = RunCause::Schedule { name: schedule.name.clone(), due: key.due };
        self.begin_run(&actor, request, cause, Some(key)).await.map(drop)
    }

    /// The owner of a schedule, with the rights that they have now, but no more than when they made it.
    async fn schedule_actor(&self, schedule: &Schedule) -> Result<Actor> {
        let owner = self.owner(&schedule.owner).await?;
        Ok(Actor::new(owner.name, owner.role.min(schedule.rights)))
    }

    /// Something of the same schedule is still under way: the new one waits, or is left out.
    async fn hold_back(&self, key: &FireKey, schedule: &Schedule, fire: ScheduleFire, before: &[ScheduleFire]) -> Result<()> {
        let waiting = before.iter().filter(|fire| fire.state == FireState::Waiting).count();
        let what = match before.iter().find_map(|fire| fire.run.as_ref()) {
            Some(run) => format!("run {run}"),
            None => format!("the one due at {}", before[0].due),
        };
        let skipped = |reason: String| ScheduleFire { state: FireState::Skipped, reason: Some(reason), ..fire.clone() };
        let settled = match schedule.spec.overlap {
            Overlap::Allow | Overlap::Forbid => skipped(format!("{what} was still under way")),
            Overlap::Queue if waiting >= WAITING => skipped(format!("{WAITING} of before wait already")),
            Overlap::Queue => ScheduleFire { state: FireState::Waiting, ..fire.clone() },
            Overlap::Replace => {
                for old in before.iter().filter(|old| old.state == FireState::Waiting) {
                    let replaced = ScheduleFire { state: FireState::Skipped, reason: Some(format!("replaced by the one due at {}", key.due)), ..old.clone() };
                    self.settle(&FireKey { due: old.due, ..key.clone() }, &replaced, FireState::Waiting).await?;
                }
                ScheduleFire { state: FireState::Waiting, ..fire.clone() }
            }
        };
        self.settle(key, &settled, FireState::Claimed).await?;
        if settled.state == FireState::Waiting {
            self.make_way(key).await?;
            // What it waits for may have ended by now.
            self.0.schedules_changed.notify_one();
        }
        self.tell_schedule(&key.schedule).await;
        Ok(())
    }

    async fn settle(&self, key: &FireKey, fire: &ScheduleFire, from: FireState) -> Result<bool> {
        self.store().settle_fire(key, fire, from, self.control().boot_id()).await
    }

    /// Cancels runs of this server that a waiting one is to replace. Other servers do the same with theirs when they look.
    async fn make_way(&self, key: &FireKey) -> Result<()> {
        let schedule = match self.store().schedule_of(&key.schedule).await {
            Err(error) if error.code == Code::NotFound => return Ok(()),
            found => found?,
        };
        if schedule.spec.overlap == Overlap::Replace {
            for run in self.store().fires_under_way(key).await?.into_iter().filter_map(|fire| fire.run) {
                if let Some(live) = self.0.live.find(run.as_str()) {
                    live.cancel.cancel();
                }
            }
        }
        Ok(())
    }

    /// Pauses a schedule whose last times could none be started.
    async fn pause_if_hopeless(&self, schedule: &Schedule) -> Result<()> {
        let last = self.store().list_schedule_fires(&schedule.id, None, u32::try_from(FAILURES).unwrap_or(u32::MAX)).await?;
        let failed = |fire: &ScheduleFire| fire.state == FireState::Failed && fire.due >= schedule.timed_at;
        if last.len() < FAILURES || !last.iter().all(failed) {
            return Ok(());
        }
        let why = last[0].reason.clone().unwrap_or_default();
        self.pause_by_itself(self.store().schedule_of(&schedule.id).await?, format!("{FAILURES} times in a row it could not be started: {why}")).await
    }

    async fn pause_by_itself(&self, mut schedule: Schedule, why: String) -> Result<()> {
        tracing::warn!(schedule = schedule.name, why, "a schedule is paused");
        (schedule.paused, schedule.paused_why) = (true, Some(why));
        // Changed by somebody meanwhile: then it is theirs.
        if self.store().save_schedule(&mut schedule, None).await? {
            self.tell_schedule(&schedule.id).await;
        }
        Ok(())
    }

    /// Where the database failed as a run was noted, the run may be there and nobody's.
    async fn settle_doubts(&self) -> Result<()> {
        let doubts = std::mem::take(&mut *self.0.doubtful());
        for (index, key) in doubts.iter().enumerate() {
            if let Err(error) = self.settle_doubt(key).await {
                self.0.doubtful().extend_from_slice(&doubts[index..]);
                return Err(error);
            }
        }
        Ok(())
    }

    async fn settle_doubt(&self, key: &FireKey) -> Result<()> {
        let fire = match self.store().find_fire(key).await {
            Err(error) if error.code == Code::NotFound => return Ok(()),
            found => found?,
        };
        let Some(id) = fire.run.filter(|run| fire.run_state == Some(RunState::Queued) && self.0.live.find(run.as_str()).is_none()) else { return Ok(()) };
        let (run, request) = self.store().find_run_request(id.as_str()).await?;
        self.adopt(Orphan { run, request, checkpoint: None }).await;
        Ok(())
    }

    /// Tells clients how a schedule is now.
    pub(super) async fn tell_schedule(&self, id: &ScheduleId) {
        if let Ok(schedule) = self.store().schedule_of(id).await {
            self.control().parts().bus.publish(Event::ScheduleChanged { schedule: Box::new(schedule) });
        }
    }
}

/// A time with its jitter.
pub(super) fn next_due(timing: &Timing, id: &ScheduleId, due: Option<Timestamp>) -> Option<NextDue> {
    due.map(|due| NextDue { due, ready: due.saturating_add(timing.jitter(id.as_str(), due)).unwrap_or(due) })
}

/// The error of a fire's time that is taken.
pub(super) fn taken() -> Error {
    Error::new(Code::WrongState, "somebody asked for it at the very same moment").fix("ask again")
}
