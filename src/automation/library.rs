//! The scripts that can be run by name.
use super::Automation;
use super::check;
use super::header;
use crate::access::Actor;
use crate::config::ScriptFile;
use crate::config::did_you_mean;
use crate::control::Control;
use crate::control::Key;
use crate::control::Target;
use crate::control::Wanted;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Code;
use crate::model::DryRun;
use crate::model::DryVerb;
use crate::model::Event;
use crate::model::InlineScript;
use crate::model::Orders;
use crate::model::RemoveText;
use crate::model::Role;
use crate::model::SaveScript;
use crate::model::ScriptCheck;
use crate::model::ScriptEntry;
use crate::model::ScriptHeader;
use crate::model::ScriptList;
use crate::model::WholeQuery;
use sha2::Digest as _;
use sha2::Sha256;

impl Automation {
    /// All scripts, and the files that can't be used.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn list_scripts(&self, actor: &Actor, query: &WholeQuery) -> Result<ScriptList> {
        Control::may(actor, Action::ReadScripts)?;
        let wanted = Wanted::whole(query, Orders::SCRIPTS)?;
        let paths = self.control().parts().paths.clone();
        header::blocking(move || {
            let (files, mut broken) = crate::config::scripts(&paths);
            let mut items = Vec::new();
            for file in files.into_values() {
                match header::read(&inline(&file)) {
                    Ok(header) => items.push(entry(file, header, false)),
                    Err(places) => broken.extend(places),
                }
            }
            items.retain(|entry: &ScriptEntry| wanted.finds(&[&entry.name, &entry.header.about]));
            let key = |entry: &ScriptEntry, by: &str| if by == "origin" { Key::of(&entry.origin) } else { Key::Nothing };
            ScriptList { items: wanted.page(items, key, |entry| entry.name.clone()).items, broken }
        })
        .await
    }

    /// One script with its text, also one with mistakes.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn get_script(&self, actor: &Actor, name: &str) -> Result<ScriptEntry> {
        Control::may(actor, Action::ReadScripts)?;
        self.script(name).await
    }

    pub(super) async fn script(&self, name: &str) -> Result<ScriptEntry> {
        let (paths, name) = (self.control().parts().paths.clone(), name.to_owned());
        header::blocking(move || {
            let (mut files, _) = crate::config::scripts(&paths);
            let Some(file) = files.remove(&name) else {
                let mut error = Error::not_found("script", &name).fix("see them all: cto script ls");
                error.message.push_str(&did_you_mean(&name, files.keys().map(String::as_str)));
                return Err(error);
            };
            let header = header::read(&inline(&file)).unwrap_or_default();
            Ok(entry(file, header, true))
        })
        .await?
    }

    /// Saves a script: an operator below their own name, an admin anywhere. What is wrong in it is told, and saved as well.
    ///
    /// # Errors
    /// `forbidden`; `invalid_value` for names; `stale` when `replaces` is not what is there; `too_large`, `disk_full`.
    pub async fn put_script(&self, actor: &Actor, name: &str, request: SaveScript) -> Result<ScriptCheck> {
        let check = self.replace_script(actor, name, request, false).await?;
        self.control().parts().bus.publish(Event::ScriptsChanged);
        Ok(check)
    }

    /// What saving a script would find wrong in it.
    ///
    /// # Errors
    /// As [`Automation::put_script`].
    pub async fn try_put_script(&self, actor: &Actor, name: &str, request: SaveScript) -> Result<ScriptCheck> {
        self.replace_script(actor, name, request, true).await
    }

    async fn replace_script(&self, actor: &Actor, name: &str, request: SaveScript, dry_run: bool) -> Result<ScriptCheck> {
        crate::config::script_name(name).map_err(Error::invalid)?;
        if request.source.len() > crate::config::SCRIPT_BYTES {
            return Err(Error::new(Code::TooLarge, format!("script '{name}' is larger than {} KiB", crate::config::SCRIPT_BYTES >> 10)));
        }
        let paths = self.control().parts().paths.clone();
        let script = InlineScript { name: name.to_owned(), source: request.source };
        let saved = script.clone();
        self.control()
            .tried(dry_run, actor, Action::WriteScripts, &target(name), async {
                let _saving = self.0.saving.lock().await;
                header::blocking(move || {
                    let (files, _) = crate::config::scripts(&paths);
                    let there = files.get(&saved.name).map(|file| hash(&file.text)).unwrap_or_default();
                    if request.replaces.is_some_and(|replaces| replaces != there) {
                        return Err(Error::stale("script", &saved.name, there));
                    }
                    if dry_run { Ok(()) } else { crate::config::save_script(&paths, &saved.name, &saved.source) }
                })
                .await?
            })
            .await?;
        checked(script).await
    }

    /// Removes a script that was saved here; one that ships under the same name is there again.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `stale` when `replaces` is not what is there.
    pub async fn delete_script(&self, actor: &Actor, name: &str, request: RemoveText) -> Result<()> {
        self.remove_script(actor, name, request, false).await?;
        self.control().parts().bus.publish(Event::ScriptsChanged);
        Ok(())
    }

    /// What removing a script would do.
    ///
    /// # Errors
    /// As [`Automation::delete_script`].
    pub async fn try_delete_script(&self, actor: &Actor, name: &str, request: RemoveText) -> Result<DryRun> {
        self.remove_script(actor, name, request, true).await?;
        Ok(super::would(DryVerb::Remove, "script", name))
    }

    async fn remove_script(&self, actor: &Actor, name: &str, request: RemoveText, dry_run: bool) -> Result<()> {
        crate::config::script_name(name).map_err(Error::invalid)?;
        self.script(name).await?;
        let (paths, gone) = (self.control().parts().paths.clone(), name.to_owned());
        self.control()
            .tried(dry_run, actor, Action::WriteScripts, &target(name), async {
                let _saving = self.0.saving.lock().await;
                let there = self.script(name).await?.hash;
                if request.replaces.is_some_and(|replaces| replaces != there) {
                    return Err(Error::stale("script", name, there));
                }
                let path = crate::config::script_path(&paths, name);
                match header::blocking(move || if dry_run { Ok(path.exists()) } else { crate::config::remove_script(&paths, &gone) }).await?? {
                    true => Ok(()),
                    false => Err(Error::not_found("script", name).fix("those that ship inside cto can't be removed, only covered by one of the same name")),
                }
            })
            .await
    }

    /// What is wrong in a script.
    ///
    /// # Errors
    /// `forbidden`, `too_large`.
    pub async fn check_script(&self, actor: &Actor, script: InlineScript) -> Result<ScriptCheck> {
        Control::may(actor, Action::ReadScripts)?;
        if script.source.len() > crate::config::SCRIPT_BYTES {
            return Err(Error::new(Code::TooLarge, format!("the script is larger than {} KiB", crate::config::SCRIPT_BYTES >> 10)));
        }
        checked(script).await
    }

    /// A secret of the owner's: an admin's own are those of this server's user.
    pub(super) async fn secret(&self, owner: &Actor, name: &str) -> Result<String> {
        let (paths, name) = (self.control().parts().paths.clone(), name.to_owned());
        let of = (owner.role != Role::Admin).then(|| owner.name.clone());
        header::blocking(move || crate::config::secret(&paths, of.as_deref(), &name)).await?
    }
}

/// A script as the target of an action: it belongs to whom its folder is named after.
fn target(name: &str) -> Target {
    Target::owned(name, name.split_once('/').map(|(owner, _)| owner))
}

fn inline(file: &ScriptFile) -> InlineScript {
    let name = file.path.as_ref().map_or_else(|| file.name.clone(), |path| path.display().to_string());
    InlineScript { name, source: file.text.clone() }
}

fn entry(file: ScriptFile, header: ScriptHeader, whole: bool) -> ScriptEntry {
    ScriptEntry {
        hash: hash(&file.text),
        name: file.name,
        origin: file.origin,
        path: file.path.map(|path| path.display().to_string()),
        header,
        source: whole.then_some(file.text),
    }
}

async fn checked(script: InlineScript) -> Result<ScriptCheck> {
    header::blocking(move || ScriptCheck { hash: hash(&script.source), ..check::check(&script) }).await
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
