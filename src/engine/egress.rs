//! Containers that reach named hosts and nothing else: each has a network of its own, and on it a gateway that leads to those hosts.
//!
//! The network leads nowhere, and the host has no address on it, so that there is nobody there but the gateway: the session holder in another trade
//! (`hold gateway`), in a container of its own that is also on the engine's default network. The names of the allowed hosts stand in the container's
//! `/etc/hosts` with the gateway's address. Addresses are fixed, so that they hold over restarts; they lie in a range that is kept for tests of networks and
//! used by nobody, so that neither the engine's own ranges nor anybody's network is touched.
use super::Engine;
use super::fault::About;
use super::labels;
use super::volume;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::ContainerId;
use crate::model::ContainerSpec;
use crate::model::EgressHost;
use crate::model::NetworkMode;
use bollard::errors::Error as Foreign;
use bollard::models::ContainerCreateBody;
use bollard::models::EndpointIpamConfig;
use bollard::models::EndpointSettings;
use bollard::models::HealthConfig;
use bollard::models::HostConfig;
use bollard::models::HostConfigLogConfig;
use bollard::models::Ipam;
use bollard::models::IpamConfig;
use bollard::models::NetworkConnectRequest;
use bollard::models::NetworkCreateRequest;
use bollard::models::NetworkingConfig;
use bollard::models::RestartPolicy;
use bollard::models::RestartPolicyNameEnum;
use bollard::query_parameters::CreateContainerOptionsBuilder;
use bollard::query_parameters::KillContainerOptionsBuilder;
use bollard::query_parameters::ListContainersOptionsBuilder;
use bollard::query_parameters::ListNetworksOptionsBuilder;
use bollard::query_parameters::RemoveContainerOptionsBuilder;
use bollard::query_parameters::StartContainerOptions;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::net::Ipv4Addr;

/// What the names of such a network and of its gateway begin with; both have the same.
const PREFIX: &str = "cto-egress-";
/// What the label of helpers says on them.
const KIND: &str = "egress";
/// Where the addresses lie: 198.18.0.0/15, kept for tests of networks.
const RANGE: (u32, u32) = (0xc612_0000, 15);
/// Bits of the range that a network is, and how many networks that makes.
const BITS: u32 = 29;
const NETWORKS: u32 = 1 << (BITS - RANGE.1);
/// Others may take the same addresses meanwhile; then the next are tried.
const TRIES: u32 = 20;
/// Who a gateway runs as: nobody.
const USER: &str = "65534:65534";
/// What a gateway may use: bytes, threads, billionths of a core.
const MEMORY: i64 = 64 << 20;
const THREADS: i64 = 300;
const CPUS: i64 = 1_000_000_000;

/// A network for one container.
pub(super) struct Way {
    /// Its name, and its gateway's.
    pub name: String,
    /// Its first address.
    base: u32,
}

/// A network with its gateway that no container is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusedWay {
    /// Its name, and its gateway's.
    pub name: String,
    /// The launch that it was made for.
    pub launch: Option<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

impl Way {
    fn gateway(&self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.base + 2)
    }

    /// Puts a container that is to be made on it, and nowhere else.
    pub(super) fn lead(&self, body: &mut ContainerCreateBody, hosts: &[EgressHost]) {
        let names: BTreeSet<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
        let host = body.host_config.get_or_insert_default();
        host.network_mode = Some(self.name.clone());
        host.extra_hosts = Some(names.into_iter().map(|name| format!("{name}:{}", self.gateway())).collect());
        // An older engine would ask its own name servers, and so pass on whatever stands in a name.
        host.dns = Some(vec![self.gateway().to_string()]);
        host.dns_search = Some(vec![".".to_owned()]);
        let settings = at(Ipv4Addr::from_bits(self.base + 3));
        body.networking_config = Some(NetworkingConfig { endpoints_config: Some(HashMap::from([(self.name.clone(), settings)])) });
    }
}

fn at(address: Ipv4Addr) -> EndpointSettings {
    let ipam = EndpointIpamConfig { ipv4_address: Some(address.to_string()), ..EndpointIpamConfig::default() };
    EndpointSettings { ipam_config: Some(ipam), ..EndpointSettings::default() }
}

