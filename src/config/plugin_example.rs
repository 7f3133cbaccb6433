//! The example of a plugin that ships inside cto: what a new plugin begins with.
use crate::config::plugin_files::PluginFolder;
use crate::config::plugins::plugin_name;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use std::path::Path;
use std::path::PathBuf;

/// The example's name.
pub const EXAMPLE_PLUGIN: &str = "example";

/// Its files.
const FILES: [(&str, &str); 7] = [
    ("plugin.json", include_str!("../../assets/luau/plugins/example/plugin.json")),
    ("died.luau", include_str!("../../assets/luau/plugins/example/died.luau")),
    ("errors.luau", include_str!("../../assets/luau/plugins/example/errors.luau")),
    ("greet.luau", include_str!("../../assets/luau/plugins/example/greet.luau")),
    ("handler.luau", include_str!("../../assets/luau/plugins/example/handler.luau")),
    ("matchers.luau", include_str!("../../assets/luau/plugins/example/matchers.luau")),
    ("views.luau", include_str!("../../assets/luau/plugins/example/views.luau")),
];

/// The example under another name.
///
/// # Errors
/// `invalid_value` for the name.
pub fn example_plugin(name: &str) -> Result<PluginFolder> {
    plugin_name(name).map_err(Error::invalid)?;
    let renamed = |text: &str| {
        let text = text.replace("\"name\": \"example\"", &format!("\"name\": \"{name}\""));
        // A name with a '-' is no word of Luau's.
        let matchers = if name.contains('-') { format!("matchers[\"{name}\"]") } else { format!("matchers.{name}") };
        text.replace("matchers.example", &matchers)
    };
    Ok(FILES.iter().map(|(path, text)| ((*path).to_owned(), renamed(text).into_bytes())).collect())
}

/// Writes the example as a new plugin, in a folder of its name below `parent`.
///
/// # Errors
/// `invalid_value` for the name, `name_in_use` where there is something of that name, `disk_full`, `store_failed`.
pub fn begin_plugin(parent: &Path, name: &str) -> Result<PathBuf> {
    let (files, dir) = (example_plugin(name)?, parent.join(name));
    if dir.symlink_metadata().is_ok() {
        return Err(Error::new(Code::NameInUse, format!("there is a '{}' already", dir.display())).fix("take another name, or go to another directory"));
    }
    let written = || {
        std::fs::create_dir_all(&dir)?;
        files.iter().try_for_each(|(path, bytes)| std::fs::write(dir.join(path), bytes))
    };
    written().map(|()| dir.clone()).map_err(|error: std::io::Error| {
        let code = if error.kind() == std::io::ErrorKind::StorageFull { Code::DiskFull } else { Code::StoreFailed };
        Error::new(code, format!("'{}' can't be written: {error}", dir.display())).fix("look at its folder's rights and the disk's room")
    })
}
