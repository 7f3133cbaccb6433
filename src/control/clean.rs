//! Cleaning up: what this server has made and nothing uses any more. Never a user's volume, never what another tool or server has made.
use super::Control;
use super::containers::of;
use super::guard::Target;
use crate::access::Actor;
use crate::access::allowed;
use crate::error::Result;
use crate::model::Action;
use crate::model::Clean;
use crate::model::Cleaned;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::ContainerState;
use crate::model::Image;
use crate::model::Leftover;
use crate::model::LeftoverKind;
use crate::model::Network;
use jiff::SignedDuration;
use jiff::Timestamp;
use std::time::Duration;

/// Something to remove, as it is needed for that.
enum Thing {
    Container(Box<Container>),
    Helper(ContainerId),
    Image(Image),
    Network(Network),
    /// A gateway's network, with the gateway.
    Way,
    Volume,
}

impl Control {
    /// Removes what cto has made and nothing uses any more, as far as the actor may; with `dry_run` it only says what.
    ///
    /// # Errors
    /// `forbidden`, `engine_unavailable`. What can't be removed is said with the thing.
    pub async fn clean(&self, actor: &Actor, request: Clean) -> Result<Cleaned> {
        self.admit(actor, Action::RemoveContainers, "what is left over").await?;
        let mut cleaned = Cleaned::default();
        for (mut leftover, thing) in self.leftovers(actor, request.older_than_hours).await? {
            if !request.dry_run
                && let Err(error) = self.remove_leftover(actor, &leftover, thing).await
            {
                leftover.kept = Some(error.to_string());
            }
            if leftover.kept.is_none() {
                cleaned.freed_bytes += leftover.bytes;
            }
            cleaned.items.push(leftover);
        }
        Ok(cleaned)
    }

    /// What may go, containers first: images and networks stand below them.
    async fn leftovers(&self, actor: &Actor, hours: u32) -> Result<Vec<(Leftover, Thing)>> {
        let engine = &self.parts().engine;
        let before = Timestamp::now().checked_sub(SignedDuration::from_hours(i64::from(hours))).unwrap_or(Timestamp::MIN);
        let is_old = |at: Option<Timestamp>| at.is_some_and(|at| at <= before);
        let own = |action, owner: Option<&str>| allowed(actor, action, Some(owner.unwrap_or_default()));
        // What a launch under way has got ready looks unused.
        let launching = self.is_launching();
        let leftover = |kind, name: &str, why: &str, bytes, since| Leftover { kind, name: name.to_owned(), why: why.to_owned(), bytes, since, kept: None };
        let mut found = Vec::new();
        let mut going = Vec::new();
        // Of the engine itself: the copy for lists may still have what is gone.
        for container in engine.list().await? {
            let since = container.finished_at.max(Some(container.created_at));
            let why = match container.state {
                ContainerState::Created => "it was never started",
                ContainerState::Exited | ContainerState::Dead => "it has ended, and nobody has a session of it",
                _ => continue,
            };
            let has_session = self.sessions().of(&container.id).iter().any(crate::sessions::Session::is_live);
            // Those of another server may have sessions there.
            if container.foreign
                || container.other_server
                || has_session
                || launching
                || !is_old(since)
                || !own(Action::RemoveContainers, container.owner.as_deref())
            {
                continue;
            }
            let bytes = engine.own_bytes(&container.id).await.unwrap_or(0);
            going.push(container.name.clone());
            found.push((leftover(LeftoverKind::Container, &container.name, why, bytes, since), Thing::Container(Box::new(container))));
        }
        if own(Action::RemoveContainers, None) {
            for (id, name, since) in engine.lost_helpers(before).await? {
                found.push((leftover(LeftoverKind::Container, &name, "a helper of cto's own that was not removed", 0, Some(since)), Thing::Helper(id)));
            }
        }
        if own(Action::RemoveImages, None) && !launching {
            for image in engine.images().unused_derived(Duration::from_secs(u64::from(hours) * 3600)).await? {
                let name = image.tags.first().unwrap_or(&image.id).clone();
                let why = "no container was made from it, and nothing was launched with it";
                found.push((leftover(LeftoverKind::Image, &name, why, image.size_bytes, Some(image.created_at)), Thing::Image(image)));
            }
        }
        for network in engine.networks().await? {
            let unused = !network.other_server && network.containers.iter().all(|member| going.contains(&member.name));
            let may = network.owner.is_some() && own(Action::RemoveNetworks, network.owner.as_deref());
            if unused && may && !network.builtin && !launching && is_old(network.created_at) {
                let why = "no container is on it";
                found.push((leftover(LeftoverKind::Network, &network.name, why, 0, network.created_at), Thing::Network(network)));
            }
        }
        if own(Action::RemoveContainers, None) {
            for way in self.left_ways(Timestamp::now()).await?.into_iter().filter(|way| is_old(way.created_at)) {
                let why = "the gateway of a container that is gone";
                found.push((leftover(LeftoverKind::Container, &way.name, why, 0, way.created_at), Thing::Way));
            }
        }
        if own(Action::RemoveVolumes, None) {
            for (name, since, bytes) in engine.old_holders().await? {
                found.push((leftover(LeftoverKind::Volume, &name, "the session holder of another version", bytes, since), Thing::Volume));
            }
        }
        Ok(found)
    }

    async fn remove_leftover(&self, actor: &Actor, leftover: &Leftover, thing: Thing) -> Result<()> {
        let engine = &self.parts().engine;
        match thing {
            Thing::Container(container) => {
                self.noted(actor, Action::RemoveContainers, &of(&container), "clean", engine.remove_alone(&container.id)).await?;
                self.note_removed(&container.id);
                Ok(())
            }
            Thing::Helper(id) => {
                let target = Target::owned(&leftover.name, None);
                self.noted(actor, Action::RemoveContainers, &target, "clean", engine.remove_alone(&id)).await
            }
            Thing::Image(image) => {
                let target = Target::owned(&leftover.name, None);
                self.noted(actor, Action::RemoveImages, &target, "clean", engine.images().remove_whole(&image)).await
            }
            Thing::Network(network) => {
                // Those that were on it may be gone by now, or not.
                let network = engine.get_network(&network.id).await?;
                self.remove_unused(actor, &network).await
            }
            Thing::Way => {
                let target = Target::owned(&leftover.name, None);
                self.noted(actor, Action::RemoveContainers, &target, "clean", engine.remove_egress(&leftover.name)).await
            }
            Thing::Volume => {
                let target = Target::owned(&leftover.name, None);
                self.noted(actor, Action::RemoveVolumes, &target, "clean", engine.remove_volume(&leftover.name)).await
            }
        }
    }
}
