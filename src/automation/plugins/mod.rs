//! Plugins: which there are, whether they can be used, and what they give to scripts.
mod change;
mod command;
mod faults;
mod handlers;
mod keys;
mod loaded;
mod pure;
mod views;

pub(super) use loaded::Loaded;

use super::Automation;
use super::api::Matchers;
use super::header;
use crate::access::Actor;
use crate::config::Paths;
use crate::config::did_you_mean;
use crate::config::plugin_dir;
use crate::config::plugin_folders;
use crate::config::plugin_hash;
use crate::config::read_plugin;
use crate::control::Control;
use crate::control::Key;
use crate::control::Wanted;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Code;
use crate::model::ListChange;
use crate::model::ListName;
use crate::model::Orders;
use crate::model::Page;
use crate::model::Place;
use crate::model::Plugin;
use crate::model::PluginState;
use crate::model::WholeQuery;
use crate::store::PluginRow;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;

/// What is known of plugins meanwhile.
#[derive(Default)]
pub(super) struct Plugins {
    /// One change of files and grants at a time, across awaits: both must fit.
    changing: tokio::sync::Mutex<()>,
    /// One look at them at a time.
    looking: tokio::sync::Mutex<()>,
    state: Mutex<State>,
    views: views::Views,
    faults: faults::Faults,
}

#[derive(Default)]
struct State {
    /// Those that were read last, so that nothing is checked twice.
    loaded: BTreeMap<String, Arc<Loaded>>,
    /// Those that can be used.
    enabled: Arc<Vec<Known>>,
}

/// A plugin: what was granted to it, and its files.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub name: String,
    pub row: Option<PluginRow>,
    pub loaded: Arc<Loaded>,
}

impl Known {
    /// Whether it can be used.
    pub(super) fn state(&self) -> PluginState {
        match &self.row {
            _ if !self.loaded.broken.is_empty() || self.loaded.manifest.is_none() => PluginState::Broken,
            None => PluginState::Waiting,
            Some(row) if !row.enabled => PluginState::Disabled,
            Some(row) if row.hash != self.loaded.hash => PluginState::Changed,
            Some(_) => PluginState::Enabled,
        }
    }

    fn shown(&self, faults: &faults::Faults, warnings: Vec<String>) -> Plugin {
        let commands = self.loaded.manifest.iter().flat_map(|manifest| &manifest.commands);
        let params = commands.filter_map(|command| Some((command.name.clone(), self.loaded.headers.get(&command.script)?.params.clone())));
        Plugin {
            name: self.name.clone(),
            state: self.state(),
            manifest: self.loaded.manifest.clone(),
            hash: self.loaded.hash.clone(),
            granted: self.row.as_ref().map(|row| row.granted.clone()).unwrap_or_default(),
            installed_by: self.row.as_ref().map(|row| row.installed_by.clone()),
            installed_at: self.row.as_ref().map(|row| row.at),
            hooks_off: self.row.as_ref().and_then(|row| row.error.clone()),
            broken: self.loaded.broken.clone(),
            params: params.filter(|(_, params)| !params.is_empty()).collect(),
            warnings,
            faults: faults.of(&self.name),
        }
    }

    /// Why it can't be used; nothing where it can.
    fn check_enabled(&self) -> Result<()> {
        let name = &self.name;
        let refuse = |why: &str, fix: String| Err(Error::new(Code::WrongState, format!("plugin '{name}' {why}")).fix(fix));
        match self.state() {
            PluginState::Enabled => Ok(()),
            PluginState::Disabled => refuse("is disabled", format!("cto plugin enable {name}")),
            PluginState::Waiting => refuse("was not granted yet what it asks for", format!("an admin looks at it and grants it: cto plugin enable {name}")),
            PluginState::Changed => refuse(
                "has other files than those for which something was granted",
                format!("an admin looks at it and grants it anew: cto plugin enable {name}"),
            ),
            PluginState::Broken => {
                let error = refuse("is broken", format!("see what is wrong: cto plugin show {name}"));
                error.map_err(|error| Error { places: self.loaded.broken.clone(), ..error })
            }
        }
    }
}

impl Plugins {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panics while held")
    }
}

impl Automation {
    /// Plugins by name where no other order is asked for, broken ones too.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`, `store_failed`.
    pub async fn list_plugins(&self, actor: &Actor, query: &WholeQuery) -> Result<Page<Plugin>> {
        Control::may(actor, Action::ReadPlugins)?;
        let wanted = Wanted::whole(query, Orders::PLUGINS)?;
        let all = self.look_at_plugins().await?;
        let mut shown: Vec<Plugin> = all.iter().map(|known| self.shown_plugin(known)).collect();
        shown.retain(|plugin| wanted.finds(&[&plugin.name, plugin.installed_by.as_deref().unwrap_or_default()]));
        let key = |plugin: &Plugin, by: &str| match by {
            "state" => Key::of(&plugin.state),
            "installed_by" => Key::of(&plugin.installed_by),
            "installed_at" => Key::time(plugin.installed_at),
            _ => Key::Nothing,
        };
        Ok(wanted.page(shown, key, |plugin| plugin.name.clone()))
    }

    /// One plugin.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `store_failed`.
    pub async fn get_plugin(&self, actor: &Actor, name: &str) -> Result<Plugin> {
        Control::may(actor, Action::ReadPlugins)?;
        let known = self.plugin(name).await?;
        Ok(self.shown_plugin(&known))
    }

