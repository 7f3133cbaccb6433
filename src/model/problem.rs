//! Errors on the wire (RFC 9457), and the places in a user's text that they point at.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An error as a client sees it: `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `https://cto.invalid/problems/<code>`: names the kind of problem; not meant to be fetched.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status' standard phrase.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// The entry in the problem catalogue; stable.
    pub code: Code,
    /// What happened, on which thing.
    pub detail: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// Finds the request in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The revision that the document has now, where it is not the one that the request says; empty where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Where the input is wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Place>,
}

/// A place in a user's text, and what is wrong there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Place {
    /// JSON pointer into the input (`/limits/memory`); empty for the whole.
    pub pointer: String,
    /// The file, or what the text is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column in characters, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// What is wrong there.
    pub detail: String,
}

/// The problem catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The request is not understood.
    BadRequest,
    /// A template or configuration has mistakes; `errors` lists them all.
    InvalidDocument,
    /// A value is missing, of the wrong type or out of range.
    InvalidValue,
    /// No or an unknown token.
    Unauthenticated,
    /// The role does not allow it.
    Forbidden,
    /// Policy does not allow a container to be given this.
    PolicyRefused,
    /// Nothing has that name or id.
    NotFound,
    /// A prefix fits several.
    Ambiguous,
    /// The name belongs to another container.
    NameInUse,
    /// The host's port is taken.
    PortInUse,
    /// The thing is not in a state in which this can be done.
    WrongState,
    /// Changed by somebody else meanwhile.
    Stale,
    /// No registry has the image, or none can be reached.
    ImageUnavailable,
    /// The image has no such program.
    CommandNotFound,
    /// A package manager does not know a package.
    PackageNotFound,
    /// The image has none of the package managers that cto knows.
    NoPackageManager,
    /// Building the derived image failed.
    BuildFailed,
    /// The container ended as soon as it was started.
    ExitedAtOnce,
    /// The engine can't be reached.
    EngineUnavailable,
    /// The engine answered with an error.
    EngineFailed,
    /// The database failed.
    StoreFailed,
    /// No space, or a quota is reached, where cto keeps its files.
    DiskFull,
    /// No server answers.
    ServerUnavailable,
    /// Another server holds this `CTO_HOME`.
    AlreadyRunning,
    /// Somebody cancelled it.
    Cancelled,
    /// It took longer than it may.
    TimedOut,
    /// More than may be sent at once.
    TooLarge,
    /// More than may be had at once.
    TooMany,
    /// A fault in cto.
    Internal,
}

impl Code {
    /// The code as it is written on the wire, such as `name_in_use`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::InvalidDocument => "invalid_document",
            Self::InvalidValue => "invalid_value",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::PolicyRefused => "policy_refused",
            Self::NotFound => "not_found",
            Self::Ambiguous => "ambiguous",
            Self::NameInUse => "name_in_use",
            Self::PortInUse => "port_in_use",
            Self::WrongState => "wrong_state",
            Self::Stale => "stale",
            Self::ImageUnavailable => "image_unavailable",
            Self::CommandNotFound => "command_not_found",
            Self::PackageNotFound => "package_not_found",
            Self::NoPackageManager => "no_package_manager",
            Self::BuildFailed => "build_failed",
            Self::ExitedAtOnce => "exited_at_once",
            Self::EngineUnavailable => "engine_unavailable",
            Self::EngineFailed => "engine_failed",
            Self::StoreFailed => "store_failed",
            Self::DiskFull => "disk_full",
            Self::ServerUnavailable => "server_unavailable",
            Self::AlreadyRunning => "already_running",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed_out",
            Self::TooLarge => "too_large",
            Self::TooMany => "too_many",
            Self::Internal => "internal",
        }
    }
}
