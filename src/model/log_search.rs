//! Searches through the logs of containers.
use super::ContainerId;
use super::LogSource;
use super::OperationId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Searches logs: `POST /api/v1/log-searches`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchLogs {
    /// What is looked for, 1 to 1000 characters.
    pub query: String,
    /// The query is a regular expression.
    #[serde(default)]
    pub regex: bool,
    /// Small and large letters differ.
    #[serde(default)]
    pub case_sensitive: bool,
    /// In the logs of these containers, by name or id; of all where neither these nor labels are given.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<String>,
    /// Only of containers with these labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Only lines printed then or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// Only lines printed before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// Only lines of this stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<LogSource>,
    /// Only lines that are at least so grave, by the words in them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<LogLevel>,
    /// Lines before and after that are shown with each line that is found, 5 at most.
    #[serde(default)]
    pub context: u32,
    /// The search ends with so many, 500 at most; 200 where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// How grave a line is, by the words in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// For those who look for a fault step by step.
    Trace,
    /// For those who look for a fault.
    Debug,
    /// Good to know.
    Info,
    /// Look here.
    Warn,
    /// Did not work.
    Error,
}

/// Which lines are wanted: `GET /api/v1/log-searches/{id}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogSearchQuery {
    /// Those after so many, in the order in which they were found.
    #[serde(default)]
    pub after: u32,
    /// Waits so many seconds, 30 at most, until there are more or the search has ended.
    #[serde(default)]
    pub wait: u32,
}

/// How far a search is, and what it has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogSearch {
    /// Its operation, which has the same id.
    pub id: OperationId,
    /// It goes on.
    pub running: bool,
    /// Containers that were looked through, wholly.
    pub scanned: u32,
    /// Containers that are looked through in all.
    pub total: u32,
    /// Lines that were looked at.
    pub lines: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Lines that were found so far.
    pub hits: u32,
    /// Why not everything was looked at: a limit was reached, a container's log could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Lines that were found, after those that the query leaves out.
    pub items: Vec<LogHit>,
}

/// A line that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogHit {
    /// Whose log.
    pub container: ContainerId,
    /// Its name.
    pub container_name: String,
    /// Which stream.
    pub source: LogSource,
    /// When it was printed.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Its number among the container's lines that were looked at, from 1.
    pub line: u64,
    /// How grave it is, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<LogLevel>,
    /// The line without what drives terminals, at most 2000 characters around what was found.
    pub text: String,
    /// The first place in `text` that fits: from this character to before that one.
    pub found: (u32, u32),
    /// Lines before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub before: Vec<String>,
    /// Lines after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
}
