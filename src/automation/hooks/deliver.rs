//! The way of an event to a webhook: noted, tried, tried again, given up.
use super::Automation;
use super::email;
use super::filled;
use super::happening::Happening;
use super::happening::fits;
use super::happening::is_meant;
use super::post;
use super::reach::Way;
use super::signing;
use crate::error::Result;
use crate::model::DeliveryId;
use crate::model::Event;
use crate::model::HookAttempt;
use crate::model::HookDelivery;
use crate::model::HookDeliveryState;
use crate::model::HookFilter;
use crate::model::HookTarget;
use crate::model::ListName;
use crate::model::NoticeLevel;
use crate::model::Webhook;
use crate::store::Claimed;
use crate::store::KeptSecret;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// When a delivery is tried again after it failed once, twice, …; then it is given up.
const AGAIN: [Duration; 7] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * 60),
    Duration::from_secs(30 * 60),
    Duration::from_secs(2 * 3600),
    Duration::from_secs(5 * 3600),
    Duration::from_secs(10 * 3600),
    Duration::from_secs(10 * 3600),
];
/// A receiver may ask to be left alone for so long.
const LONGEST_WISH: Duration = Duration::from_secs(3600);
/// Deliveries under way at once: in all, to one webhook, to one whose receiver was slow.
const AT_ONCE: usize = 16;
const AT_ONCE_EACH: usize = 4;
const AT_ONCE_SLOW: usize = 1;
/// A receiver that takes longer is slow.
const SLOW: Duration = Duration::from_secs(3);
/// How long a server has a delivery that it tries.
const LEASE: Duration = Duration::from_secs(60);
/// Bytes of a body.
const BODY: usize = 64 << 10;

/// What came of a try.
struct Tried {
    status: Option<u16>,
    error: Option<String>,
    response: String,
    retry_after: Option<Duration>,
    /// The receiver wants no more at all.
    gone: bool,
}

impl Tried {
    fn done() -> Self {
        Self { status: None, error: None, response: String::new(), retry_after: None, gone: false }
    }

    fn failed(error: String) -> Self {
        Self { error: Some(error), ..Self::done() }
    }
}

impl Automation {
    /// Notes what happened for each webhook that is to be told of it.
    pub(super) async fn tell(self, mut happenings: mpsc::Receiver<Arc<Happening>>) {
        while let Some(happening) = happenings.recv().await {
            let webhooks = self.0.hooks.state().webhooks.clone();
            let mut any = false;
            for (webhook, _) in webhooks.iter().filter(|(webhook, _)| wants(webhook, &happening)) {
                let delivery = delivery_of(webhook, &happening);
                match self.store().add_delivery(&delivery, &happening.key, &body_of(webhook, &happening), None).await {
                    Ok(true) => {
                        any = true;
                        self.note_stale(ListName::Deliveries, &webhook.name, &webhook.owner);
                    }
                    Ok(false) => {}
                    Err(error) => tracing::warn!(%error, webhook = webhook.name, event = happening.kind, "an event can't be noted for a webhook"),
                }
            }
            if any {
                self.0.hooks.due.notify_one();
            }
        }
    }

    /// Tries every delivery that is due at `now`, and waits for the end of these tries. How many there were.
    ///
    /// # Errors
    /// `store_failed`.
    pub async fn deliver_due(&self, now: Timestamp) -> Result<usize> {
        let tries = self.start_due(now).await?;
        let count = tries.len();
        for one in tries {
            let _ = one.await;
        }
        Ok(count)
    }

