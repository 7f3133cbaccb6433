//! The life of a session: one loop over its terminal, its connections and its signals.
use crate::conn::Conn;
use crate::conn::Stage;
use crate::log::Log;
use crate::options::Options;
use crate::place;
use crate::place::Listening;
use crate::pty::Pty;
use crate::session::Session;
use crate::sys;
use hold::Ended;
use hold::ErrorCode;
use hold::Frame;
use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use rustix::net::SocketFlags;
use rustix::process::WaitOptions;
use std::time::Duration;
use std::time::Instant;

/// Connections at a time; another is refused.
const CONNS: usize = 8;
/// Bytes that are read from the terminal or a connection before the others have their turn.
const TURN: usize = 128 * 1024;
/// What a terminal can still hold when its program has ended; more comes from someone else.
const LEFT: u64 = 128 * 1024;
/// From the hang-up to the kill.
const GRACE: Duration = Duration::from_millis(700);
/// From one kill to the next, for what was being born in between.
const AGAIN: Duration = Duration::from_millis(500);
/// From the signal that stops a container to the hang-up, which ends the shells that ignore the signal.
const STOP: Duration = Duration::from_millis(50);
/// How long word that input was typed waits for output to travel with: the echo of a key is one message then, not two.
const WITH_ECHO: Duration = Duration::from_millis(5);
/// A terminal that has just printed less than so much is not read again before this pause: a program that prints line by line costs everyone
/// on the way one message for several lines. What it prints meanwhile, the terminal keeps.
const LITTLE: u64 = 1024;
const REST: Duration = Duration::from_millis(4);
/// There are no pauses for so long after a key, whose echo may be coming, and after more than a little.
const AWAKE: Duration = Duration::from_millis(50);
/// How long a session that was closed waits to be asked how it ended.
const CLOSED_LINGER: Duration = Duration::from_secs(60);
/// How long the end of a main program is held up for a server that takes its last output, since its last ACK.
const DRAIN: Duration = Duration::from_millis(500);
/// The same in all, however well it acknowledges.
const DRAIN_IN_ALL: Duration = Duration::from_secs(5);

/// A session with all that belongs to it.
pub struct Serving {
    pub(crate) id: String,
    pub(crate) session: Session,
    pub(crate) pty: Pty,
    pub(crate) conns: Vec<Conn>,
    pub(crate) exit_acked: bool,
    pub(crate) last_ack: Instant,
    listening: Listening,
    signals: OwnedFd,
    /// Only of a main program.
    log: Option<Log>,
    linger: Duration,
    kill_at: Option<Instant>,
    hang_up_at: Option<Instant>,
    /// What was typed and not yet said to be, and when it has to be said.
    typed: Vec<(u64, u32)>,
    typed_at: Instant,
    /// Until then the terminal is read without pauses.
    awake_until: Instant,
    /// Until then it is not read.
    rests_until: Instant,
    ended_at: Instant,
    /// Bytes read since the program ended.
    left: u64,
    buffer: Vec<u8>,
}

impl Serving {
    /// Puts the parts together. `log` makes it the session of a main program.
    pub fn new(options: &Options, pty: Pty, listening: Listening, signals: OwnedFd, boot: u64, log: Option<Log>) -> Self {
        let now = Instant::now();
        Self {
            id: options.id.clone(),
            session: Session::new(boot, options.ring, options.policy, options.cols, options.rows),
            pty,
            conns: Vec::new(),
            exit_acked: false,
            last_ack: now,
            listening,
            signals,
            log,
            linger: options.linger,
            kill_at: None,
            hang_up_at: None,
            typed: Vec::new(),
            typed_at: now,
            awake_until: now,
            rests_until: now,
            ended_at: now,
            left: 0,
            buffer: vec![0; 16 * 1024],
        }
    }

    /// Runs until the session is over; gives how the program ended.
    pub fn run(mut self) -> Ended {
        loop {
            let now = Instant::now();
            self.timers(now);
            self.give(now);
            if let Some(ended) = self.over(now) {
                if self.session.closing {
                    self.pty.signal_all(libc::SIGKILL);
                }
                return ended;
            }
            self.wait(now);
        }
    }

