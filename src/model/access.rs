//! Roles, actions, users and tokens, as they are on the wire.
use super::TokenId;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Header of a request by which a caller gives up all rights but a viewer's for it, whatever its value.
pub const READ_ONLY_HEADER: &str = "cto-read-only";

/// Header of the answer that opens a WebSocket: seconds after which the server says something on it at the latest.
pub const KEEP_ALIVE_HEADER: &str = "cto-keep-alive";

/// A named set of actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May look.
    Viewer,
    /// May also launch, and change what is theirs.
    Operator,
    /// May do everything.
    Admin,
}

impl Role {
    /// Every role, weakest first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// The role as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| format!("no role '{text}'; there are viewer, operator and admin"))
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:tt),+ $(,)?) => {
        /// One thing that may be allowed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema, JsonSchema)]
        pub enum Action {
            $($(#[$doc])* #[serde(rename = $text)] $name,)+
        }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The action as it is written: `verb:noun`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

impl Action {
    /// Whether it only looks.
    #[must_use]
    pub fn reads(self) -> bool {
        self.as_str().starts_with("read:")
    }
}

actions! {
    /// See containers, their stats and tiles.
    ReadContainers = "read:containers",
    /// Launch containers.
    CreateContainers = "create:containers",
    /// Start, stop, pause, signal and rename containers, and change their limits.
    ControlContainers = "control:containers",
    /// Remove containers.
    RemoveContainers = "remove:containers",
    /// See images.
    ReadImages = "read:images",
    /// Pull, build and name images, and make them of containers that one may control.
    CreateImages = "create:images",
    /// Send images to registries, with the server's credentials.
    PushImages = "push:images",
    /// Remove images.
    RemoveImages = "remove:images",
    /// See volumes.
    ReadVolumes = "read:volumes",
    /// Make volumes.
    CreateVolumes = "create:volumes",
    /// Remove volumes, with what is in them.
    RemoveVolumes = "remove:volumes",
    /// See networks.
    ReadNetworks = "read:networks",
    /// Make networks.
    CreateNetworks = "create:networks",
    /// Put containers that one may control on networks, and take them off.
    ConnectNetworks = "connect:networks",
    /// Remove networks.
    RemoveNetworks = "remove:networks",
    /// Read containers' logs.
    ReadLogs = "read:logs",
    /// Copy files out of containers.
    ReadFiles = "read:files",
    /// Copy files into containers.
    WriteFiles = "write:files",
    /// Run a program in a container.
    Exec = "exec:containers",
    /// See sessions and their screens.
    ReadSessions = "read:sessions",
    /// Open sessions.
    OpenSessions = "open:sessions",
    /// Type into sessions and resize them.
    WriteSessions = "write:sessions",
    /// End sessions.
    CloseSessions = "close:sessions",
    /// Let people without an account into sessions, and put an end to that.
    ShareSessions = "share:sessions",
    /// See recordings and play them.
    ReadRecordings = "read:recordings",
    /// Begin and end the recording of sessions.
    RecordSessions = "record:sessions",
    /// Remove recordings.
    RemoveRecordings = "remove:recordings",
    /// See and render templates.
    ReadTemplates = "read:templates",
    /// Save and remove templates: they may refer to the server's own files.
    WriteTemplates = "write:templates",
    /// See operations.
    ReadOperations = "read:operations",
    /// Cancel operations.
    CancelOperations = "cancel:operations",
    /// Hear events.
    ReadEvents = "read:events",
    /// Keep layouts of one's own.
    UseLayouts = "use:layouts",
    /// Make, see and revoke tokens of one's own, which may do no more than oneself.
    UseTokens = "use:tokens",
    /// See scripts.
    ReadScripts = "read:scripts",
    /// Save and remove scripts.
    WriteScripts = "write:scripts",
    /// See runs and their logs.
    ReadRuns = "read:runs",
    /// Run scripts, with one's own rights.
    StartRuns = "start:runs",
    /// Cancel, pause and resume runs, and remove them.
    ControlRuns = "control:runs",
    /// See schedules.
    ReadSchedules = "read:schedules",
    /// Make, change and remove schedules, which run with their owner's rights.
    ManageSchedules = "manage:schedules",
    /// See triggers.
    ReadTriggers = "read:triggers",
    /// Make, change and remove triggers, which run with their owner's rights.
    ManageTriggers = "manage:triggers",
    /// See webhooks and their deliveries, without secrets.
    ReadWebhooks = "read:webhooks",
    /// Make, change and remove webhooks.
    ManageWebhooks = "manage:webhooks",
    /// See plugins.
    ReadPlugins = "read:plugins",
    /// Install, grant and remove plugins.
    ManagePlugins = "manage:plugins",
    /// Read the audit.
    ReadAudit = "read:audit",
    /// Make and remove users and tokens.
    ManageUsers = "manage:users",
    /// Stop the server.
    ManageServer = "manage:server",
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    /// Unique name.
    pub name: String,
    /// What they may do at most.
    pub role: Role,
    /// When they were added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Whether they can sign in with a password.
    #[serde(default)]
    pub has_password: bool,
    /// Grows by one with each change.
    #[serde(default = "super::document::first")]
    pub version: i64,
}

/// Adds a user: `POST /api/v1/users`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddUser {
    /// Lower-case letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// What they may do at most.
    pub role: Role,
    /// What they sign in with, 8 to 256 characters; without one they have tokens only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// Changes a user: `PUT /api/v1/users/{name}`. What is not given stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveUser {
    /// What they may do at most from now on; their tokens and logins have no more either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What they sign in with from now on, 8 to 256 characters. Whoever is signed in as them is signed out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The version that this one replaces; whatever is there where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<i64>,
}

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// Whose it is.
    pub user: String,
    /// What it may do: never more than its user.
    pub role: Role,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

/// Makes a token: `POST /api/v1/tokens`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateToken {
    /// Whose it is; the caller's own where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What it may do; the user's role where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Days until it ends; never where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<u32>,
    /// What it is for, 200 characters at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

/// Makes a token of the caller's own: `POST /api/v1/me/tokens`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateOwnToken {
    /// What it may do, no more than the caller; as much where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// Days until it ends; never where none is given. One that is made with a token that ends does so no later than that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_days: Option<u32>,
    /// What it is for, 200 characters at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

/// A new token with its secret, which is shown only once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreatedToken {
    /// The token.
    pub token: Token,
    /// What goes into `Authorization: Bearer …`; begins with `cto_pat_`.
    pub secret: String,
}

/// Who the caller is: `GET /api/v1/me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Me {
    /// Their name.
    pub name: String,
    /// Their role here.
    pub role: Role,
    /// What they may do to what is theirs.
    pub actions: Vec<Action>,
    /// For who is signed in by cookie: what `X-CSRF-Token` must say in every request that is not GET.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csrf: Option<String>,
}

/// A row of the audit: who tried what on what, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEvent {
    /// Its id.
    pub id: super::AuditId,
    /// When it was tried.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// Their role then.
    pub role: Role,
    /// What, as `verb:noun`.
    pub action: String,
    /// On what: a container's name, a session's id, …
    pub target: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The problem's code and text when it failed; further facts otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// How an audited action ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Begun; the end is not known yet.
    Intent,
    /// Done.
    Succeeded,
    /// Tried and failed.
    Failed,
    /// Not allowed; nothing was begun.
    Refused,
    /// Begun before a crash; nobody knows.
    Unknown,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 5] = [Self::Intent, Self::Succeeded, Self::Failed, Self::Refused, Self::Unknown];
}
