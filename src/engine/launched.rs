//! Containers by the launch that made them, so that what a launch could not take away is found again.
use super::Engine;
use super::fault::About;
use super::labels;
use crate::error::Result;
use crate::model::ContainerId;
use bollard::models::ContainerSummary;
use bollard::models::ContainerSummaryStateEnum as State;
use bollard::query_parameters::ListContainersOptionsBuilder;
use jiff::Timestamp;
use std::collections::HashMap;

/// A container that a launch has made.
#[derive(Clone, Debug)]
pub struct Launched {
    /// Its id.
    pub id: ContainerId,
    /// The operation that made it.
    pub launch: String,
    /// It was never started.
    pub only_created: bool,
    /// When it was made, by the engine's clock.
    pub created_at: Timestamp,
}

impl Engine {
    /// The containers that launches of our server have made, running or not.
    ///
    /// # Errors
    /// When the engine can't be reached.
    pub async fn launched(&self) -> Result<Vec<Launched>> {
        let open = self.link().open().await?;
        let filters = HashMap::from([("label", vec![labels::LAUNCH])]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&filters).build();
        let found = open.docker.list_containers(Some(options)).await.map_err(|error| self.link().fault(error, &About::Engine))?;
        let launched = |summary: ContainerSummary| {
            if self.is_of_another(summary.labels.as_ref()) {
                return None;
            }
            Some(Launched {
                id: ContainerId(summary.id?),
                launch: summary.labels?.remove(labels::LAUNCH)?,
                only_created: summary.state == Some(State::CREATED),
                created_at: Timestamp::from_second(summary.created?).ok()?,
            })
        };
        Ok(found.into_iter().filter_map(launched).collect())
    }
}
