//! The files of plugins: read from folders and archives within limits, kept in the user's layer. A path never leaves its folder.
use crate::config::paths::Paths;
use crate::config::plugins::plugin_name;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Place;
use sha2::Digest as _;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;

/// A plugin's manifest.
pub const PLUGIN_MANIFEST: &str = "plugin.json";
/// Files that a plugin may have.
pub const PLUGIN_FILES: usize = 1_000;
/// Bytes that all of them may have together.
pub const PLUGIN_BYTES: usize = 16 << 20;
/// Folders in each other, and entries that are looked at.
const DEEPEST: usize = 8;
const MOST_ENTRIES: usize = 10_000;
/// Bytes of an archive once it is unpacked: what it says of its files included.
const MOST_UNPACKED: u64 = 2 * PLUGIN_BYTES as u64;
/// Plugins that are looked at.
const MOST_PLUGINS: usize = 200;

/// What is in each file of a plugin, by its path in the folder.
pub type PluginFolder = BTreeMap<String, Vec<u8>>;

/// Whether a file of a plugin may have this path: it stays in the folder, and nothing in it is hidden.
///
/// # Errors
/// Why not.
pub fn plugin_path(path: &str) -> Result<(), String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ' | '+');
    let part = |part: &str| (1..=100).contains(&part.len()) && part.chars().all(fits) && !part.starts_with(['.', '-', ' ']);
    let mut parts = path.split('/');
    let count = path.split('/').count();
    if count <= DEEPEST && parts.all(part) {
        return Ok(());
    }
    Err(format!("'{}' can't be a file of a plugin's: letters, digits, '-', '_', '+', '.' and blanks, at most {DEEPEST} folders deep", path.escape_debug()))
}

/// Whether all of it together is small enough, and every path stays in the folder.
///
/// # Errors
/// What is wrong, with the file.
pub fn check_plugin_files(at: &str, files: &PluginFolder) -> Result<(), Vec<Place>> {
    let fail = |detail: String| vec![Place { file: Some(at.to_owned()), detail, ..Place::default() }];
    if files.len() > PLUGIN_FILES {
        return Err(fail(format!("has more than {PLUGIN_FILES} files")));
    }
    if files.values().map(Vec::len).sum::<usize>() > PLUGIN_BYTES {
        return Err(fail(format!("is larger than {} MiB", PLUGIN_BYTES >> 20)));
    }
    for (index, path) in files.keys().enumerate() {
        plugin_path(path).map_err(fail)?;
        // A file can't be a folder as well; of the paths in order, what lies in it comes after it.
        if let Some(inside) = files.keys().skip(index + 1).find(|other| other.strip_prefix(path.as_str()).is_some_and(|rest| rest.starts_with('/'))) {
            return Err(fail(format!("'{path}' is a file, and '{inside}' lies in it")));
        }
    }
    Ok(())
}

/// The files of a plugin in a folder. What is hidden is left out; links are refused.
///
/// # Errors
/// What can't be read or taken, with its place.
pub fn read_plugin(dir: &Path) -> Result<PluginFolder, Vec<Place>> {
    let mut reading = Reading { files: PluginFolder::new(), bytes: 0, entries: 0 };
    let facts = dir.symlink_metadata().map_err(|error| wrong(dir, format!("cannot be read: {error}")))?;
    if facts.is_symlink() {
        return Err(wrong(dir, "is a link; a plugin is a folder of its own".to_owned()));
    }
    if !facts.is_dir() {
        return Err(wrong(dir, "is not a folder".to_owned()));
    }
    reading.folder(dir, "", 0)?;
    Ok(reading.files)
}

fn wrong(path: &Path, detail: String) -> Vec<Place> {
    vec![Place { file: Some(path.display().to_string()), detail, ..Place::default() }]
}

struct Reading {
    files: PluginFolder,
    bytes: usize,
    entries: usize,
}

