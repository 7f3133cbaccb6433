//! From what happened to a run: which trigger, how often, and never in circles.
use super::Automation;
use super::State;
use super::filled;
use super::happening::Happening;
use super::happening::fits;
use super::happening::plain;
use crate::access::Actor;
use crate::control::Control;
use crate::error::Result;
use crate::model::ContainerHappening;
use crate::model::ContainerMatch;
use crate::model::Event;
use crate::model::FileKind;
use crate::model::Fire;
use crate::model::FireOutcome;
use crate::model::ListName;
use crate::model::ListQuery;
use crate::model::NoticeLevel;
use crate::model::OperationState;
use crate::model::Run;
use crate::model::RunCause;
use crate::model::SessionHappening;
use crate::model::StartRun;
use crate::model::Trigger;
use crate::model::TriggerId;
use crate::model::TriggerLimit;
use crate::model::TriggerWhen;
use crate::store::FireClaim;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Runs that may start each other one after the other.
pub(super) const MOST_DEPTH: u32 = 5;
/// Runs that are begun at the same time.
const AT_ONCE: usize = 32;
/// What happens so long after a run's end is not its doing.
const CHAIN: SignedDuration = SignedDuration::from_mins(10);
/// Runs that are looked at which name a container or session.
const RUNS: u32 = 50;
/// How long it is waited for a run to say that a new container is its own: in all, and once its launch is over.
const OWN: Duration = Duration::from_secs(30);
const OWN_AFTER: Duration = Duration::from_millis(500);
/// What is never quiet is told after so many times the time of quiet.
const PATIENCE: u32 = 10;

/// What is to be looked at: by one trigger, or by all.
pub(super) type News = (Option<TriggerId>, Arc<Happening>);

/// How often a trigger has fired lately.
#[derive(Debug, Default)]
pub(super) struct Rate {
    times: VecDeque<Timestamp>,
    /// Left out since the last one that was let through, and where that is noted.
    more: u64,
    noted: Option<Fire>,
}

/// Whether one more is let through.
#[derive(Debug, PartialEq, Eq)]
enum Passed {
    /// With so many that were left out before it.
    Yes(u64),
    /// It is the first that is left out.
    First,
    /// It is counted.
    No,
}

impl Rate {
    fn pass(&mut self, limit: TriggerLimit, now: Timestamp) -> Passed {
        let from = now - SignedDuration::from_secs(i64::from(limit.seconds));
        while self.times.front().is_some_and(|time| *time <= from) {
            self.times.pop_front();
        }
        if self.times.len() < limit.times as usize {
            self.times.push_back(now);
            return Passed::Yes(std::mem::take(&mut self.more));
        }
        self.refused()
    }

    /// One was left out.
    fn refused(&mut self) -> Passed {
        self.more += 1;
        if self.more == 1 { Passed::First } else { Passed::No }
    }
}

/// An event that waits for quiet.
pub(super) struct Pending {
    happening: Arc<Happening>,
    quiet_at: Instant,
    latest: Instant,
    count: u64,
}

impl Automation {
    /// Lets triggers look at what happens.
    pub(super) async fn let_fire(self, mut news: mpsc::Receiver<News>) {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        while let Some((only, happening)) = news.recv().await {
            let triggers = self.0.hooks.state().triggers.clone();
            for (trigger, _) in triggers.iter().filter(|(trigger, _)| !trigger.paused) {
                let meant = only.as_ref().map_or_else(|| waits_for(&trigger.when, &happening), |id| *id == trigger.id);
                if !meant {
                    continue;
                }
                if trigger.quiet_seconds > 0 {
                    self.wait_for_quiet(trigger, &happening);
                    continue;
                }
                let Some(more) = self.pass(trigger, &happening).await else { continue };
                let Ok(place) = places.clone().acquire_owned().await else { return };
                let (automation, trigger, happening) = (self.clone(), trigger.clone(), happening.clone());
                tokio::spawn(async move {
                    automation.fire_and_note(&trigger, &happening, more).await;
                    drop(place);
                });
            }
        }
    }

    async fn fire_and_note(&self, trigger: &Trigger, happening: &Happening, more: u64) {
        if let Err(error) = self.fire(trigger, happening, more).await {
            tracing::warn!(%error, trigger = trigger.name, "what a trigger does can't be noted, so it does nothing");
        }
    }

