//! Stacks: listed, planned, brought up, taken down.
mod bring;
mod down;
mod prepare;

use super::Control;
use super::guard::Target;
use super::operations::Plan;
use super::paging::Key;
use super::paging::Wanted;
use crate::access::Actor;
use crate::config::Stacks;
use crate::config::project_of;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Code;
use crate::model::Container;
use crate::model::DownStack;
use crate::model::DryRun;
use crate::model::DryStep;
use crate::model::DryVerb;
use crate::model::Operation;
use crate::model::Orders;
use crate::model::Stack;
use crate::model::StackAction;
use crate::model::StackChange;
use crate::model::StackList;
use crate::model::StackPlan;
use crate::model::UpStack;
use crate::model::WholeQuery;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;

/// Stacks that are being brought up or taken down: nobody else may change them meanwhile.
#[derive(Clone, Default)]
pub(super) struct Busy(Arc<Mutex<BTreeSet<String>>>);

/// Held while a stack is changed.
struct Hold {
    name: String,
    busy: Busy,
}

impl Busy {
    /// Whether no stack is being changed.
    pub fn is_idle(&self) -> bool {
        self.0.lock().expect("no panics while held").is_empty()
    }

    fn hold(&self, name: &str) -> Result<Hold> {
        let fresh = self.0.lock().expect("no panics while held").insert(name.to_owned());
        let taken = || Error::new(Code::WrongState, format!("stack '{name}' is being changed")).fix("wait until that is done: 'cto stack ls'");
        if fresh { Ok(Hold { name: name.to_owned(), busy: self.clone() }) } else { Err(taken()) }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.busy.0.lock().expect("no panics while held").remove(&self.name);
    }
}

impl Control {
    /// The stacks at the engine, and those that are saved.
    ///
    /// # Errors
    /// `forbidden`, `engine_unavailable`.
    pub async fn list_stacks(&self, actor: &Actor, query: &WholeQuery) -> Result<StackList> {
        Self::may(actor, Action::ReadContainers)?;
        let wanted = Wanted::whole(query, Orders::STACKS)?;
        let mut items = self.stacks_now().await?;
        items.retain(|stack| wanted.finds(&[&stack.name, stack.owner.as_deref().unwrap_or_default()]));
        let key = |stack: &Stack, by: &str| if by == "owner" { Key::of(&stack.owner) } else { Key::Nothing };
        let items = wanted.page(items, key, |stack| stack.name.clone()).items;
        let (mut saved, complaints) = self.saved_stacks(None).await?.list();
        saved.retain(|stack| wanted.finds(&[&stack.name]));
        Ok(StackList { items, saved, complaints })
    }

