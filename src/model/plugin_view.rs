//! What plugins show, and what they do with launches: columns, panels and template handlers.
use super::PluginTarget;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A column that a plugin adds to a list; needs the grant `columns`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PluginColumn {
    /// Its name, which is that of the function too.
    pub name: String,
    /// The list that has it.
    #[serde(default)]
    pub list: PluginList,
    /// Its heading.
    pub title: String,
    /// Columns of the screen that it takes, from 2 to 40.
    pub width: u16,
    /// The file with its function, which gets a row and the time, and gives a short text.
    pub script: String,
}

/// A list that plugins may add columns to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PluginList {
    /// The containers.
    #[default]
    Containers,
}

/// A panel of a plugin's, beside the details of a container; needs the grant `panels`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PluginPanel {
    /// Its name, which is that of the function too.
    pub name: String,
    /// One line on what it shows.
    pub about: String,
    /// What its function gets: the container, or with `none` a list of all of them.
    #[serde(default = "PluginPanel::usual")]
    pub on: PluginTarget,
    /// The file with its function, which gives lines.
    pub script: String,
}

impl PluginPanel {
    fn usual() -> PluginTarget {
        PluginTarget::Container
    }
}

/// What a plugin does with launches; needs the grant `templates`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PluginHandler {
    /// The templates that it is for, such as `web` or `py*`; all of them where none are named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<String>,
    /// The file with its functions `params`, before the template is filled in, and `spec`, after that; one of them at least.
    pub script: String,
}

impl PluginHandler {
    /// Whether it is for this template.
    #[must_use]
    pub fn is_for(&self, template: &str) -> bool {
        let fits = |wanted: &String| wanted.strip_suffix('*').map_or(wanted == template, |beginning| template.starts_with(beginning));
        self.templates.is_empty() || self.templates.iter().any(fits)
    }
}

/// How a plugin's text is meant; each client has a colour for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PluginRole {
    /// Text like any other.
    #[default]
    Text,
    /// It matters less.
    Muted,
    /// It is what one looks for.
    Accent,
    /// All is well.
    Ok,
    /// Good to know.
    Info,
    /// Look here.
    Warn,
    /// Something is wrong.
    Error,
}

impl PluginRole {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::Text, Self::Muted, Self::Accent, Self::Ok, Self::Info, Self::Warn, Self::Error];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Muted => "muted",
            Self::Accent => "accent",
            Self::Ok => "ok",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// A text of a plugin's: one line, and nothing in it that drives a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginText {
    /// What it says.
    pub text: String,
    /// How it is meant.
    #[serde(default)]
    pub role: PluginRole,
}

/// Which columns: `GET /api/v1/plugins/columns`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PluginColumnsQuery {
    /// The list that has them.
    #[serde(default)]
    pub list: PluginList,
}

/// The columns that plugins add to a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginColumns {
    /// Their headings, by the plugins' names.
    pub columns: Vec<PluginHeading>,
    /// A text for each column, by the ids of what is listed. `!` stands for one whose function has failed.
    pub rows: BTreeMap<String, Vec<PluginText>>,
}

/// The heading of a plugin's column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginHeading {
    /// Whose it is.
    pub plugin: String,
    /// Its name.
    pub name: String,
    /// What stands above it.
    pub title: String,
    /// Columns of the screen that it takes.
    pub width: u16,
}

/// Which panel: `GET /api/v1/plugins/{name}/panel`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PluginPanelQuery {
    /// Its name.
    pub panel: String,
    /// The container that it is for, by name, id or prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
}

/// What a panel shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginLines {
    /// Its lines, 500 at most.
    pub lines: Vec<PluginText>,
    /// Why there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// How often something of a plugin's has failed since this server began to use it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PluginFault {
    /// What: `column NAME`, `panel NAME` or `handler FILE`.
    pub what: String,
    /// How often.
    pub count: u64,
    /// Why, the last time.
    pub last: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_is_for_the_templates_that_it_names() {
        let handler = |templates: &[&str]| PluginHandler { templates: templates.iter().map(|name| (*name).to_owned()).collect(), script: String::new() };
        assert!(handler(&[]).is_for("web") && handler(&["web"]).is_for("web") && handler(&["x", "we*"]).is_for("web"));
        assert!(!handler(&["web"]).is_for("web-2") && !handler(&["eb*"]).is_for("web"));
    }
}
