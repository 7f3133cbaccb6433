//! Copies files out of a container and into one, in pieces that are counted, and until it is told to stop.
use super::Client;
use super::Packed;
use super::Packing;
use super::Unpack;
use super::Unpacked;
use super::pack;
use super::unpack;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::PathQuery;
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use std::ffi::OsString;
use std::io::Read;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;
use tokio_util::io::StreamReader;
use tokio_util::io::SyncIoBridge;

/// Pieces of an archive that may wait to be unpacked; then the server waits.
const WAITING: usize = 8;
/// Most entries of an archive.
const MOST_ENTRIES: u64 = 10_000_000;

/// Bytes of archives that have been moved so far. Cheap to clone; a clone counts the same.
#[derive(Clone, Debug, Default)]
pub struct Moved(Arc<AtomicU64>);

impl Moved {
    /// How many.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}

/// Where files of a container are to land on this machine.
#[derive(Clone, Debug)]
pub struct Landing {
    /// The directory.
    pub into: PathBuf,
    /// What the thing that is copied is called there; none where only what is in it is copied.
    pub name: Option<OsString>,
    /// Most bytes of all files together.
    pub most_bytes: u64,
}

/// Copies what is at `path` in a container. What was not there before is not there after a copy that failed or was stopped.
///
/// # Errors
/// `cancelled` when `stop` came first; what [`unpack`] and the server say.
pub async fn copy_out(client: &Client, container: &str, path: &PathQuery, landing: Landing, moved: &Moved, stop: impl Future<Output = ()>) -> Result<Unpacked> {
    let top = landing.name.as_ref().map(|name| landing.into.join(name));
    let existed = top.as_ref().is_none_or(|top| top.symlink_metadata().is_ok());
    let (asked, only) = asked_for(path)?;
    let mut stream = client.download(container, &asked).await?;
    let (sender, receiver) = mpsc::channel(WAITING);
    let mut archive = reader(receiver);
    let into = landing.into.clone();
    let unpacking = tokio::task::spawn_blocking(move || {
        let Landing { into, name, most_bytes } = landing;
        let wanted = Unpack { into: &into, rename_to: name.as_deref(), only: only.as_deref(), most_bytes, most_entries: MOST_ENTRIES };
        unpack(&mut archive, &wanted)
    });
    let feeding = async {
        while let Some(piece) = stream.next().await {
            let failed = piece.is_err();
            moved.add(piece.as_ref().map_or(0, Bytes::len));
            // Whoever unpacks may have enough, or have failed; it says so itself.
            if sender.send(piece).await.is_err() || failed {
                break;
            }
        }
        drop(sender);
    };
    let stopped = tokio::select! {
        () = feeding => false,
        () = stop => true,
    };
    let done = unpacking.await.map_err(|error| Error::internal(format!("the archive was not unpacked: {error}")))?;
    let nothing = |done: &Unpacked| done.files == 0 && done.left_out_count == 0 && top.as_ref().is_some_and(|top| top.symlink_metadata().is_err());
    let done = done.and_then(|done| if nothing(&done) { Err(Error::not_found("file or directory", &path.path)) } else { Ok(done) });
    let done = if stopped { Err(Error::new(Code::Cancelled, "the copy was cancelled")) } else { done };
    done.map_err(|error| match top.filter(|_| !existed) {
        // What was not there before is not there after.
        Some(top) => {
            let _ = if top.is_dir() { std::fs::remove_dir_all(&top) } else { std::fs::remove_file(&top) };
            error
        }
        None => error.fix(format!("what came before is in '{}'; copy it again", into.display())),
    })
}

/// Copies `source` into the directory `into` of a container, under `name`; with no name what is in it, without the directory itself.
///
/// # Errors
/// `cancelled` when `stop` came first; `server_unavailable` when what arrived is not what was sent; what [`pack`] and the server say. What came
/// before is in the container.
pub async fn copy_in(
    client: &Client,
    container: &str,
    into: &PathQuery,
    source: PathBuf,
    name: Option<PathBuf>,
    moved: &Moved,
    stop: impl Future<Output = ()>,
) -> Result<Packed> {
    let Packing { mut pieces, packed } = pack(source, name);
    let (sender, counted) = mpsc::channel(1);
    let counting = async {
        while let Some(piece) = pieces.recv().await {
            moved.add(piece.as_ref().map_or(0, Bytes::len));
            if sender.send(piece).await.is_err() {
                break;
            }
        }
        drop(sender);
        // Packing ends where nobody takes what it makes.
        drop(pieces);
    };
    let sending = async { tokio::join!(client.upload(container, into, counted), counting).0 };
    let sent = tokio::select! {
        sent = sending => sent,
        () = stop => return Err(Error::new(Code::Cancelled, "the copy was cancelled").fix("what came before is in the container")),
    };
    let packed = packed.await.map_err(|error| Error::internal(format!("the files were not packed: {error}")))?;
    match (sent, packed) {
        (Ok(uploaded), Ok(packed)) if uploaded.sha256 == packed.sha256 => Ok(packed),
        (Ok(_), Ok(_)) => Err(Error::new(Code::ServerUnavailable, "what arrived is not what was sent: the checksums differ").fix("copy it again")),
        // A file that can't be read is why the server got only a part.
        (Err(_), Err(error)) if error.code != Code::Internal && !is_broken_pipe(&error) => {
            Err(error.fix("what came before is in the container; copy it again once it can be read"))
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

/// What to ask for to get what is at a place, and what to take of it. An engine finds nothing by itself whose name is no UTF-8: it is taken out
/// of its directory's archive.
pub(super) fn asked_for(path: &PathQuery) -> Result<(PathQuery, Option<OsString>)> {
    let bytes = path.bytes().ok_or_else(|| Error::invalid("the path is no base64"))?;
    let end = bytes.iter().rposition(|byte| *byte != b'/').map_or(0, |at| at + 1);
    let whole = bytes.get(..end).unwrap_or_default();
    let at = whole.iter().rposition(|byte| *byte == b'/').map_or(0, |at| at + 1);
    let (above, name) = whole.split_at(at);
    if std::str::from_utf8(name).is_ok() {
        return Ok((path.clone(), None));
    }
    Ok((PathQuery::new(&[above, b"."].concat()), Some(OsString::from_vec(name.to_vec()))))
}

/// Whether packing failed only because nobody took the archive any more.
fn is_broken_pipe(error: &Error) -> bool {
    let io = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    io.is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}

/// An archive that comes in pieces, for a thread that may wait.
pub(super) fn reader(mut pieces: mpsc::Receiver<Result<Bytes>>) -> impl Read + Send + 'static {
    let pieces = futures_util::stream::poll_fn(move |cx| pieces.poll_recv(cx));
    SyncIoBridge::new(StreamReader::new(pieces.map_err(std::io::Error::other)))
}
