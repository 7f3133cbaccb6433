//! What launches could not take away again, since the engine had gone: removed when it is back.
use super::Control;
use crate::engine::UnusedWay;
use crate::error::Result;
use crate::model::OperationId;
use crate::model::OperationState;
use jiff::SignedDuration;
use jiff::Timestamp;

/// A container that nobody here has launched, and that nobody has started for so long, is what a server has left that was killed.
/// Another server that uses the same engine is done sooner.
const ABANDONED: SignedDuration = SignedDuration::from_hours(1);

/// The same for a gateway without a container: a container follows at once.
const UNUSED: SignedDuration = SignedDuration::from_mins(10);

impl Control {
    /// Removes what failed launches have left: when the engine is back, and now and then.
    pub async fn clear_leftovers(&self) {
        let launched = match self.parts().engine.launched().await {
            Ok(launched) => launched,
            Err(error) => return tracing::debug!(%error, "leftovers of launches can't be looked for"),
        };
        let now = Timestamp::now();
        for container in launched {
            let left = match self.operations().state(&OperationId::from(container.launch.as_str())) {
                Some(OperationState::Failed | OperationState::Cancelled) => true,
                Some(OperationState::Running | OperationState::Succeeded) => false,
                None => container.only_created && now.duration_since(container.created_at) > ABANDONED,
            };
            // By its label alone it could be one that was made from an image of such a container.
            if left && self.parts().engine.inspect(container.id.as_str()).await.is_ok_and(|found| !found.foreign) {
                match self.take_away(&container.id).await {
                    Ok(()) => tracing::info!(container = %container.id, launch = container.launch, "removed: its launch had failed"),
                    Err(error) => tracing::warn!(%error, container = %container.id, "what a failed launch made can't be removed"),
                }
            }
        }
        self.clear_ways(now).await;
    }

    /// Removes gateways whose container is gone.
    async fn clear_ways(&self, now: Timestamp) {
        let ways = match self.left_ways(now).await {
            Ok(ways) => ways,
            Err(error) => return tracing::debug!(%error, "gateways that nothing uses can't be looked for"),
        };
        for way in ways {
            match self.parts().engine.remove_egress(&way.name).await {
                Ok(()) => tracing::info!(name = way.name, "removed: the gateway of a container that is gone"),
                Err(error) => tracing::warn!(%error, name = way.name, "the gateway of a container that is gone can't be removed"),
            }
        }
    }

    /// Gateways whose container is gone, and will not come.
    pub(super) async fn left_ways(&self, now: Timestamp) -> Result<Vec<UnusedWay>> {
        let engine = &self.parts().engine;
        let is_left = |way: &UnusedWay| match way.launch.as_deref().and_then(|launch| self.operations().state(&OperationId::from(launch))) {
            Some(OperationState::Running) => false,
            Some(_) => true,
            None => way.created_at.is_none_or(|at| now.duration_since(at) > UNUSED),
        };
        let mut left: Vec<UnusedWay> = engine.unused_ways().await?.into_iter().filter(is_left).collect();
        if !left.is_empty() {
            // A launch that has ended since the first look may have put its container there meanwhile.
            let still = engine.unused_ways().await?;
            left.retain(|way| still.iter().any(|other| other.name == way.name));
        }
        Ok(left)
    }
}
