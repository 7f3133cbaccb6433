//! From a stack's file to everything that is to be at the engine, and what has to be done for it.
use crate::access::Actor;
use crate::access::belongs;
use crate::config::Stack as Parsed;
use crate::control::Control;
use crate::control::templates::Source;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Condition;
use crate::model::Container;
use crate::model::ContainerState;
use crate::model::CreateContainer;
use crate::model::ImageSource;
use crate::model::MountSource;
use crate::model::NetworkJoin;
use crate::model::Place;
use crate::model::Rendered;
use crate::model::Restart;
use crate::model::Stack;
use crate::model::StackAction;
use crate::model::StackChange;
use crate::model::StackPlace;
use crate::model::StackPlan;
use crate::model::TemplateOrigin;
use crate::model::UpStack;
use sha2::Digest as _;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

/// A stack that is ready to be brought up: every container is filled in, and policy has nothing against any.
pub(super) struct Prepared {
    pub name: String,
    /// As whom its containers are made: what somebody brought up stays theirs.
    pub actor: Actor,
    pub instances: Vec<Instance>,
    /// Networks of its own: name, and whether it leads nowhere.
    pub networks: Vec<(String, bool)>,
    /// Volumes of its own.
    pub volumes: BTreeSet<String>,
    /// What is at the engine now.
    pub now: Stack,
    pub warnings: Vec<Place>,
}

/// One container of it.
pub(super) struct Instance {
    pub template: Source,
    pub request: CreateContainer,
    pub rendered: Rendered,
    pub place: StackPlace,
    pub after: BTreeMap<String, Condition>,
    /// Others wait for its end, so that it is as it should be when it has ended well.
    pub ends: bool,
}

/// What is done to one container.
pub(super) struct Step {
    pub instance: Instance,
    pub action: StackAction,
    pub why: Option<String>,
    pub old: Option<Container>,
}

impl Step {
    pub fn change(&self) -> StackChange {
        let (container, member) = (self.instance.rendered.spec.name.clone(), self.instance.place.member.clone());
        StackChange { container, member, action: self.action, why: self.why.clone() }
    }
}

impl Control {
    /// Reads a stack, fills every container in, and asks policy about each.
    pub(super) async fn prepare(&self, actor: &Actor, request: &UpStack) -> Result<Prepared> {
        // What a file of the server's own refers to is the server's; of any other, it is what the caller sends along.
        let (source, text, folder, own) = match (&request.stack, &request.inline) {
            (Some(name), None) => {
                let saved = self.saved_stacks(request.base_dir.as_deref()).await?.find(name)?;
                let own = matches!(saved.definition.origin, TemplateOrigin::System | TemplateOrigin::User);
                (saved.source, saved.text, saved.folder, own)
            }
            (None, Some(inline)) => (inline.source.clone(), inline.text.clone(), None, false),
            _ => return Err(Error::invalid("give exactly one of 'stack' and 'inline'")),
        };
        let catalogue = self.catalogue(request.base_dir.as_deref().filter(|_| !own)).await?;
        let parsed = catalogue.parse_stack(&source, &text, folder.as_deref())?;
        let name = request.name.clone().unwrap_or_else(|| parsed.name.clone());
        let filled = parsed.instances(&name, &request.set)?;
        let now = self.stacks_now().await?.into_iter().find(|stack| stack.name == name);
        let now = now.unwrap_or_else(|| Stack { name: name.clone(), ..Stack::default() });
        let actor = Actor::new(now.owner.clone().unwrap_or_else(|| actor.name.clone()), actor.role);
        let ends: BTreeSet<String> =
            filled.iter().flat_map(|one| one.after.iter().filter(|(_, condition)| **condition == Condition::Completed).map(|(name, _)| name.clone())).collect();
        let mut prepared = Prepared {
            networks: parsed.own_networks(&name).into_iter().map(|network| (network.name, network.internal)).collect(),
            name,
            actor,
            instances: Vec::new(),
            volumes: BTreeSet::new(),
            now,
            warnings: Vec::new(),
        };
        for one in filled {
            let template = Source { template: one.template, folder: folder.clone().filter(|_| own) };
            let asked = CreateContainer {
                name: Some(one.name.clone()),
                set: one.set,
                base_dir: request.base_dir.clone(),
                references: request.references.clone(),
                ..CreateContainer::default()
            };
            let of_member = |error| told_of(error, &one.member);
            let mut rendered = self.fill(&prepared.actor, &template, &asked, one.name).await.map_err(of_member)?;
            for mount in &mut rendered.spec.mounts {
                let MountSource::Volume { name } = &mut mount.source else { continue };
                let volume = parsed.volume(&prepared.name, name);
                name.clone_from(&volume.name);
                if volume.own {
                    prepared.volumes.insert(volume.name);
                }
            }
            let hash = hash(&rendered)?;
            let after: Vec<String> = one.after.keys().cloned().collect();
            let place = StackPlace { stack: prepared.name.clone(), member: one.member.clone(), index: one.index, hash, after };
            rendered.spec.stack = Some(place.clone());
            prepared.warnings.extend(warnings(&rendered, &parsed, &one.member));
            prepared.instances.push(Instance { template, request: asked, rendered, place, after: one.after, ends: ends.contains(&one.member) });
        }
        clash(&prepared.instances)?;
        self.not_of_others_in(&prepared).await?;
        Ok(prepared)
    }

