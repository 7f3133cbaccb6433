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
use crate::model::PathQuery;
use crate::model::PathStat;
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
        self.parts().engine.stat(&container.id, checked(&query)?).await
    }

    /// What is at a place in a container, as a tar that is read as it is taken. That it was begun is noted, with the path.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_value`.
    pub async fn download_files(&self, actor: &Actor, name: &str, query: PathQuery) -> Result<BoxStream<'static, Result<Bytes>>> {
        let container = self.container(name).await?;
        let path = checked(&query)?;
        self.noted(actor, Action::ReadFiles, &of(&container), path, self.parts().engine.download(&container.id, path)).await
    }

    /// Unpacks a tar into a directory of a container. It is passed on as it comes; one that ends in the middle leaves what has come until then.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_value`, `too_large`; `bad_request` when it is cut off.
    pub async fn upload_files(&self, actor: &Actor, name: &str, query: PathQuery, body: BoxStream<'static, std::io::Result<Bytes>>) -> Result<Uploaded> {
        let container = self.container(name).await?;
        let path = checked(&query)?;
        self.noted(actor, Action::WriteFiles, &of(&container), path, async {
            let arrived = Arrival::default();
            let counting = counted(body, arrived.clone());
            let done = self.parts().engine.upload(&container.id, path, counting).await;
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
fn checked(query: &PathQuery) -> Result<&str> {
    let path = query.path.as_str();
    if path.is_empty() || path.len() > LONGEST || path.contains('\0') {
        return Err(Error::invalid("there is no such path in a container").fix("name it from the container's root, such as /etc/hosts"));
    }
    Ok(path)
}
