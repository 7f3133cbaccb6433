//! Events: facts told to clients.
use super::Container;
use super::ContainerId;
use super::NoticeLevel;
use super::Operation;
use super::Run;
use super::Schedule;
use super::Session;
use super::SessionId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A fact with its place in the order of facts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Numbered {
    /// Counts up by one from 1 while one server lives.
    pub seq: u64,
    /// When it was told.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// A container was made or changed.
    ContainerChanged {
        /// As it is now.
        container: Box<Container>,
    },
    /// A container is gone.
    ContainerRemoved {
        /// Which.
        id: ContainerId,
        /// Its name.
        name: String,
    },
    /// A session was opened, changed or ended.
    SessionChanged {
        /// As it is now.
        session: Box<Session>,
    },
    /// A session is forgotten.
    SessionRemoved {
        /// Which.
        id: SessionId,
    },
    /// A program rang the bell.
    Bell {
        /// Its session.
        session: SessionId,
    },
    /// Long work began, moved or ended.
    OperationChanged {
        /// As it is now.
        operation: Box<Operation>,
    },
    /// The engine was lost or found again.
    EngineChanged {
        /// Whether it answers.
        available: bool,
        /// Why not, when it does not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    /// A run of a script was asked for, moved or ended.
    RunChanged {
        /// As it is now.
        run: Box<Run>,
    },
    /// A schedule was made or changed, or its time came.
    ScheduleChanged {
        /// As it is now.
        schedule: Box<Schedule>,
    },
    /// A schedule is gone.
    ScheduleRemoved {
        /// Its name.
        name: String,
    },
    /// A message for people: what a notification tells.
    Notice {
        /// Whose clients show it; everybody's where none is named.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
        /// What it is about.
        title: String,
        /// What it says.
        text: String,
        /// How it is meant.
        level: NoticeLevel,
        /// The desktop is told too, where the terminal can.
        #[serde(default)]
        desktop: bool,
    },
    /// Script files changed.
    ScriptsChanged,
    /// Template files changed.
    TemplatesChanged,
    /// The server's configuration files changed.
    ConfigChanged {
        /// They have no mistakes, and hold from now on.
        ok: bool,
        /// The first mistake with its place; the settings of before hold.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
        /// Settings that hold only when the server starts again.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        needs_restart: Vec<String>,
    },
    /// Facts were missed: list everything again.
    Resync,
    /// Something in a list that is not told whole: whoever shows the list asks for it again. Only those are told who may see it.
    ListChanged {
        /// Which list.
        list: ListName,
        /// Of what: a name, or an id where it has none; of deliveries and fires the name of their webhook or trigger.
        name: String,
        /// Whose it is, where it is somebody's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
        /// What became of it.
        change: ListChange,
    },
}

/// A list that is asked for again when something in it has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListName {
    /// Images.
    Images,
    /// Volumes.
    Volumes,
    /// Networks.
    Networks,
    /// Recordings.
    Recordings,
    /// Triggers.
    Triggers,
    /// What a trigger did; told once a second at most.
    Fires,
    /// Webhooks.
    Webhooks,
    /// A webhook's deliveries; told once a second at most.
    Deliveries,
    /// Plugins.
    Plugins,
    /// Layouts.
    Layouts,
    /// Users.
    Users,
    /// Tokens.
    Tokens,
    /// Shares of a session.
    Shares,
}

/// What became of something in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ListChange {
    /// It is new there.
    Added,
    /// It is not as it was.
    Changed,
    /// It is not there any more.
    Removed,
}

/// Which events are wanted: `GET /api/v1/events`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EventQuery {
    /// Only these kinds, with commas between them, such as `container_changed,session_changed`; a `resync` comes always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<String>,
    /// Those after this id, as Last-Event-ID, which goes before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}
