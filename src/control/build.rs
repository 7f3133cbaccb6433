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
use std::io::Read as _;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use tokio::sync::Semaphore;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What the recipe is called in the archive that is sent to the engine.
const RECIPE: &str = ".cto.Dockerfile";
/// What says which files of a directory are left out.
const IGNORE: &str = ".dockerignore";
/// Most bytes of the files of a directory that is built from, with [`ENTRY`] for each name.
const MOST_BYTES: u64 = 2 << 30;
/// What a name counts for beside its own length: so much the archive has for it.
const ENTRY: u64 = 512;
/// So deep directories lie in each other at most.
const DEEPEST: usize = 100;
/// Bytes that are sent at once, and pieces that may wait to be sent; then packing waits.
const PIECE: usize = 256 << 10;
const WAITING: usize = 4;
/// So many directories are read for their hash at once; further launches wait.
static READING: Semaphore = Semaphore::const_new(2);
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
        let digest = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(Error::new(Code::Cancelled, format!("building '{}' was cancelled; nothing is left of it", source.reference))),
            digest = digest_of(build, cancel) => digest,
        }?;
        let fault = Fault::default();
        let packed = || archive(build.clone(), digest.clone(), fault.clone());
        let made = images.ensure_built(source, build, &digest, RECIPE, packed, progress, cancel).await;
        // That the archive has broken off says less than why.
        made.map_err(|error| fault.take().filter(|_| !cancel.is_cancelled()).unwrap_or(error))
    }
}

/// The hash of what is built from. Dropped, it leaves off reading.
async fn digest_of(build: &ImageBuild, cancel: &CancellationToken) -> Result<String> {
    let _turn = READING.acquire().await.map_err(|error| Error::internal(format!("no directory can be read any more: {error}")))?;
    let stop = cancel.child_token();
    let _guard = stop.clone().drop_guard();
    let build = build.clone();
    let read = move || pack(&build, Out { hash: Sha256::new(), stop, sender: None, waiting: Vec::new() }).map(|out| out.digest());
    tokio::task::spawn_blocking(read).await.map_err(|error| Error::internal(format!("the directory was not read: {error}")))?
}

/// Why an archive could not be packed.
#[derive(Clone, Default)]
struct Fault(Arc<Mutex<Option<Error>>>);

impl Fault {
    fn put(&self, error: Error) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    fn take(&self) -> Option<Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The directory and the recipe as an archive, packed while it is sent. It has no end unless its hash is `digest`: what is kept by a content never has another.
fn archive(build: ImageBuild, digest: String, fault: Fault) -> BoxStream<'static, std::io::Result<Bytes>> {
    let (sender, mut receiver) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        let out = Out { hash: Sha256::new(), stop: CancellationToken::new(), sender: Some(sender.clone()), waiting: Vec::with_capacity(PIECE) };
        let changed = || Error::invalid("the directory that is built from was changed while it was read").fix("launch again when nothing writes there");
        let checked = |mut out: Out| {
            let waiting = std::mem::take(&mut out.waiting);
            if out.digest() == digest { Ok(waiting) } else { Err(changed()) }
        };
        let last = match pack(&build, out).and_then(checked) {
            Ok(waiting) => Ok(waiting.into()),
            Err(error) => {
                let told = std::io::Error::other(error.message.clone());
                // Where nobody listens any more, that is the reason, and it is known there.
                if !sender.is_closed() {
                    fault.put(error);
                }
                Err(told)
            }
        };
        // Nobody listens after a cancel.
        let _ = sender.blocking_send(last);
    });
    futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx)).boxed()
}

