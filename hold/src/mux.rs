//! `hold connect`: the way to all sessions of this uid, over standard input and output.
//!
//! Frames are passed on unread, but for those that make and end a channel. Each channel has its turn to send one frame, so that one that floods
//! holds up no other by more than that.
use crate::answer::agree;
use crate::channel::Channel;
use crate::fault::Fault;
use crate::place;
use hold::ErrorCode;
use hold::Frame;
use hold::Raw;
use hold::SILENCE;
use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use rustix::io::Errno;
use std::io::stdin;
use std::io::stdout;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

/// How long the server may be silent at the start.
const GREETING: Duration = Duration::from_secs(5);
/// How long a last word may take to be sent.
const LAST_WORD: Duration = Duration::from_secs(1);
/// Bytes that may wait to be sent to the server; beyond, nothing more is taken from it.
const WAITING: usize = 64 * 1024;
/// Channels at a time.
const CHANNELS: usize = 4096;
/// Ids in a SESSIONS.
const IDS: usize = 500;

/// The connection to a server.
pub struct Mux {
    place: Option<PathBuf>,
    /// The versions that the server speaks; none before its HELLO.
    versions: Option<(u16, u16)>,
    channels: Vec<Channel>,
    /// Whose turn it is to send first.
    turn: usize,
    input: Vec<u8>,
    out: Vec<u8>,
    sent_of_out: usize,
    /// When it is over if nothing comes.
    silent_until: Instant,
    /// It has been told its last word.
    ending: bool,
}

impl Mux {
    /// A connection to sessions in the usual places, or in this one.
    pub fn new(place: Option<PathBuf>) -> Self {
        let silent_until = Instant::now() + GREETING;
        let (input, out) = (Vec::new(), Vec::new());
        Self { place, versions: None, channels: Vec::new(), turn: 0, input, out, sent_of_out: 0, silent_until, ending: false }
    }

