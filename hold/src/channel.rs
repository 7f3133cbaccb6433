//! One channel of a connection: the way to one session.
use crate::fault::Fault;
use crate::options::variable;
use crate::place;
use crate::start::REPLY_FRAME;
use hold::Begin;
use hold::ErrorCode;
use hold::Frame;
use hold::HEADER;
use hold::MAX_PAYLOAD;
use hold::Raw;
use rustix::event::PollFlags;
use rustix::fd::AsFd;
use rustix::fd::BorrowedFd;
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::ffi::OsStr;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Child;
use std::process::ChildStdout;
use std::process::Command;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

/// Bytes that may wait for a session; a server that sends more without being acknowledged is refused.
const TO_SESSION: usize = 512 * 1024;
/// Bytes that are taken from a session before they are passed on.
const FROM_SESSION: usize = HEADER + MAX_PAYLOAD;
/// How long a session may take to answer, and to start.
const ANSWER: Duration = Duration::from_secs(10);

/// Variable by which the server knows the process of a connection, to end that and nothing else.
const MARK: &str = "CTO_EXEC";

/// What a channel leads to.
enum Way {
    /// A session that is being started: what starts it, and what it says until it is done.
    Starting(Child, ChildStdout, Vec<u8>),
    /// A session.
    Session(OwnedFd),
}

/// One channel.
pub struct Channel {
    /// Its number.
    pub number: u16,
    id: String,
    way: Way,
    /// No WELCOME yet: until when.
    greeting: Option<Instant>,
    to: Vec<u8>,
    sent_of_to: usize,
    from: Vec<u8>,
    /// The session's end of the socket is closed.
    closed: bool,
    fault: Option<Fault>,
    over: bool,
}

impl Channel {
    fn new(number: u16, id: &str, way: Way, now: Instant) -> Self {
        let (to, from) = (Vec::new(), Vec::new());
        Self { number, id: id.to_owned(), way, greeting: Some(now + ANSWER), to, sent_of_to: 0, from, closed: false, fault: None, over: false }
    }

    /// To a living session, by the frame that asks for it.
    ///
    /// # Errors
    /// `no_session`.
    pub fn open(place: Option<&Path>, open: &Raw<'_>, id: &str, versions: (u16, u16), now: Instant) -> Result<Self, Fault> {
        let mut channel = Self::new(open.channel, id, Way::Session(place::dial(place, id)?), now);
        Frame::Hello { min: versions.0, max: versions.1 }.encode(0, &mut channel.to);
        open.encode(&mut channel.to);
        Ok(channel)
    }

    /// To a session that is started for it, by a holder of its own.
    ///
    /// # Errors
    /// `system` where that can't be started.
    pub fn start(place: Option<&Path>, number: u16, window: u32, arguments: &[&[u8]], versions: (u16, u16), now: Instant) -> Result<Self, Fault> {
        let mut command = Command::new("/proc/self/exe");
        // The engine's mark of this connection's own process is not for the program's.
        command.args(["run", REPLY_FRAME]).env_remove(MARK).stdin(Stdio::null()).stdout(Stdio::piped());
        if let Some(place) = place {
            command.arg("--place").arg(place);
        }
        let mut arguments = arguments.iter().map(|bytes| OsStr::from_bytes(bytes));
        let mut id = String::new();
        while let Some(argument) = arguments.next() {
            match argument.as_bytes() {
                b"--" => {
                    command.arg(argument).args(arguments);
                    break;
                }
                // Not as an argument, which everyone in the container can read.
                b"--env" => match arguments.next().map(OsString::from).as_ref().and_then(variable) {
                    Some((name, value)) => drop(command.env(name, value)),
                    None => return Err(Fault::new(ErrorCode::Usage, "'--env' wants NAME=VALUE")),
                },
                b"--id" => {
                    let value = arguments.next().unwrap_or_default();
                    id = value.to_string_lossy().into_owned();
                    command.arg(argument).arg(value);
                }
                _ => drop(command.arg(argument)),
            }
        }
        let mut child = command.spawn().map_err(|error| Fault::system("the holder did not start", error))?;
        let said = child.stdout.take().ok_or_else(|| Fault::new(ErrorCode::System, "the holder can't be heard"))?;
        let mut channel = Self::new(number, &id, Way::Starting(child, said, Vec::new()), now);
        Frame::Hello { min: versions.0, max: versions.1 }.encode(0, &mut channel.to);
        // An id that is no id is refused by the holder that is started, in words.
        Frame::Open { flags: 0, from: Begin::Offset(0), boot: 0, window, id: &id }.encode(number, &mut channel.to);
        Ok(channel)
    }

    /// Queues a frame for the session.
    pub fn send(&mut self, raw: &Raw<'_>) {
        if self.to.len() - self.sent_of_to + raw.size() > TO_SESSION {
            self.fault.get_or_insert(Fault::new(ErrorCode::Flood, "more is sent than the session takes"));
        } else {
            raw.encode(&mut self.to);
        }
    }

