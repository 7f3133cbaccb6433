//! What cto has left behind on the engine, and its removal.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Removes what cto has made and nothing uses any more: `POST /api/v1/clean`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Clean {
    /// Only say what.
    #[serde(default)]
    pub dry_run: bool,
    /// Hours for which nothing has used it.
    #[serde(default = "Clean::usual_hours")]
    pub older_than_hours: u32,
}

impl Clean {
    fn usual_hours() -> u32 {
        24
    }
}

impl Default for Clean {
    fn default() -> Self {
        Self { dry_run: false, older_than_hours: Self::usual_hours() }
    }
}

/// What is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeftoverKind {
    /// A container that has ended, and its files with it.
    Container,
    /// An image for a template's packages.
    Image,
    /// A network that no container is on.
    Network,
    /// A volume with a session holder of another version. Never one with a user's data.
    Volume,
}

/// Something that cto has made and nothing uses any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Leftover {
    /// What it is.
    pub kind: LeftoverKind,
    /// Its name.
    pub name: String,
    /// Why nothing is lost with it.
    pub why: String,
    /// Bytes that go with it; an image may share some of them with others.
    pub bytes: u64,
    /// Since when nothing has used it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
    /// Why it was not removed all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
}

/// What was removed, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cleaned {
    /// Containers first, then what they stood on.
    pub items: Vec<Leftover>,
    /// Bytes of all that was removed, or would be.
    pub freed_bytes: u64,
}
