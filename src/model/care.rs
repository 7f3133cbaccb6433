//! How a container is looked after: what is put into it, when it counts as ready, when it is restarted, when it ends.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A file to put into a container before it starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Absolute path in the container; directories that are missing are made.
    pub path: String,
    /// What is in it, as one text or line by line; `${file:PATH}` stands for a file of who launches.
    pub content: FileContent,
    /// Permissions, such as `0755`; `0644` where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

/// What is in a file: one text, or its lines, since a text in JSON has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(untagged)]
pub enum FileContent {
    /// As it is.
    Text(String),
    /// Each is ended by a line break.
    Lines(Vec<String>),
}

impl FileContent {
    /// All of it.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Lines(lines) => lines.iter().map(|line| format!("{line}\n")).collect(),
        }
    }
}

/// A file as it is put into a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SpecFile {
    /// Absolute path in the container.
    pub path: String,
    /// What is in it.
    pub content: String,
    /// Permissions.
    pub mode: u32,
    /// Its content comes from outside of the template, and is shown to nobody.
    #[serde(default)]
    pub secret: bool,
}

/// A network to join: its name, or with other names for the container there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(untagged)]
pub enum NetworkEntry {
    /// Its name.
    Name(String),
    /// With aliases.
    Full(NetworkJoin),
}

/// A network that a container joins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkJoin {
    /// The network's name.
    pub name: String,
    /// Other names by which the others there reach the container.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
}

/// The least and the most of something that a process may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ulimit {
    /// As in `ulimit`: `nofile`, `core`, …
    pub name: String,
    /// What holds at first.
    pub soft: i64,
    /// To what the process may raise it.
    pub hard: i64,
}

/// A device of the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Device {
    /// Its path on the host.
    pub host: String,
    /// Its path in the container.
    pub container: String,
    /// Some of `r`, `w` and `m`.
    pub access: String,
}

/// When the engine starts a container again whose main program has ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "when", rename_all = "snake_case")]
pub enum Restart {
    /// Never.
    #[default]
    No,
    /// When it failed, so many times at most; 0 leaves it to the limit of crash loops.
    OnFailure {
        /// So many times.
        times: u32,
    },
    /// Always.
    Always,
    /// Always, unless somebody stopped it.
    UnlessStopped,
}

impl Restart {
    /// As it is written.
    #[must_use]
    pub fn written(self) -> String {
        match self {
            Self::No => "no".to_owned(),
            Self::OnFailure { times: 0 } => "on-failure".to_owned(),
            Self::OnFailure { times } => format!("on-failure:{times}"),
            Self::Always => "always".to_owned(),
            Self::UnlessStopped => "unless-stopped".to_owned(),
        }
    }
}

/// A check that the engine runs again and again, as a template has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthEntry {
    /// What is run in the container: 0 is healthy. One line is split as a shell splits words.
    pub command: super::CommandLine,
    /// Time between two checks, such as `30s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
    /// Time that one check may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// So many failures in a row make it unhealthy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// Time after the start in which failures do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_period: Option<String>,
}

/// A check that the engine runs again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HealthCheck {
    /// Program and arguments.
    pub command: Vec<String>,
    /// Between two checks.
    pub interval_ms: u64,
    /// For one check.
    pub timeout_ms: u64,
    /// Failures in a row.
    pub retries: u32,
    /// After the start.
    pub start_period_ms: u64,
}

/// When a launched container counts as ready; all that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadyEntry {
    /// Its log has this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// Something listens at this TCP port in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// `PORT/PATH`: a request over HTTP is answered with 2xx or 3xx.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<String>,
    /// This command in it ends with 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<super::CommandLine>,
    /// How long that may take, such as `30s`; a minute where nothing is said. A launch that takes longer fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
}

/// When a launched container counts as ready.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Readiness {
    /// Its log has this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// Something listens at this TCP port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Port and path of a request over HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<(u16, String)>,
    /// This command ends with 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// How long it may take.
    pub within_ms: u64,
}

/// What is done with a container at certain moments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hooks {
    /// Commands that are run in it, one after the other, when it has been launched and is ready. One that fails makes the launch fail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after_start: Vec<super::CommandLine>,
}

/// A session to open when a container is launched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionEntry {
    /// Its program; the user's shell where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<super::CommandLine>,
    /// Directory that it starts in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<String>,
    /// As whom it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

/// A session to open, filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SpecSession {
    /// Program and arguments; empty for the user's shell.
    #[serde(default)]
    pub command: Vec<String>,
    /// Directory that it starts in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<String>,
    /// As whom it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

/// What of a spec concerns the life of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Care {
    /// Files to put into it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<SpecFile>,
    /// When it is started again.
    #[serde(default)]
    pub restart: Restart,
    /// The check that the engine runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<HealthCheck>,
    /// When it counts as ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<Readiness>,
    /// The signal that asks it to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// Seconds between that and the kill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_seconds: Option<u32>,
    /// The main program is process 1 itself, without an init beside it.
    #[serde(default)]
    pub no_init: bool,
    /// Seconds after its start at which it is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<u64>,
    /// Seconds without activity after which it is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_seconds: Option<u64>,
    /// Commands that are run when it has been launched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after_start: Vec<Vec<String>>,
    /// Sessions to open when it is launched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<SpecSession>,
}

/// What is known of how a container is looked after.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Upkeep {
    /// When it is started again, as its template says it; none for `no`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<String>,
    /// How often the engine has started it again since somebody started it.
    #[serde(default)]
    pub restarts: u32,
    /// It ended again and again, and is no longer started.
    #[serde(default)]
    pub crash_loop: bool,
    /// Seconds after its start at which it is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_seconds: Option<u64>,
    /// Seconds without activity after which it is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_seconds: Option<u64>,
}

/// One limit of processes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(untagged)]
pub enum UlimitEntry {
    /// Soft and hard alike.
    Both(i64),
    /// `soft:hard`.
    Text(String),
}
