//! What goes out when something happens, and what comes in: webhooks, notifications, triggers.
mod deliver;
mod happening;
mod post;
mod reach;
mod signing;
mod webhooks;

use super::Automation;
use crate::control::Control;
use crate::error::Error;
use crate::error::Result;
use crate::model::Event;
use crate::model::ListQuery;
use crate::model::Numbered;
use crate::model::Webhook;
use crate::model::WebhookId;
use crate::store::KeptSecret;
use happening::Happening;
use happening::Seen;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
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

/// What is known of webhooks and triggers meanwhile.
#[derive(Default)]
pub(super) struct Hooks {
    reach: reach::Reach,
    /// Something may be due.
    due: Notify,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Copies of what the store has.
    webhooks: Known<Webhook>,
    /// Deliveries under way, by webhook.
    under_way: HashMap<WebhookId, usize>,
    /// Webhooks whose receiver was slow the last time.
    slow: HashSet<WebhookId>,
}

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
        let (sender, happenings) = mpsc::channel(WAITING);
        let events = self.control().parts().bus.subscribe();
        tokio::spawn(self.clone().hear(events, sender, shutdown.clone()));
        tokio::spawn(self.clone().tell(happenings));
        let mut looks = tokio::time::interval(LOOK);
        let mut due = tokio::time::interval(DUE);
        let mut sweeps = tokio::time::interval(SWEEP);
        for interval in [&mut looks, &mut due, &mut sweeps] {
            interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        }
        loop {
            let done = tokio::select! {
                () = shutdown.cancelled() => return,
                _ = looks.tick() => self.look_at_hooks().await,
                _ = sweeps.tick() => self.forget_hooks().await,
                _ = due.tick() => self.start_due(Timestamp::now()).await.map(drop),
                () = self.0.hooks.due.notified() => self.start_due(Timestamp::now()).await.map(drop),
            };
            if let Err(error) = done {
                tracing::warn!(%error, "webhooks can't be looked after");
            }
        }
    }

    /// Takes in what the store has by now.
    async fn look_at_hooks(&self) -> Result<()> {
        let webhooks = Arc::new(self.store().list_webhooks().await?);
        self.0.hooks.state().webhooks = webhooks;
        Ok(())
    }

    async fn forget_hooks(&self) -> Result<()> {
        self.store().forget_deliveries(Timestamp::now() - KEPT).await.map(drop)
    }

    /// Hears every event, and makes of it what happened. Never waits for anything but the next one.
    async fn hear(self, mut events: broadcast::Receiver<Numbered>, sender: mpsc::Sender<Arc<Happening>>, shutdown: CancellationToken) {
        let boot = self.control().boot_id().to_owned();
        let mut seen = Seen::new(self.control().started_at());
        let mut full = false;
        loop {
            let event = tokio::select! {
                () = shutdown.cancelled() => return,
                event = events.recv() => event,
            };
            let news = match event {
                Ok(event) => self.news(&mut seen, event, &boot),
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "events were missed; what they told of runs and sessions is not passed on");
                    self.caught_up(&mut seen, &boot).await
                }
                Err(broadcast::error::RecvError::Closed) => return,
            };
            for happening in news {
                let was_full = std::mem::replace(&mut full, sender.try_send(Arc::new(happening)).is_err());
                if full && !was_full {
                    tracing::warn!(WAITING, "more happens than can be told: webhooks and triggers miss some of it");
                }
            }
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
