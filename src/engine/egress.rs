//! Containers that reach named hosts and nothing else, each by a gateway of its own.
//!
//! Such a container has a network that nobody else is on, not even its host: `none`, with nothing but the container itself. Two helpers of ours lead out
//! of it. The ends, a container whose network it shares, holds sockets there, at an address of the loopback device, by which the names of
//! the allowed hosts go in `/etc/hosts`. It hands them over a volume to the gateway, a container on the engine's default network, which serves them and
//! connects to those hosts. Both are the session holder in other trades (`hold gateway-ends`, `hold gateway`). What is on a wire with a bridge has the
//! host as its neighbour; here there is no wire.
use super::Engine;
use super::fault::About;
use super::labels;
use super::volume;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::ContainerSpec;
use crate::model::ContainerState;
use crate::model::EgressHost;
use crate::model::NetworkMode;
use bollard::errors::Error as Foreign;
use bollard::models::ContainerCreateBody;
use bollard::models::HealthConfig;
use bollard::models::HostConfig;
use bollard::models::HostConfigLogConfig;
use bollard::models::Mount;
use bollard::models::MountType;
use bollard::models::MountVolumeOptions;
use bollard::models::RestartPolicy;
use bollard::models::RestartPolicyNameEnum;
use bollard::models::VolumeCreateRequest;
use bollard::query_parameters::CreateContainerOptionsBuilder;
use bollard::query_parameters::KillContainerOptionsBuilder;
use bollard::query_parameters::ListContainersOptionsBuilder;
use bollard::query_parameters::ListVolumesOptionsBuilder;
use bollard::query_parameters::RemoveContainerOptionsBuilder;
use bollard::query_parameters::RemoveVolumeOptions;
use bollard::query_parameters::StartContainerOptions;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

/// What the name of a way begins with; its gateway and its volume have the name itself.
const PREFIX: &str = "cto-egress-";
/// What is added for the ends.
const ENDS: &str = "-ends";
/// What the label of helpers says on them.
const KIND: &str = "egress";
/// Where the names of the allowed hosts lead to in the container. None of the addresses that programs take there by custom.
const INSIDE: &str = "127.198.18.2";
/// Where the container's own name leads to, as in Debian.
const ITSELF: &str = "127.0.1.1";
/// Where helpers find the volume, and on it the way to the sockets.
const SHARED: &str = "/.way";
const DOOR: &str = "/.way/door";
/// Who the helpers run as: nobody.
const USER: &str = "65534:65534";
/// The volume is in memory, for that user alone, and holds nothing but the way to the sockets.
const VOLUME: [(&str, &str); 3] = [("type", "tmpfs"), ("device", "tmpfs"), ("o", "uid=65534,gid=65534,mode=0700,size=64k")];
/// What the engine calls the network of another container, before its id.
const SHARES: &str = "container:";
/// What a helper may use: bytes, threads, billionths of a core.
const MEMORY: i64 = 64 << 20;
const THREADS: i64 = 300;
const CPUS: i64 = 1_000_000_000;

/// The way out of one container.
pub(super) struct Way {
    /// Its name, its gateway's and its volume's.
    pub name: String,
    /// The id of its ends.
    ends: String,
}

/// A way whose container is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnusedWay {
    /// Its name.
    pub name: String,
    /// The launch that it was made for.
    pub launch: Option<String>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

impl Way {
    /// Puts a container that is to be made on its network. What it is called, and how names are found, belongs to the network.
    pub(super) fn lead(&self, body: &mut ContainerCreateBody, hosts: &[EgressHost]) {
        body.hostname = None;
        body.labels.get_or_insert_default().insert(labels::EGRESS.to_owned(), words(hosts).join(" "));
        body.host_config.get_or_insert_default().network_mode = Some(format!("{SHARES}{}", self.ends));
    }
}

fn words(hosts: &[EgressHost]) -> Vec<String> {
    hosts.iter().map(ToString::to_string).collect()
}

