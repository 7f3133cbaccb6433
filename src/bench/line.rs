//! One terminal to measure, whichever way leads to it: keys in, output out.
use super::pty::Pty;
use crate::client::Attached;
use crate::client::Client;
use crate::engine::Engine;
use crate::engine::Terminal;
use crate::engine::TerminalRequest;
use crate::error::Error;
use crate::error::Result;
use crate::model::Attach;
use crate::model::AttachMode;
use crate::model::ClientFrame;
use crate::model::Code;
use crate::model::ContainerId;
use crate::model::Delivery;
use crate::model::ServerFrame;
use crate::model::SessionId;
use crate::model::Size;
use crate::term::Screen;
use std::collections::BTreeMap;
use std::time::Duration;
use std::time::Instant;

/// This share of a window is acknowledged at once: a server that has paused goes on when less is open.
const ACK: u64 = 8;
/// What a program that waits for markers keeps of the bytes before.
const CARRY: usize = 64;
/// Where in a piece of output the last marker must be found: it is the last thing printed, but for what moves the cursor.
const END: usize = 512;

/// How to get to a terminal.
#[derive(Clone)]
pub(super) enum Way {
    /// A session of cto.
    Session {
        /// Speaks to the server.
        client: Client,
        /// The session.
        session: SessionId,
        /// A pane is live, a pipe lossless.
        delivery: Delivery,
        /// Unacknowledged bytes.
        window: u32,
        /// The viewer's size.
        size: Size,
    },
    /// A program on a terminal of our own.
    Program {
        /// Program and arguments.
        arguments: Vec<String>,
        /// The terminal's size.
        size: Size,
    },
    /// An exec with a terminal, by the engine's API.
    Exec {
        /// The engine.
        address: String,
        /// The container.
        container: ContainerId,
        /// Program and arguments.
        command: Vec<String>,
        /// The terminal's size.
        size: Size,
    },
}

impl Way {
    /// Goes it.
    ///
    /// # Errors
    /// What server, engine or machine say.
    pub async fn open(&self) -> Result<Line> {
        Ok(match self.clone() {
            Self::Session { client, session, delivery, window, size: Size { cols, rows } } => {
                let each = u64::from(window) / ACK;
                let writer = rand::random_range(1..u64::MAX);
                let attach = Attach { v: 1, token: None, from_offset: None, cols, rows, mode: AttachMode::Write, delivery, writer, window: Some(window) };
                let attached = client.attach(session.as_str(), attach).await?;
                Line::Session(Box::new(Viewer { attached, seq: 0, offset: 0, acked: 0, each, missed: 0, screen: None }))
            }
            Self::Program { arguments, size } => Line::Program(Box::new(Pty::spawn(&arguments, size)?)),
            Self::Exec { address, container, command, size } => {
                let environment = BTreeMap::new();
                let request = TerminalRequest { container, command, environment, user: None, working_dir: None, size, main: false };
                Line::Exec(Box::new(Engine::connect(Some(&address)).open_terminal(&request).await?))
            }
        })
    }
}

/// A terminal that is open.
pub(super) enum Line {
    /// A session of cto.
    Session(Box<Viewer>),
    /// A program on a terminal of our own.
    Program(Box<Pty>),
    /// An exec with a terminal.
    Exec(Box<Terminal>),
}

/// A viewer of a session, which does what a pane does: acknowledges, and draws if it has a screen.
pub(super) struct Viewer {
    attached: Attached,
    seq: u32,
    offset: u64,
    acked: u64,
    /// Bytes after which it acknowledges.
    each: u64,
    /// Bytes that were announced as left out.
    missed: u64,
    screen: Option<Screen>,
}

impl Viewer {
    async fn read(&mut self, into: &mut Vec<u8>) -> Result<bool> {
        while let Some(frame) = self.attached.next().await {
            match frame? {
                ServerFrame::Output { offset, bytes } => {
                    self.offset = offset + bytes.len() as u64;
                    *into = bytes;
                }
                ServerFrame::Snapshot { offset, bytes, .. } => {
                    self.offset = offset;
                    if let Some(screen) = &mut self.screen {
                        screen.reset();
                    }
                    *into = bytes;
                }
                ServerFrame::Gap { from, to } => {
                    self.missed += to - from;
                    continue;
                }
                ServerFrame::Exit(_) => return Ok(false),
                _ => continue,
            }
            if let Some(screen) = &mut self.screen {
                screen.feed(into);
                screen.take_replies();
            }
            if self.offset >= self.acked + self.each {
                self.acked = self.offset;
                self.attached.send(ClientFrame::Ack(self.offset)).await?;
            }
            return Ok(true);
        }
        Ok(false)
    }
}

impl Line {
    /// Draws all that comes, as a pane does.
    pub fn draw(&mut self, size: Size, scrollback: usize) {
        if let Self::Session(viewer) = self {
            viewer.screen = Some(Screen::new(size, scrollback));
        }
    }

    /// Bytes that were announced as left out.
    pub fn missed(&self) -> u64 {
        if let Self::Session(viewer) = self { viewer.missed } else { 0 }
    }

    /// Types.
    ///
    /// # Errors
    /// When the way is lost.
    pub async fn send(&mut self, bytes: &[u8]) -> Result<()> {
        match self {
            Self::Session(viewer) => {
                viewer.seq += 1;
                viewer.attached.send(ClientFrame::Input { seq: viewer.seq, bytes: bytes.to_vec() }).await
            }
            Self::Program(pty) => pty.write(bytes).await,
            Self::Exec(terminal) => terminal.input.send(bytes.to_vec().into()).await.map_err(|_| ended()),
        }
    }

