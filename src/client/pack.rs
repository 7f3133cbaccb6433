//! Packs files of this machine into an archive, which is sent while it is made.
use crate::error::Error;
use crate::error::Result;
use crate::model::Ignore;
use bytes::Bytes;
use sha2::Digest as _;
use sha2::Sha256;
use std::ffi::OsStr;
use std::fs::Metadata;
use std::io::Read;
use std::io::Write;
use std::os::unix::fs::FileTypeExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::path::PathBuf;
use tokio::sync::mpsc;

/// Bytes that are sent at once.
const PIECE: usize = 256 << 10;
/// Pieces that may wait to be sent; then packing waits.
const WAITING: usize = 4;

/// An archive on its way.
pub struct Packing {
    /// Its pieces; an error where packing has failed.
    pub pieces: mpsc::Receiver<std::io::Result<Bytes>>,
    /// What was packed, when all of it was.
    pub packed: tokio::task::JoinHandle<Result<Packed>>,
}

/// What was packed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packed {
    /// Regular files.
    pub files: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// SHA-256 of the archive, in hex.
    pub sha256: String,
    /// What was left out, and why.
    pub left_out: Vec<String>,
}

/// Packs `source` under `name`; with no name what is in the directory, without the directory itself. Links are packed as links.
#[must_use]
pub fn pack(source: PathBuf, name: Option<PathBuf>) -> Packing {
    begin(source, name, Ignore::default())
}

/// Packs what is in a directory that an image is built from, but for what is ignored.
#[must_use]
pub fn pack_directory(source: PathBuf, ignore: Ignore) -> Packing {
    begin(source, None, ignore)
}

fn begin(source: PathBuf, name: Option<PathBuf>, ignore: Ignore) -> Packing {
    let (sender, pieces) = mpsc::channel(WAITING);
    let packed = tokio::task::spawn_blocking(move || {
        let out = Sending { buffer: Vec::with_capacity(PIECE), hash: Sha256::new(), sender, broken: false };
        let mut work = Work { tar: tar::Builder::new(out), packed: Packed::default(), ignore };
        work.tar.sparse(false);
        let result = work.all(&source, name.as_deref());
        match result {
            Ok(()) => work.end(),
            Err(error) => {
                // Without it, what receives would take half an archive for a whole one.
                let told = std::io::Error::other(error.message.clone());
                let _ = work.tar.get_mut().sender.blocking_send(Err(told));
                // Whoever drops a builder ends its archive, which this one must not have.
                work.tar.get_mut().broken = true;
                Err(error)
            }
        }
    });
    Packing { pieces, packed }
}

struct Work {
    tar: tar::Builder<Sending>,
    packed: Packed,
    ignore: Ignore,
}

impl Work {
    fn all(&mut self, source: &Path, name: Option<&Path>) -> Result<()> {
        let mut waiting: Vec<(PathBuf, PathBuf)> = Vec::new();
        match name {
            Some(name) => waiting.push((source.to_owned(), name.to_owned())),
            None => children(source, Path::new(""), &mut waiting)?,
        }
        while let Some((path, name)) = waiting.pop() {
            let seen = std::fs::symlink_metadata(&path).map_err(|error| unread(&path, error))?;
            let out = self.ignore.leaves_out(&name);
            if !out {
                self.one(&path, &name, &seen)?;
            }
            if seen.is_dir() && (!out || self.ignore.takes_back(&name)) {
                children(&path, &name, &mut waiting)?;
            }
        }
        Ok(())
    }

    fn one(&mut self, path: &Path, name: &Path, seen: &Metadata) -> Result<()> {
        let kind = seen.file_type();
        let mut header = tar::Header::new_gnu();
        header.set_mode(seen.mode() & 0o7777);
        header.set_mtime(u64::try_from(seen.mtime()).unwrap_or(0));
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(0);
        let failed = |error: std::io::Error| unread(path, error);
        if kind.is_dir() {
            header.set_entry_type(tar::EntryType::Directory);
            return self.tar.append_data(&mut header, name, std::io::empty()).map_err(failed);
        }
        if kind.is_symlink() {
            header.set_entry_type(tar::EntryType::Symlink);
            let target = std::fs::read_link(path).map_err(failed)?;
            return self.tar.append_link(&mut header, name, target).map_err(failed);
        }
        if kind.is_socket() || kind.is_fifo() || kind.is_block_device() || kind.is_char_device() {
            self.packed.left_out.push(format!("'{}' was left out: it is neither file, directory nor link", path.display()));
            return Ok(());
        }
        let file = std::fs::File::open(path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(size);
        self.tar.append_data(&mut header, name, Exactly { inner: file, left: size }).map_err(failed)?;
        self.packed.files += 1;
        self.packed.bytes += size;
        Ok(())
    }

    fn end(self) -> Result<Packed> {
        let failed = |error: std::io::Error| Error::internal(format!("the archive can't be ended: {error}"));
        let mut out = self.tar.into_inner().map_err(failed)?;
        out.flush().map_err(failed)?;
        let sha256 = out.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Packed { sha256, ..self.packed })
    }
}

/// What is in a directory, the first name on top.
fn children(path: &Path, name: &Path, waiting: &mut Vec<(PathBuf, PathBuf)>) -> Result<()> {
    let listed: std::io::Result<Vec<_>> = std::fs::read_dir(path).and_then(|entries| entries.map(|entry| entry.map(|entry| entry.file_name())).collect());
    let mut names = listed.map_err(|error| unread(path, error))?;
    names.sort_unstable_by(|a, b| b.cmp(a));
    waiting.extend(names.iter().map(|child: &std::ffi::OsString| (path.join(child), name.join(AsRef::<OsStr>::as_ref(child)))));
    Ok(())
}

fn unread(path: &Path, error: std::io::Error) -> Error {
    Error::invalid(format!("'{}' can't be read: {error}", path.display())).because(error)
}

/// As many bytes as were announced: one that grows meanwhile is cut there, one that shrinks is an error.
struct Exactly<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Exactly<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(buffer.len()).min(buffer.len());
        let count = self.inner.read(buffer.get_mut(..most).unwrap_or_default())?;
        if count == 0 && self.left > 0 && !buffer.is_empty() {
            return Err(std::io::Error::other("it has become shorter while it was read"));
        }
        self.left -= count as u64;
        Ok(count)
    }
}

/// Passes an archive on in pieces.
struct Sending {
    buffer: Vec<u8>,
    hash: Sha256,
    sender: mpsc::Sender<std::io::Result<Bytes>>,
    /// Nothing more is sent.
    broken: bool,
}

impl Write for Sending {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        if self.buffer.is_empty() || self.broken {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.buffer, Vec::with_capacity(PIECE));
        self.hash.update(&piece);
        self.sender.blocking_send(Ok(piece.into())).map_err(|_| std::io::Error::new(std::io::ErrorKind::BrokenPipe, "nobody takes the archive any more"))
    }
}
