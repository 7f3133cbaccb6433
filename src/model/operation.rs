//! Operations: long work with progress, result and cancel.
use super::Container;
use super::Image;
use super::OperationId;
use super::Problem;
use super::Stack;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One piece of long work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// What it does, for people: `launch web-2 from python`.
    pub title: String,
    /// The name of the container that it makes or changes.
    pub target: String,
    /// The template it launches, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// Who asked.
    pub owner: String,
    /// How far it is.
    pub state: OperationState,
    /// What it is doing now.
    pub progress: Progress,
    /// The container that it made, when it succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Container>,
    /// The image that it made or brought, when it succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// The stack that it brought up or took down, when it succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<Stack>,
    /// What went wrong, when it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// The states of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// Under way.
    Running,
    /// Done.
    Succeeded,
    /// Ended with a problem.
    Failed,
    /// Ended by a cancel.
    Cancelled,
}

/// How far long work is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Progress {
    /// The phase, for people: `pulling debian:bookworm-slim`, `installing bastet`.
    pub phase: String,
    /// The newest line of the work's own output, filtered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// Done so far, in `unit`.
    #[serde(default)]
    pub done: u64,
    /// All there is to do; 0 where it is not known.
    #[serde(default)]
    pub total: u64,
    /// `bytes` or `steps`.
    #[serde(default)]
    pub unit: ProgressUnit,
}

/// What progress counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProgressUnit {
    /// Steps of a build or a launch.
    #[default]
    Steps,
    /// Bytes of a pull.
    Bytes,
}