impl Reading {
    fn folder(&mut self, dir: &Path, inside: &str, depth: usize) -> Result<(), Vec<Place>> {
        if depth >= DEEPEST {
            return Err(wrong(dir, format!("is more than {DEEPEST} folders deep")));
        }
        let entries = std::fs::read_dir(dir).map_err(|error| wrong(dir, format!("cannot be read: {error}")))?;
        for entry in entries {
            let entry = entry.map_err(|error| wrong(dir, format!("cannot be read: {error}")))?;
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                return Err(wrong(dir, format!("has more than {PLUGIN_FILES} files")));
            }
            let path = entry.path();
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else { return Err(wrong(&path, "has a name that is not UTF-8".to_owned())) };
            if name.starts_with('.') {
                continue;
            }
            let name = if inside.is_empty() { name } else { format!("{inside}/{name}") };
            plugin_path(&name).map_err(|detail| wrong(&path, detail))?;
            let facts = path.symlink_metadata().map_err(|error| wrong(&path, format!("cannot be read: {error}")))?;
            match facts.file_type() {
                kind if kind.is_symlink() => return Err(wrong(&path, "is a link, which a plugin may not have".to_owned())),
                kind if kind.is_dir() => self.folder(&path, &name, depth + 1)?,
                kind if kind.is_file() => {
                    let file = std::fs::OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(&path);
                    let mut file = file.map_err(|error| wrong(&path, format!("cannot be read: {error}")))?;
                    self.add(&path, name, &mut file)?;
                }
                _ => return Err(wrong(&path, "is not a file".to_owned())),
            }
        }
        Ok(())
    }

    fn add(&mut self, at: &Path, name: String, from: &mut dyn Read) -> Result<(), Vec<Place>> {
        let mut bytes = Vec::new();
        let left = (PLUGIN_BYTES - self.bytes) as u64;
        from.take(left + 1).read_to_end(&mut bytes).map_err(|error| wrong(at, format!("cannot be read: {error}")))?;
        if bytes.len() as u64 > left {
            return Err(wrong(at, format!("the plugin is larger than {} MiB", PLUGIN_BYTES >> 20)));
        }
        if self.files.len() >= PLUGIN_FILES {
            return Err(wrong(at, format!("the plugin has more than {PLUGIN_FILES} files")));
        }
        self.bytes += bytes.len();
        if self.files.insert(name.clone(), bytes).is_some() {
            return Err(wrong(at, format!("has '{name}' twice")));
        }
        Ok(())
    }
}

/// The files of a plugin in a `.tar.gz`, whether they lie in one folder there or not.
///
/// # Errors
/// What can't be read or taken, with its place.
pub fn read_plugin_archive(path: &Path) -> Result<PluginFolder, Vec<Place>> {
    let file = std::fs::File::open(path).map_err(|error| wrong(path, format!("cannot be read: {error}")))?;
    unpack(path, file)
}

fn unpack(path: &Path, packed: impl Read) -> Result<PluginFolder, Vec<Place>> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(packed).take(MOST_UNPACKED));
    let broken = |error: std::io::Error| wrong(path, format!("is no archive that can be read: {error}"));
    let mut reading = Reading { files: PluginFolder::new(), bytes: 0, entries: 0 };
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        reading.entries += 1;
        if reading.entries > MOST_ENTRIES {
            return Err(wrong(path, format!("has more than {PLUGIN_FILES} files")));
        }
        let name = String::from_utf8(entry.path_bytes().into_owned()).map_err(|_| wrong(path, "has a name in it that is not UTF-8".to_owned()))?;
        let name = name.trim_start_matches("./").trim_end_matches('/').to_owned();
        match entry.header().entry_type() {
            tar::EntryType::Directory | tar::EntryType::XGlobalHeader => continue,
            tar::EntryType::Regular | tar::EntryType::Continuous => {}
            _ => return Err(wrong(path, format!("'{}' in it is a link or the like, which a plugin may not have", name.escape_debug()))),
        }
        if name.split('/').any(|part| part.starts_with('.') && part != ".." && part != ".") {
            continue;
        }
        plugin_path(&name).map_err(|detail| wrong(path, detail))?;
        reading.add(path, name, &mut entry)?;
    }
    let files = reading.files;
    let folder = files.keys().next().and_then(|name| name.split_once('/')).map(|(folder, _)| format!("{folder}/"));
    match folder.filter(|folder| files.keys().all(|name| name.starts_with(folder.as_str()))) {
        Some(folder) => Ok(files.into_iter().map(|(name, bytes)| (name[folder.len()..].to_owned(), bytes)).collect()),
        None => Ok(files),
    }
}

/// Changes with any file of a plugin's: its path or what is in it.
#[must_use]
pub fn plugin_hash(files: &PluginFolder) -> String {
    let mut hash = Sha256::new();
    for (path, bytes) in files {
        hash.update((path.len() as u64).to_be_bytes());
        hash.update(path.as_bytes());
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where the plugin of that name lies.
#[must_use]
pub fn plugin_dir(paths: &Paths, name: &str) -> PathBuf {
    paths.config_dir.join("plugins").join(name)
}

/// The names of all folders that may be plugins, sorted. What is hidden, and files, are none.
#[must_use]
pub fn plugin_folders(paths: &Paths) -> Vec<String> {
    let entries = std::fs::read_dir(paths.config_dir.join("plugins")).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_file()));
    let mut names: Vec<String> =
        folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).filter(|name| !name.starts_with('.')).take(MOST_PLUGINS).collect();
    names.sort();
    names
}

