//! Webhooks and notifications: who is told of what, and how that went.
use super::DeliveryId;
use super::WebhookId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The kinds of events that can be told, without `ping`, which only a test sends.
pub const HOOK_EVENTS: [&str; 28] = [
    "container.started",
    "container.died",
    "container.oom",
    "container.unhealthy",
    "container.healthy",
    "container.removed",
    "session.opened",
    "session.ended",
    "session.bell",
    "run.started",
    "run.succeeded",
    "run.failed",
    "run.cancelled",
    "operation.failed",
    "template.changed",
    "script.changed",
    "trigger.refused",
    "engine.lost",
    "engine.back",
    "image.added",
    "image.removed",
    "volume.added",
    "volume.removed",
    "network.added",
    "network.removed",
    "recording.started",
    "recording.ended",
    "recording.removed",
];

/// A webhook or notification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Unique name.
    pub name: String,
    /// Whose it is.
    pub owner: String,
    /// Where to.
    pub to: HookTarget,
    /// Kinds of events that it tells; `run.*` and `*` stand for several.
    pub events: Vec<String>,
    /// Which of them.
    #[serde(default)]
    pub filter: HookFilter,
    /// What is sent instead of the usual body; `${event.text}` and the like in it stand for what happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub body: Option<serde_json::Value>,
    /// It may reach addresses that are not public.
    #[serde(default)]
    pub allow_private: bool,
    /// Why nothing is delivered any more; none while it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled: Option<String>,
    /// The secret of before is used beside the new one until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub old_secret_until: Option<Timestamp>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Grows by one with each change.
    #[serde(default = "super::document::first")]
    pub version: i64,
}

/// Where events are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum HookTarget {
    /// A signed POST (Standard Webhooks).
    Webhook {
        /// `https://…` or `http://…`.
        url: String,
    },
    /// A mail.
    Email {
        /// `HOST:PORT` of a mail server: TLS at once on port 465, elsewhere by STARTTLS.
        server: String,
        /// Sender's address.
        from: String,
        /// Receivers' addresses, 20 at most.
        to: Vec<String>,
        /// Name at the mail server; none where it wants none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<String>,
        /// The owner's secret that is the password there, by its name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<String>,
    },
    /// A message in the owner's open terminal clients.
    Terminal,
    /// The same, and a notification of the desktop where the terminal makes them.
    Desktop,
}

/// Which events of the kinds are told: those that fit all that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HookFilter {
    /// Only what belongs to this user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Only of scripts with such a name; `*` stands for any letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// Only of containers with such a name; `*` stands for any letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
}

/// Makes a webhook (`POST /api/v1/webhooks`), or changes one (`PUT /api/v1/webhooks/{name}`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveWebhook {
    /// Unique name; needed only when it is made.
    #[serde(default)]
    pub name: String,
    /// Where to.
    pub to: HookTarget,
    /// Kinds of events that it tells; `run.*` and `*` stand for several.
    pub events: Vec<String>,
    /// Which of them.
    #[serde(default)]
    pub filter: HookFilter,
    /// What is sent to a URL instead of the usual body: any JSON. In its texts `${event.text}` and the like stand for what happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub body: Option<serde_json::Value>,
    /// It may reach addresses that are not public; only admins may say so.
    #[serde(default)]
    pub allow_private: bool,
    /// The version that this one replaces; whatever is there where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<i64>,
}

/// A webhook with its secret, which is shown only once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WebhookSecret {
    /// The webhook.
    pub webhook: Webhook,
    /// What its receiver checks signatures with; begins with `whsec_`. None for other targets than URLs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// Makes another secret: `POST …/{name}/rotate`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateSecret {
    /// Hours that the secret of before counts beside the new one, 168 at most; 24 where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_hours: Option<u32>,
}

/// Which deliveries, or which fires of a trigger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PastQuery {
    /// Most things on a page: 100 where none is given, 500 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// One event on its way to one webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HookDelivery {
    /// Its id.
    pub id: DeliveryId,
    /// The webhook's id.
    pub webhook: WebhookId,
    /// The message's own id, `webhook-id` in its head: the same in every attempt and when it is delivered again.
    pub message: String,
    /// The event's kind.
    pub event: String,
    /// The event in words.
    pub text: String,
    /// How far it is.
    pub state: HookDeliveryState,
    /// What was tried, oldest first.
    #[serde(default)]
    pub attempts: Vec<HookAttempt>,
    /// When it is tried next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_at: Option<Timestamp>,
    /// When the event happened.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// One delivery with what is sent: `GET /api/v1/deliveries/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SentDelivery {
    /// What is known of it.
    pub delivery: HookDelivery,
    /// The body that is sent in every attempt.
    pub body: String,
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HookDeliveryState {
    /// It waits to be tried, or tried again.
    Waiting,
    /// The receiver has it.
    Delivered,
    /// Given up.
    Failed,
}

impl HookDeliveryState {
    /// The state as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// One try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HookAttempt {
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// The answer's status, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why it counts as failed; none where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The beginning of the answer as text, 1 KiB at most.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub response: String,
}

/// How a notice is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoticeLevel {
    /// Good to know.
    Info,
    /// Done.
    Good,
    /// Bad news.
    Bad,
}
