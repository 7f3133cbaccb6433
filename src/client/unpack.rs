//! Unpacks an archive that nobody vouches for: nothing in it can leave the destination.
//!
//! Each name is walked from the destination's own handle, one directory after the other, without following a link; files are written beside their
//! place and moved there when they are whole. So what an archive says of absolute names, `..`, links and devices is told, and not done.
use super::tar_reader::CHUNK;
use super::tar_reader::Entry;
use super::tar_reader::Kind;
use super::tar_reader::next;
use super::tar_reader::padded;
use super::tar_reader::read_some;
use super::tar_reader::skip;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use rustix::fs::AtFlags;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use rustix::fs::Timespec;
use rustix::fs::Timestamps;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

/// Directories that one name may go down.
const DEEPEST: usize = 1000;
/// Things that are told; further ones are only counted.
const TOLD: usize = 20;

/// Where to unpack, and how much of it.
pub struct Unpack<'a> {
    /// The directory that nothing leaves.
    pub into: &'a Path,
    /// What the archive's first part of each name becomes; none keeps the names as they are.
    pub rename_to: Option<&'a OsStr>,
    /// Only what this first part of a name leads to; none takes all.
    pub only: Option<&'a OsStr>,
    /// Most bytes of all files together.
    pub most_bytes: u64,
    /// Most entries.
    pub most_entries: u64,
}

/// What was unpacked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unpacked {
    /// Regular files.
    pub files: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// What was left out, and why; the first of them.
    pub left_out: Vec<String>,
    /// How many were left out.
    pub left_out_count: u64,
}

/// Unpacks `archive`.
///
/// # Errors
/// `server_unavailable` when the archive is cut off; `too_large` beyond the limits; `invalid_value` when the destination can't be written or it is no
/// archive.
pub fn unpack(archive: &mut dyn Read, wanted: &Unpack<'_>) -> Result<Unpacked> {
    let open = rustix::fs::open(wanted.into, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let root = open.map_err(|error| unwritten(wanted.into.as_os_str(), error))?;
    let mut work = Work { root, wanted, done: Unpacked::default(), directories: Vec::new() };
    let mut entries = 0;
    while let Some(entry) = next(archive)? {
        entries += 1;
        if entries > wanted.most_entries {
            return Err(Error::new(Code::TooLarge, format!("the archive has more than {} entries", wanted.most_entries)).fix("copy parts of it"));
        }
        work.take(archive, entry)?;
    }
    work.finish();
    Ok(work.done)
}

struct Work<'a> {
    root: OwnedFd,
    wanted: &'a Unpack<'a>,
    done: Unpacked,
    /// Directories whose mode and time are set when all is in them: name, mode, time.
    directories: Vec<(Vec<OsString>, u32, i64)>,
}

