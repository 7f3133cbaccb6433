//! Launches: from a template to a running container.
use super::Control;
use crate::access::Actor;
use crate::error::Result;
use crate::model::CreateContainer;
use crate::model::Operation;

#[allow(clippy::unused_async, clippy::missing_errors_doc)]
impl Control {
    /// Launches a container from a template, as an operation. A repeated `idempotency_key` answers with the first one's operation.
    pub async fn create_container_from(&self, actor: &Actor, request: CreateContainer, idempotency_key: Option<&str>) -> Result<Operation> {
        let _ = (actor, request, idempotency_key);
        super::later()
    }
}
