//! Keys that plugins ask for and that something else has: they are not used, and that is told.
use super::Known;
use crate::config::plugin_key;
use crate::model::PluginManifest;
use crate::term::parse_key;

/// What is to be told of a plugin's keys beside those of the enabled plugins: of two with one key, the first by name has it.
pub(super) fn warnings(manifest: &PluginManifest, enabled: &[Known]) -> Vec<String> {
    let mut warnings = Vec::new();
    for command in &manifest.commands {
        let Some((text, key)) = command.key.as_ref().and_then(|text| Some((text, parse_key(text)?))) else { continue };
        let taken = plugin_key(text).map(|own| format!("'{}'", own.name)).or_else(|| {
            let others = enabled.iter().filter(|known| known.name < manifest.name);
            let mut commands =
                others.flat_map(|known| known.loaded.manifest.iter().flat_map(move |other| other.commands.iter().map(move |command| (known, command))));
            let (plugin, other) = commands.find(|(_, other)| other.key.as_deref().and_then(parse_key) == Some(key))?;
            Some(format!("'{}' of plugin '{}'", other.name, plugin.name))
        });
        if let Some(other) = taken {
            warnings.push(format!("command '{}' has no key: '{text}' is that of {other}", command.name));
        }
    }
    warnings
}
