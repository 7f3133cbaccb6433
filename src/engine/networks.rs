//! The networks that the engine has: listed, made, joined, left, removed.
use super::Engine;
use super::calls;
use super::containers::can_be_named;
use super::fault::About;
use super::labels;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::ContainerId;
use crate::model::CreateNetwork;
use crate::model::Network;
use crate::model::NetworkMember;
use bollard::models::EndpointSettings;
use bollard::models::Ipam;
use bollard::models::IpamConfig;
use bollard::models::Network as EngineNetwork;
use bollard::models::NetworkConnectRequest;
use bollard::models::NetworkCreateRequest;
use bollard::models::NetworkDisconnectRequest;
use bollard::query_parameters::ListContainersOptionsBuilder;
use std::collections::HashMap;

/// What the engine always has.
const BUILTIN: [&str; 3] = ["bridge", "host", "none"];

impl Engine {
    /// Every network, by name.
    ///
    /// # Errors
    /// `engine_unavailable`.
    pub async fn networks(&self) -> Result<Vec<Network>> {
        let open = self.link().open().await?;
        let fault = |error| self.link().fault(error, &About::Engine);
        let found = open.docker.list_networks(None).await.map_err(fault)?;
        // The engine's own list of members leaves out those that do not run.
        let options = ListContainersOptionsBuilder::default().all(true).build();
        let mut members: HashMap<String, Vec<NetworkMember>> = HashMap::new();
        for container in open.docker.list_containers(Some(options)).await.map_err(fault)? {
            let name = super::containers::plain_name(container.names.as_ref().and_then(|names| names.first()).map(String::as_str));
            for (network, endpoint) in container.network_settings.and_then(|settings| settings.networks).unwrap_or_default() {
                let member = NetworkMember { name: name.clone(), address: endpoint.ip_address.filter(|address| !address.is_empty()) };
                members.entry(endpoint.network_id.filter(|id| !id.is_empty()).unwrap_or(network)).or_default().push(member);
            }
        }
        let theirs = |found: EngineNetwork| {
            let other_server = self.is_of_another(found.labels.as_ref());
            Network { other_server, ..network(found, &mut members) }
        };
        let shown = found.into_iter().filter(|network| network.labels.as_ref().is_none_or(|labels| !labels.contains_key(labels::HELPER)));
        let mut all: Vec<Network> = shown.map(theirs).collect();
        all.sort_by(|one, other| one.name.cmp(&other.name).then_with(|| one.id.cmp(&other.id)));
        Ok(all)
    }

    /// One network, by name or id.
    ///
    /// # Errors
    /// `not_found`; `ambiguous` when several have the name.
    pub async fn get_network(&self, name: &str) -> Result<Network> {
        let mut all = self.networks().await?;
        if let Some(at) = all.iter().position(|network| network.id == name) {
            return Ok(all.swap_remove(at));
        }
        all.retain(|network| network.name == name || (name.len() >= 12 && network.id.starts_with(name)));
        if all.len() > 1 {
            return Err(Error::new(Code::Ambiguous, format!("'{name}' fits several networks")).fix("give the id: 'cto network ls' shows it"));
        }
        all.pop().ok_or_else(|| Error::not_found("network", name).fix("'cto network ls' lists the networks"))
    }

