//! What can be set in `cto.json`, with the defaults.
use crate::config::document::child;
use crate::config::keys::BIND;
use crate::config::keys::Bindings;
use crate::config::own::OwnCommand;
use crate::config::texts;
use crate::config::theme;
use crate::model::Limits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

/// Everything that can be set. Each part has a default; a file may leave out whatever it likes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Schema that editors complete with; not read by cto.
    #[serde(rename = "$schema", skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// What is logged.
    pub log: LogConfig,
    /// The server.
    pub server: ServerConfig,
    /// The engine.
    pub engine: EngineConfig,
    /// What a container may use where its template says nothing, and how much is done at once.
    pub limits: LimitsConfig,
    /// Terminals.
    pub terminal: TerminalConfig,
    /// Keys of the TUI.
    pub keys: KeysConfig,
    /// Commands of one's own for the TUI.
    pub commands: Vec<OwnCommand>,
    /// Name of the theme; `auto` is `light` or `dark` as the terminal is, on one of 16 colours `16-color-light` or `16-color`.
    pub theme: ThemeName,
    /// The TUI does without tiles, borders, signs, graphs and moving parts, and its cursor is on what is selected: for screen readers.
    pub accessible: bool,
    /// How long things are kept.
    pub retention: RetentionConfig,
    /// Recordings of sessions.
    pub recordings: RecordingsConfig,
    /// Files that come in pieces, on their way into containers.
    pub uploads: UploadsConfig,
    /// What containers may be given.
    pub containers: ContainersConfig,
    /// Webhooks and mails.
    pub hooks: HooksConfig,
}

/// A theme's name, or `auto`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ThemeName(pub String);

impl Default for ThemeName {
    fn default() -> Self {
        Self(theme::AUTO.to_owned())
    }
}

/// What is logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogConfig {
    /// `error`, `warn`, `info`, `debug` or `trace`; also filters such as `info,cto::engine=debug`.
    pub level: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { level: "info".to_owned() }
    }
}

/// The server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Address for the API and the dashboard over TCP, such as `127.0.0.1:7480`; none where only the socket is served. What other
    /// machines can reach, such as `0.0.0.0:7480`, has TLS always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<String>,
    /// `sqlite:PATH` or `postgres://…`; a SQLite file in the state directory where none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
    /// Certificate and key; on an address that others can reach, one is made where none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsConfig>,
    /// Names under which the server may be reached, beside its addresses, `localhost` and the machine's own name.
    pub names: Vec<String>,
    /// The path below which a proxy shows it, such as `/cto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_path: Option<String>,
    /// Whether a proxy stands before the port, whose X-Forwarded-For and X-Forwarded-Proto are to be believed.
    pub behind_proxy: bool,
    /// Requests that one user, or one address that nobody has signed in from, may send over TCP each second; five times as many at once.
    #[schemars(range(min = 1, max = 100_000))]
    pub requests_per_second: u32,
    /// Seconds after which the server says something on a WebSocket on which nothing happens, so that no proxy takes it for dead. Who is silent for
    /// three times as long is gone.
    #[schemars(range(min = 1, max = 300))]
    pub keep_alive_seconds: u32,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: None,
            database: None,
            tls: None,
            names: Vec::new(),
            base_path: None,
            behind_proxy: false,
            requests_per_second: 100,
            keep_alive_seconds: 20,
        }
    }
}

/// Files for TLS, in PEM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The chain of certificates, the server's own first.
    pub certificate: String,
    /// The key that belongs to it.
    pub key: String,
}

/// The engine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EngineConfig {
    /// Address such as `unix:///var/run/docker.sock`; found as Docker's own program finds it where none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// What a container may use where its template says nothing, and how much is done at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Memory, such as `512m` or `2g`.
    pub memory: String,
    /// Cores, such as 0.5.
    #[schemars(range(min = 0.01, max = 1024.0))]
    pub cpus: f64,
    /// Processes and threads.
    #[schemars(range(min = 1, max = 4_194_304))]
    pub pids: u32,
    /// So many times within ten minutes is a container started again; then it counts as a crash loop and stays ended.
    #[schemars(range(min = 1, max = 1_000))]
    pub restarts: u32,
    /// Launches and other long work under way at once; more are refused.
    #[schemars(range(min = 1, max = 10_000))]
    pub operations: u32,
}

impl Default for LimitsConfig {
    fn default() -> Self {
        Self { memory: "512m".to_owned(), cpus: 1.0, pids: 512, restarts: 5, operations: 256 }
    }
}

impl LimitsConfig {
    /// The limits of a container whose template says nothing.
    #[must_use]
    pub fn of_containers(&self) -> Limits {
        let least = Limits::default();
        Limits { memory_bytes: texts::memory(&self.memory).unwrap_or(least.memory_bytes), cpus: self.cpus, pids: self.pids, ..least }
    }
}

/// Terminals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TerminalConfig {
    /// Lines that each pane of the TUI keeps above its screen.
    #[schemars(range(min = 0, max = 100_000))]
    pub scrollback: u32,
    /// Ask before several lines are pasted into a program that takes each of them as it comes, as a plain shell does.
    pub confirm_paste: bool,
}

impl Default for TerminalConfig {
    fn default() -> Self {
        Self { scrollback: 5_000, confirm_paste: true }
    }
}

/// Keys of the TUI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KeysConfig {
    /// The key before every command of panes, as in tmux: `C-b`.
    pub prefix: String,
    /// Keys of commands instead of their own, by scope and command; an empty list leaves a command without a key: `{"global": {"launch": ["n", "F7"]}}`.
    pub bind: Bindings,
}