    /// Refuses networks and volumes that the stack does not make and that are not there, or somebody else's.
    async fn not_of_others_in(&self, prepared: &Prepared) -> Result<()> {
        let mut asked: BTreeSet<String> = BTreeSet::new();
        for spec in prepared.instances.iter().map(|instance| &instance.rendered.spec) {
            for NetworkJoin { name, .. } in &spec.networks {
                if asked.insert(format!("network {name}")) && !prepared.networks.iter().any(|(own, _)| own == name) {
                    let found = self.parts().engine.network(name).await?.ok_or_else(|| missing("network", name))?;
                    belongs(&prepared.actor, "network", name, found.owner.as_deref())?;
                }
            }
            for mount in &spec.mounts {
                let MountSource::Volume { name } = &mount.source else { continue };
                if asked.insert(format!("volume {name}")) && !prepared.volumes.contains(name) {
                    let found = self.parts().engine.volume(name).await?.ok_or_else(|| missing("volume", name))?;
                    belongs(&prepared.actor, "volume", name, found.owner.as_deref())?;
                }
            }
        }
        Ok(())
    }

    /// What would be done, without the looks that only happen when it is.
    pub(super) async fn plan(&self, prepared: &Prepared, request: &UpStack) -> Result<StackPlan> {
        let mut images = HashMap::new();
        for source in prepared.instances.iter().map(|instance| &instance.rendered.spec.image) {
            // What a recipe or packages make of it is only known when it is made.
            if source.packages.is_empty()
                && source.build.is_none()
                && let Ok(image) = self.parts().engine.images().get(&source.reference).await
            {
                images.insert(key(source), image.id);
            }
        }
        let mut changes = Vec::new();
        for instance in &prepared.instances {
            let (action, why, _) = self.decide(instance, &prepared.now, &images, request.recreate).await?;
            let (container, member) = (instance.rendered.spec.name.clone(), instance.place.member.clone());
            changes.push(StackChange { container, member, action, why });
        }
        changes.extend(orphans(prepared, request.remove_orphans).into_iter().map(|(_, change)| change));
        Ok(StackPlan {
            name: prepared.name.clone(),
            changes,
            networks: prepared.networks.iter().map(|(name, _)| name.clone()).filter(|name| !prepared.now.networks.contains(name)).collect(),
            volumes: prepared.volumes.iter().filter(|name| !prepared.now.volumes.contains(name)).cloned().collect(),
            warnings: prepared.warnings.clone(),
        })
    }

