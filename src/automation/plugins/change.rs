//! Plugins are installed, granted what they ask for, disabled and removed.
use super::Loaded;
use super::keys;
use crate::access::Actor;
use crate::automation::Automation;
use crate::automation::header;
use crate::config::PLUGIN_BYTES;
use crate::config::PLUGIN_FILES;
use crate::config::PluginFolder;
use crate::config::check_plugin_files;
use crate::config::error_of;
use crate::config::remove_plugin;
use crate::config::save_plugin;
use crate::control::Control;
use crate::control::Target;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Code;
use crate::model::EnablePlugin;
use crate::model::Event;
use crate::model::InstallPlugin;
use crate::model::ListChange;
use crate::model::ListName;
use crate::model::Plugin;
use crate::model::PluginCheck;
use crate::model::PluginFiles;
use crate::model::PluginManifest;
use crate::model::RemoveText;
use crate::store::PluginRow;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use std::collections::BTreeMap;

impl Automation {
    /// What a plugin's files say, and what is wrong with them.
    ///
    /// # Errors
    /// `forbidden`; `invalid_value` for files that are none, `too_large`.
    pub async fn check_plugin(&self, actor: &Actor, request: PluginFiles) -> Result<PluginCheck> {
        Control::may(actor, Action::ManagePlugins)?;
        let loaded = header::blocking(move || read(&request.files).map(|(loaded, _)| loaded)).await??;
        let enabled = self.enabled_plugins();
        let warnings = loaded.manifest.as_ref().map(|manifest| keys::warnings(manifest, &enabled)).unwrap_or_default();
        Ok(PluginCheck { warnings, manifest: loaded.manifest, hash: loaded.hash, errors: loaded.broken })
    }

    /// Installs a plugin, or another version of one; it can be used at once.
    ///
    /// # Errors
    /// `forbidden`; `invalid_document` with the places of mistakes; `invalid_value` for files that are none and when it asks for more than is granted;
    /// `too_large`, `disk_full`, `store_failed`.
    pub async fn install_plugin(&self, actor: &Actor, request: InstallPlugin) -> Result<Plugin> {
        // Who may not is told so before anything is read.
        Control::may(actor, Action::ManagePlugins)?;
        let InstallPlugin { files, grants } = request;
        let (loaded, files) = header::blocking(move || read(&files)).await??;
        let manifest = good(loaded)?;
        let (name, paths) = (manifest.manifest.name.clone(), self.control().parts().paths.clone());
        self.control()
            .guarded(actor, Action::ManagePlugins, &target(&name), async {
                check_grants(&manifest.manifest, &grants)?;
                let _changing = self.0.plugins.changing.lock().await;
                let saved = name.clone();
                header::blocking(move || save_plugin(&paths, &saved, &files)).await??;
                self.grant(actor, &manifest).await
            })
            .await?;
        self.changed_plugin(&name).await
    }

    /// Grants a plugin what it asks for, with the files that lie there now.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `invalid_document` when it is broken; `stale` when its files are not those that were looked at; `invalid_value` when it
    /// asks for more than is granted.
    pub async fn enable_plugin(&self, actor: &Actor, name: &str, request: EnablePlugin) -> Result<Plugin> {
        self.control()
            .guarded(actor, Action::ManagePlugins, &target(name), async {
                let _changing = self.0.plugins.changing.lock().await;
                let known = self.plugin(name).await?;
                let checked = good(Loaded::clone(&known.loaded))?;
                if request.hash.is_some_and(|hash| hash != checked.hash) {
                    let error = Error::new(Code::Stale, format!("the files of plugin '{name}' were changed meanwhile"));
                    return Err(error.fix(format!("look at it again: cto plugin show {name}")));
                }
                check_grants(&checked.manifest, &request.grants)?;
                self.grant(actor, &checked).await
            })
            .await?;
        self.changed_plugin(name).await
    }

    /// Lets a plugin do nothing for now. What of it runs already goes on.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `wrong_state` when nothing was ever granted to it.
    pub async fn disable_plugin(&self, actor: &Actor, name: &str) -> Result<Plugin> {
        self.control()
            .guarded(actor, Action::ManagePlugins, &target(name), async {
                let _changing = self.0.plugins.changing.lock().await;
                let known = self.plugin(name).await?;
                let Some(row) = known.row else {
                    return Err(Error::new(Code::WrongState, format!("plugin '{name}' can do nothing: nothing was granted to it")));
                };
                self.store().save_plugin(&PluginRow { enabled: false, ..row }).await
            })
            .await?;
        self.changed_plugin(name).await
    }