impl Work<'_> {
    fn take(&mut self, archive: &mut dyn Read, entry: Entry) -> Result<()> {
        let parts = match parts(&entry.name, self.wanted.rename_to) {
            Ok(_) if self.wanted.only.is_some_and(|only| first(&entry.name) != only.as_bytes()) => return skip(archive, padded(entry.size)),
            Ok(parts) => parts,
            Err(why) => {
                self.leave_out(&entry.name, why);
                return skip(archive, padded(entry.size));
            }
        };
        let data = if entry.kind == Kind::File { entry.size } else { 0 };
        if self.done.bytes.saturating_add(data) > self.wanted.most_bytes {
            let error = Error::new(Code::TooLarge, format!("the archive has more than {} bytes", self.wanted.most_bytes));
            return Err(error.fix("raise the limit with '--max-size', or copy parts of it"));
        }
        let Some((last, above)) = parts.split_last() else {
            // The destination itself.
            return skip(archive, padded(entry.size));
        };
        let parent = match self.walk(above, true) {
            Ok(parent) => parent,
            Err(rustix::io::Errno::LOOP | rustix::io::Errno::NOTDIR) => {
                self.leave_out(&entry.name, "a link or a file is in its way");
                return skip(archive, padded(entry.size));
            }
            Err(error) => return Err(unwritten(&OsString::from_vec(entry.name), error)),
        };
        let made = match entry.kind {
            Kind::File => return self.file(archive, &parent, last, &entry),
            Kind::Directory => self.directory(&parent, &parts, last, &entry),
            Kind::Link => self.link(&parent, above.len(), last, &entry),
            Kind::HardLink => self.hard_link(&parent, last, &entry),
            Kind::Other => {
                self.leave_out(&entry.name, "it is neither file, directory nor link");
                Ok(())
            }
        };
        made?;
        skip(archive, padded(entry.size))
    }

    /// The directory of these names below the destination, made where it is not there. No link is followed.
    fn walk(&self, parts: &[OsString], make: bool) -> Result<OwnedFd, rustix::io::Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mut at = rustix::fs::openat(&self.root, ".", flags, Mode::empty())?;
        for part in parts {
            at = match rustix::fs::openat(&at, part.as_os_str(), flags, Mode::empty()) {
                Err(rustix::io::Errno::NOENT) if make => {
                    rustix::fs::mkdirat(&at, part.as_os_str(), Mode::from_raw_mode(0o755))?;
                    rustix::fs::openat(&at, part.as_os_str(), flags, Mode::empty())?
                }
                other => other?,
            };
        }
        Ok(at)
    }

    fn file(&mut self, archive: &mut dyn Read, parent: &OwnedFd, name: &OsStr, entry: &Entry) -> Result<()> {
        let shown = OsString::from_vec(entry.name.clone());
        let beside = OsString::from(format!(".cto-part-{}-{}", std::process::id(), self.done.files));
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let made = rustix::fs::openat(parent, beside.as_os_str(), flags, Mode::from_raw_mode(0o600)).map_err(|error| unwritten(&shown, error))?;
        let mut file = File::from(made);
        let written = copy(archive, &mut file, entry.size, &shown);
        let placed = written.and_then(|()| {
            // Neither set-user-id nor the like: the owner is another here.
            rustix::fs::fchmod(&file, Mode::from_raw_mode(to_mode(entry.mode))).map_err(|error| unwritten(&shown, error))?;
            let _ = rustix::fs::futimens(&file, &times(entry.mtime));
            rustix::fs::renameat(parent, beside.as_os_str(), parent, name).map_err(|error| unwritten(&shown, error))
        });
        if placed.is_err() {
            let _ = rustix::fs::unlinkat(parent, beside.as_os_str(), AtFlags::empty());
        }
        placed?;
        self.done.files += 1;
        self.done.bytes += entry.size;
        skip(archive, padded(entry.size) - entry.size)
    }

    fn directory(&mut self, parent: &OwnedFd, parts: &[OsString], name: &OsStr, entry: &Entry) -> Result<()> {
        match rustix::fs::mkdirat(parent, name, Mode::from_raw_mode(0o755)) {
            Ok(()) => self.directories.push((parts.to_vec(), entry.mode, entry.mtime)),
            Err(rustix::io::Errno::EXIST) => {
                let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                if rustix::fs::openat(parent, name, flags, Mode::empty()).is_err() {
                    self.leave_out(&entry.name, "a link or a file is in its way");
                }
            }
            Err(error) => return Err(unwritten(&OsString::from_vec(entry.name.clone()), error)),
        }
        Ok(())
    }

    fn link(&mut self, parent: &OwnedFd, depth: usize, name: &OsStr, entry: &Entry) -> Result<()> {
        if !stays_inside(&entry.target, depth - usize::from(self.wanted.rename_to.is_some()).min(depth)) {
            self.leave_out(&entry.name, &format!("it is a link to '{}', which may be outside", shown(&entry.target)));
            return Ok(());
        }
        self.replace(parent, name, entry, |beside| rustix::fs::symlinkat(OsStr::from_bytes(&entry.target), parent, beside))
    }

    fn hard_link(&mut self, parent: &OwnedFd, name: &OsStr, entry: &Entry) -> Result<()> {
        let target = parts(&entry.target, self.wanted.rename_to).ok();
        let from = target.as_ref().and_then(|parts| parts.split_last()).and_then(|(last, above)| Some((self.walk(above, false).ok()?, last)));
        let Some((directory, last)) = from else {
            self.leave_out(&entry.name, "what it is a hard link to is not there");
            return Ok(());
        };
        self.replace(parent, name, entry, |beside| rustix::fs::linkat(&directory, last.as_os_str(), parent, beside, AtFlags::empty()))
    }

    /// Makes something beside its place and moves it there.
    fn replace(&mut self, parent: &OwnedFd, name: &OsStr, entry: &Entry, make: impl FnOnce(&OsStr) -> Result<(), rustix::io::Errno>) -> Result<()> {
        let beside = OsString::from(format!(".cto-part-{}-link", std::process::id()));
        match make(&beside).and_then(|()| rustix::fs::renameat(parent, beside.as_os_str(), parent, name)) {
            // Two names of one file: moving one over the other leaves both.
            Ok(()) => drop(rustix::fs::unlinkat(parent, beside.as_os_str(), AtFlags::empty())),
            Err(error) => {
                let _ = rustix::fs::unlinkat(parent, beside.as_os_str(), AtFlags::empty());
                self.leave_out(&entry.name, &format!("it can't be made: {error}"));
            }
        }
        Ok(())
    }

    /// Modes and times of directories, the deepest first.
    fn finish(&mut self) {
        let directories = std::mem::take(&mut self.directories);
        for (parts, mode, mtime) in directories.iter().rev() {
            if let Ok(directory) = self.walk(parts, false) {
                let _ = rustix::fs::futimens(&directory, &times(*mtime));
                let _ = rustix::fs::fchmod(&directory, Mode::from_raw_mode(to_mode(*mode) | 0o700));
            }
        }
    }

    fn leave_out(&mut self, name: &[u8], why: &str) {
        self.done.left_out_count += 1;
        if self.done.left_out.len() < TOLD {
            self.done.left_out.push(format!("'{}' was left out: {why}", shown(name)));
        }
    }
}

