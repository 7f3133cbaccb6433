//! What manifests of plugins say of columns, panels, template handlers and keys, checked.
use crate::config::command::COMMANDS;
use crate::config::command::Command;
use crate::config::command::Scope;
use crate::config::plugin_files::PluginFolder;
use crate::config::plugins::luau;
use crate::config::plugins::plugin_name;
use crate::model::PluginManifest;
use crate::model::PluginTarget;
use crate::term::key_names;
use crate::term::parse_key;
use std::collections::BTreeSet;

/// Of each, so many at most.
const MOST: usize = 8;
/// Columns of the screen that a column may take.
const WIDTHS: std::ops::RangeInclusive<u16> = 2..=40;
/// Letters of a heading.
const TITLE: usize = 20;
/// Templates that a handler may name.
const TEMPLATES: usize = 50;

/// Complains of what is wrong: a pointer to it, and why.
pub(super) fn check(manifest: &PluginManifest, files: &PluginFolder, complain: &mut impl FnMut(String, String)) {
    let has = |grant: &str| manifest.grants.iter().any(|known| known == grant);
    let kinds = [
        ("columns", manifest.columns.len(), "columns are shown to everybody: write 'columns' among the grants"),
        ("panels", manifest.panels.len(), "panels are shown to everybody: write 'panels' among the grants"),
        ("handlers", manifest.handlers.len(), "handlers change and refuse launches: write 'templates' among the grants"),
    ];
    for (what, count, asks) in kinds {
        if count > MOST {
            complain(format!("/{what}"), format!("has {count} of them, and {MOST} at most"));
        }
        if count > 0 && !has(if what == "handlers" { "templates" } else { what }) {
            complain(format!("/{what}"), asks.to_owned());
        }
    }
    let mut file = |at: String, script: &str| {
        if let Err(detail) = luau(script, files) {
            complain(at, detail);
        }
    };
    manifest.columns.iter().enumerate().for_each(|(index, column)| file(format!("/columns/{index}/script"), &column.script));
    manifest.panels.iter().enumerate().for_each(|(index, panel)| file(format!("/panels/{index}/script"), &panel.script));
    manifest.handlers.iter().enumerate().for_each(|(index, handler)| file(format!("/handlers/{index}/script"), &handler.script));
    let columns = manifest.columns.iter().map(|column| ("column", &column.name));
    let panels = manifest.panels.iter().map(|panel| ("panel", &panel.name));
    for (what, names) in [("columns", columns.collect::<Vec<_>>()), ("panels", panels.collect())] {
        let mut seen = BTreeSet::new();
        for (index, (one, name)) in names.into_iter().enumerate() {
            match plugin_name(name) {
                Err(detail) => complain(format!("/{what}/{index}/name"), detail),
                Ok(()) if !seen.insert(name) => complain(format!("/{what}/{index}/name"), format!("there is another {one} '{name}'")),
                Ok(()) => {}
            }
        }
    }
    for (index, column) in manifest.columns.iter().enumerate() {
        if !WIDTHS.contains(&column.width) {
            complain(format!("/columns/{index}/width"), format!("expected a number from {} to {}", WIDTHS.start(), WIDTHS.end()));
        }
        if !(1..=TITLE).contains(&column.title.chars().count()) || column.title.chars().any(char::is_control) {
            complain(format!("/columns/{index}/title"), format!("a heading has 1 to {TITLE} letters"));
        }
    }
    for (index, handler) in manifest.handlers.iter().enumerate().filter(|(_, handler)| handler.templates.len() > TEMPLATES) {
        complain(format!("/handlers/{index}/templates"), format!("has {} of them, and {TEMPLATES} at most", handler.templates.len()));
    }
    let mut keys = BTreeSet::new();
    for (index, command) in manifest.commands.iter().enumerate() {
        let Some(text) = &command.key else { continue };
        let at = format!("/commands/{index}/key");
        match parse_key(text) {
            None => {
                let meant = super::did_you_mean(text, key_names());
                let hint = if meant.is_empty() { "; write it like 'F7', 'C-t' or 'M-x'".to_owned() } else { meant };
                complain(at, format!("'{text}' is no key{hint}"));
            }
            Some(_) if !has("keys") => complain(at, "a key of the terminal client: write 'keys' among the grants".to_owned()),
            Some(key) if !keys.insert(format!("{key:?}")) => complain(at, format!("another command has the key '{text}'")),
            Some(_) => {}
        }
    }
}

/// Where the key of a plugin's command is valid.
#[must_use]
pub fn plugin_key_scope(on: PluginTarget) -> Scope {
    match on {
        PluginTarget::None => Scope::Global,
        PluginTarget::Container => Scope::Home,
    }
}

/// The command of cto's own that has this key by default wherever a plugin's command could have it.
#[must_use]
pub fn plugin_key(text: &str) -> Option<&'static Command> {
    let key = parse_key(text)?;
    COMMANDS.iter().find(|known| matches!(known.scope, Scope::Global | Scope::Home) && known.keys.iter().any(|other| parse_key(other) == Some(key)))
}
