//! Containers as the engine reports them, in our words.
use super::Engine;
use super::fault;
use super::fault::About;
use super::labels;
use super::volume::HOLD;
use crate::error::Error;
use crate::error::Result;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::ContainerState;
use crate::model::Health;
use crate::model::Port;
use crate::model::StackPlace;
use crate::model::Upkeep;
use bollard::models::ContainerInspectResponse;
use bollard::models::ContainerStateStatusEnum as Status;
use bollard::models::HealthStatusEnum;
use bollard::models::PortMap;
use bollard::models::RestartPolicy;
use bollard::models::RestartPolicyNameEnum;
use bollard::query_parameters::InspectContainerOptions;
use bollard::query_parameters::ListContainersOptionsBuilder;
use futures_util::StreamExt;
use futures_util::TryStreamExt;
use jiff::Timestamp;

/// Containers inspected at once while listing; one takes the engine half a millisecond.
const AT_ONCE: usize = 16;

impl Engine {
    /// Every container of the engine, also those of other tools and those that do not run, newest first.
    ///
    /// # Errors
    /// When the engine can't be reached.
    pub async fn list(&self) -> Result<Vec<Container>> {
        let open = self.link().open().await?;
        let options = ListContainersOptionsBuilder::default().all(true).build();
        let found = open.docker.list_containers(Some(options)).await.map_err(|error| self.link().fault(error, &About::Engine))?;
        let shown = found.into_iter().filter(|summary| !summary.labels.as_ref().is_some_and(|labels| labels.contains_key(labels::HELPER)));
        let ids: Vec<String> = shown.filter_map(|summary| summary.id).collect();
        let inspected = futures_util::stream::iter(ids).map(|id| async move {
            match self.inspect_exactly(&id).await {
                // It was removed since the list was made.
                Err(error) if error.code == crate::model::Code::NotFound => Ok(None),
                other => other.map(Some),
            }
        });
        inspected.buffered(AT_ONCE).try_filter_map(|container| async { Ok(container) }).try_collect().await
    }

    /// One container, by its name, its id or a unique prefix of its id.
    ///
    /// # Errors
    /// When there is none, when a prefix fits several, or when the engine can't be reached.
    pub async fn inspect(&self, name: &str) -> Result<Container> {
        if !can_be_named(name) {
            return Err(Error::not_found("container", name).fix("'cto ps' lists the containers"));
        }
        self.inspect_exactly(name).await
    }

    /// As `inspect`, for a name that is known to be harmless in a URL.
    async fn inspect_exactly(&self, name: &str) -> Result<Container> {
        let found = self.inspect_raw(name).await?;
        let image = found.image.clone().unwrap_or_default();
        let ours = found.config.as_ref().and_then(|config| config.labels.as_ref()).is_some_and(|labels| labels.contains_key(labels::OWNER));
        // Only a container that says it is ours needs a look at what its image says.
        let image_says = if ours { self.image_labels(&image).await } else { labels::Labels::default() };
        let other_server = self.is_of_another(found.config.as_ref().and_then(|config| config.labels.as_ref()));
        Ok(Container { other_server: ours && other_server, ..container(found, &image_says) })
    }

    /// What the engine says of a container.
    pub(super) async fn inspect_raw(&self, name: &str) -> Result<ContainerInspectResponse> {
        let open = self.link().open().await?;
        let answer = open.docker.inspect_container(name, None::<InspectContainerOptions>).await;
        answer.map_err(|error| self.link().fault(error, &About::Container(name)))
    }

    /// What the engine says of a container that has to run.
    pub(super) async fn inspect_running(&self, id: &ContainerId) -> Result<ContainerInspectResponse> {
        let found = self.inspect_raw(id.as_str()).await?;
        let running = found.state.as_ref().and_then(|state| state.running).unwrap_or(false);
        if running { Ok(found) } else { Err(fault::not_running(&plain_name(found.name.as_deref()))) }
    }
}

