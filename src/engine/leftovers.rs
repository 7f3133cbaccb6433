//! What cto has left on the engine for itself: helpers, session holders of other versions; and how much room things take.
use super::Engine;
use super::fault::About;
use super::labels;
use super::volume;
use crate::error::Result;
use crate::model::ContainerId;
use bollard::models::ContainerSummaryStateEnum;
use bollard::query_parameters::InspectContainerOptionsBuilder;
use bollard::query_parameters::ListContainersOptionsBuilder;
use bollard::query_parameters::RemoveContainerOptionsBuilder;
use jiff::Timestamp;
use std::collections::HashMap;

impl Engine {
    /// Bytes of a container's own files, which go with it.
    ///
    /// # Errors
    /// When there is no such container, or the engine fails.
    pub async fn own_bytes(&self, id: &ContainerId) -> Result<u64> {
        let open = self.link().open().await?;
        let options = InspectContainerOptionsBuilder::default().size(true).build();
        let found = open.docker.inspect_container(id.as_str(), Some(options)).await;
        let found = found.map_err(|error| self.link().fault(error, &About::Container(id.as_str())))?;
        Ok(found.size_rw.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0))
    }

    /// Removes a container that does not run, and none of its volumes, also none without a name.
    ///
    /// # Errors
    /// `wrong_state` when it runs.
    pub async fn remove_alone(&self, id: &ContainerId) -> Result<()> {
        let open = self.link().open().await?;
        let options = RemoveContainerOptionsBuilder::default().v(false).force(false).build();
        let egress = self.egress_of(id).await;
        if let Err(error) = open.docker.remove_container(id.as_str(), Some(options)).await {
            return Err(self.named_fault(error, id).await);
        }
        self.drop_egress(egress).await;
        Ok(())
    }

    /// Helpers of our server that were made before this time and do not run: it was killed before it could remove them. Id, name, and since when.
    ///
    /// # Errors
    /// `engine_unavailable`.
    pub async fn lost_helpers(&self, before: Timestamp) -> Result<Vec<(ContainerId, String, Timestamp)>> {
        let open = self.link().open().await?;
        let filters = HashMap::from([("label", vec![labels::HELPER.to_owned()])]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
        let found = open.docker.list_containers(Some(options)).await.map_err(|error| self.link().fault(error, &About::Engine))?;
        let mut lost = Vec::new();
        for helper in found {
            let name = super::containers::plain_name(helper.names.as_ref().and_then(|names| names.first()).map(String::as_str));
            let made = helper.created.and_then(|at| Timestamp::from_second(at).ok());
            if self.is_of_another(helper.labels.as_ref()) {
                continue;
            }
            let runs = helper.state == Some(ContainerSummaryStateEnum::RUNNING);
            if let (Some(id), Some(made), false) = (helper.id, made, runs)
                && made <= before
                && name.starts_with(volume::HELPER_NAME)
            {
                lost.push((ContainerId(id), name, made));
            }
        }
        Ok(lost)
    }

    /// Volumes with session holders of other versions, a day old, that no container has mounted. Name, since when, and bytes.
    ///
    /// # Errors
    /// `engine_unavailable`.
    pub async fn old_holders(&self) -> Result<Vec<(String, Option<Timestamp>, u64)>> {
        let old = self.holders_of_other_versions().await?;
        let used = self.volumes().await?;
        let unused = used.into_iter().filter(|volume| volume.holder && volume.containers.is_empty() && old.contains(&volume.name));
        Ok(unused.map(|volume| (volume.name, volume.created_at, super::HOLDER.len() as u64)).collect())
    }
}