/// A name's parts from the destination down; why not, where it could leave it.
fn parts(name: &[u8], rename_to: Option<&OsStr>) -> Result<Vec<OsString>, &'static str> {
    if name.is_empty() || name.contains(&0) {
        return Err("it has no name that can be used");
    }
    if name.starts_with(b"/") {
        return Err("its name is absolute");
    }
    let mut parts: Vec<OsString> = Vec::new();
    for part in name.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".") {
        if part == b".." {
            return Err("its name leads out");
        }
        parts.push(OsString::from_vec(part.to_vec()));
    }
    if parts.len() > DEEPEST {
        return Err("it is too deep");
    }
    if let (Some(new), Some(first)) = (rename_to, parts.first_mut()) {
        *first = new.to_owned();
    }
    Ok(parts)
}

/// The first part of a name.
pub(super) fn first(name: &[u8]) -> &[u8] {
    name.split(|byte| *byte == b'/').find(|part| !part.is_empty() && *part != b".").unwrap_or_default()
}

/// Whether a link so many directories below the destination can't lead out of it. Steps up are taken only at the beginning, where they go through
/// real directories; further on they could go through another link.
fn stays_inside(target: &[u8], depth: usize) -> bool {
    if target.is_empty() || target.starts_with(b"/") || target.contains(&0) {
        return false;
    }
    let parts = || target.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".");
    let up = parts().take_while(|part| *part == b"..").count();
    up <= depth && !parts().skip(up).any(|part| part == b"..")
}

fn to_mode(mode: u32) -> rustix::fs::RawMode {
    rustix::fs::RawMode::try_from(mode & 0o777).unwrap_or(0o644)
}

fn times(mtime: i64) -> Timestamps {
    let at = Timespec { tv_sec: mtime, tv_nsec: 0 };
    Timestamps { last_access: at, last_modification: at }
}

/// Moves `size` bytes.
fn copy(from: &mut dyn Read, to: &mut File, size: u64, name: &OsStr) -> Result<()> {
    let mut buffer = vec![0; CHUNK];
    let mut left = size;
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
        let count = read_some(from, buffer.get_mut(..most).unwrap_or_default())?;
        to.write_all(buffer.get(..count).unwrap_or_default()).map_err(|error| unwritten_io(name, error))?;
        left -= count as u64;
    }
    Ok(())
}

fn unwritten(name: &OsStr, error: rustix::io::Errno) -> Error {
    unwritten_io(name, error.into())
}

fn unwritten_io(name: &OsStr, error: std::io::Error) -> Error {
    let code = if error.kind() == std::io::ErrorKind::StorageFull { Code::DiskFull } else { Code::InvalidValue };
    Error::new(code, format!("'{}' can't be written: {error}", shown(name.as_bytes()))).because(error)
}

/// A name as people read it.
fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).chars().map(|c| if c.is_control() { '?' } else { c }).take(300).collect()
}
