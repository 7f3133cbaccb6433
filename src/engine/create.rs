//! A spec as the engine's request: hardened by default, built from our own checked struct.
use super::Engine;
use super::calls;
use super::care;
use super::fault::About;
use super::labels;
use super::volume::HOLD;
use crate::error::Error;
use crate::error::Result;
use crate::model::ContainerId;
use crate::model::ContainerSpec;
use crate::model::Mount;
use crate::model::MountSource;
use crate::model::NetworkMode;
use crate::model::Restart;
use crate::model::is_namespaced;
use bollard::models::ContainerCreateBody;
use bollard::models::HostConfig;
use bollard::models::HostConfigLogConfig;
use bollard::models::ImageConfig;
use bollard::models::Mount as EngineMount;
use bollard::models::MountType;
use bollard::models::PortBinding;
use bollard::models::PortMap;
use bollard::query_parameters::CreateContainerOptionsBuilder;
use sha2::Digest;
use std::collections::HashMap;

/// What package managers, `su`, web servers and shells need; everything else is dropped.
const CAPABILITIES: [&str; 10] = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"];
/// The search path where an image names none.
pub(super) const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// Where Debian keeps its games.
const GAMES: [&str; 2] = ["/usr/local/games", "/usr/games"];
/// Memory file systems that a read-only root needs: where, and how.
const SCRATCH: [(&str, &str); 2] = [("/tmp", "rw,exec,nosuid,nodev,size=67108864,mode=1777"), ("/run", "rw,nosuid,nodev,size=16777216,mode=755")];

impl Engine {
    /// Creates a container from `image_id`, for `owner`, as part of an operation `launch`; it does not run yet.
    ///
    /// # Errors
    /// When its name is in use, its image or a mounted directory is missing, or the engine refuses it.
    pub async fn create(&self, spec: &ContainerSpec, owner: &str, launch: Option<&str>, image_id: &str) -> Result<ContainerId> {
        // It is much: on the heap it fits any stack.
        let work = Box::pin(async {
            let open = self.link().open().await?;
            let image = open.docker.inspect_image(image_id).await.map_err(|error| self.link().fault(error, &About::Image(&spec.image.reference)))?;
            let holder = if super::volume::runs_on(image.architecture.as_deref().unwrap_or_default()) {
                // A container without it works too; its sessions end with the server, and say so.
                self.holder_volume(image_id).await.map_err(|error| tracing::warn!(%error, "the session holder's volume can't be filled")).ok()
            } else {
                None
            };
            let mut body = request(spec, owner, image_id, &image.config.unwrap_or_default(), open.cpus, holder.as_deref())?;
            let own = launch.map(|launch| (labels::LAUNCH.to_owned(), launch.to_owned()));
            body.labels.get_or_insert_default().extend(own.into_iter().chain(self.mark()));
            let options = CreateContainerOptionsBuilder::default().name(&spec.name).build();
            if spec.network == NetworkMode::Internal {
                self.internal_network(owner).await?;
            }
            self.networks_exist(spec).await?;
            let way = self.egress_way(spec, &body, launch, image_id, holder.as_deref()).await?;
            if let (Some(way), NetworkMode::Egress(hosts)) = (&way, &spec.network) {
                way.lead(&mut body, hosts);
            }
            let created = open.docker.create_container(Some(options), body).await;
            let id = match created {
                Ok(created) => ContainerId(created.id),
                Err(error) => {
                    self.drop_egress(way.map(|way| way.name)).await;
                    return Err(self.link().fault(error, &About::Container(&spec.name)));
                }
            };
            if let Err(error) = self.complete(spec, owner, &id).await {
                // Half of what was asked for is nothing.
                let _ = self.remove(&id, true).await;
                return Err(error);
            }
            Ok(id)
        });
        self.called(None, calls::create(spec), work).await
    }
}

