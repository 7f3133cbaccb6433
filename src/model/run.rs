//! Runs: one execution of a script each.
use super::ContainerId;
use super::InlineScript;
use super::ParamValue;
use super::Role;
use super::RunId;
use super::SessionId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// One execution of a script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// The script's name, or its file's where it was brought along.
    pub script: String,
    /// On whose behalf, with whose rights.
    pub owner: String,
    /// What it may do at most: never more than who asked for it, also when another server goes on with it.
    #[serde(default = "least")]
    pub rights: Role,
    /// What started it.
    pub cause: RunCause,
    /// How far it is.
    pub state: RunState,
    /// The values of its parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, ParamValue>,
    /// It waits for a person: why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<String>,
    /// What it does now, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phase: String,
    /// Done so far and in all, where the script says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<(u64, u64)>,
    /// What it reported, by name.
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    #[schema(value_type = Object)]
    pub results: serde_json::Map<String, serde_json::Value>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<RunError>,
    /// Steps that have ended, and those of them that failed.
    #[serde(default)]
    pub steps: (u32, u32),
    /// Sessions that it opened or used, newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<SessionId>,
    /// Containers that it launched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<ContainerId>,
    /// Counts up from 1 each time that it begins again after a server's death.
    pub attempt: u32,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
}

/// The rights of what does not say its own.
pub(super) fn least() -> Role {
    Role::Viewer
}

/// What started a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RunCause {
    /// Somebody asked.
    Asked,
    /// Somebody asked for this run once more.
    Again {
        /// Which.
        run: RunId,
    },
    /// A schedule's time came.
    Schedule {
        /// Its name.
        name: String,
        /// The time that it was due.
        #[schema(value_type = String, format = DateTime)]
        due: Timestamp,
    },
    /// A trigger's event happened.
    Trigger {
        /// Its name.
        name: String,
        /// What happened, for people.
        event: String,
        /// How many runs in a row started each other by triggers.
        depth: u32,
    },
    /// A command of a plugin's, or what it does when something happens.
    Plugin {
        /// Its name.
        name: String,
        /// What happened, for people; none where somebody asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event: Option<String>,
        /// How many runs in a row started each other.
        #[serde(default)]
        depth: u32,
    },
}

/// The states of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// It waits for its turn.
    Queued,
    /// Under way.
    Running,
    /// The script came to its end.
    Succeeded,
    /// The script failed: `error` says why.
    Failed,
    /// It took longer than it may.
    TimedOut,
    /// Somebody cancelled it.
    Cancelled,
    /// Its server died meanwhile.
    Lost,
}

impl RunState {
    /// Every state, in the order in which they come.
    pub const ALL: [Self; 7] = [Self::Queued, Self::Running, Self::Succeeded, Self::Failed, Self::TimedOut, Self::Cancelled, Self::Lost];

    /// Whether nothing will happen any more.
    #[must_use]
    pub fn is_over(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }

    /// The state as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }
}

/// Why a run failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunError {
    /// What happened, secrets masked.
    pub message: String,
    /// The script's line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// The last screen of the session that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<String>,
}

/// Starts a run: `POST /api/v1/runs`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartRun {
    /// The name of a script of the server's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// A script that is brought along instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inline: Option<InlineScript>,
    /// Values of its parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, ParamValue>,
    /// A dry run: every session that the script opens is this recording, and nothing is touched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<String>,
    /// Lines to pause at, before what they ask for is done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breakpoints: Vec<u32>,
    /// Pause before the first call.
    #[serde(default)]
    pub step: bool,
    /// Grants of plugins' that the script may use at most; none where it may use all that its header asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Vec<String>>,
}

/// Which runs: `GET /api/v1/runs`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunQuery {
    /// Most runs on a page: 100 where none is given, 500 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Only what contains this text in its id, script, owner, cause or error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Only those in this state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<RunState>,
    /// The field that the list is sorted by, with `-` in front where the largest, or latest, come first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
}

/// What to do with a run that is paused: `POST /api/v1/runs/{id}/resume`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResumeRun {
    /// Pause again before the next call.
    #[serde(default)]
    pub step: bool,
}

/// What a run runs, and where it pauses: `GET /api/v1/runs/{id}/script`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunText {
    /// The text as it was when the run was asked for.
    pub script: InlineScript,
    /// Lines that it pauses at, before what they ask for is done; none of a run that is over.
    #[serde(default)]
    pub breakpoints: Vec<u32>,
}

/// Sets the lines that a run pauses at: `PUT /api/v1/runs/{id}/breakpoints`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetBreakpoints {
    /// These, and no others.
    pub lines: Vec<u32>,
}

/// Which part of a run's log: `GET /api/v1/runs/{id}/log`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunLogQuery {
    /// The number of the last entry that is known already.
    #[serde(default)]
    pub after: u64,
    /// Most entries: 500 where none is given, 2,000 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// Seconds to wait for something new while the run is not over, 30 at most.
    #[serde(default)]
    pub wait: u32,
}

/// A part of a run's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunLog {
    /// The run as it is now.
    pub run: Run,
    /// Entries after the one that was asked for.
    pub entries: Vec<RunEntry>,
    /// There is more already.
    pub more: bool,
}

/// One entry of a run's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunEntry {
    /// Counts up from 1 in each run.
    pub seq: u64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The script's line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What.
    #[serde(flatten)]
    pub what: RunNote,
}

/// What an entry of a run's log tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RunNote {
    /// The script said something.
    Log {
        /// Its words.
        text: String,
    },
    /// The script asked for something: `send`, `expect`, `launch`.
    Call {
        /// What, for people.
        text: String,
        /// The session that it is about.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionId>,
    },
    /// A step began.
    StepBegan {
        /// Its name.
        name: String,
    },
    /// A step ended.
    StepEnded {
        /// Its name.
        name: String,
        /// How long it took, in milliseconds.
        ms: u64,
        /// Why it failed; none where it did not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
        /// The screen of the session that was used last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        screen: Option<String>,
    },
    /// A picture of a screen.
    Screen {
        /// What it shows.
        label: String,
        /// Its lines.
        text: String,
    },
    /// The run was paused.
    Paused {
        /// Why.
        why: String,
    },
    /// Entries are missing here: there were more than are kept.
    Left {
        /// How many.
        entries: u64,
    },
}

/// Media type of a run's report as JUnit XML.
pub const JUNIT_MEDIA: &str = "application/xml";
