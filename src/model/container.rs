//! Containers: what is known of one, and everything needed to create one.
use super::Care;
use super::ContainerId;
use super::Device;
use super::EgressHost;
use super::NetworkJoin;
use super::Place;
use super::Size;
use super::StackPlace;
use super::Ulimit;
use super::Upkeep;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// A container as the engine reports it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Container {
    /// The engine's id.
    pub id: ContainerId,
    /// Its name, without Docker's leading slash.
    pub name: String,
    /// The image's reference as it was asked for.
    pub image: String,
    /// What it is doing.
    pub state: ContainerState,
    /// The health check's word, where there is a check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
    /// Exit code of the last run, when it has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
    /// The kernel's out-of-memory killer ended the last run.
    #[serde(default)]
    pub oom_killed: bool,
    /// Why the engine could not run it, in the engine's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When its last run began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When its last run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// The template it came from; none for containers made by other tools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// The user who made it through cto.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Made by another tool than cto.
    pub foreign: bool,
    /// Made by a cto server with another database on the same engine, which looks after it: this one does nothing with it by itself.
    #[serde(default)]
    pub other_server: bool,
    /// Its main program has a terminal that can be attached to.
    pub tty: bool,
    /// Its sessions are recorded, as its template asks.
    #[serde(default)]
    pub recording: bool,
    /// Its main program's command line.
    #[serde(default)]
    pub command: Vec<String>,
    /// Published ports.
    #[serde(default)]
    pub ports: Vec<Port>,
    /// Open sessions.
    #[serde(default)]
    pub sessions: u32,
    /// How it is looked after.
    #[serde(default)]
    pub upkeep: Upkeep,
    /// Its place in the stack that it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<StackPlace>,
    /// Its labels, without cto's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// What a container is doing, in Docker's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContainerState {
    /// Made, never started.
    Created,
    /// Its main program runs.
    Running,
    /// Frozen.
    Paused,
    /// Being restarted by the engine.
    Restarting,
    /// Being removed.
    Removing,
    /// Its main program has ended.
    Exited,
    /// The engine could not remove it.
    Dead,
}

/// What the health check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// Not decided yet.
    Starting,
    /// The last checks passed.
    Healthy,
    /// The last checks failed.
    Unhealthy,
}

/// A published port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
pub struct Port {
    /// Address on the host; `127.0.0.1` unless asked otherwise.
    #[serde(default = "Port::loopback")]
    pub host_ip: String,
    /// Port on the host; 0 lets the engine choose.
    #[serde(default)]
    pub host_port: u16,
    /// Port in the container.
    pub container_port: u16,
    /// `tcp` or `udp`.
    #[serde(default = "Port::tcp")]
    pub protocol: String,
}

impl Port {
    fn loopback() -> String {
        "127.0.0.1".to_owned()
    }
    fn tcp() -> String {
        "tcp".to_owned()
    }
}

/// A place of the host, or a named volume, seen inside a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mount {
    /// What is mounted.
    pub source: MountSource,
    /// Absolute path in the container.
    pub target: String,
    /// The container can't write there.
    #[serde(default)]
    pub read_only: bool,
}

/// Where a mount comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum MountSource {
    /// A directory or file of the host, absolute.
    Bind {
        /// Absolute path on the host.
        path: String,
    },
    /// A named volume.
    Volume {
        /// The volume's name.
        name: String,
    },
    /// Memory; lost when the container stops.
    Tmpfs {
        /// Most bytes it may hold.
        size_bytes: u64,
    },
}

/// What a container may use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Limits {
    /// Memory in bytes, swap included.
    pub memory_bytes: u64,
    /// Processor time in cores: 0.5 is half of one.
    pub cpus: f64,
    /// Processes and threads.
    pub pids: u32,
    /// Swap beyond the memory, in bytes.
    #[serde(default)]
    pub swap_bytes: u64,
    /// Its own layer of the root file system, in bytes, where the engine can limit that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_bytes: Option<u64>,
    /// `/dev/shm`, in bytes; 64 MiB where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shm_bytes: Option<u64>,
    /// Limits of single processes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ulimits: Vec<Ulimit>,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_bytes: 512 << 20, cpus: 1.0, pids: 512, swap_bytes: 0, disk_bytes: None, shm_bytes: None, ulimits: Vec::new() }
    }
}

/// How a container reaches others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NetworkMode {
    /// No network at all.
    None,
    /// The engine's default bridge: out is allowed, in only by published ports.
    #[default]
    Isolated,
    /// A network of the owner's own that leads nowhere: only the owner's other containers there are reached.
    Internal,
    /// A network of its own that leads to these hosts and nowhere else.
    Egress(Vec<EgressHost>),
}

/// Where the image of a spec comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImageSource {
    /// The image that is run, or built upon; of one that is built, what it is called.
    pub reference: String,
    /// How it is built, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<ImageBuild>,
    /// Packages to add (see [`super::package()`]); makes a derived image, cached by content.
    #[serde(default)]
    pub packages: Vec<String>,
}

/// How an image is built.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImageBuild {
    /// The recipe's text.
    pub dockerfile: String,
    /// The file that it was read from, absolute; none where it stands in the template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<String>,
    /// The directory that it copies from, absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Values of its arguments.
    #[serde(default)]
    pub args: BTreeMap<String, String>,
    /// The stage to stop at; empty for the last.
    #[serde(default)]
    pub target: String,
}

