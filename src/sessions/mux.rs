//! The one connection to the holders of a container and a user, with a channel for each session.
use super::channel::Bell;
use super::channel::Channel;
use super::channel::Fault;
use super::channel::How;
use super::wire::Took;
use crate::engine::Engine;
use crate::engine::Exec;
use crate::engine::ExecOutput;
use crate::engine::WayIn;
use crate::error::Error;
use crate::model::Code;
use crate::model::ContainerId;
use crate::model::ContainerState;
use crate::model::LogQuery;
use bytes::Buf;
use bytes::Bytes;
use bytes::BytesMut;
use hold::Frame;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Sessions that may wait to join: as many as there are numbers for. Then who opens the next waits.
const JOINS: usize = u16::MAX as usize;
/// When a session that is not there yet is asked for again.
const AGAIN: Duration = Duration::from_millis(20);
/// How long a connection is kept that nobody needs.
const IDLE: Duration = Duration::from_secs(10);
/// How long the holder may take to say WELCOME.
const WELCOME: Duration = Duration::from_secs(5);
/// Containers whose holders are connected to at once, and how long one waits for its turn: an engine that starts a hundred programs at once
/// starts all of them late. Who has waited for so long goes on beside those that hang.
pub(super) const TURNS: usize = 8;
const TURN: Duration = Duration::from_secs(5);
/// Bytes of what a program said that never ran.
const WORDS: usize = 4096;
/// Pauses between attempts to connect.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(2));
/// The pause when a lost engine answers again: not none, in case it is lost again at once.
const BACK: Duration = Duration::from_millis(100);
/// A container that is about to be started is looked at this often, and as long.
const STARTING: (Duration, Duration) = (Duration::from_millis(25), Duration::from_secs(120));
/// Connections in a row that come to nothing, before the holder is given up.
const ATTEMPTS: u32 = 6;
/// A connection that has lasted so long was none that came to nothing.
const LASTING: Duration = Duration::from_secs(10);
/// Taken output that is too little to be told at once is told after this.
const ACKS: Duration = Duration::from_millis(100);
/// How often the holder is asked whether it is there, and how long it may be silent.
const PING: Duration = Duration::from_secs(15);
const SILENCE: Duration = Duration::from_secs(45);
/// Bytes that may wait to be written; then channels wait for their turn.
const OUT: usize = 64 * 1024;
/// Frames that nobody asked for, beyond one for each frame of output; then the connection is refused.
const STRANGE: u32 = 1024;
/// Most bytes of a program's log that are shown when it ended before it could be reached.
const LOG: usize = 256 * 1024;

/// The way to the task that has the connection. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Mux {
    joins: mpsc::Sender<Arc<Channel>>,
    bell: Arc<Bell>,
}

impl Mux {
    /// Begins to connect for the first channel that joins.
    pub fn new(engine: Engine, container: ContainerId, user: Option<String>, turns: Arc<Semaphore>) -> Self {
        let (joins, joining) = mpsc::channel(JOINS);
        let bell = Arc::new(Bell::default());
        let task = Task {
            engine,
            container,
            user,
            turns,
            joining,
            bell: bell.clone(),
            channels: BTreeMap::new(),
            again: BTreeSet::new(),
            last: 0,
            failures: 0,
            patience: STRANGE,
        };
        tokio::spawn(task.run());
        Self { joins, bell }
    }

    /// Whether channels can join.
    pub fn is_open(&self) -> bool {
        !self.joins.is_closed()
    }

    /// A channel of this connection, once it has joined; none when the connection has just been given up: begin another.
    pub async fn channel(&self, id: &str, how: How) -> Option<Arc<Channel>> {
        let room = self.joins.reserve().await.ok()?;
        let channel = Arc::new(Channel::new(id, how, self.bell.clone()));
        room.send(channel.clone());
        Some(channel)
    }
}

struct Task {
    engine: Engine,
    container: ContainerId,
    user: Option<String>,
    turns: Arc<Semaphore>,
    joining: mpsc::Receiver<Arc<Channel>>,
    bell: Arc<Bell>,
    channels: BTreeMap<u16, Arc<Channel>>,
    /// Channels whose session is not there yet.
    again: BTreeSet<u16>,
    last: u16,
    failures: u32,
    patience: u32,
}

/// Why a connection ended, or did not come to be.
enum Broken {
    /// Nobody needs it.
    Idle,
    /// It may work again.
    Lost(String),
    /// The container does not run.
    Stopped,
    /// The container is about to be started.
    NotYet,
    /// The holder can't be used.
    Refused(String),
    /// What was asked for can't be, such as an unknown user.
    Asked(Error),
}