/// The request for `spec`. `cpus` are the machine's; 0 where that is not known. `holder` is the volume with the session holder.
fn request(spec: &ContainerSpec, owner: &str, image_id: &str, image: &ImageConfig, cpus: u32, holder: Option<&str>) -> Result<ContainerCreateBody> {
    let list = |words: &[String]| (!words.is_empty()).then(|| words.to_vec());
    if let Some(name) = spec.sysctls.keys().find(|name| !is_namespaced(name)) {
        return Err(Error::invalid(format!("'{name}' is a setting of the host's kernel, which no container has")).fix("leave it out of 'sysctls'"));
    }
    let mut host = host(spec, owner, cpus)?;
    // Whoever mounts something else there does without.
    let holder = holder.filter(|_| !spec.mounts.iter().any(|mount| mount.target.trim_end_matches('/') == super::volume::MOUNTED));
    if let Some(volume) = holder {
        host.mounts.get_or_insert_default().push(super::volume::mount(volume, true));
    }
    let (mut entrypoint, mut cmd) = (list(&spec.entrypoint), list(&spec.command));
    let main = main_program(spec, image);
    if spec.interactive && !main.is_empty() && holder.is_some() {
        // The holder is the container's init, and the main program its first session.
        let size = format!("{}x{}", spec.size.cols, spec.size.rows);
        entrypoint = Some([HOLD, "init", "--size", &size, "--"].map(str::to_owned).to_vec());
        cmd = Some(main);
        host.init = Some(false);
    }
    Ok(ContainerCreateBody {
        // Linux takes no longer host name.
        hostname: Some(spec.hostname.clone().unwrap_or_else(|| spec.name.chars().take(63).collect())),
        user: spec.user.clone(),
        exposed_ports: (!spec.ports.is_empty()).then(|| spec.ports.iter().map(|port| format!("{}/{}", port.container_port, port.protocol)).collect()),
        tty: Some(spec.interactive),
        open_stdin: Some(spec.interactive),
        stdin_once: Some(false),
        env: Some(environment(spec, image)),
        cmd,
        entrypoint,
        image: Some(image_id.to_owned()),
        working_dir: spec.working_dir.clone(),
        labels: Some(own_labels(spec, owner)?),
        stop_signal: spec.care.stop_signal.clone(),
        stop_timeout: spec.care.stop_seconds.map(i64::from),
        healthcheck: spec.care.health.as_ref().map(care::healthcheck),
        networking_config: care::endpoint(spec),
        host_config: Some(host),
        ..ContainerCreateBody::default()
    })
}

/// What the engine would run: an entrypoint of the spec's own leaves nothing of the image's.
fn main_program(spec: &ContainerSpec, image: &ImageConfig) -> Vec<String> {
    let (mut words, rest) = match (spec.entrypoint.is_empty(), spec.command.is_empty()) {
        (false, _) => (spec.entrypoint.clone(), spec.command.clone()),
        (true, false) => (image.entrypoint.clone().unwrap_or_default(), spec.command.clone()),
        (true, true) => (image.entrypoint.clone().unwrap_or_default(), image.cmd.clone().unwrap_or_default()),
    };
    words.extend(rest);
    words
}

/// The environment: the spec's, with defaults for what neither it nor the image says.
fn environment(spec: &ContainerSpec, image: &ImageConfig) -> Vec<String> {
    let said = image.env.clone().unwrap_or_default();
    let in_image = |name: &str| said.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix('=').map(str::to_owned));
    let mut lines: Vec<String> = spec.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
    for (name, value) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8")] {
        if !spec.environment.contains_key(name) && in_image(name).is_none() {
            lines.push(format!("{name}={value}"));
        }
    }
    if !spec.environment.contains_key("PATH") {
        let path = in_image("PATH");
        let longer = with_games(path.as_deref().unwrap_or(DEFAULT_PATH));
        if path.as_deref() != Some(longer.as_str()) {
            lines.push(format!("PATH={longer}"));
        }
    }
    lines
}

/// A search path that also has the directories of games.
pub(super) fn with_games(path: &str) -> String {
    let mut path = path.to_owned();
    for dir in GAMES {
        if !path.split(':').any(|known| known == dir) {
            path.push(':');
            path.push_str(dir);
        }
    }
    path
}

