//! The images that launches need: those that are there or pulled, and those that are built from a recipe and a directory of this machine.
use super::Control;
use crate::access::Actor;
use crate::config::mounts::open_plain;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Code;
use crate::model::Ignore;
use crate::model::ImageBuild;
use crate::model::ImageSource;
use crate::model::MOST_IGNORE;
use crate::model::Progress;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use rustix::fs::AtFlags;
use rustix::fs::FileType;
use rustix::fs::Mode;
use rustix::fs::OFlags;
use sha2::Digest as _;
use sha2::Sha256;
use std::ffi::CString;
use std::fs::File;
use std::io::BufWriter;
use std::io::Read as _;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What the recipe is called in the archive that is sent to the engine.
const RECIPE: &str = ".cto.Dockerfile";
/// Most bytes of the files of a directory that is built from.
const MOST_BYTES: u64 = 2 << 30;
/// So deep directories lie in each other at most.
const DEEPEST: usize = 100;
/// Bytes that are sent at once, and pieces that may wait to be sent; then packing waits.
const PIECE: usize = 256 << 10;
const WAITING: usize = 4;
/// Files are opened without following a link and without waiting for a pipe's other end.
const OPEN: OFlags = OFlags::RDONLY.union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK);

impl Control {
    /// The id of the image that a container is made from: found, pulled or built.
    ///
    /// # Errors
    /// As [`crate::engine::Images::ensure`]; `forbidden` for who may not build; `invalid_value` when the directory can't be read.
    pub(super) async fn image_for(
        &self,
        actor: &Actor,
        source: &ImageSource,
        progress: &mut (dyn FnMut(Progress) + Send),
        cancel: &CancellationToken,
    ) -> Result<String> {
        let images = self.parts().engine.images();
        let Some(build) = &source.build else { return images.ensure(source, progress, cancel.clone()).await };
        Self::may(actor, Action::CreateImages)?;
        if build.context.is_some() {
            progress(Progress { phase: "reading the directory that is built from".to_owned(), ..Progress::default() });
        }
        let (whole, stop) = (build.clone(), cancel.clone());
        let hash = move || -> Result<String> {
            let mut sink = Hashing { hash: Sha256::new(), stop };
            pack(&whole, &mut sink)?;
            Ok(sink.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
        };
        let hashed = tokio::task::spawn_blocking(hash).await.map_err(|error| Error::internal(format!("the directory was not read: {error}")))?;
        if cancel.is_cancelled() {
            return Err(Error::new(Code::Cancelled, format!("building '{}' was cancelled; nothing is left of it", source.reference)));
        }
        let digest = hashed?;
        images.ensure_built(source, build, &digest, RECIPE, || archive(build.clone()), progress, cancel).await
    }
}

/// The directory and the recipe as an archive, packed while it is sent.
fn archive(build: ImageBuild) -> BoxStream<'static, std::io::Result<Bytes>> {
    let (sender, mut receiver) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        if let Err(error) = pack(&build, BufWriter::with_capacity(PIECE, Sending(sender.clone()))) {
            // Without it, half an archive would pass for a whole one. Nobody listens after a cancel.
            let _ = sender.blocking_send(Err(std::io::Error::other(error.message)));
        }
    });
    futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx)).boxed()
}

/// Packs what is built from. The archive of one content is always the same: names in order, no times, no owners.
fn pack(build: &ImageBuild, out: impl Write) -> Result<()> {
    let mut work = Work { tar: tar::Builder::new(out), ignore: Ignore::default(), room: MOST_BYTES };
    if let Some(context) = &build.context {
        let root = open_plain(Path::new(context), OFlags::DIRECTORY).map_err(|error| unread(Path::new(context), &error))?;
        work.ignore = ignored(&root)?;
        work.children(&root, Path::new(""), 0)?;
    }
    let mut header = plain_header(0o644);
    header.set_size(build.dockerfile.len() as u64);
    let unsent = |error: std::io::Error| Error::internal(format!("the recipe can't be packed: {error}"));
    work.tar.append_data(&mut header, RECIPE, build.dockerfile.as_bytes()).map_err(unsent)?;
    work.tar.into_inner().and_then(|mut out| out.flush()).map_err(unsent)
}

