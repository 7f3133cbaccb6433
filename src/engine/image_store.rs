//! The images that the engine has: listed, named, looked into, removed when nothing uses them.
use super::fault::About;
use super::images::Images;
use super::images::is_reference;
use super::images::split;
use super::labels;
use super::raw;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::EngineReport;
use crate::model::Image;
use crate::model::ImageHistory;
use crate::model::ImageLayer;
use crate::model::ImageRemoval;
use bollard::query_parameters::ListContainersOptionsBuilder;
use bollard::query_parameters::ListImagesOptionsBuilder;
use bollard::query_parameters::RemoveImageOptionsBuilder;
use bollard::query_parameters::TagImageOptionsBuilder;
use jiff::Timestamp;
use std::collections::HashSet;
use std::time::Duration;

impl Images {
    /// Every image with a name, and those that lost theirs, newest first.
    ///
    /// # Errors
    /// `engine_unavailable`.
    pub async fn list(&self) -> Result<Vec<Image>> {
        let open = self.0.link().open().await?;
        let options = ListImagesOptionsBuilder::default().digests(true).build();
        let found = open.docker.list_images(Some(options)).await.map_err(|error| self.0.link().fault(error, &About::Engine))?;
        let named = |name: &String| !name.is_empty() && !name.starts_with("<none>");
        let mut all: Vec<Image> = found
            .into_iter()
            .map(|summary| {
                let tags: Vec<String> = summary.repo_tags.into_iter().filter(named).collect();
                Image {
                    id: summary.id,
                    derived: is_derived(&tags),
                    tags,
                    digests: summary.repo_digests.into_iter().filter(named).collect(),
                    created_at: Timestamp::from_second(summary.created).unwrap_or(Timestamp::UNIX_EPOCH),
                    size_bytes: u64::try_from(summary.size).unwrap_or(0),
                    owner: summary.labels.get(labels::BUILT_BY).filter(|owner| !owner.is_empty()).cloned(),
                }
            })
            .collect();
        all.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.id.cmp(&b.id)));
        Ok(all)
    }

    /// Ids of the images that some container was made from, whether it runs or not.
    ///
    /// # Errors
    /// `engine_unavailable`.
    pub async fn in_use(&self) -> Result<HashSet<String>> {
        let open = self.0.link().open().await?;
        let options = ListContainersOptionsBuilder::default().all(true).build();
        let found = open.docker.list_containers(Some(options)).await.map_err(|error| self.0.link().fault(error, &About::Engine))?;
        Ok(found.into_iter().filter_map(|container| container.image_id).collect())
    }

    /// Gives an image one more name.
    ///
    /// # Errors
    /// `not_found`, `invalid_value`.
    pub async fn tag(&self, reference: &str, name: &str) -> Result<Image> {
        let work = async {
            checked(reference)?;
            let (repo, tag) = split(name);
            let open = self.0.link().open().await?;
            let options = TagImageOptionsBuilder::default().repo(repo).tag(tag).build();
            open.docker.tag_image(reference, Some(options)).await.map_err(|error| self.0.link().fault(error, &About::LocalImage(reference)))?;
            self.get(name).await
        };
        self.0.called(None, format!("docker tag {reference} {name}"), work).await
    }

    /// Takes a name away from an image, and the image itself with its last name; `force` also from one that stopped containers need.
    ///
    /// # Errors
    /// `not_found`; `wrong_state` when a container uses it, or it has more names than the one that is named.
    pub async fn remove(&self, reference: &str, force: bool) -> Result<Vec<ImageRemoval>> {
        let work = async {
            checked(reference)?;
            let open = self.0.link().open().await?;
            let options = RemoveImageOptionsBuilder::default().force(force).build();
            let gone =
                open.docker.remove_image(reference, Some(options), None).await.map_err(|error| self.0.link().fault(error, &About::LocalImage(reference)))?;
            Ok(gone.into_iter().map(|item| ImageRemoval { untagged: item.untagged, deleted: item.deleted }).collect())
        };
        self.0.called(None, format!("docker rmi {}{reference}", if force { "-f " } else { "" }), work).await
    }

    /// Removes one layer that nothing names, and none below it.
    pub(super) async fn remove_layer(&self, id: &str) -> Result<()> {
        let open = self.0.link().open().await?;
        let options = RemoveImageOptionsBuilder::default().noprune(true).build();
        let gone = open.docker.remove_image(id, Some(options), None).await;
        gone.map(drop).map_err(|error| self.0.link().fault(error, &About::LocalImage(id)))
    }

    /// The derived images of our server that no container was made from and that nothing was launched from for `age`.
    ///
    /// # Errors
    /// `engine_unavailable`.
    pub async fn unused_derived(&self, age: Duration) -> Result<Vec<Image>> {
        let in_use = self.in_use().await?;
        let mut unused = self.list().await?;
        unused.retain(|image| image.derived && !in_use.contains(&image.id));
        let mut old = Vec::new();
        for image in unused {
            // Each launch names its derived image anew: that is how the engine remembers the last one.
            let found = self.find(&image.id).await?;
            if self.0.is_of_another(found.as_ref().and_then(|found| found.config.as_ref()?.labels.as_ref())) {
                continue;
            }
            let named = found.and_then(|found| found.metadata?.last_tag_time?.parse::<Timestamp>().ok());
            let last = named.map_or(image.created_at, |named| named.max(image.created_at));
            if Duration::try_from(Timestamp::now().duration_since(last)).is_ok_and(|passed| passed >= age) {
                old.push(image);
            }
        }
        Ok(old)
    }

    /// Takes every name away from an image, and with the last one the image.
    ///
    /// # Errors
    /// `wrong_state` when a container or another image needs it.
    pub async fn remove_whole(&self, image: &Image) -> Result<()> {
        if image.tags.is_empty() {
            return self.remove(&image.id, false).await.map(drop);
        }
        for tag in &image.tags {
            self.remove(tag, false).await?;
        }
        Ok(())
    }

    /// What the engine says of an image, in its own words.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn report(&self, reference: &str) -> Result<EngineReport> {
        checked(reference)?;
        let open = self.0.link().open().await?;
        let text = raw::whole(&open, &format!("/images/{reference}/json")).await.map_err(|error| self.0.link().fault(error, &About::LocalImage(reference)))?;
        let value = serde_json::from_slice(&text).map_err(|error| Error::new(Code::EngineFailed, format!("the engine's answer is not understood: {error}")))?;
        Ok(EngineReport(value))
    }

    /// The layers of an image, the newest first.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn history(&self, reference: &str) -> Result<ImageHistory> {
        checked(reference)?;
        let open = self.0.link().open().await?;
        let found = open.docker.image_history(reference).await.map_err(|error| self.0.link().fault(error, &About::LocalImage(reference)))?;
        let layer = |item: bollard::models::ImageHistoryResponseItem| ImageLayer {
            id: Some(item.id).filter(|id| id != "<missing>"),
            created_at: Timestamp::from_second(item.created).unwrap_or(Timestamp::UNIX_EPOCH),
            created_by: item.created_by,
            size_bytes: u64::try_from(item.size).unwrap_or(0),
            comment: item.comment,
            tags: item.tags,
        };
        Ok(ImageHistory { items: found.into_iter().map(layer).collect() })
    }
}

/// Whether cto keeps an image with these names for a template's packages. A label alone could be forged; with a name of somebody's own it is theirs too.
pub(super) fn is_derived(tags: &[String]) -> bool {
    !tags.is_empty() && tags.iter().all(|tag| tag.starts_with("cto-derived/"))
}

fn checked(reference: &str) -> Result<()> {
    if is_reference(reference) { Ok(()) } else { Err(Error::not_found("image", reference).fix("'cto images' lists the images")) }
}
