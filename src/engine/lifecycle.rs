//! Starting, stopping and removing containers.
use super::Engine;
use super::calls;
use super::fault::About;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Container;
use crate::model::ContainerId;
use bollard::query_parameters::KillContainerOptionsBuilder;
use bollard::query_parameters::RemoveContainerOptionsBuilder;
use bollard::query_parameters::RestartContainerOptionsBuilder;
use bollard::query_parameters::StartContainerOptions;
use bollard::query_parameters::StopContainerOptionsBuilder;
use bollard::query_parameters::WaitContainerOptionsBuilder;
use futures_util::StreamExt;
use std::time::Duration;

/// Added to a grace for the engine's own work.
const BEYOND_GRACE: Duration = Duration::from_secs(120);
/// How long a removal that somebody else began is waited for.
const REMOVAL: Duration = Duration::from_secs(20);

impl Engine {
    /// Starts a container; one that runs already is left alone.
    ///
    /// # Errors
    /// `command_not_found`, `port_in_use` (naming who has it), or what else the engine says.
    pub async fn start(&self, id: &ContainerId) -> Result<()> {
        let work = async {
            let open = self.link().open().await?;
            self.wake_gateway(id).await?;
            let Err(error) = open.docker.start_container(id.as_str(), None::<StartContainerOptions>).await else { return Ok(()) };
            let error = self.named_fault(error, id).await;
            if error.code == Code::PortInUse { Err(self.port_holder(error, id).await) } else { Err(error) }
        };
        self.called(Some(id), format!("docker start {}", calls::short(id)), work).await
    }

    /// Asks its main program to end, and kills it after `grace` (the container's own where none is given).
    ///
    /// # Errors
    /// When there is no such container, or the engine fails.
    pub async fn stop(&self, id: &ContainerId, grace: Option<Duration>) -> Result<()> {
        let work = async {
            let open = self.link().open().await?;
            let docker = open.docker.with_timeout(BEYOND_GRACE + self.grace(id, grace).await?);
            let options = grace.map(|grace| StopContainerOptionsBuilder::default().t(seconds(grace)).build());
            if let Err(error) = docker.stop_container(id.as_str(), options).await {
                return Err(self.named_fault(error, id).await);
            }
            self.rest_gateway(id).await;
            Ok(())
        };
        self.called(Some(id), format!("docker stop {}{}", grace.map_or_else(String::new, |grace| format!("-t {} ", grace.as_secs())), calls::short(id)), work)
            .await
    }

    /// Stops and starts a container.
    ///
    /// # Errors
    /// As `stop` and `start`.
    pub async fn restart(&self, id: &ContainerId, grace: Option<Duration>) -> Result<()> {
        let work = async {
            let open = self.link().open().await?;
            let docker = open.docker.with_timeout(BEYOND_GRACE + self.grace(id, grace).await?);
            self.wake_gateway(id).await?;
            let options = grace.map(|grace| RestartContainerOptionsBuilder::default().t(seconds(grace)).build());
            match docker.restart_container(id.as_str(), options).await {
                Ok(()) => Ok(()),
                Err(error) => Err(self.named_fault(error, id).await),
            }
        };
        self.called(
            Some(id),
            format!("docker restart {}{}", grace.map_or_else(String::new, |grace| format!("-t {} ", grace.as_secs())), calls::short(id)),
            work,
        )
        .await
    }

    /// How long its main program has to end: what is asked for, or the container's own.
    async fn grace(&self, id: &ContainerId, asked: Option<Duration>) -> Result<Duration> {
        if let Some(asked) = asked {
            return Ok(asked);
        }
        let own = self.inspect_raw(id.as_str()).await?.config.and_then(|config| config.stop_timeout);
        Ok(Duration::from_secs(own.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(0)))
    }

    /// Kills its main program at once.
    ///
    /// # Errors
    /// `wrong_state` when it does not run.
    pub async fn kill(&self, id: &ContainerId) -> Result<()> {
        let work = async {
            let open = self.link().open().await?;
            let options = KillContainerOptionsBuilder::default().signal("SIGKILL").build();
            match open.docker.kill_container(id.as_str(), Some(options)).await {
                Ok(()) => Ok(()),
                Err(error) => Err(self.named_fault(error, id).await),
            }
        };
        self.called(Some(id), format!("docker kill {}", calls::short(id)), work).await
    }

