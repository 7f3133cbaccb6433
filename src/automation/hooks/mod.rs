//! What goes out when something happens, and what comes in: webhooks, notifications, triggers, and what plugins do by themselves.
mod deliver;
mod email;
mod filled;
mod fire;
mod happening;
mod inbound;
mod levels;
mod notices;
mod plugged;
mod post;
mod reach;
mod sessions;
mod signing;
mod triggers;
mod watch;
mod webhooks;

pub use inbound::Incoming;

use super::Automation;
use crate::access::allowed;
use crate::control::Control;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Code;
use crate::model::Event;
use crate::model::ListChange;
use crate::model::ListName;
use crate::model::ListQuery;
use crate::model::Numbered;
use crate::model::Trigger;
use crate::model::TriggerId;
use crate::model::Webhook;
use crate::model::WebhookId;
use crate::store::KeptSecret;
use happening::Happening;
use happening::Seen;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::broadcast;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Happenings that may wait to be told; then further ones are left out, and that is logged.
const WAITING: usize = 4_096;
/// How often it is looked what other servers have changed, and what is due.
const LOOK: Duration = Duration::from_secs(10);
const DUE: Duration = Duration::from_secs(1);
/// How often what is old is forgotten.
const SWEEP: Duration = Duration::from_secs(60);
/// Deliveries that are over, and what triggers did, stay so long.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Messages for the clients of other servers stay so long.
const NOTICES_KEPT: SignedDuration = SignedDuration::from_mins(10);
/// Messages that came in are known a little longer than their time may be off, in both directions.
const MESSAGES_KEPT: SignedDuration = SignedDuration::from_mins(11);

/// What is known of webhooks and triggers meanwhile.
#[derive(Default)]
pub(super) struct Hooks {
    reach: reach::Reach,
    refusals: inbound::Refusals,
    /// Where happenings go: to webhooks, to triggers, and to plugins.
    told: OnceLock<Told>,
    /// Something was left out, and that was logged.
    full: AtomicBool,
    /// Something may be due.
    due: Notify,
    /// Held while the store is asked for what there is, so that an older answer is not taken in after a newer one.
    looking: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Copies of what the store has.
    webhooks: Known<Webhook>,
    triggers: Known<Trigger>,
    /// Deliveries under way, by webhook.
    under_way: HashMap<WebhookId, usize>,
    /// Webhooks whose receiver was slow the last time.
    slow: HashSet<WebhookId>,
    rates: HashMap<TriggerId, fire::Rate>,
    pending: HashMap<TriggerId, fire::Pending>,
    /// The lists were looked at before.
    looked: bool,
    /// Webhooks and triggers whose history is not as it was, and whose they are. Told once a second, since much may happen in one.
    stale: BTreeSet<(ListName, String, String)>,
    /// Why triggers can't watch what they are to watch.
    troubles: HashMap<TriggerId, String>,
}

type Told = (mpsc::Sender<Arc<Happening>>, mpsc::Sender<fire::News>, mpsc::Sender<Arc<Happening>>);

/// A list of things with their secrets.
type Known<T> = Arc<Vec<(T, Vec<KeptSecret>)>>;

impl Hooks {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panics while held")
    }
}

impl Automation {
    /// Runs until `shutdown`: hears what happens, tells it, lets triggers fire.
    pub(super) async fn keep_hooks(self, shutdown: CancellationToken) {
        let ((to_webhooks, happenings), (to_triggers, news)) = (mpsc::channel(WAITING), mpsc::channel(WAITING));
        let (to_plugins, plugins) = mpsc::channel(WAITING);
        if self.0.hooks.told.set((to_webhooks, to_triggers, to_plugins)).is_err() {
            return;
        }
        let bus = &self.control().parts().bus;
        let (events, files) = (bus.subscribe(), bus.subscribe());
        // Each ends with the server: none of them holds what has to be kept.
        tokio::spawn(until(shutdown.clone(), self.clone().hear(events)));
        tokio::spawn(until(shutdown.clone(), self.clone().tell(happenings)));
        tokio::spawn(until(shutdown.clone(), self.clone().let_fire(news)));
        tokio::spawn(until(shutdown.clone(), self.clone().let_plugins_hear(plugins)));
        tokio::spawn(self.clone().watch(files, shutdown.clone()));
        let mut looks = tokio::time::interval(LOOK);
        let mut due = tokio::time::interval(DUE);
        let mut sweeps = tokio::time::interval(SWEEP);
        for interval in [&mut looks, &mut due, &mut sweeps] {
            interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        }
        let mut heard = notices::Heard::new(self.control().started_at());
        loop {
            let done = tokio::select! {
                () = shutdown.cancelled() => return,
                _ = looks.tick() => match self.watch_plugins().await {
                    Ok(()) => self.look_at_hooks().await,
                    Err(error) => Err(error),
                },
                _ = sweeps.tick() => self.forget_hooks().await,
                _ = due.tick() => {
                    self.tell_stale();
                    match self.hear_notices(&mut heard, Timestamp::now()).await {
                        Ok(()) => self.start_due(Timestamp::now()).await.map(drop),
                        Err(error) => Err(error),
                    }
                }
                () = self.0.hooks.due.notified() => self.start_due(Timestamp::now()).await.map(drop),
            };
            if let Err(error) = done {
                tracing::warn!(%error, "webhooks can't be looked after");
            }
        }
    }

