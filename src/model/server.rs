//! What a server says of itself, and what it keeps for its clients.
use super::ContainerId;
use super::Place;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `GET /api/v1/health`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ServerHealth {
    /// Everything works.
    pub ok: bool,
    /// The engine.
    pub engine: EngineInfo,
    /// The store answers.
    pub store_ok: bool,
    /// Connections to the store that are open, and those of them that nobody uses at the moment.
    #[serde(default)]
    pub store_connections: (u32, u32),
    /// The configuration files have no mistakes; otherwise the settings of before hold.
    #[serde(default = "yes")]
    pub config_ok: bool,
    /// Since when this server runs.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
}

fn yes() -> bool {
    true
}

/// `GET /api/v1/config`: what is set in a running server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServerSettings {
    /// Every setting, by name. Secrets are hidden.
    pub settings: Vec<Setting>,
    /// What is wrong in the files as they are now; the settings are those of before.
    #[serde(default)]
    pub errors: Vec<Place>,
    /// Settings whose new value holds only when the server starts again.
    #[serde(default)]
    pub needs_restart: Vec<String>,
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Setting {
    /// Its name, as in `log.level`.
    pub name: String,
    /// Its value; `***` for a secret.
    #[schema(schema_with = anything)]
    pub value: serde_json::Value,
    /// Who set it: a file, a variable, a flag, or `default`.
    pub origin: String,
}

/// Something that the server asked the engine to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EngineCall {
    /// How docker's command line says it. Values of variables and arguments of programs are left out: they may be secret.
    pub line: String,
    /// The container that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<ContainerId>,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Milliseconds until the engine had answered.
    pub took_ms: u64,
    /// Why it did not work; none where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// `GET /api/v1/engine/calls`: the last of them, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EngineCalls {
    /// Those that the caller may know of.
    pub items: Vec<EngineCall>,
}

/// What is known of the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EngineInfo {
    /// It answers.
    pub available: bool,
    /// Where it is reached, such as `unix:///var/run/docker.sock`.
    pub address: String,
    /// `docker` or `podman`.
    #[serde(default)]
    pub product: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
    /// The API version that was negotiated.
    #[serde(default)]
    pub api_version: String,
    /// Why it does not answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Containers live on when its daemon dies.
    #[serde(default)]
    pub live_restore: bool,
    /// Cores of its machine.
    #[serde(default)]
    pub cpus: u32,
    /// Memory of its machine.
    #[serde(default)]
    pub memory_bytes: u64,
}

/// `GET /api/v1/version`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Version {
    /// cto's version.
    pub version: String,
    /// API versions it speaks.
    pub api: Vec<String>,
    /// What it can do that servers before it could not, so that clients need not compare versions.
    #[serde(default)]
    pub features: Vec<String>,
    /// Changes with each start of the server.
    pub boot_id: String,
    /// The server's process id.
    pub pid: u32,
}

/// A named piece of a client's state, such as the TUI's arrangement of panes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Layout {
    /// Its name; `last` is what the TUI comes back to.
    pub name: String,
    /// Grows by one with each change; also the `ETag`.
    pub version: i64,
    /// The client's own data, at most 256 KiB of JSON.
    #[schema(schema_with = anything)]
    pub data: serde_json::Value,
}

/// Saves a layout: `PUT /api/v1/layouts/{name}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveLayout {
    /// The version that this one replaces; whatever is there where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<i64>,
    /// The client's own data, at most 256 KiB of JSON.
    #[schema(schema_with = anything)]
    pub data: serde_json::Value,
}

/// The schema of whatever JSON there is.
fn anything() -> utoipa::openapi::schema::Object {
    utoipa::openapi::schema::ObjectBuilder::new().schema_type(utoipa::openapi::schema::SchemaType::AnyValue).build()
}
