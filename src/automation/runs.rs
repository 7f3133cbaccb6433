//! Runs: asked for, watched, cancelled, forgotten.
use super::Automation;
use super::LEASE;
use super::junit;
use super::live::Live;
use super::runner;
use crate::access::Actor;
use crate::access::allowed;
use crate::access::refusal;
use crate::control::Answer;
use crate::control::Control;
use crate::control::Key;
use crate::control::Target;
use crate::control::Wanted;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Code;
use crate::model::Event;
use crate::model::InlineScript;
use crate::model::ListQuery;
use crate::model::Orders;
use crate::model::Page;
use crate::model::ResumeRun;
use crate::model::Run;
use crate::model::RunCause;
use crate::model::RunError;
use crate::model::RunId;
use crate::model::RunLog;
use crate::model::RunLogQuery;
use crate::model::RunNote;
use crate::model::RunQuery;
use crate::model::RunState;
use crate::model::RunText;
use crate::model::SetBreakpoints;
use crate::model::StartRun;
use crate::store::FireKey;
use crate::store::Orphan;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// Runs of this server that are not over, at most: those that wait for their turn included.
const MOST: usize = 2_000;
/// Runs that are over stay so long, and so many at most.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
const KEPT_RUNS: u32 = 5_000;
/// How often what a run says is written to the store.
const FLUSH: Duration = Duration::from_millis(250);
/// Lines that a run pauses at, at most.
const MOST_BREAKPOINTS: usize = 1_000;
/// The longest pause between two tries to note the end of a run.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long the end of a server waits for its runs to end.
const LAST_WORDS: Duration = Duration::from_secs(4);

impl Automation {
    /// Runs a script with the actor's rights. A repeated `idempotency_key` answers with the first one's run.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `invalid_document` with the places of the script's mistakes; `invalid_value` for parameters; `too_many`.
    pub async fn start_run(&self, actor: &Actor, request: StartRun, cause: RunCause, idempotency_key: Option<&str>) -> Result<Run> {
        let work = async {
            let run = self.begin_run(actor, request.clone(), cause, None).await?;
            Ok((run.id.to_string(), run))
        };
        match self.control().once(actor, idempotency_key, &request, work).await? {
            Answer::New(run) => Ok(run),
            Answer::Before(id) => self.get_run(actor, &id).await,
        }
    }

    /// Runs a script; where it is for a schedule's time, only if that is this server's to start.
    pub(super) async fn begin_run(&self, actor: &Actor, mut request: StartRun, cause: RunCause, fire: Option<&FireKey>) -> Result<Run> {
        Control::may(actor, Action::StartRuns)?;
        let script = self.script_of(&request).await?;
        let ready = self.prepare(&script, &request.params).await?;
        if let Some(grant) = request.within.as_ref().and_then(|within| ready.header.grants.iter().find(|grant| !within.contains(grant))) {
            return Err(Error::new(Code::Forbidden, format!("script '{}' needs the grant '{grant}', which it does not have", script.name)));
        }
        if let Some(recording) = &request.against {
            self.control().get_recording(actor, recording).await?;
        }
        if self.0.live.count() >= MOST {
            return Err(Error::new(Code::TooMany, format!("{MOST} runs are under way already")).fix("wait for some to end: cto runs ls"));
        }
        let run = Run {
            id: RunId::fresh(),
            script: script.name.clone(),
            owner: actor.name.clone(),
            rights: actor.role,
            cause,
            state: RunState::Queued,
            params: ready.given.clone(),
            paused: None,
            phase: String::new(),
            progress: None,
            results: serde_json::Map::new(),
            error: None,
            steps: (0, 0),
            sessions: Vec::new(),
            containers: Vec::new(),
            attempt: 1,
            created_at: Timestamp::now(),
            started_at: None,
            ended_at: None,
        };
        // The text as it is now: once more means the same script.
        request.inline = Some(script.clone());
        let target = Target::free(script.name.clone());
        self.control()
            .guarded(actor, Action::StartRuns, &target, async {
                match fire {
                    Some(fire) => self.store().add_run_of_fire(fire, &run, &request, self.control().boot_id(), LEASE).await?,
                    None => self.store().add_run(&run, &request, self.control().boot_id(), LEASE).await?,
                }
                self.launch(actor.clone(), run.clone(), request, ready, None, 0);
                Ok(run)
            })
            .await
    }