impl Engine {
    /// Makes the way out for a container that reaches named hosts only; none for any other container. Nothing of it runs yet.
    pub(super) async fn egress_way(
        &self,
        spec: &ContainerSpec,
        body: &ContainerCreateBody,
        launch: Option<&str>,
        image_id: &str,
        holder: Option<&str>,
    ) -> Result<Option<Way>> {
        let NetworkMode::Egress(hosts) = &spec.network else { return Ok(None) };
        let Some(holder) = holder else {
            let error = Error::new(Code::WrongState, "the gateway of a container with 'egress' can't run here: the session holder is missing");
            return Err(error.fix("use an image of this machine's architecture; 'cto doctor' tells more"));
        };
        let name = format!("{PREFIX}{}", uuid::Uuid::now_v7().simple());
        match self.make_way(&name, hosts, body.hostname.clone(), launch, image_id, holder).await {
            Ok(ends) => Ok(Some(Way { name, ends })),
            Err(error) => {
                self.drop_egress(Some(name)).await;
                Err(error)
            }
        }
    }

    /// Makes volume, ends and gateway; the id of the ends.
    async fn make_way(&self, name: &str, hosts: &[EgressHost], hostname: Option<String>, launch: Option<&str>, image_id: &str, holder: &str) -> Result<String> {
        let open = self.link().open().await?;
        let fault = |error| self.link().fault(error, &About::Engine);
        let labels: HashMap<String, String> = self.mark().into_iter().chain([(labels::HELPER.to_owned(), KIND.to_owned())]).collect();
        let launched = launch.map(|launch| (labels::LAUNCH.to_owned(), launch.to_owned()));
        let request = VolumeCreateRequest {
            name: Some(name.to_owned()),
            driver: Some("local".to_owned()),
            driver_opts: Some(VOLUME.map(|(name, value)| (name.to_owned(), value.to_owned())).into()),
            labels: Some(labels.clone().into_iter().chain(launched).collect()),
            ..VolumeCreateRequest::default()
        };
        open.docker.create_volume(request).await.map_err(fault)?;
        let command = |verb: &str| [verb, DOOR, INSIDE].map(str::to_owned).into_iter().chain(words(hosts)).collect::<Vec<_>>();
        let make = |name: String, mut body: ContainerCreateBody| {
            body.image = Some(image_id.to_owned());
            body.labels = Some(labels.clone());
            let docker = &open.docker;
            async move { docker.create_container(Some(CreateContainerOptionsBuilder::default().name(&name).build()), body).await }
        };
        let mut gateway = helper(name, holder, command("gateway"));
        gateway.hostname = Some("gateway".to_owned());
        let mut ends = helper(name, holder, command("gateway-ends"));
        let known: BTreeSet<&str> = hosts.iter().map(|host| host.name.as_str()).collect();
        let itself = hostname.iter().filter(|hostname| !known.contains(hostname.as_str())).map(|hostname| format!("{hostname}:{ITSELF}"));
        let host = ends.host_config.get_or_insert_default();
        host.extra_hosts = Some(known.iter().map(|name| format!("{name}:{INSIDE}")).chain(itself).collect());
        host.network_mode = Some("none".to_owned());
        // Else the names of others would be asked for at the engine's own name servers, and with them whatever stands in a name.
        host.dns = Some(vec![INSIDE.to_owned()]);
        host.dns_search = Some(vec![".".to_owned()]);
        ends.hostname = hostname;
        let (ends, gateway) = tokio::join!(make(format!("{name}{ENDS}"), ends), make(name.to_owned(), gateway));
        gateway.map_err(fault)?;
        Ok(ends.map_err(fault)?.id)
    }