    /// Begins to wait until nothing more happens, or goes on waiting.
    fn wait_for_quiet(&self, trigger: &Trigger, happening: &Arc<Happening>) {
        let quiet = Duration::from_secs(u64::from(trigger.quiet_seconds));
        let now = Instant::now();
        {
            let mut state = self.0.hooks.state();
            if let Some(pending) = state.pending.get_mut(&trigger.id) {
                pending.happening = happening.clone();
                pending.quiet_at = (now + quiet).min(pending.latest);
                pending.count += 1;
                return;
            }
            let pending = Pending { happening: happening.clone(), quiet_at: now + quiet, latest: now + quiet * PATIENCE, count: 0 };
            state.pending.insert(trigger.id.clone(), pending);
        }
        let (automation, trigger) = (self.clone(), trigger.clone());
        tokio::spawn(async move {
            let shutdown = automation.control().shutdown();
            loop {
                let Some(at) = automation.0.hooks.state().pending.get(&trigger.id).map(|pending| pending.quiet_at) else { return };
                if at <= Instant::now() {
                    break;
                }
                tokio::select! {
                    () = tokio::time::sleep_until(at) => {}
                    () = shutdown.cancelled() => return,
                }
            }
            let Some(pending) = automation.0.hooks.state().pending.remove(&trigger.id) else { return };
            if let Some(more) = automation.pass(&trigger, &pending.happening).await {
                automation.fire_and_note(&trigger, &pending.happening, more + pending.count).await;
            }
        });
    }

    /// Whether the trigger's limit lets one more through, and how many it left out before. That it leaves something out is told once.
    pub(super) async fn pass(&self, trigger: &Trigger, happening: &Happening) -> Option<u64> {
        let now = Timestamp::now();
        let (passed, noted) = {
            let mut state = self.0.hooks.state();
            let rate = state.rates.entry(trigger.id.clone()).or_default();
            let passed = rate.pass(trigger.limit, now);
            let noted = matches!(passed, Passed::Yes(_)).then(|| rate.noted.take()).flatten();
            (passed, noted)
        };
        match passed {
            Passed::No => None,
            Passed::Yes(more) => {
                if let Some(mut fire) = noted {
                    fire.more = more;
                    self.note_fire(&fire).await;
                }
                Some(more)
            }
            Passed::First => {
                self.note_limited(trigger, happening).await;
                None
            }
        }
    }

    /// Notes that the limit is reached, and tells it; what several servers see is noted by one.
    async fn note_limited(&self, trigger: &Trigger, happening: &Happening) {
        let TriggerLimit { times, seconds } = trigger.limit;
        let why = format!("more than {times} in {seconds} s; what comes beyond is counted");
        let fire = Fire { outcome: FireOutcome::Limited, error: Some(why.clone()), more: 1, ..fire_of(happening, 0) };
        match self.store().claim_fire(trigger.id.as_str(), &format!("limit:{}", happening.key), &fire).await {
            Ok(true) => {
                self.0.hooks.state().rates.entry(trigger.id.clone()).or_default().noted = Some(fire);
                self.note_stale(ListName::Fires, &trigger.name, &trigger.owner);
            }
            Ok(false) => return,
            Err(error) => tracing::warn!(%error, trigger = trigger.name, "that a trigger's limit is reached can't be noted"),
        }
        self.say_refused(trigger, happening, &why).await;
    }

    /// Starts what the trigger is for, as its owner. None when that was done for this event already, here or on another server.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`: then nothing is started. A run that can't be started is told in the answer.
    pub(super) async fn fire(&self, trigger: &Trigger, happening: &Happening, more: u64) -> Result<Option<Fire>> {
        let depth = self.depth_of(happening).await?;
        let mut fire = Fire { more, ..fire_of(happening, depth) };
        if depth >= MOST_DEPTH {
            let why = format!("{MOST_DEPTH} runs have started each other by triggers already");
            (fire.outcome, fire.error) = (FireOutcome::Loop, Some(why));
        }
        match self.store().claim_fire_within(trigger.id.as_str(), &happening.key, &fire, trigger.limit).await? {
            FireClaim::Ours => self.note_stale(ListName::Fires, &trigger.name, &trigger.owner),
            FireClaim::Known => return Ok(None),
            // Other servers have let as many through, though this one has not.
            FireClaim::TooMuch => {
                let first = self.0.hooks.state().rates.entry(trigger.id.clone()).or_default().refused() == Passed::First;
                if first {
                    self.note_limited(trigger, happening).await;
                }
                fire.outcome = FireOutcome::Limited;
                return Ok(Some(fire));
            }
        }
        if let Some(why) = &fire.error {
            self.say_refused(trigger, happening, why).await;
            return Ok(Some(fire));
        }
        match self.start_for(trigger, &filled::values(happening), happening.text.clone(), depth).await {
            Ok(run) => fire.run = Some(run.id),
            Err(error) => (fire.outcome, fire.error) = (FireOutcome::Failed, Some(error.message)),
        }
        self.note_fire(&fire).await;
        // Once more: in between, somebody may have been told of it as it was before.
        self.note_stale(ListName::Fires, &trigger.name, &trigger.owner);
        Ok(Some(fire))
    }

