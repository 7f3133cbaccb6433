//! Templates: saved JSON recipes with typed parameters.
use super::Place;
use super::Port;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A saved recipe, as it is written in a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Schema that editors complete with; not read by cto.
    #[serde(rename = "$schema", default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Lower-case letters, digits, `-`, `_` and `.`; unique in the gallery.
    pub name: String,
    /// One line for lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// One letter or symbol for tiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Another template, by name, or by path (`./base.json`) from this file: its fields hold where this one says nothing. Objects are put together, lists
    /// are added to, everything else is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<String>,
    /// Image reference, as `docker pull` takes it; this or `build` is required where nothing is extended.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub image: String,
    /// A recipe that the image is built from, instead of `image`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<BuildEntry>,
    /// Packages to add with the image's own package manager (apt, apk, dnf, yum, zypper or pacman); `pip:NAME` with Python's, `npm:NAME` with Node's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<String>,
    /// Main program: one line, split as a shell splits words, or a list of words. The image's own where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandLine>,
    /// Replaces the image's entrypoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<CommandLine>,
    /// The main program gets a terminal; true where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interactive: Option<bool>,
    /// Its sessions are recorded, what is typed left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording: Option<bool>,
    /// Environment of the main program and of sessions.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, String>,
    /// Files of variables, `NAME=VALUE` line by line, of who launches; a later one goes before an earlier one, and `environment` before all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env_file: Vec<EnvFileEntry>,
    /// Directory that programs start in; absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<String>,
    /// User name or uid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Host name inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// Mounts, as `source:target[:ro]`; a source with a slash is a host path, otherwise a named volume.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<String>,
    /// Memory file systems, as `target` or `target:size`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tmpfs: Vec<String>,
    /// Published ports, as `[ip:][host:]container[/udp]` or an object.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<PortEntry>,
    /// `none`, `isolated` (out is allowed, in only by published ports), `internal` (only the owner's other containers there), or `egress` with the hosts
    /// that are reached, and nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<super::NetworkChoice>,
    /// Networks to join instead of the default one, which must be there: names, or objects with aliases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<super::NetworkEntry>,
    /// What it may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<TemplateLimits>,
    /// The root file system can't be written. (`/tmp` and `/run` are memory then.)
    #[serde(default, alias = "read_only", skip_serializing_if = "Option::is_none")]
    pub readonly: Option<bool>,
    /// All of the host's privileges; policy decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privileged: Option<bool>,
    /// Capabilities beyond the default set, without `CAP_`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cap_add: Vec<String>,
    /// Capabilities of the default set to do without; `ALL` for every one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cap_drop: Vec<String>,
    /// Security options, as `docker run --security-opt` takes them; policy decides on those that loosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security: Vec<String>,
    /// Devices of the host, as `host[:container[:rwm]]`; policy decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<String>,
    /// Settings of the kernel for this container alone, such as `net.core.somaxconn`: those of its network, of shared memory and of queues.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sysctls: BTreeMap<String, String>,
    /// Files to put in before the start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<super::FileEntry>,
    /// When the engine starts it again: `no`, `on-failure`, `on-failure:3`, `always` or `unless-stopped`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<String>,
    /// A check that the engine runs again and again; what is unhealthy is restarted where `restart` says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<super::HealthEntry>,
    /// When a launch counts as done: until then it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<super::ReadyEntry>,
    /// The signal that asks the main program to end, such as `SIGINT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_signal: Option<String>,
    /// Time between that and the kill, such as `30s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_grace: Option<String>,
    /// A small init is process 1; true where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init: Option<bool>,
    /// It is stopped so long after its start, such as `8h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<String>,
    /// It is stopped after so long without activity: something typed, an attach, an exec or a request about it. Output alone does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_stop: Option<String>,
    /// What is done with it at certain moments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hooks: Option<super::Hooks>,
    /// Sessions to open when it is launched, beside the main program's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sessions: Vec<super::SessionEntry>,
    /// Labels of the user's own; `cto.*` is refused.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Typed parameters, used as `${param.NAME}` in any text of the template.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Param>,
}