    /// What has to be done for one container, and why.
    pub(super) async fn decide(
        &self,
        instance: &Instance,
        now: &Stack,
        images: &HashMap<String, String>,
        recreate: bool,
    ) -> Result<(StackAction, Option<String>, Option<Container>)> {
        let spec = &instance.rendered.spec;
        let is_it = |container: &&Container| {
            container.stack.as_ref().is_some_and(|place| (&place.member, place.index) == (&instance.place.member, instance.place.index))
        };
        let Some(old) = now.containers.iter().find(is_it) else {
            match self.parts().engine.inspect(&spec.name).await {
                Err(error) if error.code == Code::NotFound => return Ok((StackAction::Create, None, None)),
                Err(error) => return Err(error),
                Ok(_) => {
                    let error = Error::new(Code::NameInUse, format!("there is a container '{}' already, which is not of the stack '{}'", spec.name, now.name));
                    return Err(error.fix(format!("give the stack another name, or remove it: cto rm {}", spec.name)));
                }
            }
        };
        let anew = |why: &str| Ok((StackAction::Recreate, Some(why.to_owned()), Some(old.clone())));
        if recreate {
            return anew("everything is to be made anew");
        }
        if old.stack.as_ref().is_none_or(|place| place.hash != instance.place.hash) || old.name != spec.name {
            return anew("its file says something else now");
        }
        if let Some(image) = images.get(&key(&spec.image))
            && self.parts().engine.image_id(&old.id).await? != *image
        {
            return anew("its image is another one now");
        }
        match old.state {
            ContainerState::Running | ContainerState::Restarting => Ok((StackAction::Keep, None, Some(old.clone()))),
            ContainerState::Exited if old.exit_code == Some(0) && instance.ends && spec.care.restart == Restart::No => {
                Ok((StackAction::Keep, Some("it has done its work".to_owned()), Some(old.clone())))
            }
            ContainerState::Created | ContainerState::Exited => Ok((StackAction::Start, Some("it does not run".to_owned()), Some(old.clone()))),
            ContainerState::Paused => Ok((StackAction::Keep, Some("it is paused".to_owned()), Some(old.clone()))),
            ContainerState::Removing | ContainerState::Dead => anew("the engine could not remove it"),
        }
    }
}

/// Containers of the stack that its file does not name.
pub(super) fn orphans(prepared: &Prepared, remove: bool) -> Vec<(Container, StackChange)> {
    let named = |container: &Container| {
        let place = container.stack.as_ref();
        prepared.instances.iter().any(|one| place.is_some_and(|place| (&place.member, place.index) == (&one.place.member, one.place.index)))
    };
    let action = if remove { StackAction::Remove } else { StackAction::Orphan };
    let why = Some("its file does not name it any more".to_owned());
    let left = prepared.now.containers.iter().filter(|container| !named(container)).cloned();
    left.map(|container| {
        let member = container.stack.as_ref().map_or_else(String::new, |place| place.member.clone());
        let change = StackChange { container: container.name.clone(), member, action, why: why.clone() };
        (container, change)
    })
    .collect()
}

/// What an image is told by.
pub(super) fn key(source: &ImageSource) -> String {
    serde_json::to_string(source).unwrap_or_else(|_| source.reference.clone())
}

/// An error about one container of the stack.
pub(super) fn told_of(mut error: Error, member: &str) -> Error {
    error.message = format!("container '{member}': {}", error.message);
    for place in &mut error.places {
        if !place.pointer.starts_with("/set/") {
            place.pointer = format!("/containers/{member}{}", place.pointer);
        }
    }
    error
}

/// What is worth a second look. The stack's parameters need not be used by every container.
fn warnings(rendered: &Rendered, parsed: &Parsed, member: &str) -> Vec<Place> {
    let of_stack = |place: &&Place| place.pointer.strip_prefix("/params/").is_some_and(|name| parsed.params.contains_key(name));
    rendered
        .warnings
        .iter()
        .filter(|place| !of_stack(place))
        .map(|place| Place { pointer: format!("/containers/{member}{}", place.pointer), ..place.clone() })
        .collect()
}

/// Hash of all that decides what a container is. It goes into a label, so it has to be one that nothing can be guessed from.
fn hash(rendered: &Rendered) -> Result<String> {
    let text = serde_json::to_vec(&rendered.spec).map_err(|error| Error::internal(format!("a spec is no JSON: {error}")))?;
    Ok(sha2::Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}

/// Refuses ports that two of the containers publish.
fn clash(instances: &[Instance]) -> Result<()> {
    let mut taken: HashMap<(String, u16, String), &str> = HashMap::new();
    for instance in instances {
        let spec = &instance.rendered.spec;
        for port in spec.ports.iter().filter(|port| port.host_port != 0) {
            if let Some(other) = taken.insert((port.host_ip.clone(), port.host_port, port.protocol.clone()), &spec.name) {
                let detail = format!("port {}:{} is published by '{other}' and by '{}'", port.host_ip, port.host_port, spec.name);
                let place = Place { pointer: format!("/containers/{}/ports", instance.place.member), detail: detail.clone(), ..Place::default() };
                return Err(Error::new(Code::InvalidDocument, detail).fix("give one of them another port, or none, so that the engine chooses").at(place));
            }
        }
    }
    Ok(())
}

fn missing(kind: &str, name: &str) -> Error {
    Error::new(Code::NotFound, format!("there is no {kind} '{name}'")).fix(format!("make it first: cto {kind} create {name}"))
}
