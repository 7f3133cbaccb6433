//! Plugins as the terminal client knows them: their commands, what they show, what can be asked of them, and what comes of it.
use super::app::App;
use super::app::View;
use super::msg::Effect;
use super::msg::Request;
use super::msg::ToastKind;
use super::parts::run_form::RunForm;
use super::parts::run_words;
use crate::client::Client;
use crate::error::Result;
use crate::model::ContainerId;
use crate::model::GetPluginColumns;
use crate::model::GetPluginPanel;
use crate::model::ListPlugins;
use crate::model::PLUGIN_CONTAINER;
use crate::model::Param;
use crate::model::Plugin;
use crate::model::PluginColumns;
use crate::model::PluginColumnsQuery;
use crate::model::PluginCommand;
use crate::model::PluginLines;
use crate::model::PluginPanel;
use crate::model::PluginPanelQuery;
use crate::model::PluginRole;
use crate::model::PluginState;
use crate::model::PluginTarget;
use crate::model::Run;
use crate::model::RunPlugin;
use crate::model::RunPluginOf;
use crate::model::WholeQuery;
use crate::tui::theme::Role;
use std::collections::BTreeMap;
use std::time::Duration;

/// Columns are asked for anew this often while they are seen, and so soon after a container has changed.
const COLUMNS_EVERY: Duration = Duration::from_secs(5);
const COLUMNS_SOON: Duration = Duration::from_secs(1);

/// What is known of plugins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plugged {
    /// All of them; none before the server has answered.
    pub listed: Option<Vec<Plugin>>,
    /// The columns that they add to the containers.
    pub columns: PluginColumns,
}

impl Plugged {
    /// Those that can be used.
    pub fn enabled(&self) -> impl Iterator<Item = &Plugin> {
        self.listed.iter().flatten().filter(|plugin| plugin.state == PluginState::Enabled)
    }

    /// Their commands, each with its plugin.
    pub fn commands(&self) -> impl Iterator<Item = (&Plugin, &PluginCommand)> {
        self.enabled().flat_map(|plugin| plugin.manifest.iter().flat_map(move |manifest| manifest.commands.iter().map(move |command| (plugin, command))))
    }

    /// Their panels, each with its plugin.
    pub fn panels(&self) -> impl Iterator<Item = (&Plugin, &PluginPanel)> {
        self.enabled().flat_map(|plugin| plugin.manifest.iter().flat_map(move |manifest| manifest.panels.iter().map(move |panel| (plugin, panel))))
    }

    fn has_columns(&self) -> bool {
        self.enabled().any(|plugin| plugin.manifest.as_ref().is_some_and(|manifest| !manifest.columns.is_empty()))
    }

    /// Takes in what the server answered.
    pub fn learn(&mut self, reply: &PluginReply) {
        match reply {
            PluginReply::Listed(all) => {
                self.listed = Some(all.clone());
                if !self.has_columns() {
                    self.columns = PluginColumns::default();
                }
            }
            PluginReply::Columns(columns) => self.columns = columns.clone(),
            PluginReply::Panel(_) | PluginReply::Run(_) => {}
        }
    }
}

/// What can be asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum PluginWish {
    /// All plugins.
    List,
    /// The columns that they add to the containers.
    Columns,
    /// What a panel shows: its plugin, its name, and the container that it is for.
    Panel(String, String, Option<ContainerId>),
    /// A command of this plugin's.
    Run(String, Box<RunPlugin>),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum PluginReply {
    /// To [`PluginWish::List`].
    Listed(Vec<Plugin>),
    /// To [`PluginWish::Columns`].
    Columns(PluginColumns),
    /// To [`PluginWish::Panel`].
    Panel(PluginLines),
    /// To [`PluginWish::Run`].
    Run(Box<Run>),
}

/// Asks for something.
#[must_use]
pub fn wish(wish: PluginWish) -> Effect {
    Effect::Request(Request::Plugins(Box::new(wish)))
}

/// Does what is wished.
pub(super) async fn ask(client: &Client, wish: &PluginWish) -> Result<PluginReply> {
    Ok(match wish {
        PluginWish::List => PluginReply::Listed(client.call::<ListPlugins>(&[], &WholeQuery::default()).await?.items),
        PluginWish::Columns => PluginReply::Columns(client.call::<GetPluginColumns>(&[], &PluginColumnsQuery::default()).await?),
        PluginWish::Panel(plugin, panel, container) => {
            let query = PluginPanelQuery { panel: panel.clone(), container: container.as_ref().map(ToString::to_string) };
            PluginReply::Panel(client.call::<GetPluginPanel>(&[plugin], &query).await?)
        }
        PluginWish::Run(plugin, run) => PluginReply::Run(Box::new(client.call::<RunPluginOf>(&[plugin], run).await?)),
    })
}