impl Default for KeysConfig {
    fn default() -> Self {
        Self { prefix: "C-b".to_owned(), bind: Bindings::default() }
    }
}

/// How long things are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionConfig {
    /// Hours that an ended session and its last screen are kept.
    #[schemars(range(min = 0, max = 8_760))]
    pub ended_sessions_hours: u32,
    /// Days that the audit is kept; 0 keeps it for ever.
    #[schemars(range(min = 0, max = 36_500))]
    pub audit_days: u32,
    /// Days that an image made for a template's packages is kept after its last launch, once no container is made from it; 0 keeps it for ever.
    #[schemars(range(min = 0, max = 36_500))]
    pub images_days: u32,
    /// Days that it is kept what containers have used; 0 keeps only the last hour, in memory.
    #[schemars(range(min = 0, max = 3_650))]
    pub stats_days: u32,
    /// Days that it is kept which commands were run in sessions whose shells mark them; 0 keeps none.
    #[schemars(range(min = 0, max = 3_650))]
    pub commands_days: u32,
}

impl Default for RetentionConfig {
    fn default() -> Self {
        Self { ended_sessions_hours: 24, audit_days: 0, images_days: 14, stats_days: 7, commands_days: 90 }
    }
}

/// How much is recorded, and for how long it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RecordingsConfig {
    /// A recording ends when its files have so many megabytes.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub max_mb: u32,
    /// The oldest recordings are removed while all together have more megabytes.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub total_mb: u32,
    /// Days that a recording is kept after its end; 0 keeps it for ever.
    #[schemars(range(min = 0, max = 36_500))]
    pub days: u32,
}

impl Default for RecordingsConfig {
    fn default() -> Self {
        Self { max_mb: 2_000, total_mb: 10_000, days: 30 }
    }
}

/// How much of what comes in pieces is taken, and for how long it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UploadsConfig {
    /// A file has so many megabytes at most.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub max_mb: u32,
    /// So many uploads of one user are under way at once.
    #[schemars(range(min = 1, max = 10_000))]
    pub per_user: u32,
    /// The uploads of one user have so many megabytes together.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub user_mb: u32,
    /// Hours after its last piece that an upload is forgotten.
    #[schemars(range(min = 1, max = 8_760))]
    pub hours: u32,
}

impl Default for UploadsConfig {
    fn default() -> Self {
        Self { max_mb: 20_000, per_user: 16, user_mb: 40_000, hours: 24 }
    }
}

/// What containers may be given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ContainersConfig {
    /// Absolute directories of the host that containers may mount from. Admins may also use the directory they launch from and the home of
    /// the server's user.
    pub allowed_roots: Vec<PathBuf>,
    /// Admins may launch templates that ask for `privileged`, or for capabilities beyond Docker's default set.
    pub allow_privileged: bool,
}

/// Webhooks and mails.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HooksConfig {
    /// Absolute path of a file with certificates (PEM) of authorities that receivers and mail servers may have theirs from, beside those that this machine trusts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

/// The JSON Schema of the configuration, for editors.
#[must_use]
pub fn config_schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(|| schemars::schema_for!(Config).to_value())
}

/// One setting that has no parts.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// Where it stands: `/server/listen`.
    pub pointer: String,
    /// What it takes.
    pub schema: &'static Value,
}

impl Leaf {
    /// Its name, as in `server.listen`.
    #[must_use]
    pub fn name(&self) -> String {
        self.pointer.trim_start_matches('/').replace('/', ".")
    }

    /// The variable that stands for it: `CTO_SERVER_LISTEN`.
    #[must_use]
    pub fn variable(&self) -> String {
        format!("CTO{}", self.pointer.replace('/', "_").to_uppercase())
    }

    /// Why a running server does not take a new value; none where it does.
    #[must_use]
    pub fn fixed(&self) -> Option<&'static str> {
        match self.pointer.as_str() {
            "/server/listen" | "/server/database" | "/server/tls/certificate" | "/server/tls/key" | "/server/base_path" | "/engine/address" => {
                Some("the server reads it when it starts: cto server restart")
            }
            _ => None,
        }
    }
}

/// Every setting that has no parts, as it is written in the reference.
#[must_use]
pub fn leaves() -> Vec<Leaf> {
    fn walk(schema: &'static Value, pointer: &str, found: &mut Vec<Leaf>) {
        for (field, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let pointer = child(pointer, field);
            let target = schema.get("$ref").and_then(Value::as_str).and_then(|name| config_schema().pointer(name.trim_start_matches('#'))).unwrap_or(schema);
            if target.get("properties").is_some() && pointer != BIND {
                walk(target, &pointer, found);
            } else if !field.starts_with('$') {
                found.push(Leaf { pointer, schema });
            }
        }
    }
    let mut found = Vec::new();
    walk(config_schema(), "", &mut found);
    found
}

/// The values without parts in a configuration's JSON, by pointer. A list is one value, and so are the keys of all commands.
pub(super) fn flat(value: &Value) -> BTreeMap<String, Value> {
    fn walk(value: &Value, pointer: String, found: &mut BTreeMap<String, Value>) {
        match value {
            Value::Object(parts) if pointer != BIND => parts.iter().for_each(|(name, part)| walk(part, child(&pointer, name), found)),
            other => drop(found.insert(pointer, other.clone())),
        }
    }
    let mut found = BTreeMap::new();
    walk(value, String::new(), &mut found);
    found.retain(|pointer, _| !pointer.starts_with("/$") && !pointer.is_empty());
    found
}
