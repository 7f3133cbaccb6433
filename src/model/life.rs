//! What is asked of a container while it lives: signals, names, limits, processes, changes, images made from it.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Sends a signal: `POST /api/v1/containers/{id}/kill`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendSignal {
    /// `KILL`, `SIGTERM`, `9` or the like; `KILL` where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<String>,
}

/// Gives another name: `POST /api/v1/containers/{id}/rename`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    /// The new name.
    #[serde(default)]
    pub name: String,
}

/// How long to wait: `GET /api/v1/containers/{id}/wait`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitQuery {
    /// Seconds, 60 where none is given, 600 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_seconds: Option<u32>,
}

/// What came of waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Waited {
    /// It no longer runs; otherwise the time was over first: ask again.
    pub ended: bool,
    /// Exit code of its main program, when it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
}

/// How the processes are listed: `GET /api/v1/containers/{id}/top`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TopQuery {
    /// Options of `ps`, `-ef` where none are given. They can show a program's environment, so they need the right to run programs there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ps_args: Option<String>,
}

/// The processes of a container, as `ps` on the engine's machine shows them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Processes {
    /// Titles of the columns.
    pub titles: Vec<String>,
    /// A line for each process, with a text for each column.
    pub processes: Vec<Vec<String>>,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Changed, or something below it.
    Modified,
    /// Not in the image.
    Added,
    /// In the image, and gone.
    Deleted,
}

/// A file that is not as the image has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileChange {
    /// What became of it.
    pub kind: ChangeKind,
    /// Where it is in the container.
    pub path: String,
}

/// Files of a container that are not as its image has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Changes {
    /// In order of their paths.
    pub items: Vec<FileChange>,
}

/// What the engine itself says of a thing, in the engine's own words. Values of the environment are `***` for those who may not control it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct EngineReport(pub serde_json::Value);

/// Changes what a container may use: `POST /api/v1/containers/{id}/update`. What is not named stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateLimits {
    /// Memory in bytes, swap included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Processor time in cores: 0.5 is half of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus: Option<f64>,
    /// Processes and threads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pids: Option<u32>,
}

/// Makes an image of a container's files: `POST /api/v1/containers/{id}/commit`. Volumes are not in it; the environment is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Commit {
    /// Its name, with a tag or `latest`.
    #[serde(default)]
    pub image: String,
    /// What has changed, for its history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Goes on running meanwhile; its files may then be caught in the middle of a change.
    #[serde(default)]
    pub no_pause: bool,
}