    /// What to wait for.
    pub fn wanted(&self) -> PollFlags {
        let mut wanted = PollFlags::empty();
        wanted.set(PollFlags::IN, self.from.len() < FROM_SESSION && !self.closed);
        wanted.set(PollFlags::OUT, !self.to.is_empty() && matches!(self.way, Way::Session(_)));
        wanted
    }

    /// The descriptor to wait at.
    pub fn fd(&self) -> BorrowedFd<'_> {
        match &self.way {
            Way::Starting(_, said, _) => said.as_fd(),
            Way::Session(fd) => fd.as_fd(),
        }
    }

    /// When it is given up, if the session does not answer.
    pub fn deadline(&self) -> Option<Instant> {
        self.greeting
    }

    /// Whether it has ended and all was passed on.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Takes what the session has said.
    pub fn take(&mut self, ready: PollFlags, buffer: &mut [u8]) {
        if !ready.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) || self.closed || self.from.len() >= FROM_SESSION {
            return;
        }
        let read = rustix::io::read(self.fd(), &mut *buffer);
        match (read, &mut self.way) {
            (Err(Errno::INTR | Errno::AGAIN), _) => {}
            (Ok(0) | Err(_), _) => self.closed = true,
            // An answer of one frame: more is not read.
            (Ok(count), Way::Starting(_, _, said)) if said.len() < FROM_SESSION => said.extend_from_slice(&buffer[..count]),
            (Ok(_), Way::Starting(..)) => {}
            (Ok(count), Way::Session(_)) => self.from.extend_from_slice(&buffer[..count]),
        }
    }

    /// Goes on with the start, and sends the session what waits for it.
    pub fn advance(&mut self, place: Option<&Path>, now: Instant) {
        if let Way::Starting(child, _, said) = &mut self.way
            && self.closed
        {
            // It has closed its output, so it has ended or is about to.
            let started = child.wait().is_ok_and(|status| status.success());
            match (started, place::dial(place, &self.id)) {
                (true, Ok(fd)) => {
                    self.way = Way::Session(fd);
                    self.closed = false;
                }
                (true, Err(fault)) => self.fault = Some(fault),
                (false, _) => self.fault = Some(why_not_started(said)),
            }
        }
        if self.greeting.is_some_and(|until| until <= now) {
            self.fault.get_or_insert(Fault::new(ErrorCode::Timeout, format!("session '{}' does not answer", self.id)));
        }
        let Way::Session(fd) = &self.way else { return };
        while self.sent_of_to < self.to.len() {
            match rustix::io::write(fd, &self.to[self.sent_of_to..]) {
                Ok(count) => self.sent_of_to += count,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                // What it has said before is still to be read.
                Err(_) => break,
            }
        }
        self.sent_of_to = 0;
        self.to = Vec::new();
    }

    /// Appends the next frame of the session to `out`, if there is one, on this channel whatever the session calls it.
    pub fn pass_one(&mut self, out: &mut Vec<u8>) {
        if self.over {
            return;
        }
        if let Some(fault) = self.fault.take() {
            return self.end(fault.code, &fault.text, out);
        }
        let raw = match hold::split(&self.from) {
            Ok(Some(raw)) => Raw { channel: self.number, ..raw },
            Ok(None) if self.closed && matches!(self.way, Way::Session(_)) => {
                return self.end(ErrorCode::SessionLost, "the session's process is gone", out);
            }
            Ok(None) => return,
            Err(error) => return self.end(ErrorCode::Protocol, &error.to_string(), out),
        };
        let size = raw.size();
        if raw.kind < 0x80 {
            return self.end(ErrorCode::Protocol, "the session sends what a server sends", out);
        }
        let frame = raw.decode();
        self.over = matches!(frame, Ok(Frame::Error { .. } | Frame::Detached));
        // This holder has greeted the server already; how the session did is in its OPENED.
        let greeted = self.greeting.is_some() && matches!(frame, Ok(Frame::Welcome { .. }));
        if !greeted {
            raw.encode(out);
        }
        self.from.drain(..size);
        if self.from.is_empty() {
            self.from = Vec::new();
        }
        if greeted {
            self.greeting = None;
            // What came with it must not wait for something else to happen.
            self.pass_one(out);
        }
    }

    fn end(&mut self, code: ErrorCode, text: &str, out: &mut Vec<u8>) {
        Frame::Error { code, text }.encode(self.number, out);
        self.over = true;
    }
}

/// What the holder that was to start a session said.
fn why_not_started(said: &[u8]) -> Fault {
    match hold::split(said).ok().flatten().and_then(|raw| raw.decode().ok()) {
        Some(Frame::Error { code, text }) => Fault::new(code, text),
        _ => Fault::new(ErrorCode::System, "the session did not start"),
    }
}
