//! What launches could not take away again, since the engine had gone: removed when it is back.
use super::Control;
use crate::model::OperationId;
use crate::model::OperationState;
use jiff::SignedDuration;
use jiff::Timestamp;

/// A container that nobody here has launched, and that nobody has started for so long, is what a server has left that was killed.
/// Another server that uses the same engine is done sooner.
const ABANDONED: SignedDuration = SignedDuration::from_hours(1);

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
    }
}
