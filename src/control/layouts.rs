//! Layouts: named pieces of a client's state, each its user's own.
use super::Control;
use crate::access::Actor;
use crate::error::Result;
use crate::model::Layout;
use crate::model::Page;
use crate::model::SaveLayout;

#[allow(clippy::unused_async, clippy::missing_errors_doc)]
impl Control {
    /// The caller's layouts.
    pub async fn list_layouts(&self, actor: &Actor) -> Result<Page<Layout>> {
        let _ = (actor);
        super::later()
    }
    /// One layout of the caller.
    pub async fn get_layout(&self, actor: &Actor, name: &str) -> Result<Layout> {
        let _ = (actor, name);
        super::later()
    }
    /// Saves a layout of the caller.
    pub async fn put_layout(&self, actor: &Actor, name: &str, request: SaveLayout) -> Result<Layout> {
        let _ = (actor, name, request);
        super::later()
    }
}
