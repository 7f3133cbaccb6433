//! What a session knows: its output, who typed what, how its program ended.
use crate::options::Policy;
use crate::ring::Ring;
use hold::Ended;
use hold::MAX_WRITERS;
use std::collections::VecDeque;
use std::time::Instant;

/// Bytes of input that may wait for the program. A connection may have a window full under way, and what the ones before it left is
/// kept too.
const TYPED: usize = 4 * hold::INPUT_WINDOW;
/// INPUTs that may wait for the program, however short they are.
const MARKS: usize = 16 * 1024;

/// The state of a session, without its terminal and its connections.
pub struct Session {
    /// Random, one for each start.
    pub boot: u64,
    /// The output.
    pub ring: Ring,
    /// Columns.
    pub cols: u16,
    /// Rows.
    pub rows: u16,
    /// How the program ended.
    pub ended: Option<Ended>,
    /// All that the program printed is in the ring.
    pub drained: bool,
    /// It was told to end: from now on output is dropped rather than the program blocked.
    pub closing: bool,
    policy: Policy,
    acked: u64,
    /// Since when the program is blocked, or would be.
    full_since: Option<Instant>,
    writers: Vec<(u64, u32)>,
    typed: VecDeque<u8>,
    /// For each INPUT that waits: how many bytes in all had been typed at its end.
    marks: VecDeque<(u64, u64, u32)>,
    typed_ever: u64,
}

/// What became of an INPUT.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken {
    /// It waits for the program.
    Queued,
    /// It had been typed before, and is in the terminal.
    Before,
    /// It had been taken before and still waits; its acknowledgement comes.
    Waits,
    /// Too much waits already.
    TooMuch,
}

impl Session {
    /// A new one.
    pub fn new(boot: u64, ring: usize, policy: Policy, cols: u16, rows: u16) -> Self {
        Self {
            boot,
            ring: Ring::new(ring),
            cols,
            rows,
            ended: None,
            drained: false,
            closing: false,
            policy,
            acked: 0,
            full_since: None,
            writers: Vec::new(),
            typed: VecDeque::new(),
            marks: VecDeque::new(),
            typed_ever: 0,
        }
    }

    /// Writers and their last seq, the most recent last.
    pub fn writers(&self) -> &[(u64, u32)] {
        &self.writers
    }

    /// Bytes that may be read from the terminal now, not beyond the offset up to which a server takes output; none while the program is to be
    /// blocked. What was read beyond would only wait here, and printing it takes time from others.
    pub fn room(&mut self, now: Instant, taken_up_to: Option<u64>) -> u64 {
        let end = (self.acked + self.ring.keep()).min(taken_up_to.unwrap_or(u64::MAX));
        let room = end.saturating_sub(self.ring.head());
        if room > 0 {
            self.full_since = None;
            return room;
        }
        let since = *self.full_since.get_or_insert(now);
        let drops = match self.policy {
            _ if self.closing => true,
            Policy::Drop => true,
            Policy::Block(patience) => now.duration_since(since) >= patience,
        };
        if drops { self.ring.keep() } else { 0 }
    }

    /// When a blocked program is to be let go; none while it is not blocked.
    pub fn patience_ends(&self) -> Option<Instant> {
        match (self.full_since, self.policy) {
            (Some(since), Policy::Block(patience)) => Some(since + patience),
            _ => None,
        }
    }

    /// Takes note that all output before `offset` is safe with the server.
    pub fn acknowledge(&mut self, offset: u64, now: Instant) {
        if offset > self.acked {
            self.acked = offset;
            // Whoever takes output is waited for again, from now.
            self.full_since = self.full_since.map(|_| now);
        }
    }

    /// Takes an INPUT, once.
    pub fn take(&mut self, writer: u64, seq: u32, bytes: &[u8]) -> Taken {
        let known = self.writers.iter().position(|(other, _)| *other == writer);
        if known.is_some_and(|at| self.writers[at].1 >= seq) {
            let waits = self.marks.iter().any(|(_, other, waiting)| *other == writer && *waiting >= seq);
            return if waits { Taken::Waits } else { Taken::Before };
        }
        if self.typed.len() + bytes.len() > TYPED || self.marks.len() >= MARKS {
            return Taken::TooMuch;
        }
        if let Some(at) = known {
            self.writers.remove(at);
        } else if self.writers.len() == MAX_WRITERS {
            self.writers.remove(0);
        }
        self.writers.push((writer, seq));
        self.typed.extend(bytes);
        self.typed_ever += bytes.len() as u64;
        self.marks.push_back((self.typed_ever, writer, seq));
        Taken::Queued
    }

    /// Input that waits for the program, as much as lies together.
    pub fn waiting(&self) -> &[u8] {
        self.typed.as_slices().0
    }