    /// Puts the next output in place of what `into` held.
    ///
    /// # Errors
    /// When the program has ended, or the way is lost.
    pub async fn read(&mut self, into: &mut Vec<u8>) -> Result<()> {
        let more = match self {
            Self::Session(viewer) => viewer.read(into).await?,
            Self::Program(pty) => pty.read(into).await?,
            Self::Exec(terminal) => match terminal.output.recv().await {
                Some(bytes) => {
                    into.clear();
                    into.extend_from_slice(&bytes);
                    true
                }
                None => false,
            },
        };
        if more { Ok(()) } else { Err(ended()) }
    }

    /// Reads until `marker` was printed, and returns all that was.
    ///
    /// # Errors
    /// As [`Line::read`], and `timed_out`.
    pub async fn wait_for(&mut self, marker: &[u8], within: Duration) -> Result<Vec<u8>> {
        let (mut seen, mut piece) = (Vec::new(), Vec::new());
        let reading = async {
            loop {
                self.read(&mut piece).await?;
                let from = seen.len().saturating_sub(marker.len());
                seen.extend_from_slice(&piece);
                if find(&seen[from..], marker).is_some() {
                    return Ok(());
                }
            }
        };
        match tokio::time::timeout(within, reading).await {
            Ok(Ok(())) => Ok(seen),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(silent(marker, within, &seen)),
        }
    }

    /// Reads until `marker` was printed at the end of a lot of output; cheap, since it looks at the ends of pieces only. The end
    /// that holds the marker is returned.
    ///
    /// # Errors
    /// As [`Line::wait_for`].
    pub async fn wait_for_end(&mut self, marker: &[u8], within: Duration) -> Result<Vec<u8>> {
        let (mut tail, mut piece): (Vec<u8>, Vec<u8>) = (Vec::new(), Vec::new());
        let reading = async {
            loop {
                self.read(&mut piece).await?;
                tail.drain(..tail.len().saturating_sub(CARRY));
                // A snapshot says much after its last line, but is one piece.
                let end = if matches!(self, Self::Session(_)) && piece.len() > 2 * END { 16 * END } else { END };
                tail.extend_from_slice(&piece[piece.len().saturating_sub(end)..]);
                if find(&tail, marker).is_some() {
                    return Ok(());
                }
            }
        };
        match tokio::time::timeout(within, reading).await {
            Ok(Ok(())) => Ok(tail),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(silent(marker, within, &tail)),
        }
    }

    /// Takes whatever comes for so long.
    ///
    /// # Errors
    /// As [`Line::read`].
    pub async fn drain(&mut self, pause: Duration) -> Result<()> {
        self.hear(pause, &mut |_| {}).await
    }

    /// Takes whatever comes for so long, and gives it to `heard`.
    ///
    /// # Errors
    /// As [`Line::read`].
    pub async fn hear(&mut self, pause: Duration, heard: &mut impl FnMut(&[u8])) -> Result<()> {
        let mut piece = Vec::new();
        let reading = async {
            loop {
                self.read(&mut piece).await?;
                heard(&piece);
            }
        };
        tokio::time::timeout(pause, reading).await.unwrap_or(Ok(()))
    }

    /// The program on a terminal of our own.
    pub fn pid(&self) -> Option<u32> {
        if let Self::Program(pty) = self { pty.pid() } else { None }
    }
}

/// Keys that no escape sequence ends with. Seven, which divide no usual width: were all rows alike, a client that draws what changed would
/// have nothing to draw when they scroll.
const KEYS: &[u8] = b"jkvwzyx";

/// Types keys one after another, and times each until it comes back. Keys are taken in turn from those that no escape sequence ends with.
///
/// # Errors
/// When an echo does not come within 10 s.
pub(super) async fn echoes(line: &mut Line, keys: u32, gap: Duration) -> Result<Vec<Duration>> {
    echoes_of(line, KEYS, keys, gap, &mut |_| {}).await
}

/// As [`echoes`], with these keys in turn; `heard` gets all output that came meanwhile.
///
/// # Errors
/// When an echo does not come within 10 s.
pub(super) async fn echoes_of(line: &mut Line, of: &[u8], keys: u32, gap: Duration, heard: &mut impl FnMut(&[u8])) -> Result<Vec<Duration>> {
    let mut times = Vec::new();
    let mut piece = Vec::new();
    for key in of.iter().cycle().take(keys as usize) {
        let begun = Instant::now();
        line.send(&[*key]).await?;
        let waiting = async {
            loop {
                line.read(&mut piece).await?;
                heard(&piece);
                if piece.contains(key) {
                    return Ok(begun.elapsed());
                }
            }
        };
        let within = Duration::from_secs(10);
        times.push(tokio::time::timeout(within, waiting).await.unwrap_or_else(|_| Err(silent(&[*key], within, &[])))?);
        line.hear(gap, heard).await?;
    }
    Ok(times)
}

/// Where `needle` begins.
pub(super) fn find(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len()).position(|part| part == needle)
}

fn ended() -> Error {
    Error::new(Code::WrongState, "a program that was to be measured has ended early")
}

fn silent(marker: &[u8], within: Duration, seen: &[u8]) -> Error {
    let last = String::from_utf8_lossy(&seen[seen.len().saturating_sub(200)..]).into_owned();
    Error::new(Code::TimedOut, format!("no '{}' came within {within:?}, last seen {last:?}", String::from_utf8_lossy(marker)))
}
