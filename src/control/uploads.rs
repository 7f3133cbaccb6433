//! Files on their way into containers: they come in pieces, are kept on disk until they are whole, and are then put where they belong.
mod shelf;

use super::Control;
use super::containers::of;
use super::files::SILENCE;
use super::files::checked;
use super::operations::Made;
use super::operations::Plan;
use super::operations::Task;
use super::paging::Key;
use super::paging::Wanted;
use crate::access::Actor;
use crate::access::allowed;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Code;
use crate::model::ListQuery;
use crate::model::NewUpload;
use crate::model::Operation;
use crate::model::OperationState;
use crate::model::Orders;
use crate::model::Page;
use crate::model::PathKind;
use crate::model::Role;
use crate::model::Upload;
use crate::model::UploadId;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use jiff::SignedDuration;
use jiff::Timestamp;
use sha1::Sha1;
use sha2::Digest as _;
use sha2::Sha256;
use shelf::Place;
pub(super) use shelf::Shelf;
use std::sync::Arc;
use std::time::Duration;

const MEGABYTE: u64 = 1_000_000;
/// How long a piece waits until the one before it is done with; that one is told to leave off.
const TAKE_OVER: Duration = Duration::from_secs(10);

/// What the sender says that a piece is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// A SHA-1.
    Sha1(Vec<u8>),
    /// A SHA-256.
    Sha256(Vec<u8>),
}

/// What became of a piece.
#[derive(Clone, Debug)]
pub enum Sent {
    /// It is here; with the last one, what puts the file into the container has begun.
    Taken(Box<Upload>, Option<Box<Operation>>),
    /// It is not what its checksum says, and nothing of it was kept.
    Damaged,
}

impl Control {
    /// Largest file that is taken, in bytes.
    #[must_use]
    pub fn largest_upload(&self) -> u64 {
        u64::from(self.settings().uploads.max_mb) * MEGABYTE
    }

    /// Begins an upload: nothing of it is here yet.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_value`; `too_large` and `too_many` with the limit; `disk_full`.
    pub async fn create_upload(&self, actor: &Actor, request: NewUpload) -> Result<Upload> {
        let container = self.container(&request.container).await?;
        let path = checked(Some(request.path.clone().into_bytes()))?;
        self.noted(actor, Action::WriteFiles, &of(&container), format!("upload {} bytes to {}", request.size_bytes, request.path), async {
            let (directory, _) = parted(&path)?;
            let mode = request.mode.unwrap_or(0o644);
            if mode > 0o7777 {
                return Err(Error::invalid(format!("'{mode:o}' is no mode of a file")).fix("write it as in chmod, such as 644"));
            }
            let above = self.parts().engine.stat(&container.id, directory).await?;
            if above.kind != PathKind::Directory && above.kind != PathKind::Link {
                return Err(Error::invalid(format!("'{}' in '{}' is no directory", shown(directory), container.name)));
            }
            let now = Timestamp::now();
            let upload = Upload {
                id: UploadId::fresh(),
                owner: actor.name.clone(),
                container: container.id.clone(),
                container_name: container.name.clone(),
                path: request.path.clone(),
                mode,
                size_bytes: request.size_bytes,
                offset: 0,
                operation: None,
                created_at: now,
                expires_at: self.upload_ends(now),
            };
            let settings = self.settings();
            self.shelf().add(upload, actor.role, &settings.uploads).await
        })
        .await
    }