/// The user's labels and ours; ours can't be given.
fn own_labels(spec: &ContainerSpec, owner: &str) -> Result<HashMap<String, String>> {
    if let Some(name) = spec.labels.keys().find(|name| name.starts_with(labels::PREFIX)) {
        return Err(Error::invalid(format!("the label '{name}' is kept for cto")).fix("choose a name that does not begin with 'cto.'"));
    }
    let mut all: HashMap<_, _> = spec.labels.clone().into_iter().collect();
    let text = serde_json::to_vec(spec).map_err(|error| Error::internal(format!("a spec is no JSON: {error}")))?;
    let hash: String = sha2::Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    all.insert(labels::OWNER.into(), owner.into());
    all.insert(labels::SPEC.into(), hash);
    if spec.recording {
        all.insert(labels::RECORDING.into(), "on".into());
    }
    all.insert(labels::VERSION.into(), env!("CARGO_PKG_VERSION").into());
    all.insert(labels::IMAGE.into(), spec.image.reference.clone());
    if spec.care.restart != Restart::No {
        all.insert(labels::RESTART.into(), spec.care.restart.written());
    }
    let times = [(labels::TTL, spec.care.ttl_seconds), (labels::IDLE, spec.care.idle_seconds)];
    all.extend(times.into_iter().filter_map(|(label, seconds)| Some((label.to_owned(), seconds?.to_string()))));
    if let Some(place) = &spec.stack {
        all.insert(labels::STACK.into(), place.stack.clone());
        all.insert(labels::MEMBER.into(), if place.index == 0 { place.member.clone() } else { format!("{}/{}", place.member, place.index) });
        all.insert(labels::STACK_HASH.into(), place.hash.clone());
        all.insert(labels::AFTER.into(), place.after.join(","));
    }
    if let Some(template) = &spec.template {
        all.insert(labels::TEMPLATE.into(), template.clone());
    }
    Ok(all)
}

/// What the container may use and see of the host.
fn host(spec: &ContainerSpec, owner: &str, cpus: u32) -> Result<HostConfig> {
    let mut tmpfs: HashMap<String, String> = HashMap::new();
    let (mut binds, mut mounts) = (Vec::new(), Vec::new());
    for mount in &spec.mounts {
        match &mount.source {
            MountSource::Tmpfs { size_bytes } => {
                let mode = if mount.read_only { "ro" } else { "rw" };
                tmpfs.insert(mount.target.clone(), format!("{mode},exec,nosuid,nodev,size={size_bytes},mode=1777"));
            }
            source => place(source, mount, &mut binds, &mut mounts)?,
        }
    }
    if spec.read_only {
        for (target, options) in SCRATCH {
            if !spec.mounts.iter().any(|mount| mount.target.trim_end_matches('/') == target) {
                tmpfs.insert(target.into(), options.into());
            }
        }
    }
    let signed = |bytes: u64| i64::try_from(bytes).ok().filter(|bytes| *bytes > 0);
    let memory = signed(spec.limits.memory_bytes);
    Ok(HostConfig {
        memory,
        // Equal to the memory: no swap beyond it.
        memory_swap: memory.map(|memory| memory.saturating_add(signed(spec.limits.swap_bytes).unwrap_or(0))),
        nano_cpus: nano_cpus(spec.limits.cpus, cpus),
        pids_limit: (spec.limits.pids > 0).then_some(i64::from(spec.limits.pids)),
        init: Some(!spec.care.no_init),
        restart_policy: Some(care::restart_policy(spec.care.restart)),
        devices: (!spec.devices.is_empty()).then(|| spec.devices.iter().map(care::device).collect()),
        sysctls: (!spec.sysctls.is_empty()).then(|| spec.sysctls.clone().into_iter().collect()),
        ulimits: (!spec.limits.ulimits.is_empty()).then(|| spec.limits.ulimits.iter().map(care::ulimit).collect()),
        shm_size: spec.limits.shm_bytes.and_then(signed),
        storage_opt: spec.limits.disk_bytes.map(|bytes| HashMap::from([("size".to_owned(), bytes.to_string())])),
        binds: (!binds.is_empty()).then_some(binds),
        mounts: (!mounts.is_empty()).then_some(mounts),
        tmpfs: (!tmpfs.is_empty()).then_some(tmpfs),
        log_config: Some(HostConfigLogConfig {
            typ: Some("json-file".into()),
            config: Some(HashMap::from([("max-size".into(), "10m".into()), ("max-file".into(), "3".into())])),
        }),
        network_mode: Some(care::first_network(spec, owner)),
        port_bindings: (!spec.ports.is_empty()).then(|| ports(spec)),
        privileged: Some(spec.privileged),
        readonly_rootfs: Some(spec.read_only),
        cap_drop: (!spec.privileged).then(|| vec!["ALL".into()]),
        cap_add: (!spec.privileged).then(|| capabilities(&spec.cap_add, &spec.cap_drop)),
        security_opt: (!spec.privileged).then(|| care::security(&spec.security)),
        ..HostConfig::default()
    })
}

