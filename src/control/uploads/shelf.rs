//! Where uploads lie until they are whole: for each a file with what has come, and one with what is known of it. Their lengths say how far they are, so
//! that the next server goes on where this one ended.
use crate::config::UploadsConfig;
use crate::control::operations::Task;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::OperationId;
use crate::model::Progress;
use crate::model::ProgressUnit;
use crate::model::Role;
use crate::model::Upload;
use crate::model::UploadId;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use jiff::Timestamp;
use serde::Deserialize;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::io::SeekFrom;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use tokio::fs::File;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncSeekExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio_util::sync::CancellationToken;

const MEGABYTE: u64 = 1_000_000;
/// So many bytes stay free on the disk: the server's other files need some.
const SPARE: u64 = 64 * MEGABYTE;
/// Bytes that are read at once on the way into the container.
const READ: usize = 256 << 10;
/// What an archive is made of.
const BLOCK: u64 = 512;

/// All uploads of this server.
#[derive(Debug)]
pub struct Shelf {
    directory: PathBuf,
    places: Mutex<BTreeMap<UploadId, Arc<Place>>>,
}

/// One upload.
#[derive(Debug)]
pub struct Place {
    facts: Mutex<Facts>,
    /// One piece at a time.
    pub turn: Arc<tokio::sync::Mutex<()>>,
    /// Ends the piece that is being written.
    stop: Mutex<CancellationToken>,
    /// It was whole when the server started, and nobody has tried to put it into its container since.
    forgotten: AtomicBool,
    /// What its owner was allowed at most when it began.
    pub rights: Role,
}

/// What is in the second file.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Facts {
    #[serde(flatten)]
    upload: Upload,
    rights: Role,
    /// A piece with a checksum is being written from here on: what is behind it counts only when all of it is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    checking: Option<u64>,
}

/// A piece while it is written.
#[derive(Debug)]
pub struct Piece {
    file: File,
    begin: u64,
    /// Where what is written ends.
    pub end: u64,
}

impl Place {
    fn new(facts: Facts, forgotten: bool) -> Self {
        let rights = facts.rights;
        Self { facts: Mutex::new(facts), turn: Arc::default(), stop: Mutex::default(), forgotten: AtomicBool::new(forgotten), rights }
    }

    /// The upload as it is now.
    pub fn upload(&self) -> Upload {
        self.facts().upload.clone()
    }

    /// Ends the piece that is being written; what is returned ends the next one.
    pub fn take_over(&self) -> CancellationToken {
        let next = CancellationToken::new();
        std::mem::replace(&mut *self.stop.lock().expect("no panics while held"), next.clone()).cancel();
        next
    }

    /// What puts it into its container.
    pub fn set_operation(&self, id: &OperationId) {
        self.facts().upload.operation = Some(id.clone());
    }

    /// Whether it was whole when the server started, and nobody has tried since to put it into its container.
    pub fn is_forgotten(&self) -> bool {
        self.forgotten.load(Ordering::Relaxed)
    }

    /// That has been tried.
    pub fn remember(&self) {
        self.forgotten.store(false, Ordering::Relaxed);
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().expect("no panics while held")
    }
}

impl Piece {
    /// Writes what has come.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).await.map_err(|error| unwritten(&error))?;
        self.end = self.end.saturating_add(bytes.len() as u64);
        Ok(())
    }
}

impl Shelf {
    /// Those that lie in this directory.
    pub fn new(directory: PathBuf) -> Self {
        let mut places = BTreeMap::new();
        for entry in std::fs::read_dir(&directory).into_iter().flatten().filter_map(std::result::Result::ok) {
            let path = entry.path();
            if path.extension().is_some_and(|ending| ending == "json") {
                match found(&path) {
                    Ok(facts) => {
                        let whole = facts.upload.offset == facts.upload.size_bytes;
                        places.insert(facts.upload.id.clone(), Arc::new(Place::new(facts, whole)));
                    }
                    Err(error) => tracing::warn!(%error, path = %path.display(), "an upload can't be gone on with"),
                }
            }
        }
        Self { directory, places: Mutex::new(places) }
    }

    /// All uploads.
    pub fn all(&self) -> Vec<Upload> {
        self.places().iter().map(|place| place.upload()).collect()
    }

    /// All of them.
    pub fn places(&self) -> Vec<Arc<Place>> {
        self.known().values().cloned().collect()
    }

