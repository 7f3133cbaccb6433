//! Volumes: seen, made, removed by name.
use super::Control;
use super::guard::Target;
use super::paging::Key;
use super::paging::Wanted;
use crate::access::Actor;
use crate::access::allowed;
use crate::access::check_volume;
use crate::config::resolve_existing;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::CreateVolume;
use crate::model::Empty;
use crate::model::ListQuery;
use crate::model::Orders;
use crate::model::Page;
use crate::model::PrunedVolumes;
use crate::model::Role;
use crate::model::Volume;
use crate::model::VolumePrune;
use std::path::Path;
use std::path::PathBuf;

impl Control {
    /// Volumes, by name where no other order is asked for.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`, `engine_unavailable`.
    pub async fn list_volumes(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Volume>> {
        Self::may(actor, Action::ReadVolumes)?;
        let wanted = Wanted::of(query, Orders::VOLUMES)?;
        let mut all = self.parts().engine.volumes().await?;
        all.retain(|volume| wanted.finds(&[&volume.name, volume.owner.as_deref().unwrap_or_default()]));
        let key = |volume: &Volume, by: &str| match by {
            "created_at" => Key::time(volume.created_at),
            "driver" => Key::text(&volume.driver),
            "owner" => Key::of(&volume.owner),
            _ => Key::Nothing,
        };
        Ok(wanted.page(all.into_iter().map(|volume| shown(actor, volume)), key, |volume| volume.name.clone()))
    }

    /// One volume.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn get_volume(&self, actor: &Actor, name: &str) -> Result<Volume> {
        Self::may(actor, Action::ReadVolumes)?;
        Ok(shown(actor, self.parts().engine.get_volume(name).await?))
    }

    /// Makes a volume.
    ///
    /// # Errors
    /// `forbidden`, `policy_refused`, `name_in_use`, `invalid_value`.
    pub async fn create_volume(&self, actor: &Actor, request: CreateVolume) -> Result<Volume> {
        self.guarded(actor, Action::CreateVolumes, &Target::free(&request.name), async {
            let paths: Vec<PathBuf> = paths(&request).iter().map(|path| resolve_existing(path)).collect();
            check_volume(actor, &request, &paths, &self.policy_now())?;
            self.parts().engine.create_volume(&request, &actor.name).await
        })
        .await
    }

    /// Removes a volume and what is in it.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `wrong_state` when a container has it mounted.
    pub async fn delete_volume(&self, actor: &Actor, name: &str) -> Result<Empty> {
        let volume = self.parts().engine.get_volume(name).await?;
        self.remove_named(actor, &volume).await?;
        Ok(Empty {})
    }

    /// Removes the volumes that are named, where no container has them mounted; with `dry_run` it says which could be.
    ///
    /// # Errors
    /// `forbidden`; `invalid_value` when none is named.
    pub async fn prune_volumes(&self, actor: &Actor, request: VolumePrune) -> Result<PrunedVolumes> {
        if request.names.is_empty() && !request.dry_run {
            return Err(Error::invalid("no volume is removed without being named").fix("name those that may go; with 'dry_run' the server says which could"));
        }
        let mut all = self.parts().engine.volumes().await?;
        let named = |volume: &Volume| request.names.contains(&volume.name);
        let mut pruned = PrunedVolumes::default();
        pruned
            .kept
            .extend(request.names.iter().filter(|name| all.iter().all(|volume| volume.name != **name)).map(|name| format!("{name}: there is no such volume")));
        all.retain(|volume| {
            let removable = allowed(actor, Action::RemoveVolumes, Some(volume.owner.as_deref().unwrap_or_default()));
            if named(volume) { true } else { request.names.is_empty() && removable && volume.containers.is_empty() && !volume.holder }
        });
        for volume in all {
            if !volume.containers.is_empty() {
                pruned.kept.push(format!("{}: '{}' has it mounted", volume.name, volume.containers.join("', '")));
                continue;
            }
            let removed = if request.dry_run { Ok(()) } else { self.remove_named(actor, &volume).await };
            match removed {
                Ok(()) => pruned.items.push(shown(actor, volume)),
                Err(error) => pruned.kept.push(format!("{}: {error}", volume.name)),
            }
        }
        Ok(pruned)
    }

    async fn remove_named(&self, actor: &Actor, volume: &Volume) -> Result<()> {
        let target = Target::owned(&volume.name, volume.owner.as_deref());
        self.guarded(actor, Action::RemoveVolumes, &target, self.parts().engine.remove_volume(&volume.name)).await
    }
}

/// As the actor may see it: options can hold passwords of other machines.
fn shown(actor: &Actor, mut volume: Volume) -> Volume {
    if actor.role != Role::Admin && volume.owner.as_deref() != Some(actor.name.as_str()) {
        volume.options.values_mut().for_each(|value| *value = "***".to_owned());
    }
    volume
}

/// The paths in a volume's options.
fn paths(request: &CreateVolume) -> Vec<&Path> {
    let parts = request.options.values().flat_map(|value| value.split(',')).flat_map(|part| part.split(['=', ':']));
    parts.filter(|part| part.starts_with('/')).map(Path::new).collect()
}