/// Settings of the kernel that each container has for itself, beside `net.*` and `fs.mqueue.*`: Docker's own list.
const NAMESPACED: [&str; 8] =
    ["kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"];

/// Whether a setting of the kernel is each container's own; any other would change the host.
#[must_use]
pub fn is_namespaced(sysctl: &str) -> bool {
    let below = sysctl.strip_prefix("net.").or_else(|| sysctl.strip_prefix("fs.mqueue."));
    let is_part = |part: &str| !part.is_empty() && part.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter));
    sysctl.len() <= 200 && (NAMESPACED.contains(&sysctl) || below.is_some_and(|below| below.split('.').all(is_part)))
}

/// Everything needed to create a container, after the template is filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ContainerSpec {
    /// Its name.
    pub name: String,
    /// The template it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// What it runs on.
    pub image: ImageSource,
    /// Program and arguments; empty for the image's own.
    #[serde(default)]
    pub command: Vec<String>,
    /// Replaces the image's entrypoint when not empty.
    #[serde(default)]
    pub entrypoint: Vec<String>,
    /// The main program gets a terminal that sessions attach to.
    pub interactive: bool,
    /// Its sessions are recorded.
    #[serde(default)]
    pub recording: bool,
    /// Environment, by name.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Directory the program starts in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_dir: Option<String>,
    /// User name or uid, as Docker takes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Host name inside; the container's name where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// What of the host or of memory is mounted where.
    #[serde(default)]
    pub mounts: Vec<Mount>,
    /// Ports to publish.
    #[serde(default)]
    pub ports: Vec<Port>,
    /// How it reaches others.
    #[serde(default)]
    pub network: NetworkMode,
    /// Networks that it joins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<NetworkJoin>,
    /// What it may use.
    pub limits: Limits,
    /// The root file system can't be written.
    #[serde(default)]
    pub read_only: bool,
    /// All of the host's privileges; policy decides.
    #[serde(default)]
    pub privileged: bool,
    /// Capabilities beyond the default set, without `CAP_`.
    #[serde(default)]
    pub cap_add: Vec<String>,
    /// Capabilities of the default set that it does without, without `CAP_`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cap_drop: Vec<String>,
    /// Security options, as `docker run --security-opt` takes them; policy decides on those that loosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security: Vec<String>,
    /// Devices of the host; policy decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<Device>,
    /// Settings of the kernel for this container alone; see [`is_namespaced`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sysctls: BTreeMap<String, String>,
    /// How it is looked after.
    #[serde(default)]
    pub care: Care,
    /// Labels of the user's own.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// First size of the main terminal.
    #[serde(default)]
    pub size: Size,
    /// Its place in the stack that it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<StackPlace>,
}

/// Asks for a container: `POST /api/v1/containers`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateContainer {
    /// A saved template's name. Exactly one of `template` and `inline` is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// A template's JSON text, kept as text so that complaints name line and column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inline: Option<InlineTemplate>,
    /// The container's name; made up from the template's (`web-2`) where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Values for the template's parameters, and overrides of single fields (`limits.memory`), as text.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// Directory that relative paths (`./workspace`) start from; absolute, on the server's machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_dir: Option<String>,
    /// First size of the main terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
    /// What `${NAME}` and `${file:PATH}` in an inline template stand for, by `NAME` and `file:PATH`. Templates of the server's own have the server's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub references: BTreeMap<String, String>,
}

/// A template that is not saved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InlineTemplate {
    /// What complaints call it, such as its file name.
    pub source: String,
    /// The JSON text.
    pub text: String,
}

/// What a template becomes with these values, without creating anything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Rendered {
    /// The spec, ready to be created.
    pub spec: ContainerSpec,
    /// Directories of the host that do not exist yet; the launch makes them first.
    #[serde(default)]
    pub directories: Vec<String>,
    /// What is allowed but worth a second look.
    #[serde(default)]
    pub warnings: Vec<Place>,
    /// Variables of the environment whose values come from outside of the template; they are shown to nobody.
    #[serde(default)]
    pub secrets: BTreeSet<String>,
}

/// `DELETE /api/v1/containers/{id}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveContainer {
    /// Also when it is running: it is killed first.
    #[serde(default)]
    pub force: bool,
}

/// Stopping and restarting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StopContainer {
    /// Seconds between the stop signal and the kill; the container's own grace where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace_seconds: Option<u32>,
}

/// Which lines of a container's log: `GET /api/v1/containers/{id}/logs`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LogQuery {
    /// Only the last so many lines; all where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail: Option<u32>,
    /// Go on with new lines.
    #[serde(default)]
    pub follow: bool,
    /// Each line with its time in front (RFC 3339).
    #[serde(default)]
    pub timestamps: bool,
}

/// Processor and memory of a running container, one sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Stats {
    /// Whose.
    pub container: ContainerId,
    /// Percent of one core, as `docker stats` shows it: 200 is two cores busy.
    pub cpu_percent: f64,
    /// Memory in use, page cache not counted.
    pub memory_bytes: u64,
    /// What it may use at most.
    pub memory_limit_bytes: u64,
    /// Processes and threads.
    pub pids: u64,
    /// Bytes received and sent since its start.
    pub network_bytes: (u64, u64),
    /// Bytes read from disks and written to them since its start.
    #[serde(default)]
    pub block_bytes: (u64, u64),
    /// When it was taken.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}