    /// The one with this id.
    pub fn find(&self, id: &str) -> Option<Arc<Place>> {
        self.known().get(&UploadId::from(id)).cloned()
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<UploadId, Arc<Place>>> {
        self.places.lock().expect("no panics while held")
    }

    /// Makes place for one, within the limits.
    pub async fn add(&self, upload: Upload, rights: Role, limits: &UploadsConfig) -> Result<Upload> {
        let facts = Facts { upload: upload.clone(), rights, checking: None };
        let place = Arc::new(Place::new(facts.clone(), false));
        {
            let mut known = self.known();
            fits(&upload, known.values().map(|place| place.upload()), limits)?;
            known.insert(upload.id.clone(), place.clone());
        }
        let begun = async {
            let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.directory);
            made.map_err(|error| unwritten(&error))?;
            self.check_room(upload.size_bytes)?;
            File::create(self.data(&upload.id)).await.map_err(|error| unwritten(&error))?;
            self.save(&facts).await
        };
        if let Err(error) = begun.await {
            // What is left of it is small, and nobody knows it.
            let _ = self.remove(&place).await;
            return Err(error);
        }
        Ok(upload)
    }

    /// Whether the disk has room for what is to come.
    fn check_room(&self, bytes: u64) -> Result<()> {
        let disk = rustix::fs::statvfs(&self.directory).map_err(|error| unwritten(&error.into()))?;
        let promised: u64 = self.all().iter().map(|upload| upload.size_bytes.saturating_sub(upload.offset)).sum();
        // What is asked for now is among what is promised.
        if disk.f_bavail.saturating_mul(disk.f_frsize) >= promised.max(bytes).saturating_add(SPARE) {
            return Ok(());
        }
        let error = Error::new(Code::DiskFull, format!("the server's disk has no room for {bytes} bytes more"));
        Err(error.fix(format!("make room where '{}' is, or wait until other uploads are done", self.directory.display())))
    }

    /// Begins a piece.
    pub async fn open(&self, place: &Place, checks: bool) -> Result<Piece> {
        let facts = {
            let mut facts = place.facts();
            facts.checking = checks.then_some(facts.upload.offset);
            facts.clone()
        };
        self.save(&facts).await?;
        let begin = facts.upload.offset;
        let mut file = File::options().write(true).open(self.data(&facts.upload.id)).await.map_err(|error| unwritten(&error))?;
        file.seek(SeekFrom::Start(begin)).await.map_err(|error| unwritten(&error))?;
        Ok(Piece { file, begin, end: begin })
    }

    /// Ends a piece: it counts where it `keeps`, and is taken back otherwise.
    pub async fn close(&self, place: &Place, mut piece: Piece, keeps: bool, expires_at: Timestamp) -> Result<Upload> {
        // What is written goes to the disk a little later: where that is full, less is there than was taken.
        let flushed = piece.file.flush().await;
        let settled = async {
            let there = piece.file.metadata().await?.len();
            let end = if keeps { piece.end.min(there) } else { piece.begin };
            piece.file.set_len(end).await?;
            piece.file.sync_data().await?;
            Ok(end)
        };
        let end = settled.await.map_err(|error| unwritten(&error))?;
        let facts = {
            let mut facts = place.facts();
            facts.upload.offset = end;
            facts.upload.expires_at = expires_at;
            facts.checking = None;
            facts.clone()
        };
        self.save(&facts).await?;
        flushed.map_err(|error| unwritten(&error))?;
        Ok(facts.upload)
    }

