//! One file of a container, read into memory and written back as it was.
use super::Client;
use super::copy::asked_for;
use super::copy::reader;
use super::tar_reader::Entry;
use super::tar_reader::Kind;
use super::tar_reader::lost;
use super::tar_reader::next;
use super::tar_reader::padded;
use super::tar_reader::skip;
use super::unpack::first;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::PathQuery;
use bytes::Bytes;
use std::ffi::OsStr;
use std::io::Read;
use std::os::unix::ffi::OsStrExt as _;
use tokio::sync::mpsc;

/// Links that are followed to a file.
const MOST_LINKS: usize = 10;
/// Pieces of an archive that may wait to be read.
const WAITING: usize = 4;
/// What an archive has beside the file's own bytes, at most.
const HEADS: usize = 256 << 10;

/// A file, as it is in a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchedFile {
    /// Its whole path, links followed.
    pub path: Vec<u8>,
    /// What is in it; the beginning where it has more than was asked for.
    pub bytes: Vec<u8>,
    /// Bytes that it has.
    pub size: u64,
    /// Permissions, with the bits above them.
    pub mode: u32,
    /// Whose it is.
    pub uid: u32,
    /// Of which group it is.
    pub gid: u32,
}

/// The first `most` bytes of the file at `path` in a container.
///
/// # Errors
/// `invalid_value` when it is no file; what the server says.
pub async fn fetch_file(client: &Client, container: &str, path: &[u8], most: usize) -> Result<FetchedFile> {
    let mut path = path.to_vec();
    for _ in 0..=MOST_LINKS {
        let (asked, only) = asked_for(&PathQuery::new(&path))?;
        let mut stream = client.download(container, &asked).await?;
        let (sender, receiver) = mpsc::channel(WAITING);
        let mut archive = reader(receiver);
        let reading = tokio::task::spawn_blocking(move || read(&mut archive, only.as_deref(), most));
        // The rest of a large one is not asked for: who reads ends when it has enough.
        while let Some(piece) = stream.next().await {
            if sender.send(piece).await.is_err() {
                break;
            }
        }
        drop(sender);
        let found = reading.await.map_err(|error| Error::internal(format!("the file was not read: {error}")))??;
        let Some((entry, bytes)) = found else { return Err(Error::not_found("file", &shown(&path))) };
        match entry.kind {
            Kind::Link => path = followed(&path, &entry.target),
            Kind::File => return Ok(FetchedFile { path, bytes, size: entry.size, mode: entry.mode, uid: entry.uid, gid: entry.gid }),
            Kind::Directory | Kind::HardLink | Kind::Other => return Err(none(&path)),
        }
    }
    Err(Error::invalid(format!("'{}' is a link that leads round and round", shown(&path))))
}

/// Writes a file to its place in a container, with the mode and the owner that are named.
///
/// # Errors
/// `too_large`; what the server says.
pub async fn put_file(client: &Client, container: &str, file: &FetchedFile) -> Result<()> {
    let (parent, name) = split(&file.path);
    let made = || {
        let mut builder = tar::Builder::new(Vec::with_capacity(file.bytes.len() + HEADS));
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_mode(file.mode);
        header.set_uid(file.uid.into());
        header.set_gid(file.gid.into());
        header.set_mtime(u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or(0));
        header.set_size(file.bytes.len() as u64);
        builder.append_data(&mut header, OsStr::from_bytes(name), file.bytes.as_slice())?;
        builder.into_inner()
    };
    let archive = made().map_err(|error: std::io::Error| Error::invalid(format!("'{}' can't be packed: {error}", shown(&file.path))))?;
    let (sender, pieces) = mpsc::channel(1);
    let into = PathQuery::new(parent);
    let sending = async {
        // Whoever does not take it says why.
        let _ = sender.send(Ok(Bytes::from(archive))).await;
        drop(sender);
    };
    tokio::join!(client.upload(container, &into, pieces), sending).0.map(drop)
}

/// The first entry, or the first that is called so, and the beginning of what is in it.
fn read(archive: &mut impl Read, only: Option<&OsStr>, most: usize) -> Result<Option<(Entry, Vec<u8>)>> {
    while let Some(entry) = next(archive)? {
        if only.is_some_and(|only| first(&entry.name) != only.as_bytes()) {
            skip(archive, padded(entry.size))?;
            continue;
        }
        let mut bytes = Vec::new();
        if entry.kind == Kind::File {
            let wanted = entry.size.min(most as u64);
            archive.take(wanted).read_to_end(&mut bytes).map_err(lost)?;
            if (bytes.len() as u64) < wanted {
                return Err(Error::new(Code::ServerUnavailable, "the file was cut off on its way").fix("try again"));
            }
        }
        return Ok(Some((entry, bytes)));
    }
    Ok(None)
}

fn none(path: &[u8]) -> Error {
    Error::invalid(format!("'{}' is no regular file", shown(path)))
}

/// Where a link leads.
fn followed(link: &[u8], target: &[u8]) -> Vec<u8> {
    if target.starts_with(b"/") {
        return target.to_vec();
    }
    let (parent, _) = split(link);
    [parent.strip_suffix(b"/").unwrap_or(parent), target].join(&b'/')
}

fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|byte| *byte == b'/') {
        Some(at) => (path.get(..at.max(1)).unwrap_or_default(), path.get(at + 1..).unwrap_or_default()),
        None => (b"/", path),
    }
}

fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).chars().map(|c| if c.is_control() { '?' } else { c }).take(300).collect()
}
