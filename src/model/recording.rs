//! Recordings: a session's output with times.
use super::ContainerId;
use super::RecordingId;
use super::SessionId;
use super::Size;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a recorder is called among the viewers of its session. No user has such a name.
pub const RECORDER: &str = "(recording)";

/// A session's output with times, kept in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Recording {
    /// Its id.
    pub id: RecordingId,
    /// The session that it shows.
    pub session: SessionId,
    /// The container of that session.
    pub container: ContainerId,
    /// That container's name, for showing.
    pub container_name: String,
    /// Program and arguments.
    pub command: Vec<String>,
    /// Whose it is: that of the session.
    pub owner: String,
    /// Whether it goes on.
    pub state: RecordingState,
    /// Size of the screen when it began.
    pub size: Size,
    /// What was typed is in it too.
    pub input: bool,
    /// How long it is, in milliseconds.
    pub duration_ms: u64,
    /// Size of its file.
    pub bytes: u64,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<RecordingEnd>,
}

/// Whether a recording goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordingState {
    /// It goes on.
    Running,
    /// It is complete.
    Ended,
}

/// Why a recording ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordingEnd {
    /// Somebody stopped it.
    Stopped,
    /// Its session has ended.
    SessionEnded,
    /// It became as large as one may be.
    SizeLimit,
    /// The disk is full.
    DiskFull,
    /// The disk took nothing for so long that the program would have had to wait.
    TooSlow,
    /// Its file could not be written.
    Failed,
}

/// Starts a recording: `POST /api/v1/sessions/{id}/recording`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartRecording {
    /// Record what is typed too, passwords included.
    #[serde(default)]
    pub input: bool,
}

/// From where: `GET /api/v1/recordings/{id}/cast`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CastQuery {
    /// Milliseconds from the start: what comes begins with what redraws the screen as it was then. The whole file where none are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
}

/// Which screen of a recording: `GET /api/v1/recordings/{id}/screen`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordingScreenQuery {
    /// Milliseconds from the start; the end where none are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<u64>,
    /// Plain text where none is given.
    #[serde(default)]
    pub format: PictureFormat,
}

/// The forms of a recorded screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PictureFormat {
    /// A line a row, trailing blanks removed (`text/plain`).
    #[default]
    Text,
    /// Bytes that redraw it (`application/octet-stream`).
    Ansi,
    /// [`super::ScreenJson`].
    Json,
    /// A picture (`image/svg+xml`).
    Svg,
}