    /// Lets a run go its way: it waits for its turn, runs, and is noted as it ends.
    fn launch(&self, actor: Actor, run: Run, request: StartRun, ready: super::header::Ready, resumed: Option<serde_json::Value>, last: u64) {
        let bus = self.control().parts().bus.clone();
        bus.publish(Event::RunChanged { run: Box::new(run.clone()) });
        let live = Arc::new(Live::new(run, bus, request.breakpoints.clone(), request.step, last));
        self.0.live.add(&live);
        let automation = self.clone();
        tokio::spawn(async move {
            let flusher = tokio::spawn(automation.clone().flush_often(live.clone()));
            let resumable = ready.header.resumable;
            let places = automation.0.live.places.clone();
            let place = tokio::select! {
                place = places.acquire_owned() => place.ok(),
                () = live.cancel.cancelled() => None,
            };
            let end = match place {
                Some(_place) => {
                    live.update(|run| {
                        run.state = RunState::Running;
                        run.started_at = Some(Timestamp::now());
                    });
                    runner::run(&automation, &actor, &live, request, ready, resumed).await
                }
                None => runner::End { state: RunState::Cancelled, error: None },
            };
            flusher.abort();
            match (live.is_stopping(), resumable) {
                (true, true) => automation.leave(&live).await,
                (true, false) if end.state == RunState::Cancelled => automation.finish(&live, stopped(&live)).await,
                _ => automation.finish(&live, end).await,
            }
        });
    }

