//! What a container gets beside its image: files, networks, restarts, checks, devices.
use super::Engine;
use super::fault::About;
use super::labels;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::ContainerId;
use crate::model::ContainerSpec;
use crate::model::Device;
use crate::model::HealthCheck;
use crate::model::NetworkMode;
use crate::model::Restart;
use crate::model::SpecFile;
use crate::model::Ulimit;
use bollard::models::ContainerUpdateBody;
use bollard::models::DeviceMapping;
use bollard::models::EndpointSettings;
use bollard::models::HealthConfig;
use bollard::models::NetworkConnectRequest;
use bollard::models::NetworkCreateRequest;
use bollard::models::NetworkingConfig;
use bollard::models::ResourcesUlimits;
use bollard::models::RestartPolicy;
use bollard::models::RestartPolicyNameEnum;
use bollard::query_parameters::UploadToContainerOptionsBuilder;
use bytes::Bytes;
use std::collections::HashMap;

/// What an owner's network begins with that leads nowhere.
const INTERNAL: &str = "cto-internal-";

impl Engine {
    /// Gives a container that was just created what the engine does not take at creation: files, and networks beyond the first.
    pub(super) async fn complete(&self, spec: &ContainerSpec, owner: &str, id: &ContainerId) -> Result<()> {
        let open = self.link().open().await?;
        let first = first_network(spec, owner);
        for join in spec.networks.iter().filter(|join| join.name != first) {
            let settings = EndpointSettings { aliases: Some(join.aliases.clone()), ..EndpointSettings::default() };
            let request = NetworkConnectRequest { container: id.0.clone(), endpoint_config: Some(settings) };
            let joined = open.docker.connect_network(&join.name, request).await;
            joined.map_err(|error| match error {
                bollard::errors::Error::DockerResponseServerError { status_code: 404, .. } => no_network(&join.name),
                error => self.link().fault(error, &About::Container(&spec.name)),
            })?;
        }
        if !spec.care.files.is_empty() {
            let options = UploadToContainerOptionsBuilder::default().path("/").build();
            let tar = archive(&spec.care.files)?;
            let put = open.docker.upload_to_container(id.as_str(), Some(options), bollard::body_full(Bytes::from(tar))).await;
            put.map_err(|error| self.link().fault(error, &About::Container(&spec.name)))?;
        }
        Ok(())
    }

    /// Makes the network of an owner's own that leads nowhere, unless it is there.
    pub(super) async fn internal_network(&self, owner: &str) -> Result<()> {
        let open = self.link().open().await?;
        let name = format!("{INTERNAL}{owner}");
        // Two launches make it once.
        let lock = self.building(&name);
        let _alone = lock.lock().await;
        if let Ok(found) = open.docker.inspect_network(&name, None).await {
            // Somebody else's of that name might lead anywhere.
            return match found.internal {
                Some(true) => Ok(()),
                _ => Err(Error::new(Code::WrongState, format!("the network '{name}' is not cto's: it leads outside")).fix(format!("docker network rm {name}"))),
            };
        }
        let request = NetworkCreateRequest {
            name: name.clone(),
            driver: Some("bridge".to_owned()),
            internal: Some(true),
            labels: Some(HashMap::from_iter(self.mark().into_iter().chain([(labels::OWNER.to_owned(), owner.to_owned())]))),
            ..NetworkCreateRequest::default()
        };
        open.docker.create_network(request).await.map(drop).map_err(|error| self.link().fault(error, &About::Engine))
    }

    /// Looks for the networks that a container is to join: older engines miss the first of them only at the start, and call it a container.
    pub(super) async fn networks_exist(&self, spec: &ContainerSpec) -> Result<()> {
        let open = self.link().open().await?;
        for join in &spec.networks {
            match open.docker.inspect_network(&join.name, None).await {
                // One of a gateway's is nobody's to join, whoever knows its id.
                Ok(found) if found.labels.as_ref().is_some_and(|labels| labels.contains_key(labels::HELPER)) => return Err(no_network(&join.name)),
                Ok(_) => {}
                Err(bollard::errors::Error::DockerResponseServerError { status_code: 404, .. }) => return Err(no_network(&join.name)),
                Err(error) => return Err(self.link().fault(error, &About::Engine)),
            }
        }
        Ok(())
    }

    /// Changes when a container is started again.
    ///
    /// # Errors
    /// When there is no such container, or the engine fails.
    pub async fn set_restart(&self, id: &ContainerId, restart: Restart) -> Result<()> {
        let open = self.link().open().await?;
        let body = ContainerUpdateBody { restart_policy: Some(restart_policy(restart)), ..ContainerUpdateBody::default() };
        open.docker.update_container(id.as_str(), body).await.map_err(|error| self.link().fault(error, &About::Container(id.as_str())))
    }

