//! Files of containers: looked at, copied out, copied in.
use super::Control;
use super::containers::of;
use crate::access::Actor;
use crate::access::allowed;
use crate::access::refusal;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Code;
use crate::model::Directory;
use crate::model::MovePath;
use crate::model::PathQuery;
use crate::model::PathStat;
use crate::model::RemovedPaths;
use crate::model::SessionKind;
use crate::model::Uploaded;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use sha2::Digest as _;
use sha2::Sha256;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

/// Most bytes of an archive that comes in.
const MOST: u64 = 256 << 30;
/// How long the next piece of an archive that comes in is waited for.
pub(super) const SILENCE: Duration = Duration::from_secs(60);
/// The longest path that Linux takes.
const LONGEST: usize = 4096;

/// What has come in so far.
#[derive(Clone, Default)]
pub(super) struct Arrival(Arc<Mutex<Arrived>>);

impl Arrival {
    /// Why no more has come, if so.
    pub fn fault(&self) -> Option<Error> {
        self.0.lock().expect("no panics while held").fault.take()
    }
}

#[derive(Default)]
struct Arrived {
    bytes: u64,
    hash: Sha256,
    /// Why it goes no further.
    fault: Option<Error>,
}

impl Control {
    /// What is at a place in a container.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_value`.
    pub async fn stat_path(&self, actor: &Actor, name: &str, query: PathQuery) -> Result<PathStat> {
        let container = self.container(name).await?;
        let target = of(&container);
        if !allowed(actor, Action::ReadFiles, target.owner.as_deref()) {
            return Err(refusal(actor, Action::ReadFiles, &container.name));
        }
        let path = checked(query.bytes())?;
        self.parts().engine.stat(&container.id, &path).await
    }

    /// What is at a place in a container, as a tar that is read as it is taken. That it was begun is noted, with the path.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_value`.
    pub async fn download_files(&self, actor: &Actor, name: &str, query: PathQuery) -> Result<BoxStream<'static, Result<Bytes>>> {
        let container = self.container(name).await?;
        let path = checked(query.bytes())?;
        self.noted(actor, Action::ReadFiles, &of(&container), shown(&path), self.parts().engine.download(&container.id, &path)).await
    }

    /// Unpacks a tar into a directory of a container. It is passed on as it comes; one that ends in the middle leaves what has come until then.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_value`, `too_large`; `bad_request` when it is cut off.
    pub async fn upload_files(&self, actor: &Actor, name: &str, query: PathQuery, body: BoxStream<'static, std::io::Result<Bytes>>) -> Result<Uploaded> {
        let container = self.container(name).await?;
        let path = checked(query.bytes())?;
        self.noted(actor, Action::WriteFiles, &of(&container), shown(&path), async {
            let arrived = Arrival::default();
            let counting = counted(body, arrived.clone());
            let done = self.parts().engine.upload(&container.id, &path, counting).await;
            if let Some(fault) = arrived.fault() {
                return Err(fault);
            }
            done?;
            let mut arrived = arrived.0.lock().expect("no panics while held");
            let sha256 = std::mem::take(&mut arrived.hash).finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            Ok(Uploaded { bytes: arrived.bytes, sha256 })
        })
        .await
    }

    /// What is in a directory of a container.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_value` where it is none, `wrong_state` where it can't be read.
    pub async fn list_directory(&self, actor: &Actor, name: &str, query: PathQuery) -> Result<Directory> {
        let container = self.container(name).await?;
        let target = of(&container);
        if !allowed(actor, Action::ReadFiles, target.owner.as_deref()) {
            return Err(refusal(actor, Action::ReadFiles, &container.name));
        }
        self.parts().engine.list_directory(&container.id, &checked(query.bytes())?).await
    }

    /// Makes a directory in a container.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `name_in_use`, `wrong_state` where it can't be made.
    pub async fn make_directory(&self, actor: &Actor, name: &str, request: PathQuery) -> Result<()> {
        let container = self.container(name).await?;
        let path = checked(request.bytes())?;
        let work = self.parts().engine.make_directory(&container.id, &path);
        self.noted(actor, Action::WriteFiles, &of(&container), format!("make {}", shown(&path)), work).await
    }

    /// Gives something in a container another name.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `name_in_use`, `wrong_state` where it can't be moved or the container does not run.
    pub async fn move_file(&self, actor: &Actor, name: &str, request: MovePath) -> Result<()> {
        let container = self.container(name).await?;
        let (from, to) = request.bytes().unzip();
        let (from, to) = (checked(from)?, checked(to)?);
        let work = self.parts().engine.move_file(&container.id, &container.name, &from, &to);
        self.noted(actor, Action::WriteFiles, &of(&container), format!("move {} to {}", shown(&from), shown(&to)), work).await
    }

    /// Removes something from a container, with all that is in it; what is mounted there stays.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `wrong_state` where it can't be removed or the container does not run.
    pub async fn remove_files(&self, actor: &Actor, name: &str, query: PathQuery) -> Result<RemovedPaths> {
        let container = self.container(name).await?;
        let path = checked(query.bytes())?;
        let work = self.parts().engine.remove_files(&container.id, &container.name, &path);
        let count = self.noted(actor, Action::WriteFiles, &of(&container), format!("remove {}", shown(&path)), work).await?;
        Ok(RemovedPaths { count })
    }

    /// Where the program works that has a session's terminal now.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `wrong_state` when the container does not run.
    pub async fn session_directory(&self, actor: &Actor, id: &str) -> Result<PathQuery> {
        let session = self.session(actor, id)?.facts();
        let container = self.container(session.container.as_str()).await?;
        let target = of(&container);
        if !allowed(actor, Action::ReadFiles, target.owner.as_deref()) {
            return Err(refusal(actor, Action::ReadFiles, &container.name));
        }
        let own = if session.kind == SessionKind::Main { "" } else { session.id.as_str() };
        let path = self.parts().engine.working_directory(&container.id, &container.name, own).await?;
        Ok(PathQuery::new(&path))
    }
}

