//! Files of scripts: those that ship, the machine's, the user's. A later one of the same name wins.
use crate::config::document;
use crate::config::paths::Paths;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Place;
use crate::model::TemplateOrigin;
use rust_embed::Embed;
use std::collections::BTreeMap;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;

/// Files of scripts that are read of a folder.
const MOST: usize = 1_000;
/// Bytes that a script may have.
pub const SCRIPT_BYTES: usize = 256 << 10;

#[derive(Embed)]
#[folder = "assets/luau/examples/"]
struct Shipped;

/// A script's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptFile {
    /// The name of the file without its ending, after `OWNER/` where it lies in a user's own folder.
    pub name: String,
    /// Which layer it is from.
    pub origin: TemplateOrigin,
    /// Where it lies; none for those that ship.
    pub path: Option<PathBuf>,
    /// What is in it.
    pub text: String,
}

/// All scripts by name, and the files that can't be read.
#[must_use]
pub fn scripts(paths: &Paths) -> (BTreeMap<String, ScriptFile>, Vec<Place>) {
    let (mut found, mut broken) = (BTreeMap::new(), Vec::new());
    for file in Shipped::iter() {
        let (Some(name), Some(data)) = (file.strip_suffix(".luau"), Shipped::get(&file)) else { continue };
        let text = String::from_utf8_lossy(&data.data).into_owned();
        found.insert(name.to_owned(), ScriptFile { name: name.to_owned(), origin: TemplateOrigin::Gallery, path: None, text });
    }
    let layers = paths.system_dir.iter().map(|dir| (dir, TemplateOrigin::System)).chain([(&paths.config_dir, TemplateOrigin::User)]);
    for (dir, origin) in layers {
        let dir = dir.join("scripts");
        read_folder(&dir, None, origin, &mut found, &mut broken);
        for owner in entries(&dir, |path| path.is_dir()) {
            let name = owner.file_name().map(|name| name.to_string_lossy().into_owned()).filter(|name| part(name).is_ok());
            read_folder(&owner, name.as_deref(), origin, &mut found, &mut broken);
        }
    }
    (found, broken)
}

fn read_folder(dir: &Path, owner: Option<&str>, origin: TemplateOrigin, found: &mut BTreeMap<String, ScriptFile>, broken: &mut Vec<Place>) {
    for path in entries(dir, |path| path.extension().is_some_and(|kind| kind == "luau")) {
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let complaint = |detail: String| Place { file: Some(path.display().to_string()), detail, ..Place::default() };
        if let Err(detail) = part(&stem) {
            broken.push(complaint(detail));
            continue;
        }
        let name = owner.map_or_else(|| stem.clone(), |owner| format!("{owner}/{stem}"));
        match document::read_file(&path) {
            Ok(text) if text.len() > SCRIPT_BYTES => broken.push(complaint(format!("is larger than {} KiB", SCRIPT_BYTES >> 10))),
            Ok(text) => drop(found.insert(name.clone(), ScriptFile { name, origin, path: Some(path), text })),
            Err(place) => broken.push(place),
        }
    }
}

/// Entries of a folder that fit, by name; of one that is not there, none.
fn entries(dir: &Path, fits: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let Ok(files) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut files: Vec<PathBuf> = files.flatten().map(|file| file.path()).filter(|path| fits(path)).take(MOST).collect();
    files.sort();
    files
}

/// Whether `name` may be a script's: `NAME`, or `OWNER/NAME`.
///
/// # Errors
/// Why not.
pub fn script_name(name: &str) -> Result<(), String> {
    let mut parts = name.split('/');
    parts.by_ref().take(2).try_for_each(part)?;
    if parts.next().is_some() { Err(format!("'{name}' has more than one '/'")) } else { Ok(()) }
}

fn part(name: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let good = (1..=64).contains(&name.len()) && name.chars().all(fits) && name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if good { Ok(()) } else { Err(format!("'{name}' can't be a script's name: letters, digits, '-', '_' and '.', at most 64")) }
}

/// Where the user's layer has the script of that name.
#[must_use]
pub fn script_path(paths: &Paths, name: &str) -> PathBuf {
    paths.config_dir.join("scripts").join(format!("{name}.luau"))
}

/// Writes a script into the user's layer, whole or not at all.
///
/// # Errors
/// `disk_full`, `store_failed` with the file.
pub fn save_script(paths: &Paths, name: &str, text: &str) -> Result<()> {
    let path = script_path(paths, name);
    let dir = path.parent().unwrap_or(&paths.config_dir).to_path_buf();
    let failed = |error: std::io::Error| unwritten(&path, &error);
    std::fs::create_dir_all(&dir).map_err(failed)?;
    let beside = dir.join(format!(".{}.{}", path.file_name().unwrap_or_default().to_string_lossy(), std::process::id()));
    let written = || {
        use std::io::Write as _;
        let mut file = std::fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, &path)
    };
    written().map_err(|error| {
        let _ = std::fs::remove_file(&beside);
        failed(error)
    })
}

/// Removes a script from the user's layer; false where there is none.
///
/// # Errors
/// `store_failed` with the file.
pub fn remove_script(paths: &Paths, name: &str) -> Result<bool> {
    let path = script_path(paths, name);
    match std::fs::remove_file(&path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(unwritten(&path, &error)),
    }
}

/// A secret of `owner`'s for scripts: the file `secrets/NAME` of the user's layer, or `secrets/OWNER/NAME`, without the newline at its end.
///
/// # Errors
/// `not_found`; `invalid_value` when the file is readable by others, too large or no text.
pub fn secret(paths: &Paths, owner: Option<&str>, name: &str) -> Result<String> {
    use std::os::unix::fs::MetadataExt as _;
    part(name).map_err(|_| Error::invalid(format!("'{name}' can't be a secret's name")))?;
    let dir = owner.map_or_else(|| paths.config_dir.join("secrets"), |owner| paths.config_dir.join("secrets").join(owner));
    let path = dir.join(name);
    let missing = || Error::not_found("secret", name).fix(format!("write it to '{}', readable by you alone", path.display()));
    let facts = std::fs::metadata(&path).map_err(|_| missing())?;
    if facts.mode() & 0o077 != 0 {
        return Err(Error::invalid(format!("'{}' can be read by others", path.display())).fix(format!("chmod 600 '{}'", path.display())));
    }
    if facts.len() > 64 << 10 {
        return Err(Error::invalid(format!("'{}' is larger than 64 KiB", path.display())));
    }
    let text = std::fs::read_to_string(&path).map_err(|error| Error::invalid(format!("'{}' can't be read: {error}", path.display())))?;
    Ok(text.strip_suffix('\n').map_or_else(|| text.clone(), str::to_owned))
}

pub(super) fn unwritten(path: &Path, error: &std::io::Error) -> Error {
    let code = if error.kind() == std::io::ErrorKind::StorageFull { Code::DiskFull } else { Code::StoreFailed };
    Error::new(code, format!("'{}' can't be written: {error}", path.display())).fix("look at its folder's rights and the disk's room")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_scripts_lead_nowhere_else() {
        assert!(["a", "nightly-reset", "ann/check.2"].iter().all(|name| script_name(name).is_ok()));
        assert!(["", "..", "../a", "a/b/c", "a/", "/a", "a b", ".hidden", "a/../b"].iter().all(|name| script_name(name).is_err()));
    }
}
