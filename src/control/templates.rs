//! Templates, for looking at and filling in.
use super::Control;
use crate::access::Actor;
use crate::error::Result;
use crate::model::CreateContainer;
use crate::model::Rendered;
use crate::model::TemplateEntry;
use crate::model::TemplateList;

#[allow(clippy::unused_async, clippy::missing_errors_doc)]
impl Control {
    /// All templates, and the files that can't be used.
    pub async fn list_templates(&self, actor: &Actor) -> Result<TemplateList> {
        let _ = (actor);
        super::later()
    }
    /// One template.
    pub async fn get_template(&self, actor: &Actor, name: &str) -> Result<TemplateEntry> {
        let _ = (actor, name);
        super::later()
    }
    /// What a template becomes with these values.
    pub async fn render_template(&self, actor: &Actor, request: CreateContainer) -> Result<Rendered> {
        let _ = (actor, request);
        super::later()
    }
}