    /// One stack.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn get_stack(&self, actor: &Actor, name: &str) -> Result<Stack> {
        Self::may(actor, Action::ReadContainers)?;
        self.stack_now(name).await
    }

    /// What bringing a stack up would do.
    ///
    /// # Errors
    /// `not_found`, `invalid_document`, `policy_refused`, `name_in_use`.
    pub async fn plan_stack(&self, actor: &Actor, request: UpStack) -> Result<StackPlan> {
        Self::may(actor, Action::ReadTemplates)?;
        let prepared = self.prepare(actor, &request).await?;
        self.plan(&prepared, &request).await
    }

    /// What bringing a stack up would do, as steps.
    ///
    /// # Errors
    /// As [`Control::up_stack`].
    pub async fn try_up_stack(&self, actor: &Actor, request: UpStack) -> Result<DryRun> {
        let prepared = self.prepare(actor, &request).await?;
        let target = format!("stack {}", prepared.name);
        Self::would(actor, Action::CreateContainers, &Target::free(&target))?;
        if let Some(owner) = &prepared.now.owner {
            Self::would(actor, Action::ControlContainers, &Target::owned(&target, Some(owner)))?;
        }
        let plan = self.plan(&prepared, &request).await?;
        let made = |kind: &'static str| move |name: String| DryStep::new(DryVerb::Make, kind, name);
        let container = |change: StackChange| {
            let does: &[DryVerb] = match change.action {
                StackAction::Keep | StackAction::Orphan => &[DryVerb::Keep],
                StackAction::Start => &[DryVerb::Start],
                StackAction::Create => &[DryVerb::Make, DryVerb::Start],
                StackAction::Recreate => &[DryVerb::Remove, DryVerb::Make, DryVerb::Start],
                StackAction::Remove => &[DryVerb::Remove],
            };
            let step = move |does: &DryVerb| DryStep { detail: change.why.clone(), ..DryStep::new(*does, "container", &change.container) };
            does.iter().map(step).collect::<Vec<_>>()
        };
        let steps = plan.networks.into_iter().map(made("network")).chain(plan.volumes.into_iter().map(made("volume")));
        Ok(DryRun { steps: steps.chain(plan.changes.into_iter().flat_map(container)).collect(), ..DryRun::default() })
    }

    /// What taking a stack down would remove.
    ///
    /// # Errors
    /// As [`Control::down_stack`].
    pub async fn try_down_stack(&self, actor: &Actor, name: &str, request: DownStack) -> Result<DryRun> {
        let stack = self.stack_now(name).await?;
        Self::would(actor, Action::RemoveContainers, &Target::owned(format!("stack {name}"), stack.owner.as_deref()))?;
        self.may_go_down(&stack, &request).await?;
        let gone = |kind: &'static str| move |name: &String| DryStep::new(DryVerb::Remove, kind, name);
        let volumes = if request.volumes { &stack.volumes } else { &request.volume };
        let containers = stack.containers.iter().map(|container| DryStep::new(DryVerb::Remove, "container", &container.name));
        let kept = stack.volumes.iter().filter(|volume| !volumes.contains(volume)).map(|volume| DryStep::new(DryVerb::Keep, "volume", volume));
        let steps = containers.chain(stack.networks.iter().map(gone("network"))).chain(volumes.iter().map(gone("volume"))).chain(kept);
        Ok(DryRun { steps: steps.collect(), ..DryRun::default() })
    }

    /// Refuses to take down what is not the stack's, and programs that would lose what they hold.
    async fn may_go_down(&self, stack: &Stack, request: &DownStack) -> Result<()> {
        if let Some(other) = request.volume.iter().find(|volume| !stack.volumes.contains(volume)) {
            let own = if stack.volumes.is_empty() { "it has none".to_owned() } else { format!("it has {}", stack.volumes.join(", ")) };
            return Err(Error::not_found("volume", other).fix(format!("name volumes of the stack's own: {own}")));
        }
        if request.force { Ok(()) } else { self.nothing_unsaved(&stack.containers, &format!("cto stack down -f {}", stack.name)).await }
    }

    /// Brings a stack up, as an operation. What is as its file says stays untouched. When a step fails, what was made is removed and what was
    /// replaced is put back.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_document`, `policy_refused`, `wrong_state` while it is being changed; what goes wrong later is
    /// the operation's problem.
    pub async fn up_stack(&self, actor: &Actor, request: UpStack, key: Option<&str>) -> Result<Operation> {
        let asked = request.name.as_deref().or(request.stack.as_deref()).or(request.inline.as_ref().map(|inline| inline.source.as_str())).unwrap_or_default();
        self.admit(actor, Action::CreateContainers, asked).await?;
        let prepared = self.prepare(actor, &request).await;
        let name = prepared.as_ref().map_or_else(|_| asked.to_owned(), |prepared| prepared.name.clone());
        let owner = prepared.as_ref().ok().and_then(|prepared| prepared.now.owner.clone());
        let target = match &owner {
            Some(owner) => Target::owned(format!("stack {name}"), Some(owner)),
            None => Target::free(format!("stack {name}")),
        };
        // What others brought up is not somebody's to change who may only make new things.
        if owner.is_some() {
            self.demand(actor, Action::ControlContainers, &target).await?;
        }
        let held = prepared.and_then(|prepared| Ok((self.0.stacks.hold(&name)?, prepared)));
        let (permit, held) = match held {
            Ok(held) => (Ok(()), Some(held)),
            Err(error) => (Err(error), None),
        };
        let detail = held.as_ref().map(|(_, prepared)| prepared.instances.iter().map(|one| one.rendered.spec.name.clone()).collect::<Vec<_>>().join(", "));
        let plan = Plan { action: Action::CreateContainers, target: Target { owner: None, ..target }, detail, title: format!("stack up {name}") };
        let (control, options) = (self.clone(), request.clone());
        self.operate(actor, key, &request, plan, permit, move |task| async move {
            let Some((hold, prepared)) = held else { return Err(Error::internal("a stack is brought up that was not prepared")) };
            let result = control.bring_up(&task, prepared, &options).await;
            drop(hold);
            result
        })
        .await
    }

    /// Takes a stack down, as an operation: containers and networks go; volumes only where they are named or all are asked for.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `wrong_state` when programs in it would lose what they hold and `force` is not given.
    pub async fn down_stack(&self, actor: &Actor, name: &str, request: DownStack, key: Option<&str>) -> Result<Operation> {
        let stack = self.stack_now(name).await?;
        let target = Target::owned(format!("stack {name}"), stack.owner.as_deref());
        self.demand(actor, Action::RemoveContainers, &target).await?;
        let permit = async {
            self.may_go_down(&stack, &request).await?;
            self.0.stacks.hold(name)
        };
        let (permit, hold) = match permit.await {
            Ok(hold) => (Ok(()), Some(hold)),
            Err(error) => (Err(error), None),
        };
        let volumes = if request.volumes { stack.volumes.clone() } else { request.volume.clone() };
        let detail = (!volumes.is_empty()).then(|| format!("with volumes {}", volumes.join(", ")));
        let plan = Plan { action: Action::RemoveContainers, target, detail, title: format!("stack down {name}") };
        let control = self.clone();
        self.operate(actor, key, &request, plan, permit, move |task| async move {
            let result = control.take_down(&task, stack, &volumes).await;
            drop(hold);
            result
        })
        .await
    }

    /// Saved stacks as the files are now.
    async fn saved_stacks(&self, base_dir: Option<&str>) -> Result<Stacks> {
        let (paths, base_dir) = (self.parts().paths.clone(), base_dir.map(PathBuf::from));
        let load = move || Stacks::load(&paths, base_dir.as_deref().and_then(project_of).as_deref());
        tokio::task::spawn_blocking(load).await.map_err(|error| Error::internal(format!("the stacks can't be read: {error}")))
    }

    /// Every stack that has containers, networks or volumes, by name.
    async fn stacks_now(&self) -> Result<Vec<Stack>> {
        let mut all: BTreeMap<String, Stack> = BTreeMap::new();
        let mut containers = self.parts().engine.list().await?;
        containers.sort_by(|one, other| one.name.cmp(&other.name));
        for container in containers {
            let Some(place) = container.stack.clone() else { continue };
            let stack = entry(&mut all, &place.stack, container.owner.as_ref());
            stack.containers.push(self.with_sessions(container));
        }
        for network in self.parts().engine.stack_networks().await? {
            let Some(name) = &network.stack else { continue };
            entry(&mut all, name, network.owner.as_ref()).networks.push(network.name.clone());
        }
        for volume in self.parts().engine.stack_volumes().await? {
            let Some(name) = &volume.stack else { continue };
            entry(&mut all, name, volume.owner.as_ref()).volumes.push(volume.name.clone());
        }
        Ok(all.into_values().collect())
    }

    async fn stack_now(&self, name: &str) -> Result<Stack> {
        let found = self.stacks_now().await?.into_iter().find(|stack| stack.name == name);
        found.ok_or_else(|| Error::not_found("stack", name).fix("'cto stack ls' lists those that are up"))
    }

    /// Refuses when programs run in containers that would lose what they hold.
    async fn nothing_unsaved(&self, containers: &[Container], all_the_same: &str) -> Result<()> {
        let mut told = Vec::new();
        for container in containers {
            let unsaved = self.parts().engine.unsaved(&container.id).await;
            if !unsaved.is_empty() {
                told.push(format!("{} in '{}'", unsaved.join(", "), container.name));
            }
        }
        if told.is_empty() {
            return Ok(());
        }
        let error = Error::new(Code::WrongState, format!("what these programs hold would be lost: {}", told.join("; ")));
        Err(error.fix(format!("save it, or go on all the same: '{all_the_same}'")))
    }
}

fn entry<'a>(all: &'a mut BTreeMap<String, Stack>, name: &str, owner: Option<&String>) -> &'a mut Stack {
    let stack = all.entry(name.to_owned()).or_insert_with(|| Stack { name: name.to_owned(), ..Stack::default() });
    stack.owner = stack.owner.take().or_else(|| owner.cloned());
    stack
}