    /// Removes a plugin with its files and what was granted to it.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `store_failed`; `stale` when `replaces` is not the hash of its files.
    pub async fn delete_plugin(&self, actor: &Actor, name: &str, request: RemoveText) -> Result<()> {
        let (paths, gone) = (self.control().parts().paths.clone(), name.to_owned());
        self.control()
            .guarded(actor, Action::ManagePlugins, &target(name), async {
                let _changing = self.0.plugins.changing.lock().await;
                if let Some(replaces) = request.replaces {
                    let now = self.plugin(name).await?.loaded.hash.clone();
                    if now != replaces {
                        return Err(Error::stale("plugin", name, now));
                    }
                }
                // First what it may do: should its files not go, it does nothing any more.
                let granted = self.store().remove_plugin(name).await?;
                let there = header::blocking(move || remove_plugin(&paths, &gone)).await??;
                if granted || there { Ok(()) } else { Err(Error::not_found("plugin", name).fix("see them all: cto plugin ls")) }
            })
            .await?;
        self.look_at_plugins().await?;
        self.0.plugins.faults.forget(name);
        self.control().parts().bus.publish(Event::ScriptsChanged);
        self.control().tell_list(ListName::Plugins, name, None, ListChange::Removed);
        Ok(())
    }

    async fn grant(&self, actor: &Actor, checked: &Checked) -> Result<()> {
        let Checked { manifest, hash } = checked;
        let row = PluginRow {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            hash: hash.clone(),
            granted: manifest.grants.clone(),
            enabled: true,
            installed_by: actor.name.clone(),
            error: None,
            at: Timestamp::now(),
        };
        self.store().save_plugin(&row).await?;
        self.0.plugins.faults.forget(&manifest.name);
        Ok(())
    }

    /// A plugin after a change, of which clients are told.
    async fn changed_plugin(&self, name: &str) -> Result<Plugin> {
        let known = self.plugin(name).await?;
        self.control().parts().bus.publish(Event::ScriptsChanged);
        self.control().tell_list(ListName::Plugins, name, None, ListChange::Changed);
        Ok(self.shown_plugin(&known))
    }
}

fn target(name: &str) -> Target {
    Target::free(format!("plugin {name}"))
}

/// A plugin without mistakes.
struct Checked {
    manifest: PluginManifest,
    hash: String,
}

fn good(loaded: Loaded) -> Result<Checked> {
    match loaded.manifest {
        Some(manifest) if loaded.broken.is_empty() => Ok(Checked { manifest, hash: loaded.hash }),
        _ => Err(error_of("the plugin", loaded.broken)),
    }
}

/// All that it asks for has to be granted.
fn check_grants(manifest: &PluginManifest, grants: &[String]) -> Result<()> {
    let missing: Vec<&str> = manifest.grants.iter().filter(|grant| !grants.contains(grant)).map(String::as_str).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let error = Error::invalid(format!("plugin '{}' asks for more than is granted: {}", manifest.name, missing.join(", ")));
    Err(error.fix("look at what it does with that, and grant all of it or leave it"))
}

/// The files of a request, and what they say.
fn read(files: &BTreeMap<String, String>) -> Result<(Loaded, PluginFolder)> {
    if files.len() > PLUGIN_FILES {
        return Err(Error::new(Code::TooLarge, format!("the plugin has more than {PLUGIN_FILES} files")));
    }
    if files.values().map(String::len).sum::<usize>() / 4 * 3 > PLUGIN_BYTES + 3 * PLUGIN_FILES {
        return Err(Error::new(Code::TooLarge, format!("the plugin is larger than {} MiB", PLUGIN_BYTES >> 20)));
    }
    let mut folder = PluginFolder::new();
    for (path, text) in files {
        let bytes = STANDARD.decode(text).map_err(|error| Error::invalid(format!("file '{}' is not in base64: {error}", path.escape_debug())))?;
        folder.insert(path.clone(), bytes);
    }
    check_plugin_files("the plugin", &folder).map_err(|places| error_of("the plugin's files", places))?;
    // Messages name the files as they lie in its folder.
    let name = crate::config::plugin_manifest("plugin", None, &folder).map_or_else(|_| "plugin".to_owned(), |manifest| manifest.name);
    Ok((Loaded::of(&name, None, &folder), folder))
}