/// A file of variables: its path, or with whether it has to be there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(untagged)]
pub enum EnvFileEntry {
    /// Its path.
    Path(String),
    /// All parts by name.
    Full(EnvFile),
}

/// A file of variables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvFile {
    /// Its path.
    pub path: String,
    /// It has to be there; true where nothing is said.
    #[serde(default = "EnvFile::usual")]
    pub required: bool,
}

impl EnvFile {
    fn usual() -> bool {
        true
    }
}

impl EnvFileEntry {
    /// Its path, and whether it has to be there.
    #[must_use]
    pub fn parts(&self) -> (&str, bool) {
        match self {
            Self::Path(path) => (path, true),
            Self::Full(file) => (&file.path, file.required),
        }
    }
}

/// How a template's image is built.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BuildEntry {
    /// The recipe itself, as one text or line by line, or the path of its file; `Dockerfile` in `context` where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dockerfile: Option<super::FileContent>,
    /// The directory that the recipe copies from, on the server's machine and where it may be mounted from; none where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Values of the recipe's `ARG`. Not for secrets: the image remembers them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub args: BTreeMap<String, String>,
    /// The stage to stop at; the last where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// A command: one line or a list of words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(untagged)]
pub enum CommandLine {
    /// Split as a shell splits words; nothing else of a shell happens.
    Line(String),
    /// Words as they are.
    Words(Vec<String>),
}

/// A port: text or object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(untagged)]
pub enum PortEntry {
    /// A container's port alone.
    Number(u16),
    /// `[ip:][host:]container[/udp]`.
    Text(String),
    /// All parts by name.
    Full(Port),
}

/// Limits as people write them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TemplateLimits {
    /// Memory, such as `512m`, `2g` or `512 MiB`.
    #[schemars(example = "512m")]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// Cores, such as 0.5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpus: Option<f64>,
    /// Processes and threads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pids: Option<u32>,
    /// Swap beyond the memory; none where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swap: Option<String>,
    /// What it may write in its own root file system, where the engine can limit that (overlay2 on xfs with project quotas); elsewhere it refuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk: Option<String>,
    /// Shared memory in `/dev/shm`; `64m` where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shm: Option<String>,
    /// Limits of single processes, by the names that `ulimit` has in Docker (`nofile`, `core`, …): a number, or `soft:hard`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ulimits: BTreeMap<String, super::UlimitEntry>,
}

/// A typed parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Param {
    /// What values it takes.
    #[serde(rename = "type", default)]
    pub kind: ParamKind,
    /// One line for forms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its value where none is given; required where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<ParamValue>,
    /// The only values it takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<ParamValue>,
    /// The least number; of a text the least letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// The greatest number; of a text the most letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// A regular expression that the whole of a text fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
}

/// The types of parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParamKind {
    /// Any text.
    #[default]
    Text,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
}

/// A parameter's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(untagged)]
pub enum ParamValue {
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
}

impl std::fmt::Display for ParamValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Text(value) => value.fmt(f),
        }
    }
}

/// A template of the gallery, with where it came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TemplateEntry {
    /// The recipe.
    pub template: Template,
    /// Which layer it is from; a later layer's file of the same name wins.
    pub origin: TemplateOrigin,
    /// Its file; none for those that ship inside cto.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Hash of the file's text.
    pub etag: String,
    /// The file's text, where one template is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Saves a template: `PUT /api/v1/templates/{name}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveTemplate {
    /// The file's text: JSON, which may have comments. Its `name` is that of the template.
    pub text: String,
    /// The hash of the text that this replaces: empty where there must be none yet, none to replace whatever there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
}

/// The layers of templates, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TemplateOrigin {
    /// Ships inside cto.
    Gallery,
    /// The machine's.
    System,
    /// The user's.
    User,
    /// The project's.
    Project,
}

/// All templates, and the files that could not be used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TemplateList {
    /// By name.
    pub items: Vec<TemplateEntry>,
    /// What is wrong with the files that are not in `items`.
    #[serde(default)]
    pub complaints: Vec<Place>,
}
