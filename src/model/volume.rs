//! Volumes: data that outlasts containers.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A volume that the engine has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Volume {
    /// Its name.
    pub name: String,
    /// The driver that keeps it: `local` on the engine's machine.
    pub driver: String,
    /// When it was made, where the driver knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
    /// The user who made it through cto.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// It has no name of its own but one that the engine gave it.
    #[serde(default)]
    pub anonymous: bool,
    /// It holds cto's own session holder; it is made again when it is needed.
    #[serde(default)]
    pub holder: bool,
    /// The driver's options. Those of another user's volume are shown without their values.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// Labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Names of the containers that have it mounted, whether they run or not.
    #[serde(default)]
    pub containers: Vec<String>,
}

/// Makes a volume: `POST /api/v1/volumes`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateVolume {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// `local` where nothing is said. Another one is refused unless policy allows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// The driver's options. Those that lead to the host or to other machines are refused unless policy allows them.
    #[serde(default)]
    pub options: BTreeMap<String, String>,
    /// Labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// Removes volumes that no container has mounted: `POST /api/v1/volumes/prune`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VolumePrune {
    /// Which: no volume is removed without being named. One that is in use meanwhile stays.
    #[serde(default)]
    pub names: Vec<String>,
    /// Only say which could be removed.
    #[serde(default)]
    pub dry_run: bool,
}

/// Volumes that were removed, or could be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrunedVolumes {
    /// Which.
    pub items: Vec<Volume>,
    /// Which could not be removed, and why.
    #[serde(default)]
    pub kept: Vec<String>,
}