    /// Takes in what the store has by now.
    async fn look_at_hooks(&self) -> Result<()> {
        let _looking = self.0.hooks.looking.lock().await;
        let mut webhooks = self.store().list_webhooks().await?;
        let mut known: HashMap<String, bool> = HashMap::new();
        for (webhook, _) in &webhooks {
            if !known.contains_key(&webhook.owner) {
                let is_known = match self.owner(&webhook.owner).await {
                    Ok(owner) => allowed(&owner, Action::ManageWebhooks, Some(&owner.name)),
                    Err(error) if error.code == Code::Forbidden => false,
                    Err(error) => return Err(error),
                };
                known.insert(webhook.owner.clone(), is_known);
            }
        }
        // Whoever is no user any more, or may have none any more, is told nothing more.
        webhooks.retain(|(webhook, _)| known.get(&webhook.owner) == Some(&true));
        let triggers = Arc::new(self.store().list_triggers().await?);
        let news = {
            let mut state = self.0.hooks.state();
            // With the first look, what was there before the server began is no news.
            let since = if std::mem::replace(&mut state.looked, true) { Timestamp::MIN } else { self.control().started_at() };
            let news =
                differences(ListName::Webhooks, &state.webhooks, &webhooks, |webhook| (&webhook.name, &webhook.owner), |webhook| webhook.created_at >= since)
                    .into_iter()
                    .chain(differences(
                        ListName::Triggers,
                        &state.triggers,
                        &triggers,
                        |trigger| (&trigger.name, &trigger.owner),
                        |trigger| trigger.created_at >= since,
                    ))
                    .collect::<Vec<_>>();
            (state.webhooks, state.triggers) = (Arc::new(webhooks), triggers);
            state.forget_gone_triggers();
            news
        };
        for (list, name, owner, change) in news {
            self.control().tell_list(list, &name, Some(&owner), change);
        }
        Ok(())
    }

    /// The history of a webhook or trigger has changed.
    fn note_stale(&self, list: ListName, name: &str, owner: &str) {
        self.0.hooks.state().stale.insert((list, name.to_owned(), owner.to_owned()));
    }

    fn tell_stale(&self) {
        let stale = std::mem::take(&mut self.0.hooks.state().stale);
        for (list, name, owner) in stale {
            self.control().tell_list(list, &name, Some(&owner), ListChange::Changed);
        }
    }

    async fn forget_hooks(&self) -> Result<()> {
        let now = Timestamp::now();
        self.store().forget_deliveries(now - KEPT).await?;
        self.store().forget_notices(now - NOTICES_KEPT).await?;
        self.store().forget_trigger_fires(now - MESSAGES_KEPT, now - KEPT).await
    }