    /// Starts a trigger's run with these values.
    ///
    /// # Errors
    /// As [`Automation::start_run`].
    pub(super) async fn start_for(&self, trigger: &Trigger, values: &Map<String, Value>, event: String, depth: u32) -> Result<Run> {
        let owner = self.owner(&trigger.owner).await?;
        let actor = Actor::new(owner.name, owner.role.min(trigger.rights));
        let request = StartRun { script: Some(trigger.run.script.clone()), params: filled::params(&trigger.run, values), ..StartRun::default() };
        self.start_run(&actor, request, RunCause::Trigger { name: trigger.name.clone(), event, depth }, None).await
    }

    pub(super) async fn note_fire(&self, fire: &Fire) {
        if let Err(error) = self.store().save_fire(fire).await {
            tracing::warn!(%error, "what a trigger did can't be noted");
        }
    }

    /// Tells the owner, and webhooks, that a trigger did not do what it is for.
    async fn say_refused(&self, trigger: &Trigger, happening: &Happening, why: &str) {
        let text = format!("trigger {} did nothing: {why}", trigger.name);
        let (owner, title) = (Some(trigger.owner.clone()), format!("trigger {}", trigger.name));
        self.notify(Event::Notice { owner, title, text: format!("did nothing: {why}"), level: NoticeLevel::Bad, desktop: false }).await;
        let data = json!({"trigger": {"name": trigger.name, "owner": trigger.owner, "event": happening.text, "why": why}});
        let refused = plain("trigger.refused", format!("refused:{}:{}", trigger.id, happening.key), Timestamp::now(), text, data);
        self.happened(Happening { owner: Some(trigger.owner.clone()), bad: true, ..refused });
    }

