//! Commands of plugins, as the palette lists them.
use super::palette::Does;
use super::palette::Entry;
use crate::tui::component::Context;

/// One for each command of each plugin that can be used. A key that something else has is told instead of the key.
pub(super) fn entries(cx: &Context) -> Vec<Entry> {
    let entry = |(plugin, command): (&crate::model::Plugin, &crate::model::PluginCommand)| {
        let (key, note) = match cx.keymap.plugin_label(&plugin.name, &command.name) {
            Ok(key) => (key.unwrap_or_else(|| "plugin".to_owned()), String::new()),
            Err(taken) => ("plugin".to_owned(), format!("no key, {taken} · ")),
        };
        let does = Does::Plugin(plugin.name.clone(), command.name.clone());
        Entry { text: format!("{}: {}", plugin.name, command.name), about: note + &command.about, key, does }
    };
    cx.data.plugins.commands().map(entry).collect()
}