/// Whether a container, volume or network can have this name; keeps what people type out of the paths of requests.
pub(super) fn can_be_named(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.len() <= 255 && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}

/// A name without Docker's leading slash.
pub(super) fn plain_name(name: Option<&str>) -> String {
    name.unwrap_or_default().trim_start_matches('/').to_owned()
}

/// A time of the engine's; none for its zero time, which means "never".
fn time(text: Option<&str>) -> Option<Timestamp> {
    text.and_then(|text| text.parse::<Timestamp>().ok()).filter(|time| time.as_second() > 0)
}

/// The engine's report in our words. `image_says` are the labels of its image: one that is equal there does not count as ours.
pub(super) fn container(found: ContainerInspectResponse, image_says: &labels::Labels) -> Container {
    let state = found.state.unwrap_or_default();
    let config = found.config.unwrap_or_default();
    let labels = config.labels.unwrap_or_default();
    let own = |name: &str| labels.get(name).filter(|value| image_says.get(name) != Some(*value)).cloned();
    let owner = own(labels::OWNER);
    let status = in_our_words(state.status);
    let health = state.health.and_then(|health| health.status).and_then(|status| match status {
        HealthStatusEnum::STARTING => Some(Health::Starting),
        HealthStatusEnum::HEALTHY => Some(Health::Healthy),
        HealthStatusEnum::UNHEALTHY => Some(Health::Unhealthy),
        _ => None,
    });
    let ended = matches!(status, ContainerState::Exited | ContainerState::Dead);
    let mut command: Vec<String> = found.path.into_iter().filter(|path| !path.is_empty()).collect();
    command.extend(found.args.unwrap_or_default());
    // What runs is what the holder was told to run.
    if command.first().is_some_and(|path| path == HOLD)
        && let Some(at) = command.iter().position(|word| word == "--")
    {
        command.drain(..=at);
    }
    let published = found.network_settings.and_then(|settings| settings.ports).filter(|ports| !ports.is_empty());
    let host = found.host_config.unwrap_or_default();
    let failed = ended && (state.exit_code != Some(0) || state.oom_killed == Some(true));
    let restarts = found.restart_count.and_then(|count| u32::try_from(count).ok()).unwrap_or(0);
    let upkeep = Upkeep {
        restart: own(labels::RESTART).filter(|_| owner.is_some()),
        restarts,
        crash_loop: failed && owner.is_some() && labels.contains_key(labels::RESTART) && gave_up(host.restart_policy.as_ref(), restarts),
        ttl_seconds: own(labels::TTL).filter(|_| owner.is_some()).and_then(|text| text.parse().ok()),
        idle_seconds: own(labels::IDLE).filter(|_| owner.is_some()).and_then(|text| text.parse().ok()),
    };
    let stack = own(labels::STACK).filter(|_| owner.is_some()).map(|stack| {
        let member = own(labels::MEMBER).unwrap_or_default();
        let (member, index) = member.split_once('/').map_or((member.as_str(), 0), |(member, index)| (member, index.parse().unwrap_or(0)));
        let after = own(labels::AFTER).unwrap_or_default().split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        StackPlace { stack, member: member.to_owned(), index, hash: own(labels::STACK_HASH).unwrap_or_default(), after }
    });
    let asked = host.port_bindings;
    let others = labels.iter().filter(|(name, _)| !name.starts_with(labels::PREFIX)).map(|(name, value)| (name.clone(), value.clone())).collect();
    Container {
        id: ContainerId(found.id.unwrap_or_default()),
        name: plain_name(found.name.as_deref()),
        image: own(labels::IMAGE).or(config.image).unwrap_or_default(),
        state: status,
        health,
        exit_code: state.exit_code.filter(|_| ended),
        oom_killed: state.oom_killed.unwrap_or(false),
        error: state.error.filter(|text| !text.is_empty()),
        created_at: time(found.created.as_deref()).unwrap_or(Timestamp::UNIX_EPOCH),
        started_at: time(state.started_at.as_deref()),
        finished_at: time(state.finished_at.as_deref()).filter(|_| ended),
        template: own(labels::TEMPLATE).filter(|_| owner.is_some()),
        foreign: owner.is_none(),
        other_server: false,
        recording: owner.is_some() && own(labels::RECORDING).is_some(),
        owner,
        tty: config.tty.unwrap_or(false) && config.open_stdin.unwrap_or(false),
        command,
        ports: ports(published.or(asked).unwrap_or_default()),
        sessions: 0,
        upkeep,
        stack,
        labels: others,
    }
}