    /// The program's process id.
    pub fn pid(&self) -> i32 {
        self.pty.pid
    }

    /// Where the session's socket lies.
    pub fn place(&self) -> String {
        self.listening.path.as_ref().map_or_else(|| "abstract".to_owned(), |path| path.display().to_string())
    }

    /// Ends the program and what it started in its terminal.
    pub fn close(&mut self, now: Instant) {
        if !self.session.closing || self.kill_at.is_none() {
            self.session.closing = true;
            self.linger = self.linger.min(CLOSED_LINGER);
            self.kill_at = Some(now + GRACE);
            self.hang_up();
        }
    }

    fn hang_up(&self) {
        self.pty.signal_all(libc::SIGHUP);
        // What is stopped would not notice.
        self.pty.signal_all(libc::SIGCONT);
    }

    /// Writes what was typed to the terminal, as far as it takes it.
    pub fn type_now(&mut self) {
        loop {
            let waiting = self.session.waiting();
            let done = if self.session.ended.is_some() {
                self.session.forget_typed()
            } else if waiting.is_empty() {
                self.session.typed(0)
            } else {
                match rustix::io::write(&self.pty.master, waiting) {
                    Ok(count) => {
                        let now = Instant::now();
                        (self.rests_until, self.awake_until) = (now, now + AWAKE);
                        self.session.typed(count)
                    }
                    Err(Errno::INTR) => continue,
                    Err(_) => return,
                }
            };
            for (writer, seq) in done {
                if self.typed.is_empty() {
                    self.typed_at = Instant::now();
                }
                // One word for all that a writer typed in a row.
                match self.typed.last_mut() {
                    Some((last, typed)) if *last == writer => *typed = seq,
                    _ => self.typed.push((writer, seq)),
                }
            }
            if self.session.waiting().is_empty() {
                return;
            }
        }
    }

    fn timers(&mut self, now: Instant) {
        if self.hang_up_at.is_some_and(|at| at <= now) {
            self.hang_up_at = None;
            self.hang_up();
        }
        if self.kill_at.is_some_and(|at| at <= now) {
            self.pty.signal_all(libc::SIGKILL);
            self.kill_at = self.session.ended.is_none().then_some(now + AGAIN);
        }
        for conn in self.conns.iter_mut().filter(|conn| conn.deadline <= now) {
            match conn.stage {
                Stage::Silent | Stage::Greeted => conn.refuse(ErrorCode::Timeout, "no HELLO and OPEN in time", now),
                Stage::Ending => conn.dead = true,
                Stage::Controls | Stage::Watches => {}
            }
        }
    }

    /// Sends each connection what it is to have, and the log.
    fn give(&mut self, now: Instant) {
        if let Some(log) = &mut self.log {
            log.copy(&self.session.ring);
        }
        // A server that comes later is told by its OPENED.
        if !self.conns.iter().any(|conn| conn.stage == Stage::Controls) {
            self.typed.clear();
        }
        for conn in &mut self.conns {
            conn.flush();
            let mut given = 0;
            while conn.reads() && !conn.dead && !conn.has_output() && given < TURN {
                given += give_one(conn, &self.session);
                let due = conn.has_output() || self.typed_at + WITH_ECHO <= now;
                if due && conn.stage == Stage::Controls {
                    self.typed.drain(..).for_each(|(writer, seq)| conn.say(&Frame::InputAck { writer, seq }));
                }
                if !conn.has_output() {
                    break;
                }
                conn.flush();
            }
        }
        self.conns.retain(|conn| !conn.dead);
    }

    /// Whether the session is over, and how its program ended.
    fn over(&self, now: Instant) -> Option<Ended> {
        let ended = self.session.ended.filter(|_| self.session.drained)?;
        if self.exit_acked {
            return (!self.conns.iter().any(|conn| conn.stage == Stage::Ending)).then_some(ended);
        }
        self.over_at().is_none_or(|at| at <= now).then_some(ended)
    }