    /// Forgets one, with its files.
    pub async fn remove(&self, place: &Place) -> Result<()> {
        let id = place.upload().id;
        self.known().remove(&id);
        for path in [self.facts(&id), self.data(&id)] {
            match tokio::fs::remove_file(&path).await {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(unwritten(&error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// The file as an archive of one, read while it is taken.
    pub fn archive(&self, place: &Place, name: &[u8], task: Task) -> Result<BoxStream<'static, std::io::Result<Bytes>>> {
        let upload = place.upload();
        let (path, size) = (self.data(&upload.id), upload.size_bytes);
        let begin = Bytes::from(head(name, &upload)?);
        let end = usize::try_from(size.next_multiple_of(BLOCK) - size + 2 * BLOCK).map(|length| Bytes::from(vec![0; length]));
        let end = end.map_err(|error| Error::internal(format!("an archive has no end: {error}")))?;
        let content = futures_util::stream::unfold((None::<File>, 0_u64), move |(file, done)| {
            let (path, task) = (path.clone(), task.clone());
            async move {
                let next = async {
                    if task.cancel().is_cancelled() {
                        return Err(std::io::Error::other("it was cancelled"));
                    }
                    let mut file = match file {
                        Some(file) => file,
                        None => File::open(&path).await?,
                    };
                    let mut piece = vec![0; READ];
                    let length = file.read(&mut piece).await?;
                    piece.truncate(length);
                    Ok((file, piece))
                };
                match next.await {
                    Ok((_, piece)) if piece.is_empty() => None,
                    Ok((file, piece)) => {
                        let done = done + piece.len() as u64;
                        task.progress(Progress { phase: "putting it into the container".to_owned(), done, total: size, unit: ProgressUnit::Bytes, line: None });
                        Some((Ok(Bytes::from(piece)), (Some(file), done)))
                    }
                    Err(error) => Some((Err(error), (None, done))),
                }
            }
        });
        let once = |bytes: Bytes| futures_util::stream::once(async move { Ok(bytes) });
        Ok(once(begin).chain(content).chain(once(end)).boxed())
    }

    /// Writes what is known of one, whole or not at all.
    async fn save(&self, facts: &Facts) -> Result<()> {
        let text = serde_json::to_vec(facts).map_err(|error| Error::internal(format!("an upload can't be noted: {error}")))?;
        let path = self.facts(&facts.upload.id);
        let fresh = path.with_extension("new");
        let written = async {
            let mut file = File::create(&fresh).await?;
            file.write_all(&text).await?;
            file.sync_all().await?;
            tokio::fs::rename(&fresh, &path).await
        };
        written.await.map_err(|error| unwritten(&error))
    }

    fn data(&self, id: &UploadId) -> PathBuf {
        self.directory.join(format!("{id}.part"))
    }

    fn facts(&self, id: &UploadId) -> PathBuf {
        self.directory.join(format!("{id}.json"))
    }
}

/// Whether one more is within its owner's limits.
fn fits(upload: &Upload, others: impl Iterator<Item = Upload>, limits: &UploadsConfig) -> Result<()> {
    let most = u64::from(limits.max_mb) * MEGABYTE;
    if upload.size_bytes > most {
        let error =
            Error::new(Code::TooLarge, format!("a file of {} bytes is larger than the {} MB that an upload may have", upload.size_bytes, limits.max_mb));
        return Err(error.fix("'uploads.max_mb' in cto.json is the limit"));
    }
    let (mut count, mut bytes) = (0_u32, upload.size_bytes);
    for other in others.filter(|other| other.owner == upload.owner) {
        count = count.saturating_add(1);
        bytes = bytes.saturating_add(other.size_bytes);
    }
    if count >= limits.per_user {
        let error = Error::new(Code::TooMany, format!("'{}' has {count} uploads under way already, which is the limit", upload.owner));
        return Err(error.fix("end or remove one of them; 'uploads.per_user' in cto.json is the limit"));
    }
    if bytes > u64::from(limits.user_mb) * MEGABYTE {
        let error =
            Error::new(Code::TooLarge, format!("the uploads of '{}' would have {bytes} bytes together, of {} MB at most", upload.owner, limits.user_mb));
        return Err(error.fix("end or remove one of them; 'uploads.user_mb' in cto.json is the limit"));
    }
    Ok(())
}

/// What the server before knew of an upload, and how much of it is there.
fn found(path: &Path) -> Result<Facts> {
    let text = std::fs::read(path).map_err(|error| unwritten(&error))?;
    let broken = |error: serde_json::Error| Error::new(Code::StoreFailed, format!("'{}' can't be read: {error}", path.display()));
    let mut facts: Facts = serde_json::from_slice(&text).map_err(broken)?;
    let data = std::fs::OpenOptions::new().write(true).open(path.with_extension("part")).map_err(|error| unwritten(&error))?;
    let length = data.metadata().map_err(|error| unwritten(&error))?.len();
    // Of a piece that has not come whole, it is not known whether it is right.
    facts.upload.offset = length.min(facts.checking.take().unwrap_or(u64::MAX)).min(facts.upload.size_bytes);
    facts.upload.operation = None;
    data.set_len(facts.upload.offset).map_err(|error| unwritten(&error))?;
    Ok(facts)
}

/// What stands before the file in an archive.
fn head(name: &[u8], upload: &Upload) -> Result<Vec<u8>> {
    use std::os::unix::ffi::OsStrExt as _;
    let broken = |error: std::io::Error| Error::invalid(format!("'{}' can't stand in an archive: {error}", upload.path));
    let mut header = tar::Header::new_gnu();
    header.set_size(upload.size_bytes);
    header.set_mode(upload.mode);
    header.set_mtime(u64::try_from(Timestamp::now().as_second()).unwrap_or(0));
    header.set_entry_type(tar::EntryType::Regular);
    let mut archive = tar::Builder::new(Vec::new());
    // Its content follows by itself.
    archive.append_data(&mut header, Path::new(std::ffi::OsStr::from_bytes(name)), std::io::empty()).map_err(broken)?;
    Ok(archive.get_ref().clone())
}

fn unwritten(error: &std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            Error::new(Code::DiskFull, "the server's disk is full").fix("make room there, and go on from where it ended")
        }
        _ => Error::new(Code::StoreFailed, format!("an upload can't be kept: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ContainerId;

    fn upload(owner: &str, size_bytes: u64) -> Upload {
        let now = Timestamp::now();
        let (id, container) = (UploadId::fresh(), ContainerId::from("c1"));
        let (owner, path) = (owner.to_owned(), "/srv/a.bin".to_owned());
        Upload {
            id,
            owner,
            container,
            container_name: "web".to_owned(),
            path,
            mode: 0o640,
            size_bytes,
            offset: 0,
            operation: None,
            created_at: now,
            expires_at: now,
        }
    }

    #[test]
    fn the_limits_are_each_owners_own_and_are_named() {
        let limits = UploadsConfig { max_mb: 2, per_user: 2, user_mb: 3, hours: 1 };
        let refused = |size: u64, others: &[Upload]| fits(&upload("ada", size), others.iter().cloned(), &limits).unwrap_err();
        assert!(fits(&upload("ada", 2_000_000), [upload("bob", 2_000_000), upload("bob", 1)].into_iter(), &limits).is_ok());
        assert_eq!(refused(2_000_001, &[]).code, Code::TooLarge);
        assert!(refused(2_000_001, &[]).message.contains("2 MB"));
        let many = refused(1, &[upload("ada", 1), upload("ada", 1)]);
        assert!(many.code == Code::TooMany && many.fix.unwrap().contains("uploads.per_user"));
        let much = refused(1_500_000, &[upload("ada", 1_500_001)]);
        assert!(much.code == Code::TooLarge && much.fix.unwrap().contains("uploads.user_mb"));
    }

    #[tokio::test]
    async fn what_has_come_is_found_by_the_next_server_and_a_piece_that_was_being_checked_is_not() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("uploads");
        let shelf = Shelf::new(directory.clone());
        let added = shelf.add(upload("ada", 10), Role::Operator, &UploadsConfig::default()).await.unwrap();
        let place = shelf.find(added.id.as_str()).unwrap();
        let mut piece = shelf.open(&place, false).await.unwrap();
        piece.write(b"abcd").await.unwrap();
        assert_eq!(shelf.close(&place, piece, true, Timestamp::now()).await.unwrap().offset, 4);
        let mut piece = shelf.open(&place, true).await.unwrap();
        piece.write(b"ef").await.unwrap();
        piece.file.flush().await.unwrap();
        assert_eq!(std::fs::read(shelf.data(&added.id)).unwrap(), b"abcdef");

        let next = Shelf::new(directory.clone());
        let place = next.find(added.id.as_str()).unwrap();
        assert_eq!((place.upload().offset, place.rights, place.is_forgotten()), (4, Role::Operator, false));
        let mut piece = next.open(&place, false).await.unwrap();
        piece.write(b"efgh").await.unwrap();
        // As after a kill, without a word.
        piece.file.flush().await.unwrap();
        let last = Shelf::new(directory.clone());
        let place = last.find(added.id.as_str()).unwrap();
        assert_eq!(place.upload().offset, 8);
        last.remove(&place).await.unwrap();
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 0);
        assert!(Shelf::new(directory).all().is_empty());
    }
}
