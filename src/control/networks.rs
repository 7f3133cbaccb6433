//! Networks: seen, made, joined, left, removed.
use super::Control;
use super::containers::of;
use super::guard::Target;
use super::paging::Key;
use super::paging::Wanted;
use crate::access::Actor;
use crate::access::allowed;
use crate::access::check_network;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Code;
use crate::model::ConnectContainer;
use crate::model::CreateNetwork;
use crate::model::DisconnectContainer;
use crate::model::Empty;
use crate::model::ListQuery;
use crate::model::Network;
use crate::model::NetworkPrune;
use crate::model::Orders;
use crate::model::Page;
use crate::model::PrunedNetworks;
use crate::model::Role;

/// Most names by which a container is found on a network.
const ALIASES: usize = 32;

impl Control {
    /// Networks, by name where no other order is asked for.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`, `engine_unavailable`.
    pub async fn list_networks(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Network>> {
        Self::may(actor, Action::ReadNetworks)?;
        let wanted = Wanted::of(query, Orders::NETWORKS)?;
        let mut all = self.parts().engine.networks().await?;
        all.retain(|network| wanted.finds(&[&network.name, &network.driver, network.owner.as_deref().unwrap_or_default()]));
        let key = |network: &Network, by: &str| match by {
            "name" => Key::text(&network.name),
            "created_at" => Key::time(network.created_at),
            "driver" => Key::text(&network.driver),
            "owner" => Key::of(&network.owner),
            _ => Key::Nothing,
        };
        Ok(wanted.page(all, key, |network| network.id.clone()))
    }

    /// One network, by name or id.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `ambiguous`.
    pub async fn get_network(&self, actor: &Actor, name: &str) -> Result<Network> {
        Self::may(actor, Action::ReadNetworks)?;
        self.parts().engine.get_network(name).await
    }

    /// Makes a network.
    ///
    /// # Errors
    /// `forbidden`, `policy_refused`, `name_in_use`, `invalid_value`.
    pub async fn create_network(&self, actor: &Actor, request: CreateNetwork) -> Result<Network> {
        self.guarded(actor, Action::CreateNetworks, &Target::free(&request.name), async {
            check_network(actor, &request, &self.policy_now())?;
            self.parts().engine.create_network(&request, &actor.name).await
        })
        .await
    }

    /// Removes a network.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `wrong_state` when a container is on it.
    pub async fn delete_network(&self, actor: &Actor, name: &str) -> Result<Empty> {
        let network = self.parts().engine.get_network(name).await?;
        self.remove_unused(actor, &network).await?;
        Ok(Empty {})
    }

    /// Puts a container on a network.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `policy_refused` for another user's network; `wrong_state` when it is there already.
    pub async fn connect_network(&self, actor: &Actor, name: &str, request: ConnectContainer) -> Result<Network> {
        if request.aliases.len() > ALIASES || request.aliases.iter().any(|alias| !is_host_name(alias)) {
            return Err(Error::invalid(format!("a container's further names are at most {ALIASES}, of letters, digits, '-', '_' and '.'")));
        }
        let network = self.parts().engine.get_network(name).await?;
        let container = self.container(&request.container).await?;
        self.demand(actor, Action::ControlContainers, &of(&container)).await?;
        self.noted(actor, Action::ConnectNetworks, &Target::free(&network.name), format!("connect {}", container.name), async {
            if actor.role != Role::Admin && network.owner.as_deref().is_some_and(|owner| owner != actor.name) {
                let error = Error::new(Code::PolicyRefused, format!("the network '{}' is another user's, whose containers would be reached", network.name));
                return Err(error.fix("make one of your own: cto network create NAME; an admin may"));
            }
            if self.parts().engine.has_egress(&container.id).await {
                let error = Error::new(
                    Code::WrongState,
                    format!("container '{}' reaches named hosts only ('egress'); on a network it would reach more", container.name),
                );
                return Err(error.fix("launch it without 'egress'"));
            }
            self.parts().engine.connect_to(&network, &container.id, &request.aliases).await?;
            self.parts().engine.get_network(&network.id).await
        })
        .await
    }

    /// Takes a container off a network.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `wrong_state` when it is not there.
    pub async fn disconnect_network(&self, actor: &Actor, name: &str, request: DisconnectContainer) -> Result<Network> {
        let network = self.parts().engine.get_network(name).await?;
        let container = self.container(&request.container).await?;
        self.demand(actor, Action::ControlContainers, &of(&container)).await?;
        self.noted(actor, Action::ConnectNetworks, &Target::free(&network.name), format!("disconnect {}", container.name), async {
            self.parts().engine.disconnect_from(&network, &container.id).await?;
            self.parts().engine.get_network(&network.id).await
        })
        .await
    }

    /// Removes networks that cto has made and no container is on, with `all` those of other tools too. Of an operator's only their own.
    ///
    /// # Errors
    /// `forbidden`, `engine_unavailable`.
    pub async fn prune_networks(&self, actor: &Actor, request: NetworkPrune) -> Result<PrunedNetworks> {
        let mut all = self.parts().engine.networks().await?;
        // A launch under way makes its network before its container.
        let launching = self.is_launching();
        all.retain(|network| {
            let own = allowed(actor, Action::RemoveNetworks, Some(network.owner.as_deref().unwrap_or_default()));
            own && !network.builtin && !launching && network.containers.is_empty() && (request.all || (network.owner.is_some() && !network.other_server))
        });
        let mut pruned = PrunedNetworks::default();
        for network in all {
            let removed = if request.dry_run { Ok(()) } else { self.remove_unused(actor, &network).await };
            match removed {
                Ok(()) => pruned.items.push(network),
                Err(error) => pruned.kept.push(format!("{}: {error}", network.name)),
            }
        }
        Ok(pruned)
    }

    /// Refuses where a container is on the network: the engine lets go of those that do not run, and they could not be started again.
    pub(super) fn unused(network: &Network) -> Result<()> {
        let Some(member) = network.containers.first() else { return Ok(()) };
        let error = Error::new(Code::WrongState, format!("the network '{}' is in use: container '{}' is on it", network.name, member.name));
        Err(error.fix(format!("take it off first: cto network disconnect {} {}", network.name, member.name)))
    }

    pub(super) async fn remove_unused(&self, actor: &Actor, network: &Network) -> Result<()> {
        self.guarded(actor, Action::RemoveNetworks, &Target::owned(&network.name, network.owner.as_deref()), async {
            Self::unused(network)?;
            self.parts().engine.remove_network(network).await
        })
        .await
    }
}

/// Whether a container can be found by this name.
fn is_host_name(name: &str) -> bool {
    !name.is_empty() && name.len() <= 253 && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}