    /// Makes a network for `owner`.
    ///
    /// # Errors
    /// `name_in_use`, `invalid_value`.
    pub async fn create_network(&self, request: &CreateNetwork, owner: &str) -> Result<Network> {
        let work = async {
            let name = request.name.as_str();
            if !can_be_named(name) || BUILTIN.contains(&name) {
                return Err(Error::invalid(format!("'{name}' can't be a network's name"))
                    .fix("use letters, digits, '_', '.' and '-', beginning with a letter or digit"));
            }
            // The engine would make a second one of that name. Two at once make it once.
            let lock = self.building(&format!("network {name}"));
            let _alone = lock.lock().await;
            if self.networks().await?.iter().any(|network| network.name == name) {
                return Err(Error::new(Code::NameInUse, format!("there is a network '{name}' already")).fix("choose another name"));
            }
            let mut labels: HashMap<String, String> = request.labels.clone().into_iter().collect();
            labels.insert(labels::OWNER.to_owned(), owner.to_owned());
            labels.extend(self.mark());
            let range = request.subnet.clone().map(|subnet| IpamConfig { subnet: Some(subnet), ..IpamConfig::default() });
            let wanted = NetworkCreateRequest {
                name: name.to_owned(),
                driver: Some(request.driver.clone().filter(|driver| !driver.is_empty()).unwrap_or_else(|| "bridge".to_owned())),
                internal: Some(request.internal),
                ipam: range.map(|range| Ipam { config: Some(vec![range]), ..Ipam::default() }),
                labels: Some(labels),
                ..NetworkCreateRequest::default()
            };
            let open = self.link().open().await?;
            let made = open.docker.create_network(wanted).await.map_err(|error| self.link().fault(error, &About::Network(name)))?;
            self.get_network(&made.id).await
        };
        self.called(None, format!("docker network create {}{}", if request.internal { "--internal " } else { "" }, request.name), work).await
    }

    /// Puts a container on a network.
    ///
    /// # Errors
    /// `wrong_state` when it is there already, or can't be.
    pub async fn connect_to(&self, network: &Network, container: &ContainerId, aliases: &[String]) -> Result<()> {
        let work = async {
            let settings = EndpointSettings { aliases: (!aliases.is_empty()).then(|| aliases.to_vec()), ..EndpointSettings::default() };
            let request = NetworkConnectRequest { container: container.0.clone(), endpoint_config: Some(settings) };
            let open = self.link().open().await?;
            open.docker.connect_network(&network.id, request).await.map_err(|error| self.link().fault(error, &About::Network(&network.name)))
        };
        self.called(Some(container), format!("docker network connect {} {}", network.name, calls::short(container)), work).await
    }

    /// Takes a container off a network.
    ///
    /// # Errors
    /// `wrong_state` when it is not there.
    pub async fn disconnect_from(&self, network: &Network, container: &ContainerId) -> Result<()> {
        let work = async {
            let request = NetworkDisconnectRequest { container: container.0.clone(), force: Some(false) };
            let open = self.link().open().await?;
            open.docker.disconnect_network(&network.id, request).await.map_err(|error| self.link().fault(error, &About::Network(&network.name)))
        };
        self.called(Some(container), format!("docker network disconnect {} {}", network.name, calls::short(container)), work).await
    }

    /// Removes a network.
    ///
    /// # Errors
    /// `wrong_state` when a container is on it, or it is the engine's own.
    pub async fn remove_network(&self, network: &Network) -> Result<()> {
        let work = async {
            let open = self.link().open().await?;
            open.docker.remove_network(&network.id).await.map_err(|error| self.link().fault(error, &About::Network(&network.name)))
        };
        self.called(None, format!("docker network rm {}", network.name), work).await
    }
}

/// The engine's report in our words.
fn network(found: EngineNetwork, members: &mut HashMap<String, Vec<NetworkMember>>) -> Network {
    let (id, name) = (found.id.unwrap_or_default(), found.name.unwrap_or_default());
    let mut containers = members.remove(&id).unwrap_or_default();
    // A container that never ran knows its network by name alone.
    containers.extend(members.remove(&name).unwrap_or_default());
    containers.sort();
    let labels = found.labels.unwrap_or_default();
    Network {
        builtin: BUILTIN.contains(&name.as_str()) || found.ingress == Some(true),
        driver: found.driver.unwrap_or_default(),
        scope: found.scope.unwrap_or_default(),
        internal: found.internal.unwrap_or(false),
        created_at: found.created.and_then(|at| at.parse().ok()),
        other_server: false,
        owner: labels.get(labels::OWNER).filter(|owner| !owner.is_empty()).cloned(),
        subnets: found.ipam.and_then(|ipam| ipam.config).into_iter().flatten().filter_map(|range| range.subnet).collect(),
        labels: labels.into_iter().filter(|(name, _)| !name.starts_with(labels::PREFIX)).collect(),
        containers,
        id,
        name,
    }
}
