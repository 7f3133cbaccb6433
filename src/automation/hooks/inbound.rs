//! Requests that come in for triggers: signed, fresh, taken once.
use super::Automation;
use super::happening::plain;
use super::signing;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::FireOutcome;
use crate::model::HookSigning;
use crate::model::HookTaken;
use crate::model::Outcome;
use crate::model::Role;
use crate::model::Trigger;
use crate::model::TriggerWhen;
use crate::store::AuditNote;
use crate::store::KeptSecret;
use jiff::SignedDuration;
use jiff::Timestamp;
use serde_json::Value;
use serde_json::json;
use std::time::Duration;
use std::time::Instant;

/// How long a wrong request is kept waiting, and how many may wait at once: together at most 64 guesses a second.
const WRONG: (Duration, usize) = (Duration::from_millis(250), 16);
/// Refusals are noted at most so often; the others are counted.
const NOTED: Duration = Duration::from_secs(10);
/// GitHub says nothing of time, so its messages are known for so long.
const GITHUB_KNOWN: SignedDuration = SignedDuration::from_hours(24);
/// A secret that nobody has, for names that nobody has: refusing these takes as long.
const NOBODY: &str = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// A request as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Incoming {
    /// `webhook-id`.
    pub id: Option<String>,
    /// `webhook-timestamp`.
    pub timestamp: Option<String>,
    /// `webhook-signature`.
    pub signature: Option<String>,
    /// `X-GitHub-Delivery`.
    pub github_id: Option<String>,
    /// `X-Hub-Signature-256`.
    pub github_signature: Option<String>,
    /// `X-GitHub-Event`.
    pub github_event: Option<String>,
    /// The body, 256 KiB at most.
    pub body: Vec<u8>,
}

/// Refusals of a while.
pub(super) struct Refusals {
    places: tokio::sync::Semaphore,
    noted: std::sync::Mutex<(Option<Instant>, u64)>,
}

impl Default for Refusals {
    fn default() -> Self {
        Self { places: tokio::sync::Semaphore::new(WRONG.1), noted: std::sync::Mutex::default() }
    }
}

impl Automation {
    /// Takes a request for a trigger, at the time `now`. Whoever can't sign it does not learn whether there is such a trigger.
    ///
    /// # Errors
    /// `unauthenticated` for a signature that is not right, and for a time too far from `now`; `wrong_state` for what has come before and
    /// while the trigger is paused; `bad_request` for a body that is no JSON; `too_many`.
    pub async fn receive_hook(&self, name: &str, request: &Incoming, now: Timestamp) -> Result<HookTaken> {
        // From the store, since another server may have made it.
        let found = match super::check_name("trigger", name) {
            Ok(()) => self.store().find_trigger(name).await.map(Some).or_else(|error| if error.code == Code::NotFound { Ok(None) } else { Err(error) })?,
            Err(_) => None,
        };
        let found = found.filter(|(trigger, _)| matches!(trigger.when, TriggerWhen::Hook { .. }));
        let Some((trigger, message)) = signed(found, request, now) else {
            self.note_refusal(name, "the signature is not right", now).await;
            let Ok(_place) = self.0.hooks.refusals.places.try_acquire() else {
                return Err(Error::new(Code::TooMany, "too many wrong requests at once"));
            };
            tokio::time::sleep(WRONG.0).await;
            return Err(Error::new(Code::Unauthenticated, "the request is not signed as it has to be").fix("see 'Webhooks in' in docs/hooks.md"));
        };
        // From here on the sender is known.
        if let Err(why) = message.fresh {
            self.note_refusal(name, &why, now).await;
            return Err(Error::new(Code::Unauthenticated, why).fix("look at the clocks of both machines; do not send old requests again"));
        }
        if trigger.paused {
            return Err(Error::new(Code::WrongState, format!("trigger '{name}' is paused")).fix(format!("cto trigger resume {name}")));
        }
        let body: Value = match request.body.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&request.body)
                .map_err(|error| Error::new(Code::BadRequest, format!("the body is not JSON: {error}")).fix("send application/json"))?,
        };
        if !self.store().claim_message(trigger.id.as_str(), &message.id, message.known_until).await? {
            self.note_refusal(name, "the message has come before", now).await;
            return Err(Error::new(Code::WrongState, "this message has been taken already"));
        }
        let text = format!("a request came in for {name}");
        let data = json!({"body": body, "hook_event": request.github_event.as_deref().unwrap_or_default()});
        let happening = plain("hook", format!("hook:{}", message.id), now, text, data);
        let done = match self.pass(&trigger, &happening).await {
            Some(more) => self.fire(&trigger, &happening, more).await,
            None => Err(too_many(&trigger)),
        };
        let done = done.and_then(|fire| match &fire {
            Some(fire) if fire.outcome == FireOutcome::Limited => Err(too_many(&trigger)),
            _ => Ok(fire),
        });
        match done {
            Ok(fire) => Ok(HookTaken { taken: fire.is_some_and(|fire| fire.outcome == FireOutcome::Started) }),
            // Nothing was done, so that it may come again.
            Err(error) => {
                self.store().release_message(trigger.id.as_str(), &message.id).await?;
                Err(error)
            }
        }
    }

    /// Notes a refusal in the audit, but not so many that they fill the disk.
    async fn note_refusal(&self, name: &str, why: &str, now: Timestamp) {
        let left_out = {
            let mut noted = self.0.hooks.refusals.noted.lock().expect("no panics while held");
            if noted.0.is_some_and(|last| last.elapsed() < NOTED) {
                noted.1 += 1;
                return;
            }
            noted.0 = Some(Instant::now());
            std::mem::take(&mut noted.1)
        };
        let others = if left_out > 0 { format!("; {left_out} more of these were not noted before it") } else { String::new() };
        let note = AuditNote {
            event: crate::model::AuditId::fresh(),
            begun_at: now,
            actor: "nobody".to_owned(),
            role: Role::Viewer,
            action: "receive:hooks".to_owned(),
            target: format!("hook {}", crate::term::one_line(name, 64)),
            outcome: Outcome::Refused,
            detail: Some(format!("{why}{others}")),
        };
        if let Err(error) = self.store().append_audit(note).await {
            tracing::warn!(%error, "a refusal can't be noted");
        }
    }
}

