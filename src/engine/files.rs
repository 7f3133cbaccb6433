//! Files of containers, in and out as archives, whatever their size.
use super::Engine;
use super::calls;
use super::fault::About;
use super::raw;
use crate::error::Result;
use crate::model::ContainerId;
use crate::model::PathKind;
use crate::model::PathStat;
use bollard::Docker;
use bollard::query_parameters::ContainerArchiveInfoOptions;
use bollard::query_parameters::UploadToContainerOptionsBuilder;
use bytes::Bytes;
use futures_util::Stream;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use percent_encoding::AsciiSet;
use percent_encoding::NON_ALPHANUMERIC;
use percent_encoding::PercentEncode;
use percent_encoding::percent_encode;
use std::time::Duration;

/// How long bringing files in may take: until it is over the engine does not answer.
const UPLOAD: Duration = Duration::from_secs(24 * 3600);
/// How the engine marks kinds in a mode.
const KINDS: [(u32, PathKind); 6] = [
    (1 << 31, PathKind::Directory),
    (1 << 27, PathKind::Link),
    (1 << 26, PathKind::Other),
    (1 << 25, PathKind::Other),
    (1 << 24, PathKind::Other),
    (1 << 21, PathKind::Other),
];

impl Engine {
    /// What is at `path`; a link is not followed.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn stat(&self, id: &ContainerId, path: &[u8]) -> Result<PathStat> {
        let open = self.link().open().await?;
        let options = ContainerArchiveInfoOptions { path: PLACE.to_owned() };
        let found = at(open.docker, path).get_container_archive_info(id.as_str(), Some(options)).await;
        let found = found.map_err(|error| self.link().fault(error, &About::Path(&shown(path))))?;
        let mode = found.file_mode;
        Ok(PathStat {
            name: found.name,
            kind: KINDS.iter().find(|(bit, _)| mode & bit != 0).map_or(PathKind::File, |(_, kind)| *kind),
            size_bytes: u64::try_from(found.size).unwrap_or(0),
            mode: mode & 0o777,
            modified_at: found.modification_time.and_then(|at| at.parse().ok()),
            target: Some(found.link_target).filter(|target| !target.is_empty()),
        })
    }

    /// What is at `path` as a tar. It is read as it is taken.
    ///
    /// # Errors
    /// `not_found`; what goes wrong later comes through the stream.
    pub async fn download(&self, id: &ContainerId, path: &[u8]) -> Result<BoxStream<'static, Result<Bytes>>> {
        let work = async {
            let open = self.link().open().await?;
            let (engine, asked) = (self.clone(), shown(path));
            let pieces = raw::get(&open, id.as_str(), &format!("archive?path={}", encoded(path)));
            let mut pieces = pieces.map(move |piece| piece.map_err(|error| engine.link().fault(error, &About::Path(&asked)))).boxed();
            // The first piece is waited for, since with it comes whether there is anything.
            let first = pieces.next().await.transpose()?;
            Ok(futures_util::stream::iter(first.map(Ok)).chain(pieces).boxed())
        };
        self.called(Some(id), format!("docker cp {}:{} -", calls::short(id), shown(path)), work).await
    }

    /// Unpacks a tar into the directory `path`. It is sent as it comes; one that ends in the middle leaves what has come until then.
    ///
    /// # Errors
    /// `not_found`, `invalid_value` when it is no archive, or the place can't be written.
    pub async fn upload(&self, id: &ContainerId, path: &[u8], body: impl Stream<Item = std::io::Result<Bytes>> + Send + 'static) -> Result<()> {
        let work = async {
            let open = self.link().open().await?;
            let options = UploadToContainerOptionsBuilder::default().path(PLACE).no_overwrite_dir_non_dir("true").build();
            let docker = at(open.docker, path).with_timeout(UPLOAD);
            let done = docker.upload_to_container(id.as_str(), Some(options), bollard::body_try_stream(body)).await;
            done.map_err(|error| self.link().fault(error, &About::Path(&shown(path))))
        };
        self.called(Some(id), format!("docker cp - {}:{}", calls::short(id), shown(path)), work).await
    }
}

/// What stands for a path until the request is sent: bollard takes text only, and paths are bytes.
const PLACE: &str = "-";

/// The same engine, with this path in its requests.
fn at(docker: Docker, path: &[u8]) -> Docker {
    let path = encoded(path).to_string();
    docker.with_request_modifier(move |mut request| {
        let uri = request.uri().to_string();
        let other = uri.replacen(&format!("path={PLACE}"), &format!("path={path}"), 1);
        if let Ok(other) = other.parse() {
            *request.uri_mut() = other;
        }
        request
    })
}

/// All that is reserved in a query, without what parts a path.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Bytes as they are written in a query.
fn encoded(bytes: &[u8]) -> PercentEncode<'_> {
    percent_encode(bytes, RESERVED)
}

/// A path for messages.
fn shown(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}