    /// Hears every event, and makes of it what happened. Never waits for anything but the next one.
    async fn hear(self, mut events: broadcast::Receiver<Numbered>) {
        let boot = self.control().boot_id().to_owned();
        let mut seen = Seen::new(self.control().started_at());
        loop {
            let news = match events.recv().await {
                Ok(event) => self.news(&mut seen, event, &boot),
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "events were missed; what they told of runs and sessions is not passed on");
                    self.caught_up(&mut seen, &boot).await
                }
                Err(broadcast::error::RecvError::Closed) => return,
            };
            news.into_iter().for_each(|happening| self.happened(happening));
        }
    }

    /// Tells webhooks and triggers of something. Never waits: where too much waits already, it is left out.
    fn happened(&self, happening: Happening) {
        let Some((webhooks, triggers, plugins)) = self.0.hooks.told.get() else { return };
        let happening = Arc::new(happening);
        let taken = [webhooks.try_send(happening.clone()).is_ok(), triggers.try_send((None, happening.clone())).is_ok(), plugins.try_send(happening).is_ok()];
        self.note_full(taken.contains(&false));
    }

    /// Tells one trigger of something that it alone waits for.
    fn happened_for(&self, trigger: &TriggerId, happening: Happening) {
        let Some((_, triggers, _)) = self.0.hooks.told.get() else { return };
        self.note_full(triggers.try_send((Some(trigger.clone()), Arc::new(happening))).is_err());
    }

    fn note_full(&self, full: bool) {
        if !self.0.hooks.full.swap(full, Ordering::Relaxed) && full {
            tracing::warn!(WAITING, "more happens than can be told: webhooks, triggers and plugins miss some of it");
        }
    }

    fn news(&self, seen: &mut Seen, event: Numbered, boot: &str) -> Vec<Happening> {
        let mut news = seen.take(&event, boot);
        // What the event does not say of a session's container.
        for happening in news.iter_mut().filter(|one| one.container.is_none()) {
            if let Some(session) = happening.session.as_ref().and_then(|id| self.control().sessions().find(id.as_str())) {
                let facts = session.facts();
                let text = format!("session {} in {} rang the bell", facts.title, facts.container_name);
                *happening = seen.in_session(happening.kind, &facts, happening.key.clone(), happening.at, text, serde_json::json!({}));
            }
        }
        news
    }

    /// What happened to containers while events were missed.
    async fn caught_up(&self, seen: &mut Seen, boot: &str) -> Vec<Happening> {
        let mut query = ListQuery { limit: Some(500), ..ListQuery::default() };
        let mut news = Vec::new();
        while let Ok(page) = self.control().list_containers(&Control::local_admin(), &query).await {
            for container in page.items {
                let event = Event::ContainerChanged { container: Box::new(container) };
                news.extend(seen.take(&Numbered { seq: 0, at: Timestamp::now(), event }, boot));
            }
            match page.next_cursor {
                Some(cursor) => query.cursor = Some(cursor),
                None => break,
            }
        }
        news
    }
}

/// What is in a list that was not and is new, is not as it was, or is not any more: name, owner, and which.
fn differences<T: PartialEq>(
    list: ListName,
    before: &[(T, Vec<KeptSecret>)],
    now: &[(T, Vec<KeptSecret>)],
    of: impl Fn(&T) -> (&String, &String),
    is_new: impl Fn(&T) -> bool,
) -> Vec<(ListName, String, String, ListChange)> {
    let find = |all: &[(T, Vec<KeptSecret>)], name: &String| all.iter().position(|(thing, _)| of(thing).0 == name);
    let told = |thing: &T, change| {
        let (name, owner) = of(thing);
        (list, name.clone(), owner.clone(), change)
    };
    let mut news = Vec::new();
    for (thing, _) in now {
        match find(before, of(thing).0).map(|at| &before[at].0) {
            None if is_new(thing) => news.push(told(thing, ListChange::Added)),
            Some(known) if known != thing => news.push(told(thing, ListChange::Changed)),
            None | Some(_) => {}
        }
    }
    news.extend(before.iter().filter(|(thing, _)| find(now, of(thing).0).is_none()).map(|(thing, _)| told(thing, ListChange::Removed)));
    news
}

async fn until(shutdown: CancellationToken, work: impl Future<Output = ()>) {
    tokio::select! {
        () = shutdown.cancelled() => {}
        () = work => {}
    }
}

/// Whether `name` may be a webhook's or a trigger's.
fn check_name(kind: &str, name: &str) -> Result<()> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if (1..=64).contains(&name.len()) && name.chars().all(fits) && name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(Error::invalid(format!("'{name}' can't be a {kind}'s name")).fix("use 1 to 64 letters, digits, '-', '_' and '.', beginning with a letter or a digit"))
}

/// How many things a page has.
fn limit_of(limit: Option<u32>) -> Result<u32> {
    let limit = limit.unwrap_or(100);
    if (1..=500).contains(&limit) { Ok(limit) } else { Err(Error::invalid("'limit' is a number from 1 to 500")) }
}

/// Until when a secret of before counts.
fn kept_until(hours: Option<u32>, now: Timestamp) -> Result<Timestamp> {
    let hours = hours.unwrap_or(24);
    if hours > 168 {
        return Err(Error::invalid(format!("'keep_hours' is {hours}, and 168 at most")));
    }
    Ok(now + SignedDuration::from_hours(i64::from(hours)))
}