impl Engine {
    /// Makes the network for a container that reaches named hosts only; none for any other container.
    pub(super) async fn egress_network(&self, spec: &ContainerSpec, launch: Option<&str>, holder: Option<&str>) -> Result<Option<Way>> {
        if !matches!(spec.network, NetworkMode::Egress(_)) {
            return Ok(None);
        }
        if holder.is_none() {
            let error = Error::new(Code::WrongState, "the gateway of a container with 'egress' can't run here: the session holder is missing");
            return Err(error.fix("use an image of this machine's architecture; 'cto doctor' tells more"));
        }
        let open = self.link().open().await?;
        let fault = |error| self.link().fault(error, &About::Engine);
        let lock = self.building(KIND);
        let _alone = lock.lock().await;
        let all = open.docker.list_networks(None).await.map_err(fault)?;
        let taken: Vec<String> = all.into_iter().filter_map(|network| network.ipam?.config).flatten().filter_map(|range| range.subnet).collect();
        let id = uuid::Uuid::now_v7();
        // Not the first that is free: another server looks for one too.
        let mut tries = 0;
        let [.., a, b, c, d] = *id.as_bytes();
        let first = u32::from_be_bytes([a, b, c, d]);
        let mut labels = self.gateway_labels();
        labels.extend(launch.map(|launch| (labels::LAUNCH.to_owned(), launch.to_owned())));
        let name = format!("{PREFIX}{}", id.simple());
        for number in 0..NETWORKS {
            let base = RANGE.0 + (first.wrapping_add(number) % NETWORKS) * (1 << (32 - BITS));
            if taken.iter().any(|subnet| overlaps(subnet, base)) {
                continue;
            }
            let range = IpamConfig { subnet: Some(format!("{}/{BITS}", Ipv4Addr::from_bits(base))), ..IpamConfig::default() };
            let request = NetworkCreateRequest {
                name: name.clone(),
                driver: Some("bridge".to_owned()),
                internal: Some(true),
                ipam: Some(Ipam { config: Some(vec![range]), ..Ipam::default() }),
                // Without it the host is the container's neighbour, with all that listens there.
                options: Some(HashMap::from([("com.docker.network.bridge.inhibit_ipv4".to_owned(), "true".to_owned())])),
                labels: Some(labels.clone()),
                ..NetworkCreateRequest::default()
            };
            match open.docker.create_network(request).await {
                Ok(_) => return Ok(Some(Way { name, base })),
                Err(Foreign::DockerResponseServerError { message, .. }) if message.contains("overlap") && tries < TRIES => tries += 1,
                Err(error) => return Err(fault(error)),
            }
        }
        Err(Error::new(Code::TooMany, "there are no addresses left for a network with a gateway")
            .fix("remove containers with 'egress' that are no longer needed"))
    }

    /// What stands on such a network and on its gateway.
    fn gateway_labels(&self) -> HashMap<String, String> {
        self.mark().into_iter().chain([(labels::HELPER.to_owned(), KIND.to_owned())]).collect()
    }

