//! Files of this machine. Everything here may wait for a disk: it is for threads that may.
use super::Entry;
use super::Listing;
use super::names;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::PathKind;
use jiff::Timestamp;
use rustix::fs::FileType;
use rustix::fs::RenameFlags;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;

/// Most entries that are listed.
const MOST: usize = 100_000;

/// A path of these bytes.
#[must_use]
pub fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}

/// The whole path that is meant: nothing is where the program was started, `~` its user's home.
///
/// # Errors
/// `invalid_value` when that is not known.
pub fn meant(bytes: &[u8]) -> Result<Vec<u8>> {
    let found = match bytes {
        b"" => std::env::current_dir().ok(),
        b"~" => std::env::home_dir(),
        bytes => Some(path(bytes)),
    };
    found.map(|path| path.into_os_string().into_vec()).ok_or_else(|| Error::invalid("there is no such directory on this machine any more"))
}

/// What is in a directory.
///
/// # Errors
/// `not_found`, `wrong_state` where it can't be read.
pub fn list(bytes: &[u8]) -> Result<Listing> {
    let at = path(bytes);
    let users = accounts("/etc/passwd");
    let groups = accounts("/etc/group");
    let mut listing = Listing::default();
    for entry in std::fs::read_dir(&at).map_err(|error| said(&at, error))? {
        let entry = entry.map_err(|error| said(&at, error))?;
        if listing.entries.len() >= MOST {
            listing.cut = Some(format!("these are the first {MOST} entries"));
            break;
        }
        // One that vanishes meanwhile is not there.
        let Ok(seen) = entry.path().symlink_metadata() else { continue };
        let link = seen.is_symlink();
        let one = |names: &HashMap<u32, String>, number: u32| names.get(&number).cloned().unwrap_or_else(|| number.to_string());
        listing.entries.push(Entry {
            name: entry.file_name().into_vec(),
            kind: kind(&seen),
            leads_to: if link { entry.path().metadata().ok().map(|there| kind(&there)) } else { None },
            size: if seen.is_file() { seen.len() } else { 0 },
            mode: seen.mode() & 0o7777,
            modified_at: Timestamp::from_second(seen.mtime()).ok(),
            owner: format!("{}:{}", one(&users, seen.uid()), one(&groups, seen.gid())),
            target: if link { std::fs::read_link(entry.path()).ok().map(|target| names::shown(target.as_os_str().as_bytes())) } else { None },
        });
    }
    Ok(listing)
}

fn kind(seen: &Metadata) -> PathKind {
    match FileType::from_raw_mode(seen.mode()) {
        FileType::RegularFile => PathKind::File,
        FileType::Directory => PathKind::Directory,
        FileType::Symlink => PathKind::Link,
        _ => PathKind::Other,
    }
}

fn accounts(file: &str) -> HashMap<u32, String> {
    let text = std::fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let line = |line: &str| {
        let mut fields = line.split(':');
        let (name, _, number) = (fields.next()?, fields.next()?, fields.next()?);
        Some((number.parse().ok()?, name.to_owned()))
    };
    // The first name of a number is the one that others show.
    text.lines().rev().filter_map(line).collect()
}

/// Makes a directory.
///
/// # Errors
/// `name_in_use`, `wrong_state`.
pub fn make(bytes: &[u8]) -> Result<()> {
    let at = path(bytes);
    std::fs::create_dir(&at).map_err(|error| said(&at, error))
}

/// Gives something another name, where nothing has that yet.
///
/// # Errors
/// `name_in_use`, `wrong_state`.
pub fn rename(from: &[u8], to: &[u8]) -> Result<()> {
    let (from, to) = (path(from), path(to));
    let here = rustix::fs::CWD;
    let moved = match rustix::fs::renameat_with(here, &from, here, &to, RenameFlags::NOREPLACE) {
        // Not every file system can promise it.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) if to.symlink_metadata().is_err() => std::fs::rename(&from, &to),
        other => other.map_err(Into::into),
    };
    moved.map_err(|error| said(if error.kind() == ErrorKind::AlreadyExists { &to } else { &from }, error))
}

/// Removes something with all that is in it, unless something is mounted there.
///
/// # Errors
/// `not_found`, `wrong_state`: what went before is gone.
pub fn remove(bytes: &[u8]) -> Result<()> {
    let at = path(bytes);
    let seen = at.symlink_metadata().map_err(|error| said(&at, error))?;
    if !seen.is_dir() {
        return std::fs::remove_file(&at).map_err(|error| said(&at, error));
    }
    let above = at.parent().ok_or_else(|| Error::invalid("the root of the file system stays"))?;
    let device = above.metadata().map_err(|error| said(above, error))?.dev();
    if let Some(mount) = mounted(&at, device) {
        return Err(Error::new(Code::WrongState, format!("'{}' is another file system, and stays", shown(&mount))).fix("unmount it first"));
    }
    std::fs::remove_dir_all(&at).map_err(|error| said(&at, error))
}

/// The first directory in this one that is on another file system.
fn mounted(at: &Path, device: u64) -> Option<PathBuf> {
    let mut waiting = vec![at.to_owned()];
    while let Some(next) = waiting.pop() {
        let Ok(seen) = next.symlink_metadata() else { continue };
        if !seen.is_dir() {
            continue;
        }
        if seen.dev() != device {
            return Some(next);
        }
        let inside = std::fs::read_dir(&next).into_iter().flatten().flatten();
        waiting.extend(inside.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()));
    }
    None
}

/// The first `most` bytes of a regular file, and how many it has.
///
/// # Errors
/// `not_found`, `invalid_value` when it is no file, `wrong_state` when it can't be read.
pub fn read(bytes: &[u8], most: usize) -> Result<(Vec<u8>, u64)> {
    let at = path(bytes);
    // A pipe that nobody writes to would be waited for without the flag.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = std::fs::OpenOptions::new().read(true).custom_flags(flags).open(&at).map_err(|error| said(&at, error))?;
    let seen = file.metadata().map_err(|error| said(&at, error))?;
    if !seen.is_file() {
        return Err(Error::invalid(format!("'{}' is no regular file", shown(&at))));
    }
    let mut content = Vec::new();
    file.take(most as u64).read_to_end(&mut content).map_err(|error| said(&at, error))?;
    let size = seen.len().max(content.len() as u64);
    Ok((content, size))
}

/// Whether there is anything, be it a link that leads nowhere.
#[must_use]
pub fn is_there(bytes: &[u8]) -> bool {
    path(bytes).symlink_metadata().is_ok()
}

fn shown(path: &Path) -> String {
    names::shown(path.as_os_str().as_bytes())
}

fn said(path: &Path, error: std::io::Error) -> Error {
    let path = shown(path);
    let told = match error.kind() {
        ErrorKind::NotFound => Error::not_found("file or directory", &path).fix("it may have gone meanwhile; look again"),
        ErrorKind::AlreadyExists => Error::new(Code::NameInUse, format!("'{path}' is there already")).fix("choose another name"),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Error::new(Code::DiskFull, format!("there is no space for '{path}'")),
        ErrorKind::ReadOnlyFilesystem => Error::new(Code::WrongState, format!("'{path}' can't be changed: its file system is read-only")),
        ErrorKind::PermissionDenied => Error::new(Code::WrongState, format!("'{path}' is out of reach: permission denied on this machine")),
        _ => Error::new(Code::WrongState, format!("'{path}': {error}")),
    };
    told.because(error)
}