    /// Begins to try what is due at `now`, as far as there are places.
    pub(super) async fn start_due(&self, now: Timestamp) -> Result<Vec<JoinHandle<()>>> {
        let webhooks = self.0.hooks.state().webhooks.clone();
        if webhooks.is_empty() {
            return Ok(Vec::new());
        }
        let due = self.store().due_webhooks(now).await?;
        let mut ready: Vec<_> = webhooks.iter().filter(|(webhook, _)| webhook.disabled.is_none() && due.iter().any(|id| id == webhook.id.as_str())).collect();
        // Those with the fewest under way first, so that one with much to be told does not keep the others waiting.
        {
            let state = self.0.hooks.state();
            ready.sort_by_key(|(webhook, _)| state.under_way.get(&webhook.id).copied().unwrap_or(0));
        }
        let mut tries = Vec::new();
        for (webhook, secrets) in ready {
            let room = self.room_for(webhook);
            if room == 0 {
                continue;
            }
            let claimed = self.store().claim_deliveries(webhook.id.as_str(), self.control().boot_id(), now, LEASE, room).await?;
            for one in claimed {
                *self.0.hooks.state().under_way.entry(webhook.id.clone()).or_default() += 1;
                tries.push(tokio::spawn(self.clone().try_beside(webhook.clone(), secrets.clone(), one, now)));
            }
        }
        Ok(tries)
    }

    fn room_for(&self, webhook: &Webhook) -> usize {
        let state = self.0.hooks.state();
        let own = state.under_way.get(&webhook.id).copied().unwrap_or(0);
        let most = if state.slow.contains(&webhook.id) { AT_ONCE_SLOW } else { AT_ONCE_EACH };
        most.saturating_sub(own).min(AT_ONCE.saturating_sub(state.under_way.values().sum()))
    }

    async fn try_beside(self, webhook: Webhook, secrets: Vec<KeptSecret>, claimed: Claimed, now: Timestamp) {
        self.try_once(&webhook, &secrets, claimed, now).await;
        {
            let mut state = self.0.hooks.state();
            if let Some(count) = state.under_way.get_mut(&webhook.id) {
                *count -= 1;
                if *count == 0 {
                    state.under_way.remove(&webhook.id);
                }
            }
        }
        self.0.hooks.due.notify_one();
    }

    /// Tries a delivery once, notes how that went, and returns it as it is then.
    pub(super) async fn try_once(&self, webhook: &Webhook, secrets: &[KeptSecret], claimed: Claimed, now: Timestamp) -> HookDelivery {
        let Claimed { mut delivery, body } = claimed;
        let (at, began) = (Timestamp::now(), Instant::now());
        let tried = self.send(webhook, secrets, &delivery, body).await;
        let took = began.elapsed();
        {
            let mut state = self.0.hooks.state();
            match took > SLOW {
                true => state.slow.insert(webhook.id.clone()),
                false => state.slow.remove(&webhook.id),
            };
        }
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        delivery.attempts.push(HookAttempt { at, ms, status: tried.status, error: tried.error.clone(), response: tried.response });
        delivery.next_at = None;
        let mut given_up = None;
        delivery.state = match &tried.error {
            None => HookDeliveryState::Delivered,
            Some(error) => match again(delivery.attempts.len(), tried.retry_after).filter(|_| !tried.gone) {
                // A ping says how things are now; it is not worth a second try.
                _ if delivery.event == PING => HookDeliveryState::Failed,
                Some(wait) => {
                    delivery.next_at = Some(now + SignedDuration::try_from(wait).unwrap_or(SignedDuration::from_hours(1)));
                    HookDeliveryState::Waiting
                }
                None => {
                    given_up = Some(match tried.gone {
                        true => "the receiver said that it wants nothing more (410)".to_owned(),
                        false => format!("a delivery failed {} times, last: {error}", delivery.attempts.len()),
                    });
                    HookDeliveryState::Failed
                }
            },
        };
        if let Err(error) = self.store().save_delivery(&delivery, self.control().boot_id()).await {
            tracing::warn!(%error, delivery = %delivery.id, "a delivery can't be noted, and may be tried once too often");
        }
        self.note_stale(ListName::Deliveries, &webhook.name, &webhook.owner);
        if let Some(why) = given_up {
            self.disable(webhook, why).await;
        }
        delivery
    }