    async fn flush_often(self, live: Arc<Live>) {
        let mut ticks = tokio::time::interval(FLUSH);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            live.tell_rest();
            match live.flush(self.store(), self.control().boot_id()).await {
                Ok(true) => {}
                // Whoever has it now says how it ended; what happens here must not happen twice.
                Ok(false) => live.cancel.cancel(),
                Err(error) => tracing::warn!(%error, run = %live.id, "a run can't be noted"),
            }
        }
    }

    /// Leaves a run to the next server, which goes on with it.
    async fn leave(&self, live: &Arc<Live>) {
        if let Err(error) = live.flush(self.store(), self.control().boot_id()).await {
            tracing::warn!(%error, run = %live.id, "a run can't be noted");
        }
        self.0.live.remove(&live.id);
    }

    /// Notes how a run ended. A store that can't be written is tried again as long as this server lives: a run must not seem to go on for ever.
    async fn finish(&self, live: &Arc<Live>, end: runner::End) {
        live.note_left();
        live.update(|run| {
            run.state = end.state;
            run.error = end.error;
            run.paused = None;
            run.phase.clear();
            run.ended_at = Some(Timestamp::now());
        });
        let mut pause = FLUSH;
        while let Err(error) = live.flush(self.store(), self.control().boot_id()).await {
            tracing::warn!(%error, run = %live.id, "the end of a run can't be noted");
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.control().parts().shutdown.cancelled() => break,
            }
            pause = LONGEST_PAUSE.min(pause * 2);
        }
        self.0.live.remove(&live.id);
        // What waits for its end may start.
        self.0.schedules_changed.notify_one();
    }

    /// Runs, newest first where no other order is asked for.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`, `store_failed`.
    pub async fn list_runs(&self, actor: &Actor, query: RunQuery) -> Result<Page<Run>> {
        Control::may(actor, Action::ReadRuns)?;
        let RunQuery { limit, cursor, q, state, sort } = query;
        let wanted = Wanted::of(&ListQuery { limit, cursor, q, sort }, Orders::RUNS)?;
        let (before, limit) = wanted.of_store();
        let mut rows = self.store().list_runs(before, wanted.text.as_deref(), state, limit).await?;
        for run in &mut rows {
            if let Some(live) = self.0.live.find(run.id.as_str()) {
                *run = live.run();
            }
        }
        let key = |run: &Run, by: &str| match by {
            "script" => Key::text(&run.script),
            "owner" => Key::text(&run.owner),
            "state" => Key::of(&run.state),
            "started_at" => Key::time(run.started_at),
            "ended_at" => Key::time(run.ended_at),
            // Ids grow with time.
            _ => Key::Nothing,
        };
        Ok(wanted.stored(rows, key, |run| run.id.to_string()))
    }

    /// One run.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `store_failed`.
    pub async fn get_run(&self, actor: &Actor, id: &str) -> Result<Run> {
        Control::may(actor, Action::ReadRuns)?;
        match self.0.live.find(id) {
            Some(live) => Ok(live.run()),
            None => self.store().find_run(id).await,
        }
    }

    /// A part of a run's log; waits for more where that is asked, while the run is not over.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `store_failed`.
    pub async fn get_run_log(&self, actor: &Actor, id: &str, query: RunLogQuery) -> Result<RunLog> {
        Control::may(actor, Action::ReadRuns)?;
        let limit = query.limit.unwrap_or(500).clamp(1, 2_000);
        let until = tokio::time::Instant::now() + Duration::from_secs(u64::from(query.wait.min(30)));
        loop {
            let live = self.0.live.find(id);
            let mut changes = live.as_ref().map(|live| live.changes());
            if let Some(changes) = &mut changes {
                changes.borrow_and_update();
            }
            let run = match &live {
                Some(live) => {
                    // As it was before its entries are looked for: one that is over has said all by then.
                    let run = live.run();
                    live.flush(self.store(), self.control().boot_id()).await?;
                    run
                }
                None => self.store().find_run(id).await?,
            };
            let mut entries = self.store().list_run_entries(id, query.after, limit + 1).await?;
            let more = entries.len() > limit as usize;
            entries.truncate(limit as usize);
            let Some(mut changes) = changes.filter(|_| entries.is_empty() && !run.state.is_over()) else {
                return Ok(RunLog { run, entries, more });
            };
            // A change of the run alone is told too, but not at once: the next one often comes with words.
            match tokio::time::timeout_at(until, changes.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(_) => return Ok(RunLog { run, entries, more }),
            }
        }
    }

    /// A run's steps as JUnit XML.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `store_failed`.
    pub async fn get_run_report(&self, actor: &Actor, id: &str) -> Result<String> {
        let mut all = Vec::new();
        loop {
            let query = RunLogQuery { after: all.last().map_or(0, |entry: &crate::model::RunEntry| entry.seq), limit: Some(2_000), wait: 0 };
            let log = self.get_run_log(actor, id, query).await?;
            all.extend(log.entries);
            if !log.more {
                return Ok(junit::report(&log.run, &all));
            }
        }
    }

    /// Cancels a run; it is over soon.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `wrong_state` when it is over.
    pub async fn cancel_run(&self, actor: &Actor, id: &str) -> Result<Run> {
        let live = self.live_run(actor, id).await?;
        self.control()
            .guarded(actor, Action::ControlRuns, &of(&live.run()), async {
                live.cancel.cancel();
                let mut changes = live.changes();
                let over = async { while !live.run().state.is_over() && changes.changed().await.is_ok() {} };
                let _ = tokio::time::timeout(Duration::from_secs(5), over).await;
                Ok(live.run())
            })
            .await
    }

    /// Lets a run pause before its next call.
    ///
    /// # Errors
    /// As [`Automation::cancel_run`].
    pub async fn pause_run(&self, actor: &Actor, id: &str) -> Result<Run> {
        let live = self.live_run(actor, id).await?;
        self.control()
            .guarded(actor, Action::ControlRuns, &of(&live.run()), async {
                live.pause();
                Ok(live.run())
            })
            .await
    }

    /// Lets a paused run go on.
    ///
    /// # Errors
    /// As [`Automation::cancel_run`]; `wrong_state` when it is not paused.
    pub async fn resume_run(&self, actor: &Actor, id: &str, request: ResumeRun) -> Result<Run> {
        let live = self.live_run(actor, id).await?;
        self.control()
            .guarded(actor, Action::ControlRuns, &of(&live.run()), async {
                match live.taken_by() {
                    _ if live.resume(request.step) => Ok(live.run()),
                    Some(why) => Err(Error::new(Code::WrongState, why)),
                    None => Err(Error::new(Code::WrongState, format!("run '{id}' is not paused"))),
                }
            })
            .await
    }

    /// The text that a run runs, and where it pauses.
    ///
    /// # Errors
    /// `forbidden`, also where it is another's: what others brought along may be theirs alone; `not_found`.
    pub async fn get_run_text(&self, actor: &Actor, id: &str) -> Result<RunText> {
        Control::may(actor, Action::ReadRuns)?;
        let (run, request) = self.store().find_run_request(id).await?;
        if !allowed(actor, Action::ControlRuns, Some(&run.owner)) {
            return Err(refusal(actor, Action::ControlRuns, id));
        }
        let breakpoints = self.0.live.find(id).map(|live| live.breakpoints()).unwrap_or_default();
        Ok(RunText { script: self.script_of(&request).await?, breakpoints })
    }

    /// Sets the lines that a run pauses at.
    ///
    /// # Errors
    /// As [`Automation::cancel_run`]; `invalid_value` for too many.
    pub async fn set_breakpoints(&self, actor: &Actor, id: &str, request: SetBreakpoints) -> Result<RunText> {
        if request.lines.len() > MOST_BREAKPOINTS {
            return Err(Error::invalid(format!("a run pauses at {MOST_BREAKPOINTS} lines at most")));
        }
        let live = self.live_run(actor, id).await?;
        self.control()
            .guarded(actor, Action::ControlRuns, &of(&live.run()), async {
                live.set_breakpoints(request.lines);
                self.get_run_text(actor, id).await
            })
            .await
    }

    /// Runs the same script, as it was, with the same parameters.
    ///
    /// # Errors
    /// As [`Automation::start_run`].
    pub async fn retry_run(&self, actor: &Actor, id: &str) -> Result<Run> {
        Control::may(actor, Action::ReadRuns)?;
        let (run, mut request) = self.store().find_run_request(id).await?;
        // Values that others gave may be theirs alone.
        if !allowed(actor, Action::ControlRuns, Some(&run.owner)) {
            return Err(refusal(actor, Action::ControlRuns, id));
        }
        request.breakpoints.clear();
        request.step = false;
        self.begin_run(actor, request, RunCause::Again { run: run.id }, None).await
    }

    /// Removes a run that is over.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `wrong_state` while it is not over.
    pub async fn delete_run(&self, actor: &Actor, id: &str) -> Result<()> {
        let run = self.get_run(actor, id).await?;
        self.control()
            .guarded(actor, Action::ControlRuns, &of(&run), async {
                if !run.state.is_over() {
                    return Err(Error::new(Code::WrongState, format!("run '{id}' is not over")).fix(format!("cancel it first: cto runs cancel {id}")));
                }
                self.store().remove_run(id).await
            })
            .await
    }

    /// A run that is under way here.
    async fn live_run(&self, actor: &Actor, id: &str) -> Result<Arc<Live>> {
        Control::may(actor, Action::ReadRuns)?;
        if let Some(live) = self.0.live.find(id) {
            return Ok(live);
        }
        let run = self.store().find_run(id).await?;
        match run.state.is_over() {
            true => Err(Error::new(Code::WrongState, format!("run '{id}' is over: {}", run.state.as_str().replace('_', " ")))),
            false => Err(Error::new(Code::WrongState, format!("run '{id}' is under way on another server")).fix("ask that server")),
        }
    }

    /// The text that is to be run.
    pub(super) async fn script_of(&self, request: &StartRun) -> Result<InlineScript> {
        match (&request.script, &request.inline) {
            (_, Some(inline)) => Ok(inline.clone()),
            (Some(name), None) => {
                let entry = self.script(name).await?;
                Ok(InlineScript { name: entry.name, source: entry.source.unwrap_or_default() })
            }
            (None, None) => Err(Error::invalid("give one of 'script' and 'inline'")),
        }
    }

    /// Says that this server still has its runs, takes over those of dead ones, forgets old ones.
    pub(super) async fn look_after_runs(&self) {
        let (store, server) = (self.store(), self.control().boot_id());
        let done = async {
            store.renew_runs(server, LEASE).await?;
            for orphan in store.take_orphans(server, LEASE).await? {
                self.adopt(orphan).await;
            }
            store.forget_runs(Timestamp::now() - KEPT, KEPT_RUNS).await
        };
        if let Err(error) = done.await {
            tracing::warn!(%error, "runs can't be looked after");
        }
    }

    /// A run whose server has died: it begins again at its checkpoint where its script can, else it is lost.
    pub(super) async fn adopt(&self, Orphan { mut run, mut request, checkpoint }: Orphan) {
        let last = self.store().last_run_entry(run.id.as_str()).await.unwrap_or_default();
        let again = async {
            let script = self.script_of(&request).await?;
            let ready = self.prepare(&script, &request.params).await?;
            let owner = self.owner(&run.owner).await?;
            Ok::<_, Error>((Actor::new(owner.name, owner.role.min(run.rights)), ready))
        };
        match again.await {
            Ok((actor, ready)) if ready.header.resumable || run.state == RunState::Queued => {
                if run.state == RunState::Running {
                    run.attempt += 1;
                }
                run.state = RunState::Queued;
                run.paused = None;
                request.breakpoints.clear();
                self.launch(actor, run, request, ready, checkpoint, last);
            }
            _ => {
                run.state = RunState::Lost;
                run.paused = None;
                run.ended_at = Some(Timestamp::now());
                let message = "the server ended while this ran; what it had started may still be there".to_owned();
                let fix = format!("look at what was done, then run it again: cto runs retry {}", run.id);
                run.error = Some(RunError { message, fix: Some(fix), ..RunError::default() });
                let live = Arc::new(Live::new(run.clone(), self.control().parts().bus.clone(), Vec::new(), false, last));
                live.note(None, RunNote::Log { text: "lost: its server ended".to_owned() });
                live.update(|_| {});
                if let Err(error) = live.flush(self.store(), self.control().boot_id()).await {
                    tracing::warn!(%error, run = %run.id, "a lost run can't be noted");
                }
            }
        }
    }

    /// Ends what runs when the server does: a run that could go on is left for the next server.
    pub(super) async fn stop_runs(&self) {
        let all = self.0.live.all();
        for live in &all {
            live.stop();
        }
        let ended = async {
            while self.0.live.count() > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let _ = tokio::time::timeout(LAST_WORDS, ended).await;
    }
}

/// The end of a run whose server was stopped.
fn stopped(live: &Live) -> runner::End {
    let message = "the server was stopped while this ran".to_owned();
    let fix = format!("run it again: cto runs retry {}", live.id);
    runner::End { state: RunState::Lost, error: Some(RunError { message, fix: Some(fix), ..RunError::default() }) }
}

/// A run as the target of an action.
fn of(run: &Run) -> Target {
    Target::owned(format!("{} of {}", run.id, run.script), Some(&run.owner))
}
