//! Schedules: scripts that run by themselves at given times.
use super::InlineScript;
use super::ParamValue;
use super::Role;
use super::RunId;
use super::RunState;
use super::ScheduleId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A saved time at which a script runs, once or again and again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Schedule {
    /// Its id.
    pub id: ScheduleId,
    /// Its name, which no other has.
    pub name: String,
    /// On whose behalf its runs are.
    pub owner: String,
    /// What its runs may do at most: never more than its owner may when one starts.
    pub rights: Role,
    /// Grows by one with each change.
    pub version: i64,
    /// What runs when.
    pub spec: ScheduleSpec,
    /// Nothing is started until it is resumed.
    pub paused: bool,
    /// Why it was paused, where the server did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_why: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Since when its times are as they are; `@every` counts from here.
    #[schema(value_type = String, format = DateTime)]
    pub timed_at: Timestamp,
    /// The next time that it is due; none while it is paused, or when no more come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_due: Option<Timestamp>,
    /// What became of its last fire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<ScheduleFire>,
}

/// What runs when.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleSpec {
    /// The name of a script of the server's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// A script that is kept with the schedule instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inline: Option<InlineScript>,
    /// Values of its parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, ParamValue>,
    /// A cron line of 5 fields, or 6 with seconds in front; or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`, `@every 90m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// One time instead of a cron line: RFC 3339, or `2026-12-24T18:00` in the schedule's zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Time zone by its IANA name, in which the times are meant.
    #[serde(default = "utc")]
    pub zone: String,
    /// What becomes of times at which no server ran.
    #[serde(default)]
    pub missed: Missed,
    /// What to do while a run of before is still under way.
    #[serde(default)]
    pub overlap: Overlap,
    /// Start up to so many seconds later, each time differently: 3,600 at most.
    #[serde(default)]
    pub jitter_seconds: u32,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// What becomes of times at which no server ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "policy", rename_all = "snake_case", deny_unknown_fields)]
pub enum Missed {
    /// Nothing.
    Skip,
    /// One run makes up for all of them.
    #[default]
    Once,
    /// A run for each, the latest ones where there are more than `most`.
    All {
        /// So many at most, 100 at most.
        #[serde(default = "ten")]
        most: u32,
    },
}

fn ten() -> u32 {
    10
}

/// What to do while a run of before is still under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// Run both.
    Allow,
    /// Leave the new one out.
    #[default]
    Forbid,
    /// Cancel the one of before.
    Replace,
    /// Let the new one wait; 100 wait at most.
    Queue,
}

/// One time of a schedule and what became of it. No schedule has two of the same time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScheduleFire {
    /// The time that was due, without jitter.
    #[schema(value_type = String, format = DateTime)]
    pub due: Timestamp,
    /// What became of it.
    pub state: FireState,
    /// When a server took it up.
    #[schema(value_type = String, format = DateTime)]
    pub taken_at: Timestamp,
    /// Somebody asked for it; its time was not due.
    #[serde(default)]
    pub asked: bool,
    /// Its run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// How far its run is; none when the run is forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_state: Option<RunState>,
    /// Why it has no run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Times up to this one that were missed and have no run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<MissedTimes>,
}

/// Times that were missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MissedTimes {
    /// The first of them.
    #[schema(value_type = String, format = DateTime)]
    pub first: Timestamp,
    /// The last of them.
    #[schema(value_type = String, format = DateTime)]
    pub last: Timestamp,
    /// How many.
    pub count: u32,
    /// There were more than were counted.
    #[serde(default)]
    pub more: bool,
}

/// What became of a schedule's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FireState {
    /// A server is about to start its run.
    Claimed,
    /// It waits for the end of a run of before.
    Waiting,
    /// It has a run.
    Started,
    /// It was left out: `reason` says why.
    Skipped,
    /// Its run could not be started: `reason` says why.
    Failed,
}

impl FireState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Claimed, Self::Waiting, Self::Started, Self::Skipped, Self::Failed];

    /// The state as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Waiting => "waiting",
            Self::Started => "started",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }
}

/// Makes a schedule: `POST /api/v1/schedules`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateSchedule {
    /// Lower-case letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// What runs when.
    pub spec: ScheduleSpec,
    /// Begin paused.
    #[serde(default)]
    pub paused: bool,
}

/// Changes a schedule: `PUT /api/v1/schedules/{name}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveSchedule {
    /// What runs when from now on.
    pub spec: ScheduleSpec,
    /// The version that this one replaces; whatever is there where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<i64>,
}

/// What a schedule would do: `POST /api/v1/schedules/preview`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewSchedule {
    /// What would run when; the script need not be there.
    pub spec: ScheduleSpec,
    /// How many times: 10 where nothing is said, 500 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// Show the times in this zone too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// From this time on, instead of now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub from: Option<Timestamp>,
}

/// Which times to come: `GET /api/v1/schedules/{name}/next` and `GET /api/v1/schedules/next`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NextQuery {
    /// How many times: 10 where nothing is said, 500 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// Show the times in this zone too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// Times to come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NextFires {
    /// The times, nearest first.
    pub items: Vec<NextFire>,
    /// Changes of clocks within a year that matter to them.
    pub warnings: Vec<ClockWarning>,
}

/// A time to come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NextFire {
    /// Whose; empty for one that is not saved.
    pub schedule: String,
    /// The time.
    #[schema(value_type = String, format = DateTime)]
    pub due: Timestamp,
    /// The time in the schedule's zone, with its offset.
    pub local: String,
    /// The schedule's zone.
    pub zone: String,
    /// The time in the zone that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yours: Option<String>,
    /// What a change of the clocks does to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A change of the clocks that matters to a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClockWarning {
    /// Whose; empty for one that is not saved.
    pub schedule: String,
    /// When the clocks change.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// What it means.
    pub text: String,
}

/// Which fires of a schedule: `GET /api/v1/schedules/{name}/fires`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FireQuery {
    /// Most fires on a page: 100 where none is given, 500 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}
