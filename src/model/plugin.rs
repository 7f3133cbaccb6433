//! Plugins: folders with a manifest and Luau that add commands, columns, panels, template handlers, reactions to events and matchers.
use super::Param;
use super::ParamValue;
use super::Place;
use super::PluginColumn;
use super::PluginFault;
use super::PluginHandler;
use super::PluginPanel;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What a plugin can ask for at its installation, beside `secrets:NAME`.
pub const PLUGIN_GRANTS: [&str; 7] = ["containers", "launch", "events", "columns", "panels", "templates", "keys"];
/// The name of the parameter that takes the container that a plugin's command is for, or that an event happened to.
pub const PLUGIN_CONTAINER: &str = "container";

/// A plugin's `plugin.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PluginManifest {
    /// Its name, which is that of its folder: small letters, digits, `_` and `-`.
    pub name: String,
    /// Its version, such as `1.2.0`.
    pub version: String,
    /// One line on what it is for.
    pub about: String,
    /// What can be asked of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<PluginCommand>,
    /// What it does by itself when something happens; needs the grant `events`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<PluginHook>,
    /// A file of functions that every script can call as `matchers.NAME.FUNCTION(text)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matchers: Option<String>,
    /// Columns of lists; needs the grant `columns`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<PluginColumn>,
    /// Panels beside the details of containers; needs the grant `panels`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub panels: Vec<PluginPanel>,
    /// What it does with launches; needs the grant `templates`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handlers: Vec<PluginHandler>,
    /// What it needs: `containers` (any that the caller may use), `launch` (containers of its scripts' own), `secrets:NAME`, `events`, `columns`, `panels`,
    /// `templates` (it sees, changes and refuses launches), `keys` (keys of the terminal client).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<String>,
}

/// A command of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PluginCommand {
    /// Its name: small letters, digits, `_` and `-`.
    pub name: String,
    /// One line on what it does.
    pub about: String,
    /// The script that does it: a file of the plugin's. Its header says what can be set.
    pub script: String,
    /// What it is for.
    #[serde(default)]
    pub on: PluginTarget,
    /// Its key in the terminal client, such as `F7`; needs the grant `keys`. Where something else has that key, the command has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// What a command is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PluginTarget {
    /// Nothing in particular.
    #[default]
    None,
    /// One container, whose name the script gets as its parameter `container`.
    Container,
}

/// What a plugin does when something happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PluginHook {
    /// Kinds of events: `container.died`, `run.*`, `*`.
    pub events: Vec<String>,
    /// The script that is run: a file of the plugin's. Parameters of it that are named like a value of the event get that value.
    pub script: String,
}

/// Whether a plugin can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PluginState {
    /// It can.
    Enabled,
    /// Somebody has disabled it.
    Disabled,
    /// Nobody has granted yet what it asks for.
    Waiting,
    /// Its files are not those any more for which something was granted.
    Changed,
    /// It has mistakes, or its files can't be read.
    Broken,
}

impl PluginState {
    /// The state as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Waiting => "waiting",
            Self::Changed => "changed",
            Self::Broken => "broken",
        }
    }
}

/// A plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Plugin {
    /// Its name.
    pub name: String,
    /// Whether it can be used.
    pub state: PluginState,
    /// What it says of itself, where that can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<PluginManifest>,
    /// Changes with its files.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hash: String,
    /// What was granted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub granted: Vec<String>,
    /// Who granted it: what it does by itself is done as they.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installed_by: Option<String>,
    /// When it was granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub installed_at: Option<Timestamp>,
    /// Why it does nothing by itself any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hooks_off: Option<String>,
    /// What is wrong with it, each with its place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<Place>,
    /// What can be set for its commands, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, BTreeMap<String, Param>>,
    /// Worth a look: keys that something else has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What of it has failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<PluginFault>,
}

/// The files of a plugin that is to be looked at: `POST /api/v1/plugins/check`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PluginFiles {
    /// What is in each file, in base64, by its path in the plugin's folder: 1,000 files and 16 MiB at most.
    pub files: BTreeMap<String, String>,
}

/// What is found in a plugin's files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginCheck {
    /// What it says of itself, where that can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<PluginManifest>,
    /// Changes with its files.
    pub hash: String,
    /// Mistakes: it can't be used with them.
    pub errors: Vec<Place>,
    /// Worth a look: keys that something else has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Installs a plugin, or another version of it: `POST /api/v1/plugins`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InstallPlugin {
    /// What is in each file, in base64, by its path in the plugin's folder: 1,000 files and 16 MiB at most.
    pub files: BTreeMap<String, String>,
    /// What is granted: all that it asks for, or it is not installed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<String>,
}

/// Grants a plugin what it asks for: `POST /api/v1/plugins/{name}/enable`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnablePlugin {
    /// What is granted: all that it asks for, or it is not enabled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<String>,
    /// The hash of the files that were looked at; where others lie there by now, it is not enabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

/// Runs a command of a plugin's: `POST /api/v1/plugins/{name}/run`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RunPlugin {
    /// Which.
    pub command: String,
    /// The container that it is for, by name, id or prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Values of its script's parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, ParamValue>,
}