    /// Takes note that so many bytes of [`Self::waiting`] are in the terminal, and gives the INPUTs that are there whole.
    pub fn typed(&mut self, count: usize) -> Vec<(u64, u32)> {
        self.typed.drain(..count);
        if self.typed.is_empty() && self.typed.capacity() > hold::INPUT_WINDOW {
            self.typed = VecDeque::new();
        }
        let in_terminal = self.typed_ever - self.typed.len() as u64;
        let mut done = Vec::new();
        while let Some((_, writer, seq)) = self.marks.pop_front_if(|(end, ..)| *end <= in_terminal) {
            done.push((writer, seq));
        }
        done
    }

    /// Gives up input that waits: there is no program any more. It counts as typed.
    pub fn forget_typed(&mut self) -> Vec<(u64, u32)> {
        self.typed.clear();
        self.typed(0)
    }
}

#[cfg(test)]
mod tests {
    use super::Session;
    use super::Taken;
    use crate::options::Policy;
    use std::time::Duration;
    use std::time::Instant;

    fn session(policy: Policy) -> Session {
        Session::new(1, 64 * 1024, policy, 80, 24)
    }

    fn print(session: &mut Session, count: usize) {
        for _ in 0..count {
            session.ring.space()[0] = b'x';
            session.ring.wrote(1);
        }
    }

    #[test]
    fn a_program_is_blocked_for_its_time_and_then_let_go_until_someone_reads() {
        let start = Instant::now();
        let mut session = session(Policy::Block(Duration::from_secs(60)));
        print(&mut session, 64 * 1024 - 10);
        assert_eq!(session.room(start, None), 10);
        print(&mut session, 10);
        assert_eq!(session.room(start, None), 0);
        assert_eq!(session.patience_ends(), Some(start + Duration::from_secs(60)));
        // Someone reads a little: the time begins again.
        let later = start + Duration::from_secs(59);
        print(&mut session, 100);
        session.acknowledge(50, later);
        assert_eq!(session.room(start + Duration::from_secs(118), None), 0);
        assert!(session.room(start + Duration::from_secs(119), None) > 0);
        assert!(session.room(start + Duration::from_secs(120), None) > 0, "it is not blocked again for each piece");
        session.acknowledge(101, start + Duration::from_secs(130));
        assert_eq!(session.room(start + Duration::from_secs(130), None), 1);
        assert_eq!(session.patience_ends(), None);
    }

    #[test]
    fn with_drop_or_when_it_is_to_end_a_program_is_never_blocked() {
        let now = Instant::now();
        let mut drops = session(Policy::Drop);
        print(&mut drops, 100_000);
        assert!(drops.room(now, None) > 0);
        let mut blocks = session(Policy::Block(Duration::from_secs(60)));
        print(&mut blocks, 100_000);
        assert_eq!(blocks.room(now, None), 0);
        blocks.closing = true;
        assert!(blocks.room(now, None) > 0);
    }

    #[test]
    fn each_input_is_typed_once_and_acknowledged_when_it_is_in_the_terminal() {
        let mut session = session(Policy::Drop);
        assert_eq!(session.take(7, 1, b"abc"), Taken::Queued);
        assert_eq!(session.take(8, 1, b"de"), Taken::Queued);
        assert_eq!(session.take(7, 1, b"abc"), Taken::Waits);
        assert_eq!(session.waiting(), b"abcde");
        assert_eq!(session.typed(2), []);
        assert_eq!(session.typed(1), [(7, 1)]);
        assert_eq!(session.take(7, 1, b"abc"), Taken::Before);
        assert_eq!(session.take(8, 1, b"de"), Taken::Waits);
        assert_eq!(session.writers(), [(7, 1), (8, 1)]);
        assert_eq!(session.forget_typed(), [(8, 1)]);
        assert_eq!(session.take(8, 1, b"de"), Taken::Before);
        assert_eq!(session.take(8, 2, b""), Taken::Queued);
        assert_eq!(session.typed(0), [(8, 2)], "an empty one too");
    }

    #[test]
    fn the_writer_that_was_silent_longest_is_forgotten_first_and_input_has_a_bound() {
        let mut session = session(Policy::Drop);
        for writer in 0..64 {
            assert_eq!(session.take(writer, 5, b"x"), Taken::Queued);
        }
        assert_eq!(session.take(0, 6, b"x"), Taken::Queued);
        assert_eq!(session.take(64, 1, b"x"), Taken::Queued);
        assert_eq!(session.writers().len(), 64);
        assert!(session.writers().iter().all(|(writer, _)| *writer != 1));
        assert_eq!(session.writers()[62..], [(0, 6), (64, 1)]);
        while session.take(64, session.writers()[63].1 + 1, &[0; 32 * 1024]) == Taken::Queued {}
        assert!(session.typed.len() <= 4 * hold::INPUT_WINDOW);
        assert_eq!(session.take(64, u32::MAX, &[0; 32 * 1024]), Taken::TooMuch);
        let short = (1..u32::MAX).find(|seq| session.take(65, *seq, b"") == Taken::TooMuch);
        assert!(short.is_some_and(|seq| seq < 20_000), "{short:?}");
    }
}
