//! When a number counts as too high for too long, and what a program printed counts as a line.
use jiff::SignedDuration;
use jiff::Timestamp;

/// A container that was not measured for so many seconds is looked at afresh.
const GAP: i64 = 10;
/// Bytes of a line; a longer one is cut there.
const LINE: usize = 16 << 10;

/// Whether one number of one container is too high.
#[derive(Clone, Debug, Default)]
pub(super) struct Level {
    high_since: Option<Timestamp>,
    last: Option<Timestamp>,
    fired: bool,
}

impl Level {
    /// Takes one more measurement; true when it has been above `above` for `seconds` now, and was below `below` since the last time.
    pub(super) fn take(&mut self, value: f64, at: Timestamp, above: f64, below: f64, seconds: u32) -> bool {
        if self.last.is_some_and(|last| at.duration_since(last).as_secs() > GAP) {
            self.high_since = None;
        }
        self.last = Some(at);
        if value < below {
            self.fired = false;
        }
        if value <= above {
            self.high_since = None;
            return false;
        }
        let since = *self.high_since.get_or_insert(at);
        let now = !self.fired && at.duration_since(since) >= SignedDuration::from_secs(i64::from(seconds));
        self.fired |= now;
        now
    }
}

/// Makes lines of bytes that come in pieces.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    rest: Vec<u8>,
    /// Of a line that is too long, the rest is left out.
    skips: bool,
    /// Where `rest` begins in all that came.
    at: u64,
}

impl Lines {
    /// The lines that end in this piece, each with the place of its first byte.
    pub(super) fn take(&mut self, mut bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
        let mut lines = Vec::new();
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            self.keep(&bytes[..end]);
            let line = std::mem::take(&mut self.rest);
            let length = line.len() as u64;
            lines.push((self.at, line));
            self.at += length + 1;
            self.skips = false;
            bytes = &bytes[end + 1..];
        }
        self.keep(bytes);
        lines
    }

    /// What came of a line that has not ended.
    pub(super) fn rest(&self) -> (u64, &[u8]) {
        (self.at, &self.rest)
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = if self.skips { 0 } else { LINE - self.rest.len() };
        self.rest.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.skips |= bytes.len() > room;
    }

    /// Begins anew at a place.
    pub(super) fn begin(&mut self, at: u64) {
        (self.rest, self.skips, self.at) = (Vec::new(), false, at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_number_has_to_be_high_for_a_while_and_fall_before_it_counts_again() {
        let mut level = Level::default();
        let mut take = |second, value| level.take(value, at(second), 80.0, 70.0, 3);
        let told: Vec<bool> = [(1, 90.0), (2, 90.0), (3, 79.0), (4, 90.0), (5, 90.0), (6, 90.0), (7, 90.0), (8, 90.0)].map(|(s, v)| take(s, v)).to_vec();
        assert_eq!(told, [false, false, false, false, false, false, true, false]);
        assert!(!(9..14).any(|second| take(second, 75.0)) && !(14..20).any(|second| take(second, 95.0)), "it has not fallen far enough");
        assert!(!take(20, 60.0));
        assert!((21..30).any(|second| take(second, 95.0)));
    }

    #[test]
    fn lines_are_put_together_and_cut() {
        let mut lines = Lines::default();
        assert!(lines.take(b"on").is_empty());
        assert_eq!(lines.take(b"e\ntwo\nthr"), [(0, b"one".to_vec()), (4, b"two".to_vec())]);
        assert_eq!(lines.rest(), (8, &b"thr"[..]));
        assert!(lines.take(&vec![b'x'; 100_000]).is_empty());
        let last = lines.take(b"\nend\n");
        assert_eq!((last[0].1.len(), last[1].1.as_slice()), (LINE, &b"end"[..]));
    }
}