    async fn send(&self, webhook: &Webhook, secrets: &[KeptSecret], delivery: &HookDelivery, body: String) -> Tried {
        let settings = self.control().settings();
        let way = Way { reach: &self.0.hooks.reach, private: webhook.allow_private, ca_file: settings.hooks.ca_file.as_deref() };
        match &webhook.to {
            HookTarget::Webhook { url } => {
                let now = Timestamp::now();
                let signed = signing::sign(signing::counting(secrets, now), &delivery.message, now.as_second(), body.as_bytes());
                let (place, signature) = match (post::place_of(url), signed) {
                    (Ok(place), Ok(signature)) => (place, signature),
                    (Err(error), _) => return Tried::failed(error),
                    (_, Err(error)) => return Tried::failed(error.message),
                };
                let headers = [("webhook-id", delivery.message.clone()), ("webhook-timestamp", now.as_second().to_string()), ("webhook-signature", signature)];
                match post::post(way, &place, &headers, body).await {
                    Ok(answer) => judged(answer),
                    Err(error) => Tried::failed(error),
                }
            }
            HookTarget::Email { server, from, to, user, password } => {
                let login = match (user, password) {
                    (Some(user), Some(password)) => match self.secret_of(&webhook.owner, password).await {
                        Ok(password) => Some((user.clone(), password)),
                        Err(error) => return Tried::failed(error.message),
                    },
                    _ => None,
                };
                let (subject, at) = (format!("cto: {}", delivery.text), delivery.created_at);
                let text = format!("{}\n\n{}\n\n{}\n", delivery.text, delivery.created_at, pretty(&body));
                let mail = email::Mail { server, from, to, login, subject, text, message: &delivery.message, at };
                match email::send(way, &mail).await {
                    Ok(response) => Tried { response, ..Tried::done() },
                    Err(error) => Tried::failed(error),
                }
            }
            HookTarget::Terminal | HookTarget::Desktop => {
                let level = if is_bad(&delivery.event) { NoticeLevel::Bad } else { NoticeLevel::Info };
                self.notify(Event::Notice {
                    owner: Some(webhook.owner.clone()),
                    title: webhook.name.clone(),
                    text: delivery.text.clone(),
                    level,
                    desktop: webhook.to == HookTarget::Desktop,
                })
                .await;
                Tried::done()
            }
        }
    }

    async fn secret_of(&self, owner: &str, name: &str) -> Result<String> {
        let owner = self.owner(owner).await?;
        self.secret(&owner, name).await
    }

    /// Nothing more is delivered, until somebody enables it again.
    async fn disable(&self, webhook: &Webhook, why: String) {
        let saved = async {
            let (mut webhook, secrets) = self.store().find_webhook(&webhook.name).await?;
            if webhook.disabled.is_none() {
                webhook.disabled = Some(why.clone());
                self.store().save_webhook(&mut webhook, &secrets).await?;
                let (owner, title) = (Some(webhook.owner.clone()), format!("webhook {} is disabled", webhook.name));
                self.notify(Event::Notice { owner, title, text: why.clone(), level: NoticeLevel::Bad, desktop: false }).await;
            }
            self.look_at_hooks().await
        };
        if let Err(error) = saved.await {
            tracing::warn!(%error, webhook = webhook.name, "a webhook can't be disabled");
        }
    }
}

/// The kind of event that a test sends.
pub(super) const PING: &str = "ping";

/// A new delivery of what happened.
pub(super) fn delivery_of(webhook: &Webhook, happening: &Happening) -> HookDelivery {
    let id = DeliveryId::fresh();
    HookDelivery {
        message: format!("msg_{}", id.as_str().trim_start_matches("dlv_")),
        id,
        webhook: webhook.id.clone(),
        event: happening.kind.to_owned(),
        text: happening.text.clone(),
        state: HookDeliveryState::Waiting,
        attempts: Vec::new(),
        next_at: Some(happening.at.min(Timestamp::now())),
        created_at: happening.at,
    }
}

