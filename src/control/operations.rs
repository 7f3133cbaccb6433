//! Operations: long work with progress, result and cancel.
use super::Control;
use crate::access::Actor;
use crate::error::Result;
use crate::model::ListQuery;
use crate::model::Operation;
use crate::model::Page;
use std::time::Duration;

#[allow(clippy::unused_async, clippy::missing_errors_doc)]
impl Control {
    /// Operations, newest first.
    pub async fn list_operations(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Operation>> {
        let _ = (actor, query);
        super::later()
    }
    /// One operation.
    pub async fn get_operation(&self, actor: &Actor, id: &str) -> Result<Operation> {
        let _ = (actor, id);
        super::later()
    }
    /// Cancels an operation and waits until it has cleaned up, 10 seconds at most.
    pub async fn cancel_operation(&self, actor: &Actor, id: &str) -> Result<Operation> {
        let _ = (actor, id);
        super::later()
    }
    /// The operation when it has ended, or as it is after `within`.
    pub async fn wait_operation(&self, actor: &Actor, id: &str, within: Duration) -> Result<Operation> {
        let _ = (actor, id, within);
        super::later()
    }
}
