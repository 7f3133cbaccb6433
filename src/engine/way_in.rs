//! How the session holder gets into a container that runs, and how it is reached there.
use super::Engine;
use super::ExecOutput;
use super::containers::in_our_words;
use super::exec::Exec;
use super::volume;
use super::volume::HOLD;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::ContainerId;
use crate::model::ContainerState;
use crate::model::ExecStart;
use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::UploadToContainerOptionsBuilder;
use bytes::Bytes;
use std::collections::HashMap;
use std::time::Duration;

/// Where it is put when the root file system can't be written: `/dev` is a tmpfs that programs can be run from, also then.
const SPARE: &str = "/dev/.cto-hold";
/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(15);
/// Most bytes of an attempt's words that are looked at.
const WORDS: usize = 1024;
/// Starts of containers whose way in is remembered; then all are forgotten and found again.
const REMEMBERED: usize = 4096;

/// Ways in by the start of a container.
pub(super) type Ways = HashMap<String, WayIn>;

/// How a container's sessions are held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WayIn {
    /// By the holder at this path.
    Holder(String),
    /// Not at all, and why.
    Shut(String),
}

impl Engine {
    /// The holder in a running container, brought there if it must be.
    ///
    /// # Errors
    /// `wrong_state` when the container does not run, `engine_unavailable`.
    pub async fn way_in(&self, id: &ContainerId) -> Result<WayIn> {
        let found = self.inspect_running(id).await?;
        self.way_into(id, &found).await
    }

    /// How a container is, and the way into it if it runs: with one question to the engine where the way is known.
    ///
    /// # Errors
    /// `not_found`, `engine_unavailable`.
    pub async fn look_in(&self, id: &ContainerId) -> Result<(ContainerState, Option<WayIn>)> {
        let found = self.inspect_raw(id.as_str()).await?;
        let state = in_our_words(found.state.as_ref().and_then(|state| state.status));
        let way = if state == ContainerState::Running { Some(self.way_into(id, &found).await?) } else { None };
        Ok((state, way))
    }

    async fn way_into(&self, id: &ContainerId, found: &ContainerInspectResponse) -> Result<WayIn> {
        let key = key_of(id, found);
        if let Some(known) = self.ways().get(&key) {
            return Ok(known.clone());
        }
        let lock = self.building(&key);
        let _one_at_a_time = lock.lock().await;
        if let Some(known) = self.ways().get(&key) {
            return Ok(known.clone());
        }
        let way = self.find_way(id, found).await?;
        if let WayIn::Shut(reason) = &way {
            tracing::info!(container = %id, reason, "sessions of this container will not outlast the server");
        }
        self.remember_way(key, way.clone());
        Ok(way)
    }

    /// The holder under which a container's main program runs, or will run when it is started.
    ///
    /// # Errors
    /// `not_found`, `engine_unavailable`.
    pub async fn way_to_main(&self, id: &ContainerId) -> Result<WayIn> {
        let found = self.inspect_raw(id.as_str()).await?;
        let words = found.args.as_deref().unwrap_or_default();
        if found.path.as_deref() == Some(HOLD) && words.first().is_some_and(|word| word == "init") && has_volume(&found) {
            return Ok(WayIn::Holder(HOLD.to_owned()));
        }
        Ok(WayIn::Shut("its main program was started without the session holder: what it prints while no server runs is only in its log".to_owned()))
    }

    /// Remembers that the holder of a container that runs is of no use.
    pub async fn shut_way(&self, id: &ContainerId, reason: &str) {
        if let Ok(found) = self.inspect_raw(id.as_str()).await {
            self.remember_way(key_of(id, &found), WayIn::Shut(reason.to_owned()));
        }
    }

    /// The connection to the holder at `path` in a container that runs, for the sessions of `user`: its input and output are frames. Whether
    /// it runs is not waited for: it says so by its first frame, and [`super::ExecControl::never_ran`] why it did not.
    ///
    /// # Errors
    /// As [`Engine::exec`].
    pub async fn connect_holder(&self, id: &ContainerId, path: &str, user: Option<&str>) -> Result<Exec> {
        let command = vec![path.to_owned(), "connect".to_owned()];
        self.begin_exec(&ExecStart { command, user: user.map(str::to_owned), stdin: true, ..ExecStart::default() }, id).await
    }

    /// Looks for the way anew when it is asked for next.
    pub async fn forget_way(&self, id: &ContainerId) {
        if let Ok(found) = self.inspect_raw(id.as_str()).await {
            self.ways().remove(&key_of(id, &found));
        }
    }