/// An open connection.
struct Link {
    exec: Exec,
    buffer: BytesMut,
    /// What came before WELCOME, in case it says why there is none.
    words: Vec<u8>,
}

impl Task {
    async fn run(mut self) {
        let mut pause = PAUSES.0;
        let mut waited = Duration::ZERO;
        loop {
            if self.channels.is_empty() {
                match tokio::time::timeout(IDLE, self.joining.recv()).await {
                    Ok(Some(channel)) => self.add(channel),
                    Ok(None) => return,
                    Err(_) => {
                        self.close().await;
                        continue;
                    }
                }
            }
            while let Ok(channel) = self.joining.try_recv() {
                self.add(channel);
            }
            let began = Instant::now();
            let broken = match self.connect().await {
                Ok(mut link) => {
                    let broken = self.serve(&mut link).await;
                    if matches!(broken, Broken::Refused(_)) {
                        link.end().await;
                    }
                    if began.elapsed() > LASTING {
                        (self.failures, pause) = (0, PAUSES.0);
                    }
                    broken
                }
                Err(broken) => broken,
            };
            match broken {
                Broken::Idle => {
                    self.close().await;
                    continue;
                }
                Broken::Lost(why) => {
                    tracing::debug!(container = %self.container, why, "the connection to the session holder is lost");
                    if self.failures >= ATTEMPTS {
                        self.refuse("its session holder does not answer").await;
                    }
                }
                Broken::NotYet if waited < STARTING.1 => {
                    waited += STARTING.0;
                    tokio::time::sleep(STARTING.0).await;
                    continue;
                }
                Broken::Stopped | Broken::NotYet => self.stopped().await,
                Broken::Refused(why) => self.refuse(&why).await,
                Broken::Asked(error) => self.not_asked_for(&error),
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(PAUSES.1),
                () = async { self.engine.answers_again().await; tokio::time::sleep(BACK).await; } => {}
                Some(channel) = self.joining.recv() => self.add(channel),
            }
        }
    }

    /// Lets nobody join any more. Those who just did are served to their end; others begin another connection.
    async fn close(&mut self) {
        self.joining.close();
        while let Some(channel) = self.joining.recv().await {
            self.add(channel);
        }
    }

    fn add(&mut self, channel: Arc<Channel>) {
        self.last = (1..=u16::MAX).map(|step| self.last.wrapping_add(step)).find(|number| *number > 0 && !self.channels.contains_key(number)).unwrap_or(0);
        channel.number(self.last);
        if self.last > 0 {
            self.channels.insert(self.last, channel);
        } else {
            channel.fail(Fault::Holder("its container has too many sessions".to_owned()));
        }
    }

    /// The container has stopped. What a main program printed before it could be reached is in its log.
    async fn stopped(&mut self) {
        for channel in std::mem::take(&mut self.channels).into_values() {
            if matches!(channel.how, How::Main) && !channel.was_open() {
                channel.past(&self.log().await);
            } else {
                channel.gone();
            }
        }
    }