    /// Removes a container and its unnamed volumes; `force` kills it first. Named volumes stay.
    ///
    /// # Errors
    /// `wrong_state` when it runs and `force` is not given.
    pub async fn remove(&self, id: &ContainerId, force: bool) -> Result<()> {
        let work = async {
            let open = self.link().open().await?;
            let options = RemoveContainerOptionsBuilder::default().v(true).force(force).build();
            let egress = self.egress_of(id).await;
            match open.docker.remove_container(id.as_str(), Some(options)).await {
                Ok(()) => {}
                Err(bollard::errors::Error::DockerResponseServerError { message, .. }) if message.contains("is already in progress") => {
                    self.until_gone(id).await?
                }
                Err(error) => return Err(self.named_fault(error, id).await),
            }
            self.drop_egress(egress).await;
            Ok(())
        };
        self.called(Some(id), format!("docker rm -v {}{}", if force { "-f " } else { "" }, calls::short(id)), work).await
    }

    /// Waits until a container no longer runs and returns its exit code; at once when it does not run.
    ///
    /// # Errors
    /// When it is removed meanwhile, or the engine is lost.
    pub async fn wait(&self, id: &ContainerId) -> Result<i64> {
        let open = self.link().open().await?;
        let options = WaitContainerOptionsBuilder::default().condition("not-running").build();
        let answer = Box::pin(open.docker.wait_container(id.as_str(), Some(options))).next().await;
        match answer {
            Some(Ok(answer)) => Ok(answer.status_code),
            // bollard calls every exit code but 0 an error.
            Some(Err(bollard::errors::Error::DockerContainerWaitError { code, .. })) => Ok(code),
            Some(Err(error)) => Err(self.named_fault(error, id).await),
            None => Err(super::fault::unavailable(&open.address.to_string(), "the connection was lost")),
        }
    }

    /// The container as soon as it no longer runs, at the latest `within` from now.
    ///
    /// # Errors
    /// As `inspect`.
    pub async fn first_state(&self, id: &ContainerId, within: Duration) -> Result<Container> {
        // Whether it ended in time or not, what counts is what the engine says of it then.
        let _ = tokio::time::timeout(within, self.wait(id)).await;
        self.inspect(id.as_str()).await
    }

    /// An error about a container, by its name where it still has one.
    pub(super) async fn named_fault(&self, error: bollard::errors::Error, id: &ContainerId) -> Error {
        let name = match self.link().open().await {
            Ok(open) => open.docker.inspect_container(id.as_str(), None).await.ok().map(|found| super::containers::plain_name(found.name.as_deref())),
            Err(_) => None,
        };
        self.link().fault(error, &About::Container(name.as_deref().unwrap_or(id.as_str())))
    }

    /// The same error naming the container that has the port.
    async fn port_holder(&self, mut error: Error, id: &ContainerId) -> Error {
        let text = error.source.as_ref().map(ToString::to_string).unwrap_or_default();
        let Some(port) = super::fault::port_in(&text) else { return error };
        let others = self.list().await.unwrap_or_default();
        let holder = others
            .iter()
            .find(|other| other.id != *id && other.state == crate::model::ContainerState::Running && other.ports.iter().any(|taken| taken.host_port == port));
        if let Some(holder) = holder {
            error.message = format!("the host's port {port} is taken by container '{}'", holder.name);
            error.fix = Some(format!("publish another port, or 'cto stop {}'", holder.name));
        }
        error
    }

    /// Waits for a removal that is under way.
    async fn until_gone(&self, id: &ContainerId) -> Result<()> {
        let waiting = async {
            loop {
                match self.inspect(id.as_str()).await {
                    Err(error) if error.code == Code::NotFound => return Ok(()),
                    Err(error) => return Err(error),
                    Ok(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                }
            }
        };
        tokio::time::timeout(REMOVAL, waiting).await.unwrap_or_else(|_| Err(Error::new(Code::TimedOut, format!("container '{id}' is still being removed"))))
    }
}

/// Whole seconds, rounded up, as the engine counts a grace.
fn seconds(grace: Duration) -> i32 {
    i32::try_from(grace.as_secs() + u64::from(grace.subsec_nanos() > 0)).unwrap_or(i32::MAX)
}