    /// Uploads that the actor may see, oldest first where no other order is asked for.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`.
    #[expect(clippy::unused_async, reason = "every endpoint is asked in the same way")]
    pub async fn list_uploads(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Upload>> {
        Self::may(actor, Action::WriteFiles)?;
        let wanted = Wanted::of(query, Orders::UPLOADS)?;
        let mut all = self.shelf().all();
        all.retain(|upload| sees(actor, upload) && wanted.finds(&[&upload.container_name, &upload.path, &upload.owner]));
        let key = |upload: &Upload, by: &str| match by {
            "container_name" => Key::text(&upload.container_name),
            "path" => Key::text(&upload.path),
            "owner" => Key::text(&upload.owner),
            "size_bytes" => Key::of(&upload.size_bytes),
            "expires_at" => Key::time(upload.expires_at),
            // Ids grow with time.
            _ => Key::Nothing,
        };
        Ok(wanted.page(all, key, |upload| upload.id.to_string()))
    }

    /// How far an upload is.
    ///
    /// # Errors
    /// `not_found`.
    #[expect(clippy::unused_async, reason = "every endpoint is asked in the same way")]
    pub async fn get_upload(&self, actor: &Actor, id: &str) -> Result<Upload> {
        Ok(self.upload_place(actor, id)?.upload())
    }

    /// Takes a piece of an upload, which begins at `offset`. What comes of it before it is cut off is kept, unless it has a checksum. When all is here, the
    /// file is put into its container; where that failed, an empty piece at the end tries it once more.
    ///
    /// # Errors
    /// `not_found`; `wrong_state` where the piece does not begin where the last one ended; `too_large`, `disk_full`, `timed_out`; `bad_request` when it is cut off.
    pub async fn send_upload(
        &self,
        actor: &Actor,
        id: &str,
        offset: u64,
        checksum: Option<Checksum>,
        body: BoxStream<'static, std::io::Result<Bytes>>,
    ) -> Result<Sent> {
        let place = self.upload_place(actor, id)?;
        place.remember();
        // The connection of the piece before may be dead without anybody knowing: who sends now is who counts.
        let stop = place.take_over();
        let turn = tokio::time::timeout(TAKE_OVER, place.turn.clone().lock_owned()).await;
        let Ok(_turn) = turn else {
            return Err(Error::new(Code::WrongState, "another piece of this upload is being written").fix("try again in a moment"));
        };
        let before = place.upload();
        if self.is_put(&before) {
            return Err(Error::new(Code::WrongState, format!("'{}' is being put into '{}'", before.path, before.container_name)).fix("see its operation"));
        }
        if offset != before.offset {
            let error = Error::new(Code::WrongState, format!("{} bytes of this upload are here, and not {offset}", before.offset));
            return Err(error.fix("ask how many there are (HEAD), and go on from there"));
        }
        let mut piece = self.shelf().open(&place, checksum.is_some()).await?;
        let result = receive(&mut piece, &before, checksum.as_ref(), body, &stop).await;
        // Of a piece that is too long, or not what it should be, nothing is right.
        let keeps = match &result {
            Ok(intact) => *intact,
            Err(error) => checksum.is_none() && error.code != Code::TooLarge,
        };
        let upload = self.shelf().close(&place, piece, keeps, self.upload_ends(Timestamp::now())).await?;
        if !result? {
            return Ok(Sent::Damaged);
        }
        if upload.offset < upload.size_bytes {
            return Ok(Sent::Taken(Box::new(upload), None));
        }
        let operation = self.put_upload(actor, &place).await?;
        Ok(Sent::Taken(Box::new(place.upload()), Some(Box::new(operation))))
    }

    /// Forgets an upload; what was put into its container already stays there.
    ///
    /// # Errors
    /// `not_found`, `wrong_state` while it is being put into its container.
    pub async fn delete_upload(&self, actor: &Actor, id: &str) -> Result<()> {
        let place = self.upload_place(actor, id)?;
        let upload = place.upload();
        let target = super::Target::owned(format!("upload {id}"), Some(&upload.owner));
        self.guarded(actor, Action::WriteFiles, &target, async {
            if self.is_put(&upload) {
                let error = Error::new(Code::WrongState, format!("'{}' is being put into '{}'", upload.path, upload.container_name));
                return Err(error.fix("cancel its operation first"));
            }
            place.take_over().cancel();
            let _turn = place.turn.lock().await;
            self.shelf().remove(&place).await
        })
        .await
    }

    /// Puts what is whole into its container, where the server before ended in between; forgets what nobody goes on with.
    pub async fn tidy_uploads(&self) {
        for place in self.shelf().places() {
            let upload = place.upload();
            let Ok(_turn) = place.turn.try_lock() else { continue };
            if self.is_put(&upload) {
                continue;
            }
            if upload.expires_at <= Timestamp::now() {
                if let Err(error) = self.shelf().remove(&place).await {
                    tracing::warn!(%error, upload = %upload.id, "an upload that nobody goes on with can't be removed");
                }
            } else if place.is_forgotten()
                && let Some(owner) = self.owner_of(&upload, place.rights).await
            {
                match self.put_upload(&owner, &place).await {
                    // Another time.
                    Err(error) if error.code == Code::EngineUnavailable => {}
                    Err(error) => {
                        place.remember();
                        tracing::warn!(%error, upload = %upload.id, "an upload of the server before can't be put into its container");
                    }
                    Ok(_) => place.remember(),
                }
            }
        }
    }

    /// An upload's owner, with the rights that they have now, but no more than when it began.
    async fn owner_of(&self, upload: &Upload, rights: Role) -> Option<Actor> {
        if upload.owner == super::accounts::LOCAL {
            return Some(Self::local_admin());
        }
        let user = self.parts().store.find_user(&upload.owner).await.ok().flatten()?;
        Some(Actor::new(user.name, user.role.min(rights)))
    }

    /// Begins to put a file that is whole into its container.
    async fn put_upload(&self, actor: &Actor, place: &Arc<Place>) -> Result<Operation> {
        let upload = place.upload();
        let container = self.container(upload.container.as_str()).await?;
        let plan = Plan {
            action: Action::WriteFiles,
            target: of(&container),
            detail: Some(upload.path.clone()),
            title: format!("put {} into {}", upload.path, container.name),
        };
        let (control, placed) = (self.clone(), place.clone());
        let work = move |task: Task| async move { control.carry(task, &placed).await };
        let operation = self.operate(actor, None, &(), plan, Ok(()), work).await?;
        place.set_operation(&operation.id);
        Ok(operation)
    }

    async fn carry(&self, task: Task, place: &Arc<Place>) -> Result<Made> {
        let upload = place.upload();
        let path = upload.path.clone().into_bytes();
        let (directory, name) = parted(&path)?;
        let archive = self.shelf().archive(place, name, task.clone())?;
        self.parts()
            .engine
            .upload(&upload.container, directory, archive)
            .await
            .map_err(|error| if task.cancel().is_cancelled() { task.cancelled() } else { error })?;
        self.shelf().remove(place).await?;
        Ok(Made::Nothing)
    }

    /// Whether an upload is being put into its container.
    fn is_put(&self, upload: &Upload) -> bool {
        upload.operation.as_ref().is_some_and(|operation| self.operations().state(operation) == Some(OperationState::Running))
    }

    fn shelf(&self) -> &Shelf {
        &self.0.shelf
    }

    fn upload_ends(&self, from: Timestamp) -> Timestamp {
        from + SignedDuration::from_hours(i64::from(self.settings().uploads.hours))
    }

    /// An upload that the actor may see; others' are none.
    fn upload_place(&self, actor: &Actor, id: &str) -> Result<Arc<Place>> {
        let found = self.shelf().find(id).filter(|place| sees(actor, &place.upload()));
        found.ok_or_else(|| Error::not_found("upload", id).fix("it may be done, or forgotten since nobody went on with it: begin again"))
    }
}

fn sees(actor: &Actor, upload: &Upload) -> bool {
    allowed(actor, Action::WriteFiles, Some(&upload.owner))
}

/// Takes what comes of a piece, until its end, and says whether it is what its checksum says.
async fn receive(
    piece: &mut shelf::Piece,
    upload: &Upload,
    checksum: Option<&Checksum>,
    mut body: BoxStream<'static, std::io::Result<Bytes>>,
    stop: &tokio_util::sync::CancellationToken,
) -> Result<bool> {
    let (mut sha1, mut sha256) = (Sha1::new(), Sha256::new());
    let cut =
        |why: String| Error::new(Code::BadRequest, format!("the piece was cut off: {why}")).fix("ask how many bytes are here (HEAD), and go on from there");
    loop {
        let next = tokio::select! {
            biased;
            () = stop.cancelled() => return Err(cut("somebody else goes on with this upload".to_owned())),
            next = tokio::time::timeout(SILENCE, body.next()) => next,
        };
        let bytes = match next {
            Ok(None) => break,
            Ok(Some(Ok(bytes))) => bytes,
            Ok(Some(Err(error))) => return Err(cut(error.to_string())),
            Err(_) => return Err(Error::new(Code::TimedOut, "nothing more came of the piece").fix("go on from where it ended")),
        };
        if piece.end.saturating_add(bytes.len() as u64) > upload.size_bytes {
            let error = Error::new(Code::TooLarge, format!("the upload has {} bytes, and more have come", upload.size_bytes));
            return Err(error.fix("begin another one with the right size"));
        }
        match checksum {
            Some(Checksum::Sha1(_)) => sha1.update(&bytes),
            Some(Checksum::Sha256(_)) => sha256.update(&bytes),
            None => {}
        }
        piece.write(&bytes).await?;
    }
    Ok(match checksum {
        None => true,
        Some(Checksum::Sha1(said)) => sha1.finalize()[..] == said[..],
        Some(Checksum::Sha256(said)) => sha256.finalize()[..] == said[..],
    })
}

/// The directory of a path, and the name of the file in it.
fn parted(path: &[u8]) -> Result<(&[u8], &[u8])> {
    let wrong = || Error::invalid("an upload goes to a file").fix("name it from the container's root, such as /srv/data.bin");
    let slash = path.iter().rposition(|byte| *byte == b'/').filter(|_| path.starts_with(b"/")).ok_or_else(wrong)?;
    let (directory, name) = (&path[..slash.max(1)], &path[slash + 1..]);
    if name.is_empty() || name == b"." || name == b".." { Err(wrong()) } else { Ok((directory, name)) }
}

fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_directory_and_a_name() {
        let parts = |path: &str| parted(path.as_bytes()).map(|(directory, name)| (shown(directory), shown(name))).ok();
        assert_eq!(parts("/srv/a.bin"), Some(("/srv".to_owned(), "a.bin".to_owned())));
        assert_eq!(parts("/a.bin"), Some(("/".to_owned(), "a.bin".to_owned())));
        for wrong in ["", "/", "a.bin", "srv/a", "/srv/", "/srv/.", "/srv/.."] {
            assert_eq!(parts(wrong), None, "{wrong}");
        }
    }
}
