//! Plugins' manifests: read, and checked with the place of each mistake.
use crate::config::document;
use crate::config::document::Complaint;
use crate::config::document::did_you_mean;
use crate::config::plugin_files::PLUGIN_MANIFEST;
use crate::config::plugin_files::PluginFolder;
use crate::config::plugin_views;
use crate::config::scripts::SCRIPT_BYTES;
use crate::config::structure;
use crate::model::HOOK_EVENTS;
use crate::model::PLUGIN_GRANTS;
use crate::model::Place;
use crate::model::PluginManifest;
use serde_json::Value;
use std::collections::BTreeSet;

/// Commands and hooks that a plugin may have.
const MOST_COMMANDS: usize = 50;
const MOST_HOOKS: usize = 20;

/// The JSON Schema of plugins' manifests, for editors.
#[must_use]
pub fn plugin_schema() -> &'static Value {
    static SCHEMA: std::sync::OnceLock<Value> = std::sync::OnceLock::new();
    SCHEMA.get_or_init(|| schemars::schema_for!(PluginManifest).to_value())
}

/// Whether `name` may be a plugin's, or a command's.
///
/// # Errors
/// Why not.
pub fn plugin_name(name: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    let good = (1..=40).contains(&name.len()) && name.chars().all(fits) && name.starts_with(|c: char| c.is_ascii_lowercase());
    if good { Ok(()) } else { Err(format!("'{name}' can't be a name here: small letters, digits, '-' and '_', at most 40, a letter first")) }
}

/// The manifest of a plugin whose files are these. `at` is what messages call its folder, `folder` the name that it must have.
///
/// # Errors
/// Every mistake, with its place.
pub fn plugin_manifest(at: &str, folder: Option<&str>, files: &PluginFolder) -> Result<PluginManifest, Vec<Place>> {
    let file = format!("{at}/{PLUGIN_MANIFEST}");
    let fail = |detail: String| vec![Place { file: Some(file.clone()), detail, ..Place::default() }];
    let bytes = files.get(PLUGIN_MANIFEST).ok_or_else(|| fail("is not there: every plugin has one".to_owned()))?;
    if bytes.len() as u64 > document::MAX_BYTES {
        return Err(fail("is larger than 1 MiB".to_owned()));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| fail("is not UTF-8 text".to_owned()))?;
    let mut found = structure::read(&file, text, plugin_schema()).map_err(|place| vec![place])?;
    let value = found.value.take().unwrap_or_default();
    if found.complaints.is_empty() {
        match serde_json::from_value::<PluginManifest>(value) {
            Ok(manifest) => {
                found.complaints = complaints(&manifest, folder, files);
                if found.complaints.is_empty() {
                    return Ok(manifest);
                }
            }
            Err(error) => found.complaints.push(Complaint::at("", error.to_string())),
        }
    }
    Err(found.told())
}

fn complaints(manifest: &PluginManifest, folder: Option<&str>, files: &PluginFolder) -> Vec<Complaint> {
    let mut wrong = Vec::new();
    let mut complain = |pointer: String, detail: String| wrong.push(Complaint::at(pointer, detail));
    match (plugin_name(&manifest.name), folder) {
        (Err(detail), _) => complain("/name".to_owned(), detail),
        (Ok(()), Some(folder)) if folder != manifest.name => {
            complain("/name".to_owned(), format!("'{}' lies in a folder named '{folder}': both must be the same", manifest.name));
        }
        _ => {}
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+' | '_');
    if !(1..=32).contains(&manifest.version.len()) || !manifest.version.chars().all(fits) {
        complain("/version".to_owned(), format!("'{}' is no version, such as '1.2.0'", manifest.version));
    }
    for (what, count, most) in [("commands", manifest.commands.len(), MOST_COMMANDS), ("hooks", manifest.hooks.len(), MOST_HOOKS)] {
        if count > most {
            complain(format!("/{what}"), format!("has {count} of them, and {most} at most"));
        }
    }
    let mut names = BTreeSet::new();
    for (index, command) in manifest.commands.iter().enumerate() {
        match plugin_name(&command.name) {
            Err(detail) => complain(format!("/commands/{index}/name"), detail),
            Ok(()) if !names.insert(&command.name) => complain(format!("/commands/{index}/name"), format!("there is another command '{}'", command.name)),
            Ok(()) => {}
        }
        if let Err(detail) = luau(&command.script, files) {
            complain(format!("/commands/{index}/script"), detail);
        }
    }
    for (index, hook) in manifest.hooks.iter().enumerate() {
        if hook.events.is_empty() {
            complain(format!("/hooks/{index}/events"), format!("name at least one kind of event, such as '{}' or 'run.*'", HOOK_EVENTS[1]));
        }
        for (at, event) in hook.events.iter().enumerate().filter(|(_, event)| !is_event(event)) {
            complain(format!("/hooks/{index}/events/{at}"), format!("there is no event '{event}'{}", did_you_mean(event, HOOK_EVENTS)));
        }
        if let Err(detail) = luau(&hook.script, files) {
            complain(format!("/hooks/{index}/script"), detail);
        }
    }
    if !manifest.hooks.is_empty() && !manifest.grants.iter().any(|grant| grant == "events") {
        complain("/hooks".to_owned(), "hooks hear events: write 'events' among the grants".to_owned());
    }
    plugin_views::check(manifest, files, &mut complain);
    if let Some(Err(detail)) = manifest.matchers.as_ref().map(|file| luau(file, files)) {
        complain("/matchers".to_owned(), detail);
    }
    for (index, grant) in manifest.grants.iter().enumerate() {
        let good = PLUGIN_GRANTS.contains(&grant.as_str()) || grant.strip_prefix("secrets:").is_some_and(|name| !name.is_empty());
        if !good {
            let known = || PLUGIN_GRANTS.into_iter().chain(["secrets:NAME"]);
            let all = known().collect::<Vec<_>>().join(", ");
            complain(format!("/grants/{index}"), format!("there is no grant '{grant}'{}; there are {all}", did_you_mean(grant, known())));
        }
    }
    wrong
}

/// Whether there is a kind of event that is meant.
fn is_event(event: &str) -> bool {
    match event.strip_suffix('*') {
        Some("") => true,
        Some(group) => group.ends_with('.') && HOOK_EVENTS.iter().any(|kind| kind.starts_with(group)),
        None => HOOK_EVENTS.contains(&event),
    }
}

/// Whether a file of Luau is there.
pub(super) fn luau(file: &str, files: &PluginFolder) -> Result<(), String> {
    let scripts = || files.keys().map(String::as_str).filter(|name| name.ends_with(".luau"));
    match files.get(file) {
        _ if !file.ends_with(".luau") => Err(format!("'{file}' is no file of Luau: its name ends with '.luau'")),
        None => Err(format!("there is no file '{file}' in the plugin's folder{}", did_you_mean(file, scripts()))),
        Some(bytes) if bytes.len() > SCRIPT_BYTES => Err(format!("'{file}' is larger than {} KiB", SCRIPT_BYTES >> 10)),
        Some(bytes) if std::str::from_utf8(bytes).is_err() => Err(format!("'{file}' is not UTF-8 text")),
        Some(_) => Ok(()),
    }
}