/// Cores as the engine counts them, at most those that the machine has (more is an error there).
pub(super) fn nano_cpus(cpus: f64, machine: u32) -> Option<i64> {
    if !cpus.is_finite() || cpus <= 0.0 {
        return None;
    }
    let most = if machine == 0 { 1024.0 } else { f64::from(machine) };
    #[allow(clippy::cast_possible_truncation, reason = "at most 1024 cores")]
    Some((cpus.clamp(0.01, most) * 1e9) as i64)
}

/// The default set without what the template drops, and what it adds.
fn capabilities(added: &[String], dropped: &[String]) -> Vec<String> {
    let kept = |name: &&&str| !dropped.iter().any(|dropped| dropped == "ALL" || dropped.trim_start_matches("CAP_") == **name);
    let mut all: Vec<String> = CAPABILITIES.iter().filter(kept).map(|name| (*name).to_owned()).collect();
    for name in added {
        let name = name.to_uppercase();
        let name = name.trim_start_matches("CAP_").to_owned();
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// A host's directory or a volume. A directory that is not there is made by the engine, as by `docker run -v`.
fn place(source: &MountSource, mount: &Mount, binds: &mut Vec<String>, mounts: &mut Vec<EngineMount>) -> Result<()> {
    let (name, typ) = match source {
        MountSource::Bind { path } => (path, MountType::BIND),
        MountSource::Volume { name } => (name, MountType::VOLUME),
        MountSource::Tmpfs { .. } => return Ok(()),
    };
    if !mount.target.starts_with('/') {
        return Err(Error::invalid(format!("'{}' is no absolute path in the container", mount.target)));
    }
    if typ == MountType::BIND && !name.contains(':') && !mount.target.contains(':') {
        binds.push(format!("{name}:{}:{}", mount.target, if mount.read_only { "ro" } else { "rw" }));
    } else {
        mounts.push(EngineMount {
            target: Some(mount.target.clone()),
            source: Some(name.clone()),
            typ: Some(typ),
            read_only: Some(mount.read_only),
            ..EngineMount::default()
        });
    }
    Ok(())
}

/// Published ports by the container's port.
fn ports(spec: &ContainerSpec) -> PortMap {
    let mut map = PortMap::new();
    for port in &spec.ports {
        let binding = PortBinding { host_ip: Some(port.host_ip.clone()), host_port: (port.host_port > 0).then(|| port.host_port.to_string()) };
        map.entry(format!("{}/{}", port.container_port, port.protocol)).or_default().get_or_insert_default().push(binding);
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(json: &str) -> ContainerSpec {
        let mut whole = serde_json::json!({"name":"x","image":{"reference":"i"},"interactive":true,"limits":{"memory_bytes":1024,"cpus":8.0,"pids":5},"size":{"cols":80,"rows":24}});
        let more: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).expect("an object");
        whole.as_object_mut().expect("an object").extend(more);
        serde_json::from_value(whole).expect("a spec")
    }

    #[test]
    fn containers_are_hardened_by_default() {
        let host = host(&spec(r#"{"read_only":true,"cap_add":["cap_sys_ptrace"]}"#), "ann", 2).expect("valid");
        assert_eq!(host.cap_drop, Some(vec!["ALL".to_owned()]));
        assert!(host.cap_add.expect("some").contains(&"SYS_PTRACE".to_owned()));
        assert_eq!(host.security_opt, Some(vec!["no-new-privileges".to_owned()]));
        assert_eq!((host.memory, host.memory_swap, host.nano_cpus, host.pids_limit), (Some(1024), Some(1024), Some(2_000_000_000), Some(5)));
        assert!(host.tmpfs.expect("some").contains_key("/tmp"));
        assert_eq!((host.privileged, host.readonly_rootfs, host.init), (Some(false), Some(true), Some(true)));
    }

    #[test]
    fn nobody_else_sets_our_labels() {
        assert!(own_labels(&spec(r#"{"labels":{"cto.owner":"eve"}}"#), "ann").is_err());
        let labels = own_labels(&spec(r#"{"environment":{"KEY":"secret"}}"#), "ann").expect("valid");
        assert_eq!(labels["cto.owner"], "ann");
        assert!(!format!("{labels:?}").contains("secret"));
    }
}