fn too_many(trigger: &Trigger) -> Error {
    Error::new(Code::TooMany, format!("trigger '{}' fires {} times in {} s at most", trigger.name, trigger.limit.times, trigger.limit.seconds))
}

/// A message whose sender is known.
struct Message {
    id: String,
    known_until: Timestamp,
    /// Why it is too old, or too new.
    fresh: Result<(), String>,
}

/// The trigger, if the request is signed with one of its secrets. It takes as long when there is none.
fn signed(found: Option<(Trigger, Vec<KeptSecret>)>, request: &Incoming, now: Timestamp) -> Option<(Trigger, Message)> {
    let nobody = [KeptSecret { secret: NOBODY.to_owned(), until: None }];
    let secrets: &[KeptSecret] = found.as_ref().map_or(&nobody, |(_, secrets)| secrets);
    let way = found.as_ref().map_or(HookSigning::Standard, |(trigger, _)| match trigger.when {
        TriggerWhen::Hook { signed } => signed,
        _ => HookSigning::Standard,
    });
    // What has come is compared in the way that it came in: which one a trigger takes is not told either.
    let as_github = request.signature.is_none() && request.github_signature.is_some();
    let (good, message) = if as_github {
        let id = request.github_id.clone().unwrap_or_else(|| super::watch::hash(&String::from_utf8_lossy(&request.body)));
        let good = signing::verify_github(signing::counting(secrets, now), &request.body, request.github_signature.as_deref().unwrap_or_default());
        (good && way == HookSigning::Github, Message { id, known_until: now + GITHUB_KNOWN, fresh: Ok(()) })
    } else {
        let id = request.id.clone().unwrap_or_default();
        let at: Option<i64> = request.timestamp.as_deref().and_then(|text| text.parse().ok());
        let signatures = request.signature.as_deref().unwrap_or_default();
        let good = signing::verify(signing::counting(secrets, now), &id, at.unwrap_or_default(), &request.body, signatures);
        let off = at.map_or(i64::MAX, |at| now.as_second().saturating_sub(at).saturating_abs());
        let fresh = match off <= i64::try_from(signing::TOLERANCE.as_secs()).unwrap_or(0) {
            true => Ok(()),
            false => Err(format!("the request's time is more than {} s from now", signing::TOLERANCE.as_secs())),
        };
        (good && at.is_some() && !id.is_empty() && way == HookSigning::Standard, Message { id, known_until: now, fresh })
    };
    let fits = (1..=128).contains(&message.id.len());
    found.filter(|_| good && fits).map(|(trigger, _)| (trigger, message))
}
