//! Networks: who reaches whom.
use jiff::Timestamp;
use schemars::JsonSchema;
use schemars::Schema;
use schemars::SchemaGenerator;
use schemars::json_schema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;
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

/// What a template says of how its container reaches others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(untagged)]
pub enum NetworkChoice {
    /// `none`, `isolated`, `internal`, or `egress:` and hosts with commas between.
    Text(#[schemars(schema_with = "network_texts")] String),
    /// Named hosts, and nothing else.
    Egress(EgressEntry),
}

/// The hosts that a container reaches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EgressEntry {
    /// Hosts, as `name`, which means ports 80 and 443, or `name:port`; with `=address` or `=private` after the name where it is in a private network.
    pub egress: Vec<String>,
}

/// What the text of a [`NetworkChoice`] begins with that names hosts.
pub const EGRESS: &str = "egress:";

fn network_texts(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "anyOf": [{ "type": "string", "enum": ["none", "isolated", "internal"] }, { "type": "string", "pattern": "^egress:" }] })
}

impl fmt::Display for NetworkChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Egress(entry) => write!(f, "{EGRESS}{}", entry.egress.join(",")),
        }
    }
}

/// A host that a container may reach, at one port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EgressHost {
    /// What it is called in the container, in lower case.
    pub name: String,
    /// Where it is, where that is not left to the name servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub address: Option<Ipv4Addr>,
    /// Whether the name servers may say that it is in a private network.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub private: bool,
    /// The port, by TCP.
    pub port: u16,
}

impl fmt::Display for EgressHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.address {
            Some(address) => write!(f, "{}={address}:{}", self.name, self.port),
            None if self.private => write!(f, "{}=private:{}", self.name, self.port),
            None => write!(f, "{}:{}", self.name, self.port),
        }
    }
}