    /// The address at which the engine's machine reaches a container itself; none where it has none.
    ///
    /// # Errors
    /// When there is no such container, or the engine can't be reached.
    pub async fn address_of(&self, id: &ContainerId) -> Result<Option<String>> {
        let found = self.inspect_raw(id.as_str()).await?;
        let networks = found.network_settings.and_then(|settings| settings.networks).unwrap_or_default();
        Ok(networks.into_values().filter_map(|network| network.ip_address).find(|address| !address.is_empty()))
    }
}

fn no_network(name: &str) -> Error {
    Error::new(Code::NotFound, format!("there is no network '{name}'")).fix(format!("make it first: cto network create {name}"))
}

/// The network that a container begins in.
pub(super) fn first_network(spec: &ContainerSpec, owner: &str) -> String {
    match (&spec.network, spec.networks.first()) {
        // The second is put on a network of its own.
        (NetworkMode::None | NetworkMode::Egress(_), _) => "none".to_owned(),
        (NetworkMode::Internal, _) => format!("{INTERNAL}{owner}"),
        (NetworkMode::Isolated, Some(first)) => first.name.clone(),
        (NetworkMode::Isolated, None) => "bridge".to_owned(),
    }
}

/// Its other names there.
pub(super) fn endpoint(spec: &ContainerSpec) -> Option<NetworkingConfig> {
    let first = spec.networks.first().filter(|_| spec.network == NetworkMode::Isolated)?;
    let settings = EndpointSettings { aliases: Some(first.aliases.clone()), ..EndpointSettings::default() };
    Some(NetworkingConfig { endpoints_config: Some(HashMap::from([(first.name.clone(), settings)])) })
}

/// Files as the engine takes them.
fn archive(files: &[SpecFile]) -> Result<Vec<u8>> {
    let failed = |error: std::io::Error| Error::internal(format!("files can't be packed: {error}"));
    let mut tar = tar::Builder::new(Vec::new());
    let now = u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or(0);
    for file in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(file.content.len() as u64);
        header.set_mode(file.mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(now);
        tar.append_data(&mut header, file.path.trim_start_matches('/'), file.content.as_bytes()).map_err(failed)?;
    }
    tar.into_inner().map_err(failed)
}

/// Nanoseconds, as the engine counts.
fn nanos(ms: u64) -> Option<i64> {
    i64::try_from(ms.saturating_mul(1_000_000)).ok()
}

pub(super) fn healthcheck(check: &HealthCheck) -> HealthConfig {
    let mut test = vec!["CMD".to_owned()];
    test.extend(check.command.iter().cloned());
    HealthConfig {
        test: Some(test),
        interval: nanos(check.interval_ms),
        timeout: nanos(check.timeout_ms),
        retries: Some(i64::from(check.retries)),
        start_period: nanos(check.start_period_ms),
        ..HealthConfig::default()
    }
}

pub(super) fn restart_policy(restart: Restart) -> RestartPolicy {
    let (name, times) = match restart {
        Restart::No => (RestartPolicyNameEnum::NO, None),
        Restart::OnFailure { times } => (RestartPolicyNameEnum::ON_FAILURE, Some(i64::from(times))),
        Restart::Always => (RestartPolicyNameEnum::ALWAYS, None),
        Restart::UnlessStopped => (RestartPolicyNameEnum::UNLESS_STOPPED, None),
    };
    RestartPolicy { name: Some(name), maximum_retry_count: times }
}

pub(super) fn device(device: &Device) -> DeviceMapping {
    DeviceMapping {
        path_on_host: Some(device.host.clone()),
        path_in_container: Some(device.container.clone()),
        cgroup_permissions: Some(device.access.clone()),
    }
}

pub(super) fn ulimit(ulimit: &Ulimit) -> ResourcesUlimits {
    ResourcesUlimits { name: Some(ulimit.name.clone()), soft: Some(ulimit.soft), hard: Some(ulimit.hard) }
}

/// The security options: no new privileges, unless the spec says so, and what it says beside that.
pub(super) fn security(said: &[String]) -> Vec<String> {
    let mut all: Vec<String> = said.iter().filter(|option| !option.starts_with("no-new-privileges")).cloned().collect();
    if !said.iter().any(|option| option == "no-new-privileges=false") {
        all.insert(0, "no-new-privileges".to_owned());
    }
    all
}
