//! Networks: who reaches whom.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A network that the engine has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Network {
    /// The engine's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What makes it: `bridge` on the engine's machine.
    pub driver: String,
    /// `local`, or `swarm` where several machines share it.
    pub scope: String,
    /// Nothing on it reaches the outside.
    pub internal: bool,
    /// The engine's own, which is always there.
    #[serde(default)]
    pub builtin: bool,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
    /// The user who made it through cto.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Made by a cto server with another database on the same engine.
    #[serde(default)]
    pub other_server: bool,
    /// Its ranges of addresses.
    #[serde(default)]
    pub subnets: Vec<String>,
    /// Labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Who is on it, whether it runs or not.
    #[serde(default)]
    pub containers: Vec<NetworkMember>,
}

/// A container on a network.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct NetworkMember {
    /// Its name.
    pub name: String,
    /// Its address there, while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// Makes a network: `POST /api/v1/networks`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateNetwork {
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// Nothing on it reaches the outside.
    #[serde(default)]
    pub internal: bool,
    /// `bridge` where nothing is said. Another one is refused unless policy allows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
    /// Its range of addresses, such as `10.9.0.0/24`; the engine chooses where nothing is said. An admin may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet: Option<String>,
    /// Labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// Puts a container on a network: `POST /api/v1/networks/{name}/connect`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectContainer {
    /// Which, by name or id.
    #[serde(default)]
    pub container: String,
    /// Further names by which the others there find it.
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// Takes a container off a network: `POST /api/v1/networks/{name}/disconnect`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DisconnectContainer {
    /// Which, by name or id.
    #[serde(default)]
    pub container: String,
}

/// Removes networks that no container is on: `POST /api/v1/networks/prune`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NetworkPrune {
    /// Also those that other tools made.
    #[serde(default)]
    pub all: bool,
    /// Only say which.
    #[serde(default)]
    pub dry_run: bool,
}

/// Networks that were removed, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PrunedNetworks {
    /// Which.
    pub items: Vec<Network>,
    /// Which could not be removed, and why.
    #[serde(default)]
    pub kept: Vec<String>,
}