/// The same stream, counted and bounded in size and in silence.
pub(super) fn counted(body: BoxStream<'static, std::io::Result<Bytes>>, arrived: Arrival) -> BoxStream<'static, std::io::Result<Bytes>> {
    let next = move |mut body: BoxStream<'static, std::io::Result<Bytes>>| {
        let arrived = arrived.clone();
        async move {
            let piece = tokio::time::timeout(SILENCE, body.next()).await;
            let mut arrived = arrived.0.lock().expect("no panics while held");
            let fault = match piece {
                Ok(None) => return None,
                Ok(Some(Ok(piece))) => {
                    arrived.bytes = arrived.bytes.saturating_add(piece.len() as u64);
                    arrived.hash.update(&piece);
                    if arrived.bytes <= MOST {
                        return Some((Ok(piece), body));
                    }
                    Error::new(Code::TooLarge, format!("the archive has more than {MOST} bytes"))
                }
                Ok(Some(Err(error))) => Error::new(Code::BadRequest, format!("the archive was cut off after {} bytes: {error}", arrived.bytes)).fix(CUT),
                Err(_) => Error::new(Code::TimedOut, format!("nothing more came of the archive after {} bytes", arrived.bytes)).fix(CUT),
            };
            let told = std::io::Error::other(fault.message.clone());
            arrived.fault = Some(fault);
            Some((Err(told), body))
        }
    };
    futures_util::stream::unfold(body, next).boxed()
}

/// What to do after a cut.
const CUT: &str = "what came before is in the container; send it again as a whole";

/// The path, if it can be one.
pub(super) fn checked(path: Option<Vec<u8>>) -> Result<Vec<u8>> {
    let sound = path.filter(|path| !path.is_empty() && path.len() <= LONGEST && !path.contains(&0));
    sound.ok_or_else(|| Error::invalid("there is no such path in a container").fix("name it from the container's root, such as /etc/hosts"))
}

/// A path for the audit.
fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}