/// What the directory's `.dockerignore` leaves out.
fn ignored(root: &OwnedFd) -> Result<Ignore> {
    let name = Path::new(".dockerignore");
    let file = match rustix::fs::openat(root, name, OPEN, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT) => return Ok(Ignore::default()),
        Err(error) => return Err(unread(name, &error.into())),
    };
    let mut text = String::new();
    file.take(MOST_IGNORE).read_to_string(&mut text).map_err(|error| unread(name, &error))?;
    Ok(Ignore::read(&text, &[".dockerignore"]))
}

struct Work<W: Write> {
    tar: tar::Builder<W>,
    ignore: Ignore,
    /// Bytes that may still come.
    room: u64,
}

impl<W: Write> Work<W> {
    /// What is in a directory. Everything is opened from there by its name alone, so that nothing that is exchanged meanwhile leads elsewhere.
    fn children(&mut self, directory: &OwnedFd, above: &Path, depth: usize) -> Result<()> {
        if depth > DEEPEST {
            return Err(Error::invalid(format!("'{}' lies deeper than {DEEPEST} directories", above.display())));
        }
        let failed = |error: rustix::io::Errno| unread(above, &error.into());
        let mut names: Vec<CString> = Vec::new();
        for entry in rustix::fs::Dir::read_from(directory).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name().to_owned();
            if name.as_bytes() != b"." && name.as_bytes() != b".." {
                names.push(name);
            }
        }
        names.sort_unstable();
        for name in names {
            let path = above.join(std::ffi::OsStr::from_bytes(name.as_bytes()));
            self.one(directory, &name, &path, depth)?;
        }
        Ok(())
    }

    fn one(&mut self, directory: &OwnedFd, name: &CString, path: &Path, depth: usize) -> Result<()> {
        let failed = |error: std::io::Error| unread(path, &error);
        let out = self.ignore.leaves_out(path);
        let seen = rustix::fs::statat(directory, name, AtFlags::SYMLINK_NOFOLLOW).map_err(|error| failed(error.into()))?;
        let mut header = plain_header(seen.st_mode & 0o7777);
        match FileType::from_raw_mode(seen.st_mode) {
            FileType::Directory => {
                if !out {
                    header.set_entry_type(tar::EntryType::Directory);
                    self.tar.append_data(&mut header, path, std::io::empty()).map_err(failed)?;
                }
                if !out || self.ignore.takes_back(path) {
                    let below = rustix::fs::openat(directory, name, OPEN | OFlags::DIRECTORY, Mode::empty()).map_err(|error| failed(error.into()))?;
                    self.children(&below, path, depth + 1)?;
                }
            }
            FileType::Symlink if !out => {
                let target = rustix::fs::readlinkat(directory, name, Vec::new()).map_err(|error| failed(error.into()))?;
                header.set_entry_type(tar::EntryType::Symlink);
                self.tar.append_link(&mut header, path, std::ffi::OsStr::from_bytes(target.as_bytes())).map_err(failed)?;
            }
            FileType::RegularFile if !out => {
                let file = File::from(rustix::fs::openat(directory, name, OPEN, Mode::empty()).map_err(|error| failed(error.into()))?);
                let facts = file.metadata().map_err(failed)?;
                if !facts.is_file() {
                    return Err(failed(std::io::Error::other("it has become something else")));
                }
                let size = facts.len();
                let too_much = || {
                    let error = Error::invalid(format!("the directory that is built from has more than {} GiB", MOST_BYTES >> 30));
                    error.fix("leave out what the recipe does not copy, with a .dockerignore")
                };
                self.room = self.room.checked_sub(size).ok_or_else(too_much)?;
                header.set_size(size);
                // One that grows meanwhile is cut, one that shrinks makes the archive too short, which the engine refuses.
                self.tar.append_data(&mut header, path, file.take(size)).map_err(failed)?;
            }
            // Neither file, directory nor link: nothing that could be sent.
            _ => {}
        }
        Ok(())
    }
}

fn plain_header(mode: u32) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_mode(mode);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    header
}

fn unread(path: &Path, error: &std::io::Error) -> Error {
    Error::invalid(format!("'{}' can't be read: {error}", path.display()))
}

/// Takes an archive in for its hash alone.
struct Hashing {
    hash: Sha256,
    stop: CancellationToken,
}

impl Write for &mut Hashing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.stop.is_cancelled() {
            return Err(std::io::Error::other("it is not wanted any more"));
        }
        self.hash.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Passes an archive on in pieces.
struct Sending(mpsc::Sender<std::io::Result<Bytes>>);

impl Write for Sending {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| std::io::Error::new(std::io::ErrorKind::BrokenPipe, "nobody takes the archive any more"))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
