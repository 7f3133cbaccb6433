//! Who is asked about each launch before policy is: plugins, which change what it is asked for with, or refuse it.
use super::Control;
use super::templates::Source;
use super::templates::masked;
use crate::access::Actor;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::CreateContainer;
use crate::model::Place;
use crate::model::Rendered;
use crate::model::Role;
use futures_util::future::BoxFuture;
use std::collections::BTreeMap;

/// So often what came of changes is shown again to those who may change more; then they don't agree.
const ROUNDS: usize = 4;

/// A launch as it is shown to handlers.
#[derive(Clone, Debug)]
pub struct LaunchAsked {
    /// The template's name.
    pub template: String,
    /// The container's name.
    pub name: String,
    /// Who asks.
    pub owner: String,
    /// Their role.
    pub role: Role,
    /// Values for the template's parameters, and overrides of single fields.
    pub set: BTreeMap<String, String>,
    /// What that becomes, with secrets masked; none before the template is filled in.
    pub spec: Option<serde_json::Value>,
}

/// What handlers make of it.
#[derive(Clone, Debug, Default)]
pub struct LaunchChanges {
    /// There is a handler for this template.
    pub handled: bool,
    /// What is set instead, in the order in which it was.
    pub changes: Vec<LaunchChange>,
}

/// A value that a plugin has set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchChange {
    /// Which plugin.
    pub plugin: String,
    /// What it has set.
    pub name: String,
    /// To what.
    pub value: String,
}

/// Is asked about each launch.
pub type LaunchHandler = Box<dyn Fn(LaunchAsked) -> BoxFuture<'static, Result<LaunchChanges>> + Send + Sync>;

impl Control {
    /// Lets `handler` be asked about each launch from now on. The first one stays.
    pub fn ask_about_launches(&self, handler: LaunchHandler) {
        if self.0.handler.set(handler).is_err() {
            tracing::warn!("somebody is asked about launches already");
        }
    }

    /// Fills a template in as its handlers want it, and asks policy. Each handler has seen what is launched in the end.
    pub(super) async fn fill(&self, actor: &Actor, template: &Source, request: &CreateContainer, name: String) -> Result<Rendered> {
        let Some(handler) = self.0.handler.get() else { return self.fill_in(actor, template, request, name).await };
        let (mut request, mut changed) = (request.clone(), Vec::new());
        let asked = |request: &CreateContainer, spec| LaunchAsked {
            template: template.name.clone(),
            name: name.clone(),
            owner: actor.name.clone(),
            role: actor.role,
            set: request.set.clone(),
            spec,
        };
        let said = handler(asked(&request, None)).await?;
        if !said.handled {
            return self.fill_in(actor, template, &request, name).await;
        }
        take(said, &mut request, &mut changed);
        for _ in 0..ROUNDS {
            let mut rendered = self.fill_in(actor, template, &request, name.clone()).await.map_err(|error| blamed(error, &changed))?;
            let spec =
                serde_json::to_value(masked(rendered.clone(), true).spec).map_err(|error| Error::internal(format!("a spec does not become JSON: {error}")))?;
            let said = handler(asked(&request, Some(spec))).await?;
            if !take(said, &mut request, &mut changed) {
                let told = |change: &LaunchChange| Place {
                    pointer: format!("/set/{}", change.name.replace('~', "~0").replace('/', "~1")),
                    detail: format!("plugin '{}' has set {}", change.plugin, change.name),
                    ..Place::default()
                };
                rendered.warnings.extend(changed.iter().map(told));
                return Ok(rendered);
            }
        }
        let mut names: Vec<&str> = changed.iter().map(|change| change.plugin.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let error = Error::new(Code::WrongState, format!("plugins change this launch again and again: {}", names.join(", ")));
        Err(error.fix("an admin can let one of them do nothing: cto plugin disable NAME"))
    }
}

/// Takes changes in; whether there were any.
fn take(said: LaunchChanges, request: &mut CreateContainer, changed: &mut Vec<LaunchChange>) -> bool {
    let any = !said.changes.is_empty();
    for change in said.changes {
        request.set.insert(change.name.clone(), change.value.clone());
        changed.retain(|known| known.name != change.name);
        changed.push(change);
    }
    any
}

/// What is wrong may be wrong because of what a plugin has set.
fn blamed(mut error: Error, changed: &[LaunchChange]) -> Error {
    if !changed.is_empty() {
        let told: Vec<String> = changed.iter().map(|change| format!("plugin '{}' has set {}", change.plugin, change.name)).collect();
        error.message = format!("{} ({})", error.message, told.join(", "));
    }
    error
}
