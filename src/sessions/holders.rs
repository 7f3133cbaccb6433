//! The holders of all containers: sessions begin and are found again here.
use super::channel::Channel;
use super::channel::Fault;
use super::channel::How;
use super::mux::Mux;
use super::mux::TURNS;
use super::transport::Transport;
use crate::engine::Engine;
use crate::engine::TerminalRequest;
use crate::engine::WayIn;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::ContainerId;
use crate::model::SessionId;
use crate::model::Unread;
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::Semaphore;

/// The session of a container's main program.
const MAIN: &str = "main";
/// How long a start may take.
const STARTING: Duration = Duration::from_secs(30);
/// Most bytes of what a program is started with, so that it fits into a frame.
const MOST_WORDS: usize = 60 * 1024;
/// What a session is called whose program is the user's shell.
pub const SHELL: &str = "shell";

/// A connection for each container and user.
type Muxes = HashMap<(ContainerId, Option<String>), Mux>;

/// The holders of all containers of an engine. Cheap to clone; a clone is the same.
#[derive(Clone, Debug)]
pub struct Holders(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    engine: Engine,
    /// Held for a look-up and never across an await.
    muxes: Mutex<Muxes>,
    /// Whose turn it is to connect.
    turns: Arc<Semaphore>,
}

impl Holders {
    /// None are reached yet.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self(Arc::new(Inner { engine, muxes: Mutex::default(), turns: Arc::new(Semaphore::new(TURNS)) }))
    }

    /// A terminal in a container: under its holder, which is brought there if it must be, or plain where that can't be.
    ///
    /// # Errors
    /// As [`Engine::open_terminal`]. `name` is the container's, for the words.
    pub async fn open(&self, id: &SessionId, request: &TerminalRequest, unread: Unread, name: &str) -> Result<Transport> {
        let engine = &self.0.engine;
        if request.main {
            return match engine.way_to_main(&request.container).await? {
                WayIn::Holder(_) => {
                    let channel = self.channel(request, MAIN, || How::Main).await?;
                    let command = engine.inspect(request.container.as_str()).await?.command;
                    Ok(Transport::held(engine, request, channel, command, Timestamp::now()))
                }
                WayIn::Shut(why) => Transport::plain(engine, request, why).await,
            };
        }
        match engine.way_in(&request.container).await? {
            WayIn::Shut(why) => Transport::plain(engine, request, why).await,
            WayIn::Holder(_) => {
                let words = arguments(id, request, unread);
                if words.iter().map(|word| word.len() + 2).sum::<usize>() > MOST_WORDS {
                    return Err(Error::new(Code::TooLarge, "program, arguments and environment may have 60 KiB together"));
                }
                let channel = self.channel(request, id.as_str(), || How::Start(words.clone())).await?;
                match tokio::time::timeout(STARTING, channel.settled()).await {
                    Ok(Ok(())) => {
                        let command = if request.command.is_empty() { vec![SHELL.to_owned()] } else { request.command.clone() };
                        Ok(Transport::held(engine, request, channel, command, Timestamp::now()))
                    }
                    Ok(Err(Fault::Asked(error))) if error.code == Code::CommandNotFound && request.command.is_empty() => {
                        Err(Error::new(Code::CommandNotFound, format!("the image of container '{name}' has no shell")).fix("name a program that the image has"))
                    }
                    Ok(Err(Fault::Asked(error))) => Err(error),
                    Ok(Err(Fault::Holder(why))) => Transport::plain(engine, request, format!("its session holder failed: {why}")).await,
                    Err(_) => {
                        channel.leave();
                        Err(Error::new(Code::TimedOut, "the session holder did not start the program within 30 s"))
                    }
                }
            }
        }
    }

    /// A session that a server before this one has opened; it is connected to as soon as its container can be reached.
    ///
    /// # Errors
    /// `internal` when there are too many.
    pub async fn adopt(&self, id: &SessionId, request: &TerminalRequest, boot: Option<u64>, since: Timestamp) -> Result<Transport> {
        let id = if request.main { MAIN } else { id.as_str() };
        let channel = self.channel(request, id, || How::Find(boot)).await?;
        Ok(Transport::held(&self.0.engine, request, channel, request.command.clone(), since))
    }

    async fn channel(&self, request: &TerminalRequest, id: &str, how: impl Fn() -> How) -> Result<Arc<Channel>> {
        // One that has just been given up is replaced; twice in a row that does not happen.
        for _ in 0..3 {
            if let Some(channel) = self.mux(request).channel(id, how()).await {
                return Ok(channel);
            }
            self.0.muxes.lock().expect("no panics while held").remove(&key(request));
        }
        Err(Error::internal("no connection to a session holder can be kept"))
    }

    fn mux(&self, request: &TerminalRequest) -> Mux {
        let mut muxes = self.0.muxes.lock().expect("no panics while held");
        muxes.retain(|_, mux| mux.is_open());
        let new = || Mux::new(self.0.engine.clone(), request.container.clone(), request.user.clone(), self.0.turns.clone());
        muxes.entry(key(request)).or_insert_with(new).clone()
    }
}

fn key(request: &TerminalRequest) -> (ContainerId, Option<String>) {
    (request.container.clone(), request.user.clone())
}

/// What `hold run` is told.
fn arguments(id: &SessionId, request: &TerminalRequest, unread: Unread) -> Vec<Vec<u8>> {
    let size = request.size.clamped();
    let mut words = vec!["--id".to_owned(), id.to_string(), "--size".to_owned(), format!("{}x{}", size.cols, size.rows)];
    if unread == Unread::Drop {
        words.extend(["--policy".to_owned(), "drop".to_owned()]);
    }
    for (name, value) in &request.environment {
        words.extend(["--env".to_owned(), format!("{name}={value}")]);
    }
    if let Some(dir) = &request.working_dir {
        words.extend(["--cwd".to_owned(), dir.clone()]);
    }
    if request.command.is_empty() {
        words.push("--shell".to_owned());
    } else {
        words.push("--".to_owned());
        words.extend(request.command.iter().cloned());
    }
    words.into_iter().map(String::into_bytes).collect()
}
