//! Containers: seen, started, stopped, removed.
use super::Control;
use super::guard::Target;
use super::paging::Key;
use super::paging::Wanted;
use crate::access::Actor;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Code;
use crate::model::Container;
use crate::model::ContainerState;
use crate::model::ExitReason;
use crate::model::ListQuery;
use crate::model::Orders;
use crate::model::Page;
use crate::model::RemoveContainer;
use crate::model::StopContainer;
use std::time::Duration;

impl Control {
    /// Containers, newest first where no other order is asked for.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`, `engine_unavailable`.
    pub async fn list_containers(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Container>> {
        Self::may(actor, Action::ReadContainers)?;
        let wanted = Wanted::of(query, Orders::CONTAINERS)?;
        let mut all = self.all_containers().await?;
        all.retain(|container| {
            let (owner, template) = (container.owner.as_deref().unwrap_or_default(), container.template.as_deref().unwrap_or_default());
            wanted.finds(&[&container.name, &container.image, owner, template])
        });
        let key = |container: &Container, by: &str| match by {
            "created_at" => Key::time(container.created_at),
            "name" => Key::text(&container.name),
            "image" => Key::text(&container.image),
            "state" => Key::of(&container.state),
            "owner" => Key::of(&container.owner),
            "template" => Key::of(&container.template),
            "started_at" => Key::time(container.started_at),
            _ => Key::Nothing,
        };
        Ok(wanted.page(all, key, |container| container.id.to_string()))
    }

    /// One container, by name, id or unique prefix of the id.
    ///
    /// # Errors
    /// `not_found`, `ambiguous`, `engine_unavailable`.
    pub async fn get_container(&self, actor: &Actor, name: &str) -> Result<Container> {
        Self::may(actor, Action::ReadContainers)?;
        self.container(name).await
    }

    /// Starts a container. The main terminal of one of ours is watched from its first byte.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `command_not_found`, `port_in_use`.
    pub async fn start_container(&self, actor: &Actor, name: &str) -> Result<Container> {
        let container = self.container(name).await?;
        self.guarded(actor, Action::ControlContainers, &of(&container), async {
            if container.state == ContainerState::Created {
                self.watch_main(&container).await;
            }
            self.rearm(&container).await?;
            self.parts().engine.start(&container.id).await?;
            let now = self.look_again(&container).await?;
            self.watch_main(&now).await;
            Ok(self.with_sessions(now))
        })
        .await
    }

    /// Stops a container; its sessions end.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn stop_container_now(&self, actor: &Actor, name: &str, request: StopContainer) -> Result<Container> {
        let container = self.container(name).await?;
        self.guarded(actor, Action::ControlContainers, &of(&container), async {
            self.sessions().stopping(&container.id);
            self.parts().engine.stop(&container.id, grace(request)).await?;
            self.sessions().container_stopped(&container.id, Some(ExitReason::Stopped), None);
            self.look_again(&container).await
        })
        .await
    }

    /// Stops and starts a container.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, and as starting.
    pub async fn restart_container(&self, actor: &Actor, name: &str, request: StopContainer) -> Result<Container> {
        let container = self.container(name).await?;
        self.guarded(actor, Action::ControlContainers, &of(&container), async {
            self.sessions().stopping(&container.id);
            self.rearm(&container).await?;
            self.parts().engine.restart(&container.id, grace(request)).await?;
            self.look_again(&container).await
        })
        .await
    }

    /// Removes a container; named volumes stay.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `wrong_state` when it runs and `force` is not given.
    pub async fn delete_container(&self, actor: &Actor, name: &str, request: RemoveContainer) -> Result<()> {
        let container = self.container(name).await?;
        self.guarded(actor, Action::RemoveContainers, &of(&container), async {
            if request.force {
                self.sessions().stopping(&container.id);
            }
            let removed = self.parts().engine.remove(&container.id, request.force).await;
            if let Err(error) = removed {
                return Err(self.with_unsaved(error, &container).await);
            }
            self.sessions().container_stopped(&container.id, Some(ExitReason::Stopped), None);
            self.note_removed(&container.id);
            Ok(())
        })
        .await
    }

    /// The error of a container that can't be removed since it runs, with the programs in it that would lose what they hold.
    pub(super) async fn with_unsaved(&self, mut error: Error, container: &Container) -> Error {
        if error.code == Code::WrongState && container.state == ContainerState::Running {
            let unsaved = self.parts().engine.unsaved(&container.id).await;
            if !unsaved.is_empty() {
                error.message = format!("container '{}' is running, and what these programs hold would be lost: {}", container.name, unsaved.join(", "));
                error.fix = Some(format!("save it and stop the container, or remove it all the same: 'cto rm -f {}'", container.name));
            }
        }
        error
    }

    /// A container as the engine has it now.
    pub(super) async fn container(&self, name: &str) -> Result<Container> {
        let found = self.parts().engine.inspect(name).await?;
        self.touch(&found.id);
        Ok(self.with_sessions(found))
    }

    /// The container after something was done to it; lists know it from here on.
    pub(super) async fn look_again(&self, container: &Container) -> Result<Container> {
        let tick = self.tick(&container.id);
        let now = self.parts().engine.inspect(container.id.as_str()).await?;
        self.note(tick, &now);
        Ok(self.with_sessions(now))
    }
}

/// A container as the target of an action.
pub(super) fn of(container: &Container) -> Target {
    Target::owned(&container.name, container.owner.as_deref().filter(|_| !container.foreign))
}

fn grace(request: StopContainer) -> Option<Duration> {
    request.grace_seconds.map(|seconds| Duration::from_secs(seconds.into()))
}