    /// How many runs in a row started each other until this happened.
    pub(super) async fn depth_of(&self, happening: &Happening) -> Result<u32> {
        let mut ids: Vec<&str> = happening.session.iter().map(|id| id.as_str()).collect();
        ids.extend(happening.container.as_ref().map(|subject| subject.id.as_str()));
        if ids.is_empty() {
            return Ok(0);
        }
        let (until, mut over) = (Instant::now() + OWN, None);
        loop {
            let live = self.0.live.all();
            if let Some(run) = live.iter().map(|live| live.run()).find(|run| ids.iter().any(|id| has(run, id))) {
                return Ok(depth_after(&run));
            }
            // A run that is under way may have launched this, and not have been told so yet.
            let may_be_its_own = happening.kind == "container.started" && live.iter().any(|live| Some(&live.run().owner) == happening.owner.as_ref());
            let now = Instant::now();
            if may_be_its_own && over.is_none() && !self.is_launching(happening).await {
                over = Some(now + OWN_AFTER);
            }
            if !may_be_its_own || now >= over.unwrap_or(until).min(until) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        for id in ids {
            let runs = self.store().list_runs_that_name(id, RUNS).await?;
            if let Some(run) = runs.iter().find(|run| has(run, id)) {
                let over = run.ended_at.map_or(SignedDuration::ZERO, |end| happening.at.duration_since(end));
                return Ok(if over > CHAIN { 0 } else { depth_after(run) });
            }
        }
        Ok(0)
    }
}

impl Automation {
    /// Whether the container that something happened to is still being launched.
    async fn is_launching(&self, happening: &Happening) -> bool {
        let Some(subject) = &happening.container else { return false };
        let query = ListQuery { limit: Some(500), q: Some(subject.name.clone()), ..ListQuery::default() };
        let under_way = self.control().list_operations(&Control::local_admin(), &query).await;
        under_way.is_ok_and(|page| page.items.iter().any(|one| one.state == OperationState::Running && one.target == subject.name))
    }
}

impl State {
    /// Forgets what is known of triggers that are gone.
    pub(super) fn forget_gone_triggers(&mut self) {
        let triggers = self.triggers.clone();
        self.rates.retain(|id, _| triggers.iter().any(|(trigger, _)| trigger.id == *id));
        self.pending.retain(|id, _| triggers.iter().any(|(trigger, _)| trigger.id == *id && !trigger.paused));
    }
}

fn has(run: &Run, id: &str) -> bool {
    run.containers.iter().any(|own| own.as_str() == id) || run.sessions.iter().any(|own| own.as_str() == id)
}

/// The depth of what a run's own things start.
pub(super) fn depth_after(run: &Run) -> u32 {
    match run.cause {
        RunCause::Trigger { depth, .. } | RunCause::Plugin { depth, .. } => depth.saturating_add(1),
        RunCause::Asked | RunCause::Again { .. } | RunCause::Schedule { .. } => 1,
    }
}

/// What is noted of an event before anything is done.
pub(super) fn fire_of(happening: &Happening, depth: u32) -> Fire {
    Fire {
        id: format!("fir_{}", uuid::Uuid::now_v7().simple()),
        at: Timestamp::now(),
        event: happening.text.clone(),
        outcome: FireOutcome::Started,
        run: None,
        error: None,
        depth,
        more: 0,
    }
}

/// Whether a trigger waits for what happened. Logs, metrics, output and requests have watchers of their own.
fn waits_for(when: &TriggerWhen, happening: &Happening) -> bool {
    match when {
        TriggerWhen::Container { is, of } => is.iter().any(|one| kind_of(*one) == happening.kind) && is_of(of, happening),
        TriggerWhen::Session { is, of, .. } => {
            let kind = match is {
                SessionHappening::Bell => "session.bell",
                SessionHappening::Opened => "session.opened",
                SessionHappening::Ended => "session.ended",
                SessionHappening::Output | SessionHappening::Idle | SessionHappening::Prompt => return false,
            };
            kind == happening.kind && is_of(of, happening)
        }
        TriggerWhen::File { of, name } => {
            let kind = match of {
                FileKind::Template => "template.changed",
                FileKind::Script => "script.changed",
            };
            let named = happening.data.get("name").and_then(Value::as_str).unwrap_or_default();
            kind == happening.kind && name.as_ref().is_none_or(|wanted| fits(wanted, named))
        }
        TriggerWhen::Log { .. } | TriggerWhen::Metric { .. } | TriggerWhen::Hook { .. } => false,
    }
}

fn kind_of(is: ContainerHappening) -> &'static str {
    match is {
        ContainerHappening::Started => "container.started",
        ContainerHappening::Died => "container.died",
        ContainerHappening::Oom => "container.oom",
        ContainerHappening::Unhealthy => "container.unhealthy",
        ContainerHappening::Healthy => "container.healthy",
        ContainerHappening::Removed => "container.removed",
    }
}

fn is_of(of: &ContainerMatch, happening: &Happening) -> bool {
    happening.container.as_ref().is_some_and(|subject| subject.is_of(of))
}

impl super::happening::Subject {
    /// Whether it is meant.
    pub(super) fn is_of(&self, of: &ContainerMatch) -> bool {
        let same = |wanted: &Option<String>, own: Option<&String>| wanted.as_ref().is_none_or(|wanted| own == Some(wanted));
        of.name.as_ref().is_none_or(|name| fits(name, &self.name))
            && same(&of.template, self.template.as_ref())
            && same(&of.stack, self.stack.as_ref())
            && same(&of.owner, self.owner.as_ref())
            && of.labels.iter().all(|(name, wanted)| self.labels.get(name).is_some_and(|value| fits(wanted, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_counted_and_told_once() {
        let (mut rate, limit) = (Rate::default(), TriggerLimit { times: 2, seconds: 10 });
        let at = |second: i64| Timestamp::from_second(1_000 + second).unwrap();
        assert_eq!((rate.pass(limit, at(0)), rate.pass(limit, at(1))), (Passed::Yes(0), Passed::Yes(0)));
        assert_eq!((rate.pass(limit, at(2)), rate.pass(limit, at(3)), rate.pass(limit, at(9))), (Passed::First, Passed::No, Passed::No));
        assert_eq!(rate.pass(limit, at(10)), Passed::Yes(3), "the first is ten seconds old");
        assert_eq!(rate.pass(limit, at(10)), Passed::First);
    }
}