    fn shown_plugin(&self, known: &Known) -> Plugin {
        let enabled = self.enabled_plugins();
        let warnings = known.loaded.manifest.as_ref().map(|manifest| keys::warnings(manifest, &enabled)).unwrap_or_default();
        known.shown(&self.0.plugins.faults, warnings)
    }

    /// One plugin as it is now, with its files read anew.
    pub(super) async fn plugin(&self, name: &str) -> Result<Known> {
        let all = self.look_at_plugins().await?;
        let names: Vec<String> = all.iter().map(|known| known.name.clone()).collect();
        all.into_iter().find(|known| known.name == name).ok_or_else(|| {
            let mut error = Error::not_found("plugin", name).fix("see them all: cto plugin ls");
            error.message.push_str(&did_you_mean(name, names.iter().map(String::as_str)));
            error
        })
    }

    /// One plugin that can be used.
    pub(super) async fn enabled_plugin(&self, name: &str) -> Result<(PluginRow, Arc<Loaded>)> {
        let known = self.plugin(name).await?;
        known.check_enabled()?;
        let Known { row, loaded, .. } = known;
        row.map(|row| (row, loaded)).ok_or_else(|| Error::internal("an enabled plugin was granted nothing"))
    }

    /// Reads what lies in the folder of plugins, and takes in what was granted by now.
    pub(super) async fn look_at_plugins(&self) -> Result<Vec<Known>> {
        // One after the other: what an earlier look found must not replace what a later one did.
        let _looking = self.0.plugins.looking.lock().await;
        let mut rows: BTreeMap<String, PluginRow> = self.store().list_plugins().await?.into_iter().map(|row| (row.name.clone(), row)).collect();
        let (paths, before) = (self.control().parts().paths.clone(), self.0.plugins.state().loaded.clone());
        let granted: Vec<String> = rows.keys().cloned().collect();
        let loaded = header::blocking(move || load(&paths, granted, &before)).await?;
        let all: Vec<Known> = loaded.iter().map(|(name, loaded)| Known { name: name.clone(), row: rows.remove(name), loaded: loaded.clone() }).collect();
        let enabled = all.iter().filter(|known| known.state() == PluginState::Enabled).cloned().collect();
        let mut state = self.0.plugins.state();
        (state.loaded, state.enabled) = (loaded, Arc::new(enabled));
        Ok(all)
    }

    /// Puts back what a server that died while it installed a plugin has left aside. What can't be is told by whoever looks at plugins.
    pub(super) async fn heal_plugins(&self) {
        let paths = self.control().parts().paths.clone();
        match header::blocking(move || crate::config::heal_plugins(&paths)).await {
            Ok(healed) => healed.iter().for_each(|plugin| tracing::warn!(plugin, "the installation of a plugin was not finished; it is as it was before")),
            Err(error) => tracing::warn!(%error, "plugins can't be looked after"),
        }
    }

    /// Looks whether there are other plugins than before: another server's, or what somebody did to the files.
    pub(super) async fn watch_plugins(&self) -> Result<()> {
        let before = self.enabled_plugins();
        self.look_at_plugins().await?;
        let now = self.enabled_plugins();
        let told = |all: &[Known]| all.iter().map(|known| (known.name.clone(), known.loaded.hash.clone())).collect::<BTreeSet<_>>();
        let (before, now) = (told(&before), told(&now));
        if before != now {
            self.control().parts().bus.publish(crate::model::Event::ScriptsChanged);
        }
        let others: BTreeSet<&String> = before.symmetric_difference(&now).map(|(name, _)| name).collect();
        for name in others {
            let change = if now.iter().any(|(known, _)| known == name) { ListChange::Changed } else { ListChange::Removed };
            self.control().tell_list(ListName::Plugins, name, None, change);
        }
        Ok(())
    }

    /// The plugins that can be used, as they were when somebody last looked.
    pub(super) fn enabled_plugins(&self) -> Arc<Vec<Known>> {
        self.0.plugins.state().enabled.clone()
    }

    /// What plugins give to scripts.
    pub(super) fn matchers(&self) -> Vec<Matchers> {
        let all = self.enabled_plugins();
        let of = |known: &Known| {
            let file = known.loaded.manifest.as_ref()?.matchers.clone()?;
            let source = known.loaded.sources.get(&file)?.clone();
            Some(Matchers { plugin: known.name.clone(), file: format!("{}/{file}", known.name), source })
        };
        all.iter().filter_map(of).collect()
    }
}

/// Every plugin that lies there, and those of which only the grant is left. What was checked before is not checked again.
fn load(paths: &Paths, granted: Vec<String>, before: &BTreeMap<String, Arc<Loaded>>) -> BTreeMap<String, Arc<Loaded>> {
    let mut loaded = BTreeMap::new();
    for name in plugin_folders(paths) {
        let dir = plugin_dir(paths, &name);
        let found = match read_plugin(&dir) {
            Err(places) => Arc::new(Loaded::unreadable(places)),
            Ok(files) => {
                let hash = plugin_hash(&files);
                let known = before.get(&name).filter(|known| known.hash == hash).cloned();
                known.unwrap_or_else(|| Arc::new(Loaded::of(&dir.display().to_string(), Some(&name), &files)))
            }
        };
        loaded.insert(name, found);
    }
    for name in granted {
        loaded.entry(name).or_insert_with_key(|name| {
            let file = Some(plugin_dir(paths, name).display().to_string());
            Arc::new(Loaded::unreadable(vec![Place { file, detail: "is not there any more".to_owned(), ..Place::default() }]))
        });
    }
    loaded
}