    fn remember_way(&self, key: String, way: WayIn) {
        let mut ways = self.ways();
        if ways.len() >= REMEMBERED {
            ways.clear();
        }
        ways.insert(key, way);
    }

    async fn find_way(&self, id: &ContainerId, found: &ContainerInspectResponse) -> Result<WayIn> {
        if has_volume(found) {
            return Ok(WayIn::Holder(HOLD.to_owned()));
        }
        let mut reason = "its file system takes no files".to_owned();
        let sealed = found.host_config.as_ref().and_then(|host| host.readonly_rootfs).unwrap_or(false);
        for path in [HOLD, SPARE] {
            let put = match path {
                HOLD if sealed => continue,
                HOLD => self.put_in_root(id).await,
                _ => self.put_in_dev(id).await,
            };
            // That the engine took it does not say that it is there: under a mount it would be hidden.
            let works = match put {
                Ok(()) => self.probe(id, path).await,
                Err(error) => Err(error),
            };
            match works {
                Ok(()) => return Ok(WayIn::Holder(path.to_owned())),
                Err(error) if matches!(error.code, Code::EngineUnavailable | Code::WrongState | Code::NotFound) => return Err(error),
                Err(error) => reason = error.message,
            }
        }
        Ok(WayIn::Shut(format!("the session holder can't run in its container: {reason}")))
    }

    async fn put_in_root(&self, id: &ContainerId) -> Result<()> {
        let open = self.link().open().await?;
        let tar = volume::tar(HOLD.trim_start_matches('/'))?;
        let options = UploadToContainerOptionsBuilder::default().path("/").build();
        let put = open.docker.upload_to_container(id.as_str(), Some(options), bollard::body_full(Bytes::from(tar)));
        let put = tokio::time::timeout(ATTEMPT, put).await.map_err(|_| late())?;
        put.map_err(|error| self.link().fault(error, &super::fault::About::Container(id.as_str())))
    }

    async fn put_in_dev(&self, id: &ContainerId) -> Result<()> {
        // Written beside and moved, since what runs can't be written to.
        let script = format!("cat >{SPARE}.new && chmod 755 {SPARE}.new && mv -f {SPARE}.new {SPARE}");
        let command = vec!["/bin/sh".to_owned(), "-c".to_owned(), script];
        let start = ExecStart { command, user: Some("0".to_owned()), stdin: true, ..ExecStart::default() };
        self.attempt(id, &start, super::holder::HOLDER).await
    }

    async fn probe(&self, id: &ContainerId, path: &str) -> Result<()> {
        self.attempt(id, &ExecStart { command: vec![path.to_owned(), "probe".to_owned()], ..ExecStart::default() }, b"").await
    }

    /// Runs a command with this input, as long as an attempt may take.
    async fn attempt(&self, id: &ContainerId, start: &ExecStart, input: &'static [u8]) -> Result<()> {
        let work = async {
            let Exec { stdin, mut output, control } = self.exec(start, id).await?;
            let feed = async {
                for piece in input.chunks(64 << 10) {
                    if stdin.send(Bytes::from_static(piece)).await.is_err() {
                        break;
                    }
                }
                drop(stdin);
            };
            let listen = async {
                let mut words = Vec::new();
                while let Some(ExecOutput::Stdout(bytes) | ExecOutput::Stderr(bytes)) = output.recv().await {
                    words.extend_from_slice(&bytes[..bytes.len().min(WORDS.saturating_sub(words.len()))]);
                }
                words
            };
            let (words, ()) = tokio::join!(listen, feed);
            match control.exit().await? {
                0 => Ok(()),
                code => {
                    let text: String = String::from_utf8_lossy(&words).trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
                    let text = if text.is_empty() { format!("exit code {code}") } else { text };
                    Err(Error::new(Code::EngineFailed, text))
                }
            }
        };
        tokio::time::timeout(ATTEMPT, work).await.unwrap_or_else(|_| Err(late()))
    }
}

fn late() -> Error {
    Error::new(Code::EngineFailed, "it did not answer within 15 s")
}

/// A container and its start: what was put into its `/dev` is gone after the next.
fn key_of(id: &ContainerId, found: &ContainerInspectResponse) -> String {
    let started = found.state.as_ref().and_then(|state| state.started_at.as_deref()).unwrap_or_default();
    format!("{id} {started}")
}

/// Whether the holder's volume is mounted in it.
fn has_volume(found: &ContainerInspectResponse) -> bool {
    let mut mounts = found.mounts.iter().flatten();
    mounts.any(|mount| mount.destination.as_deref() == Some(volume::MOUNTED) && mount.name.as_deref().is_some_and(|name| name.starts_with(volume::PREFIX)))
}