    async fn log(&self) -> Vec<u8> {
        let mut text = Vec::new();
        let query = LogQuery { tail: Some(5000), ..LogQuery::default() };
        let reading = async {
            let Ok(mut chunks) = self.engine.logs(&self.container, &query).await else { return };
            while let Some(Ok((_, bytes))) = chunks.recv().await {
                text.extend_from_slice(&bytes);
                if text.len() > 2 * LOG {
                    text.drain(..text.len() - LOG);
                }
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(5), reading).await;
        text.drain(..text.len().saturating_sub(LOG));
        text
    }

    async fn refuse(&mut self, why: &str) {
        tracing::warn!(container = %self.container, why, "a session holder is refused");
        self.engine.shut_way(&self.container, &format!("its session holder was refused: {why}")).await;
        self.failures = 0;
        for channel in std::mem::take(&mut self.channels).into_values() {
            channel.fail(Fault::Holder(why.to_owned()));
        }
    }

    fn not_asked_for(&mut self, error: &Error) {
        for channel in std::mem::take(&mut self.channels).into_values() {
            channel.fail(Fault::Asked(Error::new(error.code, error.message.clone())));
        }
    }

    /// Starts the connecting program and greets the holder.
    async fn connect(&mut self) -> Result<Link, Broken> {
        let lost = |error: Error| Broken::Lost(error.message);
        let (state, way) = match self.engine.look_in(&self.container).await {
            Ok(seen) => seen,
            Err(error) if error.code == Code::NotFound => return Err(Broken::Stopped),
            Err(error) => return Err(lost(error)),
        };
        let path = match (state, way) {
            (_, Some(WayIn::Holder(path))) => path,
            (_, Some(WayIn::Shut(why))) => return Err(Broken::Refused(why)),
            (ContainerState::Running, None) => return Err(Broken::Lost("no way in was found".to_owned())),
            (ContainerState::Created, None) => return Err(Broken::NotYet),
            (ContainerState::Paused | ContainerState::Restarting, None) => return Err(Broken::Lost(format!("it is {state:?}"))),
            (ContainerState::Exited | ContainerState::Dead | ContainerState::Removing, None) => return Err(Broken::Stopped),
        };
        // None for who has waited long enough.
        let turns = self.turns.clone();
        let _turn = tokio::time::timeout(TURN, turns.acquire()).await.ok();
        let exec = match self.engine.connect_holder(&self.container, &path, self.user.as_deref()).await {
            Ok(exec) => exec,
            Err(error) => return Err(self.not_begun(error).await),
        };
        self.patience = STRANGE;
        let mut link = Link { exec, buffer: BytesMut::new(), words: Vec::new() };
        let mut hello = Vec::new();
        Frame::Hello { min: hold::VERSION_MIN, max: hold::VERSION_MAX }.encode(0, &mut hello);
        let greeting = async {
            link.exec.stdin.send(hello.into()).await.map_err(|_| Broken::Lost("it takes no input".to_owned()))?;
            link.welcome().await
        };
        let greeted = tokio::time::timeout(WELCOME, greeting).await.unwrap_or_else(|_| {
            self.failures += 2;
            Err(Broken::Lost("no WELCOME within 5 s".to_owned()))
        });
        match greeted {
            Ok(()) => {
                self.failures += 1;
                Ok(link)
            }
            Err(broken) => match link.exec.control.never_ran(&String::from_utf8_lossy(&link.words), &path).await {
                Some(error) => Err(self.not_begun(error).await),
                None => {
                    self.failures += 1;
                    link.end().await;
                    Err(broken)
                }
            },
        }
    }

    /// The connecting program could not be started.
    async fn not_begun(&mut self, error: Error) -> Broken {
        if error.code == Code::InvalidValue {
            return Broken::Asked(error);
        }
        if !matches!(error.code, Code::EngineUnavailable | Code::WrongState) {
            self.failures += 1;
            self.engine.forget_way(&self.container).await;
        }
        Broken::Lost(error.message)
    }

    /// Moves frames both ways until the connection ends.
    async fn serve(&mut self, link: &mut Link) -> Broken {
        let mut out = Vec::new();
        for channel in self.channels.values() {
            channel.begin(&mut out);
        }
        let mut acks: Option<Instant> = None;
        let mut idle: Option<Instant> = None;
        let mut again: Option<Instant> = None;
        self.again.clear();
        let mut pings = tokio::time::interval_at(Instant::now() + PING, PING);
        let mut heard = Instant::now();
        loop {
            if let Err(why) = self.take_frames(&mut link.buffer) {
                return why;
            }
            self.let_speak(&mut out);
            if acks.is_none() && !self.bell.wants().later.is_empty() {
                acks = Some(Instant::now() + ACKS);
            }
            if again.is_none() && !self.again.is_empty() {
                again = Some(Instant::now() + AGAIN);
            }
            idle = if self.channels.is_empty() { idle.or_else(|| Some(Instant::now() + IDLE)) } else { None };
            tokio::select! {
                piece = link.exec.output.recv() => match piece {
                    Some(ExecOutput::Stdout(bytes)) => {
                        heard = Instant::now();
                        link.buffer.extend_from_slice(&bytes);
                    }
                    Some(ExecOutput::Stderr(bytes)) => link.complaint(&self.container, &bytes),
                    None => return Broken::Lost("it ended".to_owned()),
                },
                room = link.exec.stdin.reserve(), if !out.is_empty() => match room {
                    Ok(room) => room.send(Bytes::from(std::mem::take(&mut out))),
                    Err(_) => return Broken::Lost("it takes no input".to_owned()),
                },
                Some(channel) = self.joining.recv() => {
                    let joined = channel.clone();
                    self.add(channel);
                    joined.begin(&mut out);
                }
                () = self.bell.rung.notified() => {}
                () = until(acks) => {
                    acks = None;
                    let mut wants = self.bell.wants();
                    let later = std::mem::take(&mut wants.later);
                    wants.now.extend(later);
                }
                () = until(idle) => return Broken::Idle,
                () = until(again) => {
                    again = None;
                    for number in std::mem::take(&mut self.again) {
                        if let Some(channel) = self.channels.get(&number) {
                            channel.begin(&mut out);
                        }
                    }
                }
                _ = pings.tick() => {
                    if heard.elapsed() > SILENCE {
                        return Broken::Lost("it was silent for 45 s".to_owned());
                    }
                    Frame::Ping { token: 0 }.encode(0, &mut out);
                    // For its answer.
                    self.patience = (self.patience + 1).min(STRANGE);
                }
            }
        }
    }

    /// Lets the channels that want it speak, one after the other.
    fn let_speak(&mut self, out: &mut Vec<u8>) {
        while out.len() < OUT {
            let Some(number) = self.bell.wants().now.pop_first() else { return };
            let Some(channel) = self.channels.get(&number) else { continue };
            if channel.say(out) {
                self.channels.remove(&number);
            }
        }
    }

    fn take_frames(&mut self, buffer: &mut BytesMut) -> Result<(), Broken> {
        loop {
            let size = {
                let refused = |error: hold::FrameError| Broken::Refused(error.to_string());
                let Some(raw) = hold::split(buffer).map_err(refused)? else { return Ok(()) };
                self.take_frame(raw.channel, &raw.decode().map_err(refused)?)?;
                raw.size()
            };
            buffer.advance(size);
        }
    }

    fn take_frame(&mut self, number: u16, frame: &Frame<'_>) -> Result<(), Broken> {
        if number == 0 {
            return match frame {
                Frame::Pong { .. } | Frame::Skip { .. } => self.strange(),
                Frame::Error { code, text } => Err(Broken::Refused(format!("{}: {text}", code.name()))),
                _ => Err(Broken::Refused("a frame came out of turn".to_owned())),
            };
        }
        let Some(channel) = self.channels.get(&number) else { return self.strange() };
        match channel.take(frame).map_err(Broken::Refused)? {
            Took::Fine if matches!(frame, Frame::Data { .. }) => self.patience = (self.patience + 1).min(STRANGE),
            Took::Fine => {}
            Took::Strange => self.strange()?,
            Took::Again => drop(self.again.insert(number)),
            Took::Over => drop(self.channels.remove(&number)),
        }
        Ok(())
    }

    /// A frame that nobody asked for.
    fn strange(&mut self) -> Result<(), Broken> {
        self.patience = self.patience.checked_sub(1).ok_or_else(|| Broken::Refused("it sent too many frames that nobody asked for".to_owned()))?;
        Ok(())
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

impl Link {
    /// Waits for WELCOME, and for nothing else.
    async fn welcome(&mut self) -> Result<(), Broken> {
        loop {
            let refused = |error: hold::FrameError| Broken::Refused(error.to_string());
            if let Some(raw) = hold::split(&self.buffer).map_err(refused)? {
                let size = raw.size();
                match raw.decode().map_err(refused)? {
                    Frame::Welcome { .. } => {}
                    Frame::Error { code, text } => return Err(Broken::Refused(format!("{}: {text}", code.name()))),
                    _ => return Err(Broken::Refused("it did not begin with WELCOME".to_owned())),
                }
                self.buffer.advance(size);
                self.words = Vec::new();
                return Ok(());
            }
            match self.exec.output.recv().await {
                Some(ExecOutput::Stdout(bytes)) => {
                    self.words.extend_from_slice(&bytes[..bytes.len().min(WORDS.saturating_sub(self.words.len()))]);
                    self.buffer.extend_from_slice(&bytes);
                }
                Some(ExecOutput::Stderr(bytes)) => self.words.extend_from_slice(&bytes[..bytes.len().min(WORDS.saturating_sub(self.words.len()))]),
                None => return Err(Broken::Lost("it ended before WELCOME".to_owned())),
            }
        }
    }

    /// Ends the program that connects: one that does not keep to the protocol would go on when nobody hears it.
    async fn end(&self) {
        let _ = tokio::time::timeout(WELCOME, self.exec.control.kill()).await;
    }

    fn complaint(&self, container: &ContainerId, bytes: &[u8]) {
        let text: String = String::from_utf8_lossy(bytes).chars().filter(|c| !c.is_control()).take(200).collect();
        tracing::debug!(%container, text, "the session holder says");
    }
}