    /// When it is over, if nothing happens; none for at once.
    fn over_at(&self) -> Option<Instant> {
        match &self.log {
            None => Some(self.ended_at + self.linger),
            Some(log) => {
                let heard = self.conns.iter().any(|conn| conn.stage == Stage::Controls);
                let until = (self.ended_at.max(self.last_ack) + DRAIN).min(self.ended_at + DRAIN_IN_ALL);
                (heard || !log.done(&self.session.ring)).then_some(until)
            }
        }
    }

    /// Waits for something to happen, and takes what did.
    fn wait(&mut self, now: Instant) {
        let room = if self.session.drained { 0 } else { self.room(now) };
        let mut terminal = PollFlags::empty();
        let rests = now < self.rests_until && self.session.ended.is_none();
        terminal.set(PollFlags::IN, room > 0 && !rests);
        terminal.set(PollFlags::OUT, !self.session.waiting().is_empty());
        // Not to be told of a hang-up again and again, where nothing is wanted of it.
        let with_terminal = !terminal.is_empty();
        let stdout = std::io::stdout();
        let (ready, signalled, called, conns_ready);
        {
            let mut fds = vec![PollFd::new(&self.signals, PollFlags::IN), PollFd::new(&self.listening.fd, PollFlags::IN)];
            for conn in &self.conns {
                let mut wanted = PollFlags::empty();
                wanted.set(PollFlags::IN, conn.may_read());
                wanted.set(PollFlags::OUT, conn.has_output());
                fds.push(PollFd::new(&conn.fd, wanted));
            }
            let conns_end = fds.len();
            if with_terminal {
                fds.push(PollFd::new(&self.pty.master, terminal));
            }
            if self.log.as_ref().is_some_and(Log::waits) {
                fds.push(PollFd::new(&stdout, PollFlags::OUT));
            }
            let timeout = self.timeout(now, room).map(|wait| Timespec { tv_sec: wait.as_secs() as i64, tv_nsec: wait.subsec_nanos().into() });
            // Only EINTR and a lack of memory can happen; both are tried again.
            if rustix::event::poll(&mut fds, timeout.as_ref()).is_err() {
                return;
            }
            signalled = !fds[0].revents().is_empty();
            called = !fds[1].revents().is_empty();
            conns_ready = fds[2..conns_end].iter().map(PollFd::revents).collect::<Vec<_>>();
            ready = if with_terminal { fds[conns_end].revents() } else { PollFlags::empty() };
        }
        let now = Instant::now();
        if signalled {
            self.take_signals(now);
        }
        for (at, ready) in conns_ready.into_iter().enumerate() {
            if ready.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
                self.take_from(at, now);
            }
        }
        if ready.contains(PollFlags::OUT) {
            self.type_now();
        }
        if room > 0 && (ready.intersects(!PollFlags::OUT) || self.session.ended.is_some()) {
            let before = self.session.ring.head();
            self.read_terminal(now);
            if self.session.ring.head() - before >= LITTLE {
                self.awake_until = now + AWAKE;
            } else if now >= self.awake_until && self.conns.iter().any(Conn::reads) {
                self.rests_until = now + REST;
            }
        }
        if called {
            self.accept(now);
        }
    }

    /// Bytes that may be read from the terminal now.
    fn room(&mut self, now: Instant) -> u64 {
        let server = self.conns.iter().find(|conn| conn.stage == Stage::Controls && !conn.dead);
        let taken_up_to = server.filter(|_| self.session.ended.is_none()).map(|conn| conn.acked.saturating_add(conn.window));
        self.session.room(now, taken_up_to)
    }

    /// How long nothing needs to be done; none for ever.
    fn timeout(&self, now: Instant, room: u64) -> Option<Duration> {
        let conns = self.conns.iter().filter(|conn| conn.is_timed()).map(|conn| conn.deadline);
        let mut times: Vec<Instant> = conns.chain(self.kill_at).chain(self.hang_up_at).collect();
        if self.session.drained {
            times.extend(self.over_at());
        } else if room == 0 {
            times.extend(self.session.patience_ends());
        } else if self.session.ended.is_some() {
            times.push(now);
        } else if now < self.rests_until {
            times.push(self.rests_until);
        }
        // A connection that takes nothing now is told when it does.
        if self.conns.iter().any(|conn| conn.stage == Stage::Controls && !conn.has_output()) && !self.typed.is_empty() {
            times.push(self.typed_at + WITH_ECHO);
        }
        let more = |conn: &Conn| conn.reads() && !conn.has_output() && wants(conn, &self.session);
        if self.conns.iter().any(more) {
            times.push(now);
        }
        times.into_iter().min().map(|at| at.saturating_duration_since(now))
    }

    fn take_signals(&mut self, now: Instant) {
        while let Some(signal) = sys::next_signal(&self.signals) {
            match signal {
                libc::SIGCHLD => {}
                libc::SIGTERM if self.log.is_some() => {
                    self.session.closing = true;
                    sys::kill(self.pty.pid, libc::SIGTERM);
                    sys::kill(self.pty.pid, libc::SIGCONT);
                    self.hang_up_at = Some(now + STOP);
                }
                signal if self.log.is_some() => sys::kill(self.pty.pid, signal),
                libc::SIGTERM => self.close(now),
                _ => {}
            }
        }
        // Whatever the signal was: several ends can be one SIGCHLD.
        while let Ok(Some((pid, status))) = rustix::process::wait(WaitOptions::NOHANG) {
            if pid.as_raw_nonzero().get() == self.pty.pid {
                let code = status.exit_status().map(|code| Ended::Code(code as u32));
                let signal = status.terminating_signal().map(|signal| Ended::Signal(signal as u32));
                self.session.ended = code.or(signal).or(Some(Ended::Code(255)));
                self.ended_at = now;
                self.type_now();
            }
        }
    }

    fn read_terminal(&mut self, now: Instant) {
        let mut got = 0;
        while got < TURN {
            let room = self.room(now);
            let space = self.session.ring.space();
            let most = space.len().min(room as usize);
            if most == 0 {
                return;
            }
            match rustix::io::read(&self.pty.master, &mut space[..most]) {
                Ok(count) if count > 0 => {
                    self.session.ring.wrote(count);
                    got += count;
                    if self.session.ended.is_some() {
                        self.left += count as u64;
                        self.session.drained = self.left > LEFT;
                    }
                }
                Err(Errno::INTR) => {}
                // Nothing more now. When the program has ended there will never be more.
                Ok(_) | Err(_) => {
                    self.session.drained = self.session.ended.is_some();
                    return;
                }
            }
        }
    }

    fn accept(&mut self, now: Instant) {
        // One at a time: another waits for the next turn.
        let Ok(fd) = rustix::net::accept_with(&self.listening.fd, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC) else { return };
        if !place::trusted(&fd) {
            return;
        }
        let full = self.conns.len() >= CONNS;
        let mut conn = Conn::new(fd, now);
        if full {
            conn.refuse(ErrorCode::TooMany, "the session has too many connections", now);
            conn.flush();
        } else {
            self.conns.push(conn);
        }
    }

    fn take_from(&mut self, at: usize, now: Instant) {
        let mut buffer = std::mem::take(&mut self.buffer);
        self.conns[at].receive(&mut buffer);
        self.buffer = buffer;
        self.answer(at, now);
    }
}

/// Whether there is something that this connection is to have and may have now.
fn wants(conn: &Conn, session: &Session) -> bool {
    if conn.sent < session.ring.head() { conn.room() > 0 } else { session.drained && !conn.exit_told }
}

/// Queues the next piece of output, word of a gap or of the end, where there is room for it; gives how many bytes it was.
fn give_one(conn: &mut Conn, session: &Session) -> usize {
    if !wants(conn, session) {
        return 0;
    }
    if conn.sent < session.ring.oldest() {
        conn.skip_to(session.ring.oldest());
        return 0;
    }
    let there = session.ring.read(conn.sent);
    if there.is_empty() {
        if let Some(ended) = session.ended {
            conn.say(&Frame::Exit { ended, offset: session.ring.head() });
            conn.exit_told = true;
        }
        return 0;
    }
    let bytes = &there[..there.len().min(conn.room() as usize)];
    conn.say(&Frame::Data { offset: conn.sent, bytes });
    conn.sent += bytes.len() as u64;
    bytes.len()
}
