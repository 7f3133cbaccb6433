//! Sessions: live terminals in containers.
use super::ContainerId;
use super::RecordingId;
use super::SessionId;
use super::Size;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// One live terminal: a program in a container, its input, its screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The container it lives in.
    pub container: ContainerId,
    /// That container's name, for showing.
    pub container_name: String,
    /// What it runs.
    pub kind: SessionKind,
    /// Program and arguments; for the main terminal the container's own.
    pub command: Vec<String>,
    /// What the program calls itself (OSC 0/2), filtered; the command's name before that.
    pub title: String,
    /// Whether it lives.
    pub state: SessionState,
    /// Size of its screen.
    pub size: Size,
    /// Who opened it.
    pub owner: String,
    /// Why it will not outlast the server; none when it will.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_resumable: Option<String>,
    /// How many clients watch it now.
    pub viewers: u32,
    /// Bytes printed so far.
    pub head_offset: u64,
    /// The recording of it that is being made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<RecordingId>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<SessionExit>,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// What a server has to know of another server's session to carry it on; kept in the store, never told to clients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// As which user its holder runs; the container's own where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The holder's boot, where it was known: offsets hold for it alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<u64>,
}

/// What a session runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionKind {
    /// The container's main program.
    Main,
    /// A further program, usually a shell.
    Exec,
}

/// Whether a session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// Its program runs.
    Live,
    /// Its program has ended; the last screen is kept for a while.
    Ended,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionExit {
    /// What ended it.
    pub reason: ExitReason,
    /// The program's exit code, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// Bytes printed in all.
    pub final_offset: u64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// What ended a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExitReason {
    /// Its program ended by itself.
    Exited,
    /// Somebody closed it.
    Closed,
    /// Its container stopped.
    Stopped,
    /// The out-of-memory killer ended its container.
    OomKilled,
    /// The engine went away and the session could not be resumed.
    Lost,
}

/// Asks for a session: `POST /api/v1/sessions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenSession {
    /// A container's name, id or unique prefix of the id.
    pub container: String,
    /// Attach to the container's main program instead of starting one. One such session a container: asked again, the
    /// same one is returned.
    #[serde(default)]
    pub main: bool,
    /// Program and arguments; the user's shell where none is given.
    #[serde(default)]
    pub command: Vec<String>,
    /// First size; 80×24 where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// Further environment.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// User name or uid; the container's own where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Directory to start in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<String>,
    /// What becomes of output while no server takes it.
    #[serde(default)]
    pub unread: Unread,
}

/// What becomes of a session's output while no server takes it. 1 MiB is kept in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unread {
    /// The program waits, for two minutes; then the oldest goes, and a GAP tells of it.
    #[default]
    Block,
    /// The oldest goes at once, and a GAP tells of it.
    Drop,
}

/// Types into a session: `POST /api/v1/sessions/{id}/input`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionInput {
    /// What to type, as UTF-8 text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What to type, as standard base64, for bytes that are no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

/// How to show a screen: `GET /api/v1/sessions/{id}/screen`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScreenQuery {
    /// Plain text where none is given.
    #[serde(default)]
    pub format: ScreenFormat,
}

/// The forms of a screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScreenFormat {
    /// A line a row, trailing blanks removed (`text/plain`).
    #[default]
    Text,
    /// Bytes that redraw it (`application/octet-stream`).
    Ansi,
    /// [`ScreenJson`].
    Json,
}

/// A screen as data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScreenJson {
    /// Its size.
    pub size: Size,
    /// Column and row of the cursor, from 0.
    pub cursor: (u16, u16),
    /// Whether the cursor shows.
    pub cursor_visible: bool,
    /// The alternate screen is on, as full-screen programs do.
    pub alternate: bool,
    /// A line a row, trailing blanks removed.
    pub lines: Vec<String>,
    /// The title that the program set.
    pub title: String,
    /// Bytes printed when this was taken.
    pub offset: u64,
}

/// A part of a session's output: `GET /api/v1/sessions/{id}/output`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OutputQuery {
    /// First byte wanted, counted from the session's start; the oldest kept where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// Most bytes wanted; 1 MiB at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}