/// The colour of a plugin's text.
#[must_use]
pub fn role(role: PluginRole) -> Role {
    match role {
        PluginRole::Text => Role::Text,
        PluginRole::Muted => Role::Muted,
        PluginRole::Accent => Role::Accent,
        PluginRole::Ok => Role::Ok,
        PluginRole::Info => Role::Info,
        PluginRole::Warn => Role::Warn,
        PluginRole::Error => Role::Error,
    }
}

/// A command as a line for a shell.
#[must_use]
pub fn line(plugin: &str, command: &str, container: Option<&str>, params: &BTreeMap<String, String>) -> String {
    let mut line = format!("cto plugin run {plugin} {command}");
    container.iter().for_each(|container| line.push_str(&format!(" {container}")));
    for (name, value) in params {
        line.push_str(&format!(" -p {}", run_words::quote(&format!("{name}={value}"))));
    }
    line
}

/// When columns were asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    waits: bool,
    at: Option<Duration>,
    /// A container has changed since.
    changed: bool,
}

impl App {
    /// Asks for the columns of plugins, while they are seen and there may be others.
    pub(super) fn columns_due(&mut self) -> Option<Effect> {
        let next = self.next_columns()?;
        if next > self.now.since_start {
            return None;
        }
        self.plugged = Asked { waits: true, at: Some(self.now.since_start), changed: false };
        Some(wish(PluginWish::Columns))
    }

    /// When they are to be asked for; none while they are not seen.
    pub(super) fn next_columns(&self) -> Option<Duration> {
        if self.view != View::Home || self.plugged.waits || !self.home.shows_table(self.plain) || !self.data.plugins.has_columns() {
            return None;
        }
        Some(self.plugged.at.map_or(Duration::ZERO, |at| at + if self.plugged.changed { COLUMNS_SOON } else { COLUMNS_EVERY }))
    }

    /// A container is another than before.
    pub(super) fn columns_changed(&mut self) {
        self.plugged.changed = true;
    }

    /// The answer to what was asked of plugins, or that there is none.
    pub(super) fn plugins_told(&mut self, wish: PluginWish, reply: Option<PluginReply>) -> Vec<Effect> {
        match (wish, reply) {
            (PluginWish::Columns, _) => self.plugged.waits = false,
            (PluginWish::List, Some(_)) => {
                self.keymap.set_plugins(&self.data.plugins);
                self.plugged.at = None;
            }
            (PluginWish::Run(..), Some(PluginReply::Run(run))) => return self.watch(*run),
            _ => {}
        }
        Vec::new()
    }

    /// Runs a command of a plugin's: on the container that is meant where it is for one; what can be set is asked for.
    pub(super) fn run_plugin(&mut self, plugin: &str, command: &str) -> Vec<Effect> {
        let known = self.data.plugins.commands().find(|(known, one)| known.name == plugin && one.name == command);
        let Some((known, one)) = known.map(|(known, one)| (known.clone(), one.clone())) else {
            self.tell(ToastKind::Warning, format!("plugin '{plugin}' has no command '{command}' any more"));
            return Vec::new();
        };
        let container = match one.on {
            PluginTarget::None => None,
            PluginTarget::Container => {
                let pane = self.work.focused().filter(|_| self.view == View::Terminals).map(|pane| pane.origin.container.clone());
                let meant = pane.or_else(|| self.home.selected(&self.data)).and_then(|id| self.data.container(&id).map(|container| container.name.clone()));
                if meant.is_none() {
                    self.tell(ToastKind::Info, format!("there is no container here for '{plugin}: {command}'"));
                    return Vec::new();
                }
                meant
            }
        };
        let mut params: BTreeMap<String, Param> = known.params.get(command).cloned().unwrap_or_default();
        if container.is_some() {
            params.remove(PLUGIN_CONTAINER);
        }
        if params.is_empty() {
            let run = RunPlugin { command: command.to_owned(), container, ..RunPlugin::default() };
            return vec![wish(PluginWish::Run(plugin.to_owned(), Box::new(run)))];
        }
        self.overlays.push(Box::new(RunForm::plugin(plugin, &one, container, &params)));
        Vec::new()
    }
}
