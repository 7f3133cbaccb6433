//! Scripts: Luau files that drive terminals.
use super::Param;
use super::Place;
use super::TemplateOrigin;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What a script says of itself, in its `script { … }`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScriptHeader {
    /// One line on what it is for.
    #[serde(default)]
    pub about: String,
    /// What can be set for a run, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Param>,
    /// Templates that it launches.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<String>,
    /// What it needs beyond the containers that it launches: `containers` (any that its owner may use), `secrets:NAME`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<String>,
    /// Seconds that a run may take; 600 where none are given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u32>,
    /// Seconds of a processor that a run may use; 20 where none are given, 300 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processor: Option<u32>,
    /// A run whose server dies begins again at its last `checkpoint`, instead of being lost.
    #[serde(default)]
    pub resumable: bool,
    /// Containers that it launched stay after a run.
    #[serde(default)]
    pub keep: bool,
}

/// A script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScriptEntry {
    /// Its name: that of its file, after `OWNER/` where it is a user's own.
    pub name: String,
    /// Which layer it is from; a later layer's file of the same name wins.
    pub origin: TemplateOrigin,
    /// Its file; none for those that ship inside cto.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What it says of itself.
    pub header: ScriptHeader,
    /// Its text; not in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Changes with its text.
    pub hash: String,
}

/// All scripts: `GET /api/v1/scripts`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScriptList {
    /// Those that can be run, by name.
    pub items: Vec<ScriptEntry>,
    /// Files that can't be used, and why.
    #[serde(default)]
    pub broken: Vec<Place>,
}

/// Saves a script: `PUT /api/v1/scripts/{name}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveScript {
    /// Its text.
    pub source: String,
    /// The hash of the text that this replaces: empty where there must be none yet, none to replace whatever there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
}

/// A script that is brought along instead of named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InlineScript {
    /// What messages call it: usually its file.
    pub name: String,
    /// Its text.
    pub source: String,
}

/// Makes a script of a recording: `POST /api/v1/scripts/from-recording`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScriptOfRecording {
    /// The recording's id.
    pub recording: String,
}

/// What is found wrong in a script: `POST /api/v1/scripts/check`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScriptCheck {
    /// What it says of itself, where that can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<ScriptHeader>,
    /// Mistakes: it can't be run with them.
    pub errors: Vec<Place>,
    /// What it may not have meant.
    pub warnings: Vec<Place>,
    /// The hash of its text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hash: String,
}
