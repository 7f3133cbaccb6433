//! What containers have used.
use super::ContainerId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is asked of a container's past: `GET /api/v1/containers/{id}/stats`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatsQuery {
    /// Since when: a time, or how long ago, such as `15m` or `2d`; an hour where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Most points, 1 to 2,000; 300 where nothing is said. Where there are more, neighbours become one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<u32>,
}

/// What a container has used over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatsOverTime {
    /// Whose.
    pub container: ContainerId,
    /// Oldest first. Where it did not run, or no server did, there are none.
    pub items: Vec<StatsPoint>,
}

/// What a container has used in a span of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatsPoint {
    /// When the span begins.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How long it is.
    pub seconds: u32,
    /// Percent of one core, on average.
    pub cpu_percent: f64,
    /// The most that was seen of that.
    pub cpu_percent_max: f64,
    /// The most memory that was in use, page cache not counted.
    pub memory_bytes: u64,
    /// What it may use at most.
    pub memory_limit_bytes: u64,
    /// The most processes and threads.
    pub pids: u64,
    /// Bytes received and sent since its start, at the end of the span.
    pub network_bytes: (u64, u64),
    /// Bytes read from disks and written to them since its start, at the end of the span.
    pub block_bytes: (u64, u64),
}
