//! Commands that shells ran in sessions.
use super::CommandId;
use super::ContainerId;
use super::SessionId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One command that a shell ran in a session, as the shell marked it (OSC 133).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionCommand {
    /// Its id.
    pub id: CommandId,
    /// Counts the commands of a session from 1.
    pub number: u64,
    /// The session.
    pub session: SessionId,
    /// That session's container.
    pub container: ContainerId,
    /// That container's name then.
    pub container_name: String,
    /// Who opened the session.
    pub owner: String,
    /// What was typed, as the terminal showed it; several lines where it has several.
    pub text: String,
    /// There was more of it than is kept.
    #[serde(default)]
    pub cut: bool,
    /// The shell's directory, where it tells that (OSC 7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// Where its output begins in that of the session.
    pub offset: u64,
    /// When it was run.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    /// Its exit code, where the shell said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
}

/// What is heard of a session's commands; for the store, never told to clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandNote {
    /// One is run. Its number is given by the store.
    Began(Box<SessionCommand>),
    /// The one that began last is over.
    Ended {
        /// In which session.
        session: SessionId,
        /// When.
        at: Timestamp,
        /// Its exit code, where it is known.
        exit_code: Option<i64>,
    },
}

/// Which commands: `GET /api/v1/commands`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandQuery {
    /// Most commands on a page: 100 where none is given, 500 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// Only those that contain this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Only those of this container, by name, id or prefix of the id; also of one that is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The field that the list is sorted by, with `-` in front where the largest, or latest, come first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
}

/// A page of commands, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CommandPage {
    /// The commands.
    pub items: Vec<SessionCommand>,
    /// Where the next page begins; none on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Why there are none of the session that was asked for, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// Makes a script of what was run in a session: `POST /api/v1/scripts/from-history`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScriptOfHistory {
    /// The session's id.
    pub session: String,
    /// Number of the first command; the oldest that is kept where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<u64>,
    /// Number of the last command; the newest where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
}