/// Whether a container is no longer started again: its policy was taken away, or its restarts are used up.
fn gave_up(policy: Option<&RestartPolicy>, restarts: u32) -> bool {
    match policy.and_then(|policy| policy.name) {
        Some(RestartPolicyNameEnum::ON_FAILURE) => {
            let most = policy.and_then(|policy| policy.maximum_retry_count).unwrap_or(0);
            most > 0 && i64::from(restarts) >= most
        }
        Some(RestartPolicyNameEnum::ALWAYS | RestartPolicyNameEnum::UNLESS_STOPPED) => false,
        _ => restarts > 0,
    }
}

/// The state that the engine reports.
pub(super) fn in_our_words(status: Option<Status>) -> ContainerState {
    match status {
        Some(Status::RUNNING | Status::STOPPING) => ContainerState::Running,
        Some(Status::PAUSED) => ContainerState::Paused,
        Some(Status::RESTARTING) => ContainerState::Restarting,
        Some(Status::REMOVING) => ContainerState::Removing,
        Some(Status::EXITED) => ContainerState::Exited,
        Some(Status::DEAD) => ContainerState::Dead,
        Some(Status::CREATED | Status::EMPTY) | None => ContainerState::Created,
    }
}

/// Published ports, in order.
fn ports(map: PortMap) -> Vec<Port> {
    let mut ports: Vec<Port> = Vec::new();
    for (inside, bindings) in map {
        let (number, protocol) = inside.split_once('/').unwrap_or((&inside, "tcp"));
        let Ok(container_port) = number.parse() else { continue };
        for binding in bindings.unwrap_or_default() {
            let host_port = binding.host_port.and_then(|port| port.parse().ok()).unwrap_or(0);
            let host_ip = binding.host_ip.filter(|ip| !ip.is_empty()).unwrap_or_else(|| "0.0.0.0".into());
            ports.push(Port { host_ip, host_port, container_port, protocol: protocol.to_owned() });
        }
    }
    ports.sort_by(|a, b| (a.container_port, &a.protocol, &a.host_ip).cmp(&(b.container_port, &b.protocol, &b.host_ip)));
    ports
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_that_the_image_has_too_makes_no_container_ours() {
        let found: ContainerInspectResponse = serde_json::from_str(
            r#"{"Id":"ab","Name":"/web","Config":{"Labels":{"cto.owner":"eve","cto.template":"x","tier":"db"}},"State":{"Status":"exited","ExitCode":3}}"#,
        )
        .expect("valid");
        let ours = container(found.clone(), &labels::Labels::default());
        assert_eq!((ours.foreign, ours.owner.as_deref(), ours.exit_code, ours.name.as_str()), (false, Some("eve"), Some(3), "web"));
        assert!(ours.labels.into_iter().eq([("tier".to_owned(), "db".to_owned())]), "those of cto's own are told as what they mean");
        let planted = labels::Labels::from([("cto.owner".to_owned(), "eve".to_owned())]);
        let foreign = container(found, &planted);
        assert_eq!((foreign.foreign, foreign.owner, foreign.template), (true, None, None));
    }

    #[test]
    fn what_people_type_never_becomes_a_path() {
        assert!(can_be_named("web-2") && can_be_named("a1b2"));
        for bad in ["", "../images", "a/b", "a?x", "-a", "a b", "ä"] {
            assert!(!can_be_named(bad), "{bad}");
        }
    }
}