/// Packs what is built from. The archive of one content is always the same: names in order, no times, no owners.
fn pack<W: Write>(build: &ImageBuild, out: W) -> Result<W> {
    let mut work = Work { tar: tar::Builder::new(out), ignore: Ignore::default(), room: MOST_BYTES };
    // The recipe does not copy itself: what a `.dockerignore` says of it, the engine heeds when it has read it.
    let mut unwanted = format!("{IGNORE}\n");
    if let Some(context) = &build.context {
        let root = open_plain(Path::new(context), OFlags::DIRECTORY).map_err(|error| unread(Path::new(context), &error))?;
        if let Some(text) = ignored(&root)? {
            work.ignore = Ignore::read(&text, &[]);
            unwanted = format!("{text}\n");
        }
        work.children(&root, Path::new(""), 0)?;
    }
    unwanted.push_str(RECIPE);
    unwanted.push('\n');
    let unsent = |error: std::io::Error| Error::internal(format!("the recipe can't be packed: {error}"));
    for (name, text) in [(IGNORE, &unwanted), (RECIPE, &build.dockerfile)] {
        let mut header = plain_header(0o644);
        header.set_size(text.len() as u64);
        work.tar.append_data(&mut header, name, text.as_bytes()).map_err(unsent)?;
    }
    work.tar.into_inner().map_err(unsent)
}

/// What the directory's `.dockerignore` says.
fn ignored(root: &OwnedFd) -> Result<Option<String>> {
    let name = Path::new(IGNORE);
    let file = match rustix::fs::openat(root, name, OPEN, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(error) => return Err(unread(name, &error.into())),
    };
    if !file.metadata().map_err(|error| unread(name, &error))?.is_file() {
        return Err(unread(name, &std::io::Error::other("it is no file")));
    }
    let mut text = String::new();
    file.take(MOST_IGNORE).read_to_string(&mut text).map_err(|error| unread(name, &error))?;
    Ok(Some(text))
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
            // The two that are packed last are not the directory's.
            let own = depth == 0 && [IGNORE.as_bytes(), RECIPE.as_bytes()].contains(&name.as_bytes());
            if !own && ![&b"."[..], b".."].contains(&name.as_bytes()) {
                self.spend(ENTRY + name.as_bytes().len() as u64)?;
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

    fn spend(&mut self, bytes: u64) -> Result<()> {
        let too_much = || {
            let error = Error::invalid(format!("the directory that is built from has more than {} GiB", MOST_BYTES >> 30));
            error.fix("leave out what the recipe does not copy, with a .dockerignore")
        };
        self.room = self.room.checked_sub(bytes).ok_or_else(too_much)?;
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
                self.spend(size)?;
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

/// Takes an archive in: hashed, and passed on in pieces where somebody takes them.
struct Out {
    hash: Sha256,
    stop: CancellationToken,
    sender: Option<mpsc::Sender<std::io::Result<Bytes>>>,
    /// What is sent next. The last of it waits until the hash of the whole is known.
    waiting: Vec<u8>,
}

impl Out {
    fn digest(self) -> String {
        self.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let unwanted = || std::io::Error::other("it is not wanted any more");
        if self.stop.is_cancelled() {
            return Err(unwanted());
        }
        self.hash.update(bytes);
        if let Some(sender) = &self.sender {
            if self.waiting.len() + bytes.len() > PIECE && !self.waiting.is_empty() {
                let piece = std::mem::replace(&mut self.waiting, Vec::with_capacity(PIECE));
                sender.blocking_send(Ok(piece.into())).map_err(|_| unwanted())?;
            }
            self.waiting.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_archive_of_another_content_than_was_hashed_has_no_end() {
        let build = ImageBuild { dockerfile: "FROM a\n".repeat(100_000), ..ImageBuild::default() };
        let digest = digest_of(&build, &CancellationToken::new()).await.unwrap();
        let fault = Fault::default();
        let good: Vec<_> = archive(build.clone(), digest.clone(), fault.clone()).collect().await;
        let whole = good.iter().flatten().map(Bytes::len).sum::<usize>();
        assert!(good.len() > 1 && good.iter().all(Result::is_ok) && fault.take().is_none());
        let other = ImageBuild { dockerfile: build.dockerfile.replace('a', "b"), ..build };
        let bad: Vec<_> = archive(other, digest, fault.clone()).collect().await;
        assert!(bad.iter().flatten().map(Bytes::len).sum::<usize>() <= whole - 1024, "the two empty blocks at its end are not sent");
        assert!(bad.last().is_some_and(Result::is_err));
        assert!(fault.take().is_some_and(|error| error.message.contains("changed while it was read")));
    }
}