/// Writes a plugin into the user's layer, whole or not at all; what was there of that name is replaced.
///
/// # Errors
/// `invalid_value` for its name; `disk_full`, `store_failed` with the file.
pub fn save_plugin(paths: &Paths, name: &str, files: &PluginFolder) -> Result<()> {
    plugin_name(name).map_err(Error::invalid)?;
    let dir = plugin_dir(paths, name);
    let parent = paths.config_dir.join("plugins");
    let (fresh, old) = (parent.join(format!(".new-{name}")), parent.join(format!(".old-{name}")));
    let written = || {
        let folder = |path: &Path| std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
        folder(&parent)?;
        clear(&fresh)?;
        clear(&old)?;
        folder(&fresh)?;
        for (path, bytes) in files {
            use std::io::Write as _;
            let path = fresh.join(path);
            path.parent().map_or(Ok(()), folder)?;
            let mut file = std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path)?;
            file.write_all(bytes)?;
            file.sync_all()?;
        }
        if dir.symlink_metadata().is_ok() {
            std::fs::rename(&dir, &old)?;
        }
        // Whatever was there comes back where the new one can't take its place.
        std::fs::rename(&fresh, &dir).inspect_err(|_| drop(std::fs::rename(&old, &dir)))?;
        clear(&old)
    };
    written().map_err(|error| {
        let _ = clear(&fresh);
        unwritten(&dir, &error)
    })
}

/// Puts back what [`save_plugin`] had put aside when its server died, and removes what else it left. Returns what was put back.
#[must_use]
pub fn heal_plugins(paths: &Paths) -> Vec<String> {
    let parent = paths.config_dir.join("plugins");
    let entries = std::fs::read_dir(&parent).into_iter().flatten().flatten();
    let names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let left =
        |kind: &str| names.iter().filter_map(|name| name.strip_prefix(kind)).filter(|name| plugin_name(name).is_ok()).map(str::to_owned).collect::<Vec<_>>();
    let mut healed = Vec::new();
    for name in left(".old-") {
        let old = parent.join(format!(".old-{name}"));
        // What was granted was granted to the old one: the new one is not there before it is whole and granted.
        if parent.join(&name).symlink_metadata().is_ok() {
            let _ = clear(&old);
        } else if std::fs::rename(&old, parent.join(&name)).is_ok() {
            healed.push(name);
        }
    }
    for name in left(".new-") {
        let _ = clear(&parent.join(format!(".new-{name}")));
    }
    healed
}

/// Removes a plugin's folder; false where there is none.
///
/// # Errors
/// `invalid_value` for its name; `store_failed` with the folder.
pub fn remove_plugin(paths: &Paths, name: &str) -> Result<bool> {
    // Broken ones have any name that a folder may have.
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\0']) {
        return Err(Error::invalid(format!("'{}' can't be a plugin's name", name.escape_debug())));
    }
    let dir = plugin_dir(paths, name);
    if dir.symlink_metadata().is_err() {
        return Ok(false);
    }
    clear(&dir).map(|()| true).map_err(|error| unwritten(&dir, &error))
}

/// Removes a folder with all that is in it, or a link, and not what it leads to.
fn clear(path: &Path) -> std::io::Result<()> {
    match path.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(facts) if facts.is_dir() => std::fs::remove_dir_all(path),
        Ok(_) => std::fs::remove_file(path),
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> Error {
    let code = if error.kind() == std::io::ErrorKind::StorageFull { Code::DiskFull } else { Code::StoreFailed };
    Error::new(code, format!("'{}' can't be written: {error}", path.display())).fix("look at its folder's rights and the disk's room")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_plugins_lead_nowhere_else() {
        assert!(["plugin.json", "a/b.luau", "README.md", "read me.txt"].iter().all(|path| plugin_path(path).is_ok()));
        let bad = ["", "/a", "a/", "../a", "a/../b", ".git", "a/.b", "a//b", "a\\b", "a\nb", "-rf", "a/b/c/d/e/f/g/h/i"];
        assert!(bad.iter().all(|path| plugin_path(path).is_err()));
    }

    fn packed(entries: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
        for (name, kind, data) in entries {
            let mut header = tar::Header::new_ustar();
            // As a hostile archive has it: the crate's own setter refuses such names.
            header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(*kind);
            header.set_size(data.len() as u64);
            header.set_cksum();
            builder.append(&header, *data).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    #[test]
    fn archives_stay_in_their_folder_and_within_limits() {
        use tar::EntryType::{Directory, Regular, Symlink};
        let read = |bytes: &[u8]| unpack(Path::new("x.tar.gz"), bytes).map_err(|places| places[0].detail.clone());
        let good = read(&packed(&[("x/", Directory, b""), ("x/plugin.json", Regular, b"{}"), ("x/.git/config", Regular, b"")])).unwrap();
        assert_eq!(good.into_iter().collect::<Vec<_>>(), [("plugin.json".to_owned(), b"{}".to_vec())]);
        assert_eq!(read(&packed(&[("plugin.json", Regular, b"{}"), ("a/b", Regular, b"")])).unwrap().len(), 2);
        for name in ["../../etc/passwd", "/etc/passwd", "x/../../y"] {
            assert!(read(&packed(&[(name, Regular, b"")])).unwrap_err().contains("can't be a file of a plugin's"), "{name}");
        }
        assert!(read(&packed(&[("x/y", Symlink, b"")])).unwrap_err().contains("is a link"));
        assert!(read(&packed(&[("big", Regular, &vec![0; PLUGIN_BYTES + 1])])).unwrap_err().contains("larger than 16 MiB"));
        assert!(read(b"no archive").is_err());
    }
}