    /// The name of the way that this network mode is; none where it is anything else, or the way is gone. By its label: what else has the name is not touched.
    async fn way_of(&self, mode: Option<&str>) -> Result<Option<String>> {
        let Some(ends) = mode.and_then(|mode| mode.strip_prefix(SHARES)) else { return Ok(None) };
        let found = match self.inspect_raw(ends).await {
            Ok(found) => found,
            Err(error) if error.code == Code::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let helps = helps(found.config.as_ref().and_then(|config| config.labels.as_ref()));
        let name = super::containers::plain_name(found.name.as_deref());
        Ok(name.strip_suffix(ENDS).filter(|name| helps && is_own(name)).map(str::to_owned))
    }

    /// The way of a container that reaches named hosts only; none for any other, or where there is no such container.
    pub(super) async fn egress_of(&self, id: &ContainerId) -> Option<String> {
        let mode = self.inspect_raw(id.as_str()).await.ok()?.host_config?.network_mode;
        self.way_of(mode.as_deref()).await.ok()?
    }

    /// Whether a container reaches named hosts only.
    pub async fn has_egress(&self, id: &ContainerId) -> bool {
        self.egress_of(id).await.is_some()
    }

    /// Starts the way of a container that is about to be started, unless it runs.
    pub(super) async fn wake_gateway(&self, id: &ContainerId) -> Result<()> {
        let found = self.inspect_raw(id.as_str()).await?;
        let mode = found.host_config.and_then(|host| host.network_mode).filter(|mode| mode.starts_with(SHARES));
        if mode.is_none() {
            return Ok(());
        }
        let Some(name) = self.way_of(mode.as_deref()).await? else {
            // Somebody else's container may share whatever network it likes.
            if !found.config.and_then(|config| config.labels).is_some_and(|labels| labels.contains_key(labels::EGRESS)) {
                return Ok(());
            }
            let error = Error::new(Code::WrongState, format!("the gateway of container '{id}' was removed: it would reach nothing"));
            return Err(error.fix("remove the container and launch it anew"));
        };
        let open = self.link().open().await?;
        let start = |name: String| {
            let docker = &open.docker;
            async move { docker.start_container(&name, None::<StartContainerOptions>).await }
        };
        let (ends, gateway) = tokio::join!(start(format!("{name}{ENDS}")), start(name));
        ends.and(gateway).map_err(|error| self.link().fault(error, &About::Engine))
    }

    /// Stops the way of a container that was stopped. One that goes on costs little: a failure is only noted.
    pub(super) async fn rest_gateway(&self, id: &ContainerId) {
        let Some(name) = self.egress_of(id).await else { return };
        let stopped = async {
            let open = self.link().open().await?;
            let kill = || Some(KillContainerOptionsBuilder::default().signal("SIGKILL").build());
            let ends = format!("{name}{ENDS}");
            let (ends, gateway) = tokio::join!(open.docker.kill_container(&ends, kill()), open.docker.kill_container(&name, kill()));
            ends.and(gateway).map_err(|error| self.link().fault(error, &About::Engine))?;
            // Somebody may have started the container again meanwhile.
            if self.inspect_running(id).await.is_ok() { self.wake_gateway(id).await } else { Ok(()) }
        };
        if let Err(error) = stopped.await {
            tracing::debug!(%error, name, "a gateway is not stopped with its container");
        }
    }

    /// Removes a way. What is not there any more is no error, and what is not ours stays.
    ///
    /// # Errors
    /// What the engine says where it can't.
    pub async fn remove_egress(&self, name: &str) -> Result<()> {
        let open = self.link().open().await?;
        let gone = |error: &Foreign| matches!(error, Foreign::DockerResponseServerError { status_code: 404, .. });
        for helper in [name, &format!("{name}{ENDS}")] {
            let id = match self.inspect_raw(helper).await {
                Ok(found) if helps(found.config.as_ref().and_then(|config| config.labels.as_ref())) => found.id.unwrap_or_default(),
                Ok(_) => continue,
                Err(error) if error.code == Code::NotFound => continue,
                Err(error) => return Err(error),
            };
            let options = RemoveContainerOptionsBuilder::default().v(true).force(true).build();
            match open.docker.remove_container(&id, Some(options)).await {
                Err(error) if !gone(&error) => return Err(self.link().fault(error, &About::Container(helper))),
                _ => {}
            }
        }
        match open.docker.remove_volume(name, None::<RemoveVolumeOptions>).await {
            Err(error) if !gone(&error) => Err(self.link().fault(error, &About::Volume(name))),
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

    /// Ways of our server whose container is not there: it was removed by other means, or a server ended while it launched one.
    ///
    /// # Errors
    /// `engine_unavailable`.
    pub async fn unused_ways(&self) -> Result<Vec<UnusedWay>> {
        let open = self.link().open().await?;
        let fault = |error| self.link().fault(error, &About::Engine);
        let filters = HashMap::from([("label", vec![format!("{}={KIND}", labels::HELPER)])]);
        let options = ListVolumesOptionsBuilder::default().filters(&filters).build();
        let mut ways: BTreeMap<String, UnusedWay> = BTreeMap::new();
        for volume in open.docker.list_volumes(Some(options)).await.map_err(fault)?.volumes.unwrap_or_default() {
            if !self.is_of_another(Some(&volume.labels)) {
                let way = UnusedWay {
                    name: volume.name.clone(),
                    launch: volume.labels.get(labels::LAUNCH).cloned(),
                    created_at: volume.created_at.and_then(|at| at.parse().ok()),
                };
                ways.insert(volume.name, way);
            }
        }
        let options = ListContainersOptionsBuilder::default().all(true).build();
        // The ends, and what shares the network of others, both by id.
        let (mut ends, mut shared) = (HashMap::new(), BTreeSet::new());
        for container in open.docker.list_containers(Some(options)).await.map_err(fault)? {
            let name = super::containers::plain_name(container.names.as_ref().and_then(|names| names.first()).map(String::as_str));
            if helps(container.labels.as_ref()) {
                let way = name.strip_suffix(ENDS).unwrap_or(&name).to_owned();
                if name != way {
                    ends.extend(container.id.map(|id| (id, way.clone())));
                }
                // One whose volume is gone leads nowhere.
                let created_at = container.created.and_then(|at| Timestamp::from_second(at).ok());
                if !self.is_of_another(container.labels.as_ref()) {
                    ways.entry(way.clone()).or_insert(UnusedWay { name: way, launch: None, created_at });
                }
            } else {
                let mode = container.host_config.and_then(|host| host.network_mode);
                shared.extend(mode.and_then(|mode| mode.strip_prefix(SHARES).map(str::to_owned)));
            }
        }
        let used: BTreeSet<&String> = shared.iter().filter_map(|id| ends.get(id)).collect();
        Ok(ways.into_values().filter(|way| is_own(&way.name) && !used.contains(&way.name)).collect())
    }
}

/// Whether the engine has tried to start a container before the one whose network it shares, as it may when it comes up itself. It does
/// not try again.
#[must_use]
pub fn is_stranded(container: &Container) -> bool {
    let ended = matches!(container.state, ContainerState::Created | ContainerState::Exited | ContainerState::Dead);
    ended && container.error.as_ref().is_some_and(|text| text.contains("network of a non running container") || text.contains("is restarting, wait until"))
}

/// Whether these are the labels of what helps a way out.
pub(super) fn helps(labels: Option<&labels::Labels>) -> bool {
    labels.and_then(|labels| labels.get(labels::HELPER)).is_some_and(|kind| kind == KIND)
}

fn is_own(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|rest| rest.len() == 32 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// One of the two helpers of a way: the holder as nobody, with no rights, that binds low ports and passes on nothing but what it has taken itself.
fn helper(way: &str, holder: &str, words: Vec<String>) -> ContainerCreateBody {
    let log = HashMap::from([("max-size".to_owned(), "1m".to_owned()), ("max-file".to_owned(), "1".to_owned())]);
    let kernel = [("net.ipv4.ip_unprivileged_port_start", "0"), ("net.ipv4.ip_forward", "0")];
    let shared = Mount {
        target: Some(SHARED.to_owned()),
        source: Some(way.to_owned()),
        typ: Some(MountType::VOLUME),
        read_only: Some(false),
        volume_options: Some(MountVolumeOptions { no_copy: Some(true), ..MountVolumeOptions::default() }),
        ..Mount::default()
    };
    let host = HostConfig {
        mounts: Some(vec![volume::mount(holder, true), shared]),
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
    ContainerCreateBody {
        entrypoint: Some(vec![volume::HOLD.to_owned()]),
        cmd: Some(words),
        user: Some(USER.to_owned()),
        working_dir: Some("/".to_owned()),
        healthcheck: Some(HealthConfig { test: Some(vec!["NONE".to_owned()]), ..HealthConfig::default() }),
        stop_signal: Some("SIGKILL".to_owned()),
        host_config: Some(host),
        ..ContainerCreateBody::default()
    }
}
