//! One connection to a session: bytes in, frames out, and how far its reader is.
use hold::ErrorCode;
use hold::Frame;
use rustix::fd::OwnedFd;
use rustix::io::Errno;
use std::time::Duration;
use std::time::Instant;

/// Bytes that may wait to be sent; beyond, nothing is read from the other side until it reads.
const WAITING: usize = 64 * 1024;
/// How long the other side may be silent at the start.
const GREETING: Duration = Duration::from_secs(5);
/// How long a last word may take to be sent.
const LAST_WORD: Duration = Duration::from_secs(1);
/// Gaps that may be unacknowledged; then no more output is sent until they are.
const GAPS: usize = 64;

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// No HELLO yet.
    Silent,
    /// HELLO was answered.
    Greeted,
    /// It has the session.
    Controls,
    /// It only looks on.
    Watches,
    /// It has been told its last word.
    Ending,
}

/// One connection.
pub struct Conn {
    /// It never waits.
    pub fd: OwnedFd,
    /// How far it has come.
    pub stage: Stage,
    /// When it is cut, while [`Self::is_timed`].
    pub deadline: Instant,
    /// The channel that all its frames are on.
    pub channel: u16,
    /// The version of the protocol that both speak.
    pub version: u16,
    /// What has come and is no whole frame yet.
    pub input: Vec<u8>,
    out: Vec<u8>,
    sent_of_out: usize,
    /// The connection has failed, or has ended.
    pub dead: bool,
    /// Offset of the next byte to send.
    pub sent: u64,
    /// Offset of the first byte that is not acknowledged.
    pub acked: u64,
    /// Bytes that may be unacknowledged.
    pub window: u64,
    gaps: Vec<(u64, u64)>,
    /// EXIT was sent.
    pub exit_told: bool,
}

impl Conn {
    /// A new one, which has to say who it is.
    pub fn new(fd: OwnedFd, now: Instant) -> Self {
        Self {
            fd,
            stage: Stage::Silent,
            deadline: now + GREETING,
            channel: 0,
            version: 0,
            input: Vec::new(),
            out: Vec::new(),
            sent_of_out: 0,
            dead: false,
            sent: 0,
            acked: 0,
            window: 0,
            gaps: Vec::new(),
            exit_told: false,
        }
    }

    /// Whether it follows the session's output.
    pub fn reads(&self) -> bool {
        matches!(self.stage, Stage::Controls | Stage::Watches)
    }

    /// Whether it has a time limit: until it has the session, and for its last word.
    pub fn is_timed(&self) -> bool {
        !self.reads()
    }

    /// Queues a frame.
    pub fn say(&mut self, frame: &Frame<'_>) {
        frame.encode(self.channel, &mut self.out);
    }

    /// Queues a last word; nothing more is taken from it.
    pub fn end(&mut self, frame: &Frame<'_>, now: Instant) {
        self.say(frame);
        self.stage = Stage::Ending;
        self.deadline = now + LAST_WORD;
    }

    /// As [`Self::end`], with an error.
    pub fn refuse(&mut self, code: ErrorCode, text: &str, now: Instant) {
        self.end(&Frame::Error { code, text }, now);
    }

    /// Whether something waits to be sent.
    pub fn has_output(&self) -> bool {
        !self.out.is_empty()
    }

    /// Whether more may be read from it now.
    pub fn may_read(&self) -> bool {
        self.stage != Stage::Ending && self.out.len() - self.sent_of_out < WAITING
    }

    /// Sends what waits, as far as it goes.
    pub fn flush(&mut self) {
        while self.sent_of_out < self.out.len() {
            match rustix::io::write(&self.fd, &self.out[self.sent_of_out..]) {
                Ok(count) => self.sent_of_out += count,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => {
                    self.dead = true;
                    return;
                }
            }
        }
        self.sent_of_out = 0;
        self.out.clear();
        // A reply that was long once need not be paid for ever after.
        if self.out.capacity() > WAITING {
            self.out = Vec::new();
        }
        if self.stage == Stage::Ending {
            self.dead = true;
        }
    }

    /// Bytes of output that may be sent now.
    pub fn room(&self) -> u64 {
        if self.gaps.len() >= GAPS {
            return 0;
        }
        let lost: u64 = self.gaps.iter().map(|(from, to)| to - from).sum();
        self.window.saturating_sub(self.sent - self.acked - lost)
    }

    /// Queues word of output that is gone.
    pub fn skip_to(&mut self, offset: u64) {
        self.say(&Frame::Gap { from: self.sent, to: offset });
        self.gaps.push((self.sent, offset));
        self.sent = offset;
    }

    /// Takes note of an ACK; false where it is of something that was never sent.
    pub fn acknowledge(&mut self, offset: u64) -> bool {
        if offset > self.sent {
            return false;
        }
        let mut acked = self.acked.max(offset);
        // One in the midst of a gap would be nonsense; it counts as one of its end.
        self.gaps.retain(|(from, to)| {
            let reached = *from < acked;
            if reached {
                acked = acked.max(*to);
            }
            !reached
        });
        self.acked = acked;
        true
    }

    /// Reads what has come, at most one buffer full.
    pub fn receive(&mut self, buffer: &mut [u8]) {
        match rustix::io::read(&self.fd, &mut *buffer) {
            Ok(0) => self.dead = true,
            Ok(count) => self.input.extend_from_slice(&buffer[..count]),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => self.dead = true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Conn;
    use std::time::Instant;

    fn conn(window: u64) -> Conn {
        let (ours, _theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let mut conn = Conn::new(ours.into(), Instant::now());
        conn.window = window;
        conn
    }

    #[test]
    fn a_gap_takes_no_room_in_the_window() {
        let mut conn = conn(100);
        conn.sent = 60;
        assert_eq!(conn.room(), 40);
        conn.skip_to(1_000_000);
        assert_eq!(conn.room(), 40, "what is gone is not under way");
        conn.sent += 40;
        assert_eq!(conn.room(), 0);
        assert!(conn.acknowledge(60));
        assert_eq!((conn.acked, conn.room()), (60, 60));
        assert!(conn.acknowledge(1_000_000));
        assert_eq!(conn.room(), 60);
        assert!(conn.acknowledge(1_000_040));
        assert_eq!(conn.room(), 100);
        assert!(conn.acknowledge(3), "an old one changes nothing");
        assert_eq!(conn.acked, 1_000_040);
        assert!(!conn.acknowledge(1_000_041));
    }

    #[test]
    fn an_ack_inside_a_gap_counts_as_one_of_its_end() {
        let mut conn = conn(10);
        conn.skip_to(50);
        conn.sent = 60;
        assert!(conn.acknowledge(20));
        assert_eq!((conn.acked, conn.room()), (50, 0));
    }
}