    /// Makes the gateway and starts it.
    pub(super) async fn egress_gateway(&self, way: &Way, hosts: &[EgressHost], image_id: &str, holder: &str) -> Result<()> {
        let open = self.link().open().await?;
        let fault = |error| self.link().fault(error, &About::Engine);
        let mut words = vec!["gateway".to_owned(), format!("{}/{BITS}", way.gateway())];
        words.extend(hosts.iter().map(ToString::to_string));
        let log = HashMap::from([("max-size".to_owned(), "1m".to_owned()), ("max-file".to_owned(), "1".to_owned())]);
        // It binds low ports as nobody, and passes on nothing but what it has taken itself.
        let kernel = [("net.ipv4.ip_unprivileged_port_start", "0"), ("net.ipv4.ip_forward", "0")];
        let host = HostConfig {
            mounts: Some(vec![volume::mount(holder, true)]),
            network_mode: Some("bridge".to_owned()),
            readonly_rootfs: Some(true),
            cap_drop: Some(vec!["ALL".to_owned()]),
            security_opt: Some(vec!["no-new-privileges".to_owned()]),
            memory: Some(MEMORY),
            memory_swap: Some(MEMORY),
            pids_limit: Some(THREADS),
            nano_cpus: Some(CPUS),
            init: Some(false),
            restart_policy: Some(RestartPolicy { name: Some(RestartPolicyNameEnum::ALWAYS), maximum_retry_count: None }),
            sysctls: Some(kernel.map(|(name, value)| (name.to_owned(), value.to_owned())).into()),
            log_config: Some(HostConfigLogConfig { typ: Some("json-file".to_owned()), config: Some(log) }),
            ..HostConfig::default()
        };
        let body = ContainerCreateBody {
            image: Some(image_id.to_owned()),
            entrypoint: Some(vec![volume::HOLD.to_owned()]),
            cmd: Some(words),
            user: Some(USER.to_owned()),
            working_dir: Some("/".to_owned()),
            hostname: Some("gateway".to_owned()),
            healthcheck: Some(HealthConfig { test: Some(vec!["NONE".to_owned()]), ..HealthConfig::default() }),
            stop_signal: Some("SIGKILL".to_owned()),
            labels: Some(self.gateway_labels()),
            host_config: Some(host),
            ..ContainerCreateBody::default()
        };
        let options = CreateContainerOptionsBuilder::default().name(&way.name).build();
        let id = open.docker.create_container(Some(options), body).await.map_err(fault)?.id;
        let join = NetworkConnectRequest { container: id.clone(), endpoint_config: Some(at(way.gateway())) };
        open.docker.connect_network(&way.name, join).await.map_err(fault)?;
        open.docker.start_container(&id, None::<StartContainerOptions>).await.map_err(fault)
    }

    /// The network of a container that reaches named hosts only; none for any other, or where there is no such container.
    pub(super) async fn egress_of(&self, id: &ContainerId) -> Option<String> {
        let networks = self.inspect_raw(id.as_str()).await.ok()?.network_settings?.networks?;
        networks.into_keys().find(|name| is_own(name))
    }

    /// Whether a container reaches named hosts only.
    pub async fn has_egress(&self, id: &ContainerId) -> bool {
        self.egress_of(id).await.is_some()
    }