    /// Runs until the server is gone; gives the exit status.
    pub fn run(mut self) -> i32 {
        // A server that does not read must not keep its own words from being heard.
        let _ = rustix::io::ioctl_fionbio(stdout(), true);
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let now = Instant::now();
            for channel in &mut self.channels {
                channel.advance(self.place.as_deref(), now);
            }
            if !self.send() || (self.ending && self.out.is_empty()) {
                return i32::from(self.ending);
            }
            if now >= self.silent_until {
                if self.ending || self.versions.is_some() {
                    return 1;
                }
                self.refuse(ErrorCode::Timeout, "no HELLO in time", now);
                continue;
            }
            if !self.wait(now, &mut buffer) {
                return 0;
            }
        }
    }

    fn refuse(&mut self, code: ErrorCode, text: &str, now: Instant) {
        Frame::Error { code, text }.encode(0, &mut self.out);
        self.ending = true;
        self.silent_until = now + LAST_WORD;
    }

    /// Sends what waits and then a frame of each channel in turn, as far as it goes; false when the server is gone.
    fn send(&mut self) -> bool {
        loop {
            while self.sent_of_out < self.out.len() {
                match rustix::io::write(stdout(), &self.out[self.sent_of_out..]) {
                    Ok(count) => self.sent_of_out += count,
                    Err(Errno::INTR) => {}
                    Err(Errno::AGAIN) => return true,
                    Err(_) => return false,
                }
            }
            self.sent_of_out = 0;
            self.out.clear();
            if self.out.capacity() > 4 * WAITING {
                self.out = Vec::new();
            }
            if self.ending {
                return true;
            }
            self.take_turns();
            self.channels.retain(|channel| !channel.is_over());
            if self.out.is_empty() {
                return true;
            }
        }
    }

    /// Collects a frame of each channel in turn, until there is enough for once or nothing more.
    fn take_turns(&mut self) {
        let count = self.channels.len();
        let (mut idle, mut at) = (0, self.turn);
        while idle < count && self.out.len() < WAITING {
            at = (at + 1) % count;
            let before = self.out.len();
            self.channels[at].pass_one(&mut self.out);
            idle = if self.out.len() == before { idle + 1 } else { 0 };
        }
        self.turn = at;
    }

    /// Waits for something to happen, and takes what did; false when the server is gone.
    fn wait(&mut self, now: Instant, buffer: &mut [u8]) -> bool {
        let (input, output) = (stdin(), stdout());
        let may_read = !self.ending && self.out.len() - self.sent_of_out < WAITING;
        let (input_ready, channels_ready);
        {
            let mut fds = vec![PollFd::new(&input, if may_read { PollFlags::IN } else { PollFlags::empty() })];
            fds.push(PollFd::new(&output, if self.out.is_empty() { PollFlags::empty() } else { PollFlags::OUT }));
            fds.extend(self.channels.iter().map(|channel| PollFd::from_borrowed_fd(channel.fd(), channel.wanted())));
            let wait = self.channels.iter().filter_map(Channel::deadline).min().map_or(self.silent_until, |at| at.min(self.silent_until));
            let wait = wait.saturating_duration_since(now);
            let timeout = Timespec { tv_sec: wait.as_secs() as i64, tv_nsec: wait.subsec_nanos().into() };
            if rustix::event::poll(&mut fds, Some(&timeout)).is_err() {
                return true;
            }
            // Nobody reads any more.
            if fds[1].revents().intersects(PollFlags::ERR | PollFlags::NVAL) {
                return false;
            }
            input_ready = fds[0].revents();
            channels_ready = fds[2..].iter().map(PollFd::revents).collect::<Vec<_>>();
        }
        for (channel, ready) in self.channels.iter_mut().zip(channels_ready) {
            channel.take(ready, buffer);
        }
        if !may_read || input_ready.is_empty() {
            return true;
        }
        match rustix::io::read(&input, &mut *buffer) {
            Ok(0) => return false,
            Ok(count) => self.input.extend_from_slice(&buffer[..count]),
            Err(Errno::INTR | Errno::AGAIN) => return true,
            Err(_) => return false,
        }
        let now = Instant::now();
        self.silent_until = now + if self.versions.is_some() { SILENCE } else { GREETING };
        self.take_input(now);
        true
    }

    fn take_input(&mut self, now: Instant) {
        let input = std::mem::take(&mut self.input);
        let mut used = 0;
        while !self.ending {
            match hold::split(&input[used..]) {
                Ok(Some(raw)) => {
                    used += raw.size();
                    if let Err(fault) = self.take(&raw, now) {
                        self.refuse(fault.code, &fault.text, now);
                    }
                }
                Ok(None) => break,
                Err(error) => self.refuse(ErrorCode::Protocol, &error.to_string(), now),
            }
        }
        self.input = input;
        self.input.drain(..used);
        if self.input.is_empty() {
            self.input = Vec::new();
        }
    }

    fn take(&mut self, raw: &Raw<'_>, now: Instant) -> Result<(), Fault> {
        let Some(versions) = self.versions else {
            return match raw.decode() {
                Ok(Frame::Hello { min, max }) if raw.channel == 0 => {
                    let version = agree(min, max).map_err(|text| Fault::new(ErrorCode::Version, text))?;
                    self.versions = Some((min, max));
                    self.silent_until = now + SILENCE;
                    Frame::Welcome { version, uid: place::uid(), holder: crate::VERSION }.encode(0, &mut self.out);
                    Ok(())
                }
                _ => Err(Fault::new(ErrorCode::Protocol, "the first frame is no HELLO")),
            };
        };
        if raw.channel == 0 {
            return self.take_own(raw);
        }
        let known = self.channels.iter_mut().find(|channel| channel.number == raw.channel);
        // Its meaning for a channel is the session's affair, which may know more than this holder.
        if let Some(channel) = known {
            if matches!(raw.decode(), Ok(Frame::Open { .. } | Frame::Start { .. })) {
                return Err(Fault::new(ErrorCode::ChannelInUse, format!("channel {} is in use", raw.channel)));
            }
            channel.send(raw);
            return Ok(());
        }
        let channel = match raw.decode() {
            Ok(Frame::Open { id, .. }) => Channel::open(self.place.as_deref(), raw, id, versions, now),
            Ok(Frame::Start { window, arguments, .. }) => Channel::start(self.place.as_deref(), raw.channel, window, &arguments, versions, now),
            Err(error) if matches!(raw.kind, 0x02 | 0x03) => Err(Fault::new(ErrorCode::Protocol, error.to_string())),
            // Its channel has just ended on this side.
            _ => return Ok(()),
        };
        let full = self.channels.len() >= CHANNELS;
        match channel {
            Ok(channel) if !full => self.channels.push(channel),
            Ok(_) => Frame::Error { code: ErrorCode::TooMany, text: "too many channels" }.encode(raw.channel, &mut self.out),
            Err(fault) => Frame::Error { code: fault.code, text: &fault.text }.encode(raw.channel, &mut self.out),
        }
        Ok(())
    }

    /// Takes a frame on channel 0.
    fn take_own(&mut self, raw: &Raw<'_>) -> Result<(), Fault> {
        match raw.decode() {
            Ok(Frame::Ping { token }) => Frame::Pong { token }.encode(0, &mut self.out),
            Ok(Frame::List) => {
                let ids = place::list(self.place.as_deref()).into_iter().collect::<Vec<_>>();
                let parts = ids.len().div_ceil(IDS).max(1);
                for part in 0..parts {
                    let ids = ids.iter().skip(part * IDS).take(IDS).map(String::as_str).collect();
                    Frame::Sessions { more: part + 1 < parts, ids }.encode(0, &mut self.out);
                }
            }
            Ok(Frame::Skip { .. }) => {}
            Err(error @ hold::FrameError::Unknown(_)) => {
                return Err(Fault::new(ErrorCode::Unsupported, format!("{error} of holder {}", crate::VERSION)));
            }
            Ok(_) => return Err(Fault::new(ErrorCode::Protocol, "a frame that belongs on no channel, or on another")),
            Err(error) => return Err(Fault::new(ErrorCode::Protocol, error.to_string())),
        }
        Ok(())
    }
}