/// What is sent of what happened: as the webhook's own document says, or in our usual words.
pub(super) fn body_of(webhook: &Webhook, happening: &Happening) -> String {
    let body = match &webhook.body {
        Some(document) => filled::document(document, &filled::values(happening)).to_string(),
        None => json!({"type": happening.kind, "timestamp": happening.at, "data": happening.data}).to_string(),
    };
    if body.len() <= BODY {
        return body;
    }
    let text: String = happening.text.chars().take(1_000).collect();
    json!({"type": happening.kind, "timestamp": happening.at, "data": {"text": text, "left_out": "it is too large"}}).to_string()
}

/// What an answer means.
fn judged(answer: post::Answer) -> Tried {
    let status = answer.status;
    let error = match status {
        200..300 => None,
        300..400 => {
            let to = answer.location.map(|to| format!(" to '{to}'")).unwrap_or_default();
            Some(format!("answered {status}: it redirects{to}, which is not followed"))
        }
        _ => Some(format!("answered {status}")),
    };
    let retry_after = answer.retry_after.filter(|_| matches!(status, 429 | 503));
    Tried { status: Some(status), error, response: answer.text, retry_after, gone: status == 410 }
}

/// How long to wait after so many failed tries; none where it is given up.
fn again(failed: usize, wish: Option<Duration>) -> Option<Duration> {
    let wait = *AGAIN.get(failed.checked_sub(1)?)?;
    Some(wait.max(wish.unwrap_or_default().min(LONGEST_WISH)))
}

fn wants(webhook: &Webhook, happening: &Happening) -> bool {
    webhook.disabled.is_none() && is_meant(&webhook.events, happening.kind) && passes(&webhook.filter, happening)
}

fn passes(filter: &HookFilter, happening: &Happening) -> bool {
    let HookFilter { owner, script, container } = filter;
    owner.as_ref().is_none_or(|owner| happening.owner.as_ref() == Some(owner))
        && script.as_ref().is_none_or(|script| happening.script.as_ref().is_some_and(|name| fits(script, name)))
        && container.as_ref().is_none_or(|wanted| happening.container.as_ref().is_some_and(|subject| fits(wanted, &subject.name)))
}

/// A body for people.
fn pretty(body: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(body).ok();
    value.and_then(|value| serde_json::to_string_pretty(&value).ok()).unwrap_or_else(|| body.to_owned())
}

fn is_bad(kind: &str) -> bool {
    matches!(kind, "container.died" | "container.oom" | "container.unhealthy" | "run.failed" | "operation.failed" | "engine.lost" | "trigger.refused")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_become_rarer_and_end() {
        let waits: Vec<u64> = (1..=8).map_while(|failed| again(failed, None)).map(|wait| wait.as_secs()).collect();
        assert_eq!(waits, [5, 300, 1_800, 7_200, 18_000, 36_000, 36_000]);
        assert_eq!(again(1, Some(Duration::from_secs(60))), Some(Duration::from_secs(60)));
        assert_eq!(again(1, Some(Duration::from_secs(1_000_000))), Some(LONGEST_WISH));
        assert_eq!(again(2, Some(Duration::from_secs(1))), Some(AGAIN[1]));
        assert_eq!(again(8, Some(Duration::from_secs(1))), None);
    }

    #[test]
    fn only_2xx_is_a_delivery() {
        let error = |status, location: Option<&str>| judged(post::Answer { status, location: location.map(str::to_owned), ..post::Answer::default() }).error;
        assert_eq!(error(204, None), None);
        assert_eq!(error(302, Some("http://10.0.0.1/")).unwrap(), "answered 302: it redirects to 'http://10.0.0.1/', which is not followed");
        assert_eq!(error(500, None).unwrap(), "answered 500");
    }
}
