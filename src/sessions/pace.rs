//! How a flood gives way to those who type elsewhere.
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// Who has typed a key is taken to go on for so long.
const TYPES: Duration = Duration::from_millis(400);
/// Meanwhile other sessions are allowed so much output in each such time, for each processor: on two of them 1 MB/s, which is more than anyone
/// can read, and so little that processors and connections have room for keys and their echo.
const SHARE: u64 = 8 * 1024;
const TURN: Duration = Duration::from_millis(16);

/// Where somebody typed last, over all sessions.
#[derive(Debug, Default)]
pub(super) struct Typists(Mutex<Option<(u64, Instant)>>);

impl Typists {
    /// Somebody has typed into this session.
    pub fn typed(&self, session: u64, now: Instant) {
        *self.0.lock().expect("no panics while held") = Some((session, now));
    }

    /// Whether somebody types into another session than this.
    pub fn elsewhere(&self, session: u64, now: Instant) -> bool {
        let last = self.0.lock().expect("no panics while held");
        last.is_some_and(|(other, at)| other != session && now.duration_since(at) < TYPES)
    }
}

/// How much output of a session its holder is told to be taken: what is not told of, it does not go beyond by more than its window.
#[derive(Debug)]
pub(super) struct Pace {
    share: u64,
    told: u64,
    /// When more is told.
    next: Option<Instant>,
}

impl Pace {
    /// Nothing is told yet.
    pub fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self { share: SHARE * processors as u64, told: 0, next: None }
    }

    /// How much may be told now, of all that is `safe`, and when there will be more to tell. `slow` while somebody types elsewhere.
    pub fn tell(&mut self, safe: u64, slow: bool, now: Instant) -> (u64, Option<Instant>) {
        if !slow {
            (self.told, self.next) = (safe, None);
        } else if self.next.is_none_or(|at| at <= now) {
            self.told = safe.min(self.told.saturating_add(self.share));
            self.next = Some(now + TURN);
        }
        (self.told, self.next.filter(|_| self.told < safe))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn typing_counts_for_all_other_sessions_and_for_a_moment() {
        let typists = Typists::default();
        let now = Instant::now();
        assert!(!typists.elsewhere(1, now));
        typists.typed(1, now);
        assert!(!typists.elsewhere(1, now) && typists.elsewhere(2, now));
        typists.typed(2, now);
        assert!(typists.elsewhere(1, now) && !typists.elsewhere(2, now), "the latest counts");
        assert!(!typists.elsewhere(1, now + TYPES));
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_let_through_by_and_by_while_somebody_types_elsewhere() {
        let (mut pace, now) = (Pace::new(), Instant::now());
        let share = pace.share;
        assert_eq!(pace.tell(500_000, false, now), (500_000, None));
        let safe = 500_000 + 3 * share;
        assert_eq!(pace.tell(safe, true, now), (500_000 + share, Some(now + TURN)));
        assert_eq!(pace.tell(safe, true, now + TURN / 2), (500_000 + share, Some(now + TURN)));
        assert_eq!(pace.tell(safe, true, now + TURN), (500_000 + 2 * share, Some(now + 2 * TURN)));
        assert_eq!(pace.tell(safe, true, now + 2 * TURN), (safe, None), "what is little is never held up");
        assert_eq!(pace.tell(safe + 9 * share, false, now + 2 * TURN), (safe + 9 * share, None));
    }
}
