//! Images: found, pulled, or built with a template's packages.
use super::Engine;
use super::credentials;
use super::derived;
use super::fault::About;
use super::labels;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Image;
use crate::model::ImageSource;
use crate::model::Progress;
use crate::model::ProgressUnit;
use bollard::models::CreateImageInfo;
use bollard::models::ImageInspect;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::StreamExt;
use std::collections::HashMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Most time without any news from a registry.
const SILENCE: Duration = Duration::from_secs(90);

/// What is told of the progress.
pub(super) type Tell<'a> = &'a mut (dyn FnMut(Progress) + Send);

/// The engine's images.
#[derive(Clone, Debug)]
pub struct Images(pub(super) Engine);

impl Images {
    /// The id of the image of `source`: pulled when absent; with packages, an image made from it, which is kept by its content and
    /// found again the next time.
    ///
    /// # Errors
    /// `image_unavailable`, `package_not_found`, `no_package_manager`, `build_failed`; `cancelled` after `cancel`, with nothing left
    /// behind but complete layers.
    pub async fn ensure(&self, source: &ImageSource, progress: &mut (dyn FnMut(Progress) + Send), cancel: CancellationToken) -> Result<String> {
        let packages = derived::checked(&source.packages)?;
        let work = async {
            let base = match self.find(&source.reference).await? {
                Some(found) => found,
                None => self.pull(&source.reference, progress).await?,
            };
            if packages.is_empty() { Ok(base.id.unwrap_or_default()) } else { self.derive(&source.reference, &base, &packages, progress).await }
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(Error::new(Code::Cancelled, format!("getting image '{}' was cancelled", source.reference))),
            result = work => result,
        }
    }

    /// Whether the engine has the image.
    ///
    /// # Errors
    /// `engine_unavailable`, `invalid_value` when it is no image reference.
    pub async fn has(&self, reference: &str) -> Result<bool> {
        Ok(self.find(reference).await?.is_some())
    }

    /// An image that the engine has, by reference or id.
    ///
    /// # Errors
    /// `not_found`, `invalid_value` when it is no image reference, `engine_unavailable`.
    pub async fn get(&self, reference: &str) -> Result<Image> {
        let found = self.find(reference).await?;
        found.map(image).ok_or_else(|| Error::not_found("image", reference).fix("'cto images' lists the images"))
    }

    /// Brings an image from its registry, also where the engine has one of that name: the registry's may be newer.
    ///
    /// # Errors
    /// `image_unavailable`; `invalid_value` when it is no image reference.
    pub async fn bring(&self, reference: &str, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<Image> {
        if !is_reference(reference) {
            return Err(Error::invalid(format!("'{reference}' is no image reference")).fix("write it as 'docker pull' takes it, such as debian:bookworm-slim"));
        }
        self.pull(reference, progress).await.map(image)
    }

    /// An image that the engine has.
    pub(super) async fn find(&self, reference: &str) -> Result<Option<ImageInspect>> {
        if !is_reference(reference) {
            return Err(Error::invalid(format!("'{reference}' is no image reference")).fix("write it as 'docker pull' takes it, such as debian:bookworm-slim"));
        }
        let open = self.0.link().open().await?;
        match open.docker.inspect_image(reference).await {
            Ok(found) => Ok(Some(found)),
            Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => Ok(None),
            Err(error) => Err(self.0.link().fault(error, &About::Image(reference))),
        }
    }

    pub(super) async fn pull(&self, reference: &str, progress: Tell<'_>) -> Result<ImageInspect> {
        let work = async {
            let open = self.0.link().open().await?;
            // Without a tag the engine would pull every tag there is.
            let (name, tag) = split(reference);
            let options = CreateImageOptionsBuilder::default().from_image(name).tag(tag).build();
            let phase = format!("pulling {reference}");
            progress(Progress { phase: phase.clone(), unit: ProgressUnit::Bytes, ..Progress::default() });
            let docker = credentials::attach(open.docker.clone(), reference).await;
            let mut news = Box::pin(docker.create_image(Some(options), None, None));
            let mut layers = Layers::default();
            loop {
                let next = tokio::time::timeout(SILENCE, news.next()).await;
                match next {
                    Ok(Some(Ok(info))) => {
                        if let Some(line) = layers.take(&info) {
                            let (done, total) = layers.sum();
                            progress(Progress { phase: phase.clone(), line: Some(line), done, total, unit: ProgressUnit::Bytes });
                        }
                    }
                    Ok(Some(Err(error))) => return Err(self.0.link().fault(error, &About::Image(reference))),
                    Ok(None) => break,
                    Err(_) => {
                        let error = Error::new(
                            Code::ImageUnavailable,
                            format!("image '{reference}' can't be pulled: the registry said nothing for {} s", SILENCE.as_secs()),
                        );
                        return Err(error.fix("check the network, or use an image that the engine has: 'docker images'"));
                    }
                }
            }
            self.find(reference).await?.ok_or_else(|| Error::new(Code::ImageUnavailable, format!("image '{reference}' was pulled but is not there")))
        };
        self.0.called(None, format!("docker pull {reference}"), work).await
    }
}

/// The engine's report in our words.
pub(super) fn image(found: ImageInspect) -> Image {
    let labels = found.config.and_then(|config| config.labels).unwrap_or_default();
    let tags = found.repo_tags.unwrap_or_default();
    Image {
        id: found.id.unwrap_or_default(),
        derived: super::image_store::is_derived(&tags),
        tags,
        digests: found.repo_digests.unwrap_or_default(),
        created_at: found.created.and_then(|at| at.parse().ok()).unwrap_or(jiff::Timestamp::UNIX_EPOCH),
        size_bytes: found.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
        owner: labels.get(labels::BUILT_BY).filter(|owner| !owner.is_empty()).cloned(),
    }
}

/// Whether text can be an image reference or id; keeps what people type out of the paths of requests.
pub(super) fn is_reference(text: &str) -> bool {
    let fine = text.split('/').all(|part| !part.is_empty() && part.starts_with(|c: char| c.is_ascii_alphanumeric()));
    fine && text.len() <= 512 && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:@".contains(c))
}

/// A reference's name, and its tag or digest; `latest` where it has none.
pub(super) fn split(reference: &str) -> (&str, &str) {
    if let Some((name, digest)) = reference.split_once('@') {
        return (name, digest);
    }
    // A colon before the last slash is a registry's port.
    match reference.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (reference, "latest"),
    }
}