    /// The id of the gateway that is called so; none where there is none. By its label: what else has the name is not touched.
    async fn gateway_called(&self, name: &str) -> Result<Option<String>> {
        let found = match self.inspect_raw(name).await {
            Ok(found) => found,
            Err(error) if error.code == Code::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let labels = found.config.and_then(|config| config.labels).unwrap_or_default();
        Ok(found.id.filter(|_| labels.get(labels::HELPER).is_some_and(|kind| kind == KIND)))
    }

    /// Starts the gateway of a container that is about to be started, unless it runs.
    pub(super) async fn wake_gateway(&self, id: &ContainerId) -> Result<()> {
        let Some(name) = self.egress_of(id).await else { return Ok(()) };
        let Some(gateway) = self.gateway_called(&name).await? else {
            let error = Error::new(Code::WrongState, format!("the gateway of container '{id}' was removed: it would reach nothing"));
            return Err(error.fix("remove the container and launch it anew"));
        };
        let open = self.link().open().await?;
        open.docker.start_container(&gateway, None::<StartContainerOptions>).await.map_err(|error| self.link().fault(error, &About::Engine))
    }

    /// Stops the gateway of a container that was stopped. One that goes on costs little: a failure is only noted.
    pub(super) async fn rest_gateway(&self, id: &ContainerId) {
        let Some(name) = self.egress_of(id).await else { return };
        let stopped = async {
            let Some(gateway) = self.gateway_called(&name).await? else { return Ok(()) };
            let open = self.link().open().await?;
            let options = KillContainerOptionsBuilder::default().signal("SIGKILL").build();
            open.docker.kill_container(&gateway, Some(options)).await.map_err(|error| self.link().fault(error, &About::Engine))?;
            // Somebody may have started the container again meanwhile.
            if self.inspect_running(id).await.is_ok() { self.wake_gateway(id).await } else { Ok(()) }
        };
        if let Err(error) = stopped.await {
            tracing::debug!(%error, name, "a gateway is not stopped with its container");
        }
    }

    /// Removes a network and its gateway. What is not there any more is no error.
    ///
    /// # Errors
    /// What the engine says where it can't.
    pub async fn remove_egress(&self, name: &str) -> Result<()> {
        let open = self.link().open().await?;
        let gone = |error: &Foreign| matches!(error, Foreign::DockerResponseServerError { status_code: 404, .. });
        if let Some(gateway) = self.gateway_called(name).await? {
            let options = RemoveContainerOptionsBuilder::default().v(true).force(true).build();
            match open.docker.remove_container(&gateway, Some(options)).await {
                Err(error) if !gone(&error) => return Err(self.link().fault(error, &About::Container(name))),
                _ => {}
            }
        }
        match open.docker.remove_network(name).await {
            Err(error) if !gone(&error) => Err(self.link().fault(error, &About::Network(name))),
            _ => Ok(()),
        }
    }

    /// As `remove_egress`, after its container is gone: what can't be removed now is found by [`Self::unused_ways`].
    pub(super) async fn drop_egress(&self, name: Option<String>) {
        if let Some(name) = name
            && let Err(error) = self.remove_egress(&name).await
        {
            tracing::warn!(%error, name, "the gateway of a container that is gone can't be removed");
        }
    }

    /// Networks and gateways of our server that no container is on: it was removed by other means, or a server ended while it launched one.
    ///
    /// # Errors
    /// `engine_unavailable`.
    pub async fn unused_ways(&self) -> Result<Vec<UnusedWay>> {
        let open = self.link().open().await?;
        let fault = |error| self.link().fault(error, &About::Engine);
        let filters = HashMap::from([("label", vec![format!("{}={KIND}", labels::HELPER)])]);
        let options = ListNetworksOptionsBuilder::default().filters(&filters).build();
        let mut ways: BTreeMap<String, UnusedWay> = BTreeMap::new();
        for network in open.docker.list_networks(Some(options)).await.map_err(fault)? {
            if self.is_of_another(network.labels.as_ref()) {
                continue;
            }
            let (Some(name), launch) = (network.name, network.labels.and_then(|mut labels| labels.remove(labels::LAUNCH))) else { continue };
            let created_at = network.created.and_then(|at| at.parse().ok());
            ways.insert(name.clone(), UnusedWay { name, launch, created_at });
        }
        let options = ListContainersOptionsBuilder::default().all(true).build();
        let mut used = BTreeSet::new();
        for container in open.docker.list_containers(Some(options)).await.map_err(fault)? {
            let name = super::containers::plain_name(container.names.as_ref().and_then(|names| names.first()).map(String::as_str));
            let helps = container.labels.as_ref().and_then(|labels| labels.get(labels::HELPER)).is_some_and(|kind| kind == KIND);
            if helps && is_own(&name) {
                // One whose network is gone leads nowhere.
                let created_at = container.created.and_then(|at| Timestamp::from_second(at).ok());
                if !self.is_of_another(container.labels.as_ref()) {
                    ways.entry(name.clone()).or_insert(UnusedWay { name, launch: None, created_at });
                }
            } else {
                used.extend(container.network_settings.and_then(|settings| settings.networks).unwrap_or_default().into_keys());
            }
        }
        Ok(ways.into_values().filter(|way| is_own(&way.name) && !used.contains(&way.name)).collect())
    }
}

fn is_own(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether a network's range and the one at `base` have addresses in common.
fn overlaps(subnet: &str, base: u32) -> bool {
    let range = subnet.split_once('/').and_then(|(address, bits)| Some((address.parse::<Ipv4Addr>().ok()?.to_bits(), bits.parse::<u32>().ok()?)));
    // One of IPv6 has none in common.
    range.is_some_and(|(address, bits)| {
        let mask = u32::MAX.checked_shl(32_u32.saturating_sub(bits.min(BITS))).unwrap_or(0);
        address & mask == base & mask
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_another_network_has_are_not_taken() {
        let base = RANGE.0 + 8;
        for taken in ["198.18.0.8/29", "198.18.0.12/30", "198.18.0.0/16", "0.0.0.0/0", "198.0.0.0/8"] {
            assert!(overlaps(taken, base), "{taken}");
        }
        for free in ["198.18.0.0/29", "198.18.0.16/29", "172.17.0.0/16", "fd00::/64", "nonsense"] {
            assert!(!overlaps(free, base), "{free}");
        }
        assert!(is_own(&format!("{PREFIX}{}", uuid::Uuid::now_v7().simple())) && !is_own("cto-egress-mine"));
    }
}
