//! Containers: seen, started, stopped, removed.
use super::Control;
use crate::access::Actor;
use crate::error::Result;
use crate::model::Container;
use crate::model::ListQuery;
use crate::model::Page;
use crate::model::RemoveContainer;
use crate::model::StopContainer;

#[allow(clippy::unused_async, clippy::missing_errors_doc)]
impl Control {
    /// Containers, newest first.
    pub async fn list_containers(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Container>> {
        let _ = (actor, query);
        super::later()
    }
    /// One container.
    pub async fn get_container(&self, actor: &Actor, name: &str) -> Result<Container> {
        let _ = (actor, name);
        super::later()
    }
    /// Starts a container.
    pub async fn start_container(&self, actor: &Actor, name: &str) -> Result<Container> {
        let _ = (actor, name);
        super::later()
    }
    /// Stops a container.
    pub async fn stop_container_now(&self, actor: &Actor, name: &str, request: StopContainer) -> Result<Container> {
        let _ = (actor, name, request);
        super::later()
    }
    /// Stops and starts a container.
    pub async fn restart_container(&self, actor: &Actor, name: &str, request: StopContainer) -> Result<Container> {
        let _ = (actor, name, request);
        super::later()
    }
    /// Removes a container; named volumes stay.
    pub async fn delete_container(&self, actor: &Actor, name: &str, request: RemoveContainer) -> Result<()> {
        let _ = (actor, name, request);
        super::later()
    }
}
