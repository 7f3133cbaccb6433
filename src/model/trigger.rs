//! Triggers: what starts runs of scripts when something happens.
use super::ParamValue;
use super::Role;
use super::RunId;
use super::TriggerId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A trigger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Trigger {
    /// Its id.
    pub id: TriggerId,
    /// Unique name.
    pub name: String,
    /// Whose it is: its runs have their rights.
    pub owner: String,
    /// What its runs may do at most: never more than its owner may when one starts.
    #[serde(default = "super::run::least")]
    pub rights: Role,
    /// What it waits for.
    pub when: TriggerWhen,
    /// What it starts.
    pub run: TriggerRun,
    /// Seconds without a further event before it starts something; of several events the last one counts.
    #[serde(default)]
    pub quiet_seconds: u32,
    /// How often it may start something.
    #[serde(default)]
    pub limit: TriggerLimit,
    /// It does nothing for now.
    #[serde(default)]
    pub paused: bool,
    /// Why it can't watch what it is to watch; none where all is well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// The secret of before counts beside the new one until then.
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

/// What a trigger waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum TriggerWhen {
    /// Something happens to a container.
    Container {
        /// Any of these.
        is: Vec<ContainerHappening>,
        /// Of these containers.
        #[serde(default)]
        of: ContainerMatch,
    },
    /// A container prints a line to its log.
    Log {
        /// A regular expression that fits a part of the line.
        matches: String,
        /// Of these containers.
        #[serde(default)]
        of: ContainerMatch,
    },
    /// A container uses much for a while.
    Metric {
        /// Of what.
        metric: Metric,
        /// More than this.
        above: f64,
        /// It may fire again when less than this was used; nine tenths of `above` where nothing is said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        below: Option<f64>,
        /// For so many seconds; 30 where nothing is said.
        #[serde(default = "half_a_minute")]
        seconds: u32,
        /// Of these containers.
        #[serde(default)]
        of: ContainerMatch,
    },
    /// Something happens in a session.
    Session {
        /// What.
        is: SessionHappening,
        /// For `output`: a regular expression that fits a part of a line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        matches: Option<String>,
        /// For `idle`: seconds without output.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<u32>,
        /// In these containers.
        #[serde(default)]
        of: ContainerMatch,
    },
    /// A signed request comes in: `POST /api/v1/hooks/{name}`.
    Hook {
        /// How it is signed.
        #[serde(default)]
        signed: HookSigning,
    },
    /// The file of a template or of a script is changed.
    File {
        /// Of which.
        of: FileKind,
        /// With such a name; `*` stands for any letters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
    },
}

fn half_a_minute() -> u32 {
    30
}

/// Which containers: those that fit all that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ContainerMatch {
    /// With such a name; `*` stands for any letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Made from this template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Part of this stack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
    /// Made by this user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// With each of these labels; in a value `*` stands for any letters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// What can happen to a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContainerHappening {
    /// Its main program began.
    Started,
    /// Its main program ended.
    Died,
    /// The out-of-memory killer ended it.
    Oom,
    /// Its health check fails.
    Unhealthy,
    /// Its health check passes again.
    Healthy,
    /// It was removed.
    Removed,
}

/// What can be measured of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Percent of one core: 200 is two cores busy.
    CpuPercent,
    /// Percent of the memory that it may use.
    MemoryPercent,
    /// Bytes of memory.
    MemoryBytes,
}

impl Metric {
    /// The metric as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CpuPercent => "cpu_percent",
            Self::MemoryPercent => "memory_percent",
            Self::MemoryBytes => "memory_bytes",
        }
    }
}

/// What can happen in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionHappening {
    /// Its program prints a line that fits.
    Output,
    /// Its program prints nothing for a while, after it printed something.
    Idle,
    /// Its program rings the bell.
    Bell,
    /// Its shell shows a prompt and says so (OSC 133).
    Prompt,
    /// It was opened.
    Opened,
    /// It has ended.
    Ended,
}

/// How requests are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HookSigning {
    /// By Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
    #[default]
    Standard,
    /// By GitHub: `X-Hub-Signature-256`; it has no time, and `X-GitHub-Delivery` is what is not taken twice.
    Github,
}

/// Files that are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// Templates.
    Template,
    /// Scripts.
    Script,
}

/// What a trigger starts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TriggerRun {
    /// The name of a script of the server's.
    pub script: String,
    /// Values of its parameters; `${event.container}` and the like stand for what happened.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, ParamValue>,
}

/// How often a trigger may start something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TriggerLimit {
    /// So many times …
    pub times: u32,
    /// … within so many seconds. What comes beyond is counted.
    pub seconds: u32,
}

impl Default for TriggerLimit {
    fn default() -> Self {
        Self { times: 10, seconds: 60 }
    }
}

/// Makes a trigger (`POST /api/v1/triggers`), or changes one (`PUT /api/v1/triggers/{name}`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveTrigger {
    /// Unique name; needed only when it is made.
    #[serde(default)]
    pub name: String,
    /// What it waits for.
    pub when: TriggerWhen,
    /// What it starts.
    pub run: TriggerRun,
    /// Seconds without a further event before it starts something.
    #[serde(default)]
    pub quiet_seconds: u32,
    /// How often it may start something; 10 times a minute where nothing is said.
    #[serde(default)]
    pub limit: TriggerLimit,
    /// The version that this one replaces; whatever is there where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<i64>,
}

/// A trigger with its secret, which is shown only once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TriggerSecret {
    /// The trigger.
    pub trigger: Trigger,
    /// What requests are signed with; begins with `whsec_`. Only where it waits for requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// Lets a trigger start something now, with an event that is made up: `POST /api/v1/triggers/{name}/test`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TestTrigger {
    /// What `${event.…}` stand for; what is not given is made up.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    #[schema(value_type = Object)]
    pub event: serde_json::Map<String, serde_json::Value>,
}

/// What a trigger did with an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Fire {
    /// Counts up with time.
    pub id: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The event in words.
    pub event: String,
    /// What became of it.
    pub outcome: FireOutcome,
    /// The run that it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// How many runs in a row started each other by triggers, this one counted.
    #[serde(default)]
    pub depth: u32,
    /// Events that came beyond the limit, or before it was quiet, and are counted here.
    #[serde(default)]
    pub more: u64,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FireOutcome {
    /// A run was started.
    Started,
    /// The run could not be started.
    Failed,
    /// It was one too many.
    Limited,
    /// Runs would start each other for ever.
    Loop,
}

impl FireOutcome {
    /// The outcome as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Failed => "failed",
            Self::Limited => "limited",
            Self::Loop => "loop",
        }
    }
}

/// What a request that came in is answered with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HookTaken {
    /// It was taken.
    pub taken: bool,
}