/// The layers of a pull: bytes done and bytes in all of each.
#[derive(Debug, Default)]
struct Layers(HashMap<String, (u64, u64)>);

impl Layers {
    /// Takes note of one piece of news; its text for people.
    fn take(&mut self, info: &CreateImageInfo) -> Option<String> {
        let status = info.status.clone()?;
        let id = info.id.clone().unwrap_or_default();
        let detail = info.progress_detail.as_ref();
        let number = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok()).unwrap_or(0);
        if status == "Downloading" {
            let (current, total) = (number(detail.and_then(|detail| detail.current)), number(detail.and_then(|detail| detail.total)));
            self.0.insert(id.clone(), (current, total.max(current)));
        } else if ["Download complete", "Verifying", "Extracting", "Pull complete"].iter().any(|known| status.starts_with(known))
            && let Some((done, total)) = self.0.get_mut(&id)
        {
            *done = *total;
        }
        Some(if id.is_empty() { status } else { format!("{id}: {status}") })
    }

    fn sum(&self) -> (u64, u64) {
        self.0.values().fold((0, 0), |(done, total), layer| (done + layer.0, total + layer.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_split_as_docker_splits_them() {
        assert_eq!(split("debian"), ("debian", "latest"));
        assert_eq!(split("127.0.0.1:5000/a/b"), ("127.0.0.1:5000/a/b", "latest"));
        assert_eq!(split("127.0.0.1:5000/a/b:1"), ("127.0.0.1:5000/a/b", "1"));
        assert_eq!(split("a@sha256:00"), ("a", "sha256:00"));
        assert!(is_reference("127.0.0.1:5000/a/b:1") && is_reference("a@sha256:00"));
        assert!(!is_reference("../x") && !is_reference("a b") && !is_reference("") && !is_reference("a/../b"));
    }

    #[test]
    fn a_pull_counts_the_bytes_of_all_layers() {
        let mut layers = Layers::default();
        let mut take = |text: &str| {
            layers.take(&serde_json::from_str(text).expect("valid"));
            layers.sum()
        };
        assert_eq!(take(r#"{"id":"a","status":"Downloading","progressDetail":{"current":5,"total":10}}"#), (5, 10));
        assert_eq!(take(r#"{"id":"b","status":"Downloading","progressDetail":{"current":1,"total":20}}"#), (6, 30));
        assert_eq!(take(r#"{"id":"a","status":"Pull complete","progressDetail":{}}"#), (11, 30));
    }
}
