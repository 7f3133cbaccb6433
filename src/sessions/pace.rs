//! How floods give way: to those who type elsewhere, and to each other.
use super::wire::WINDOW;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;

/// Who has typed a key is taken to go on for so long.
const TYPES: Duration = Duration::from_millis(400);
/// Meanwhile all other sessions together are allowed so much output in each such time, for each processor: on two of them 1 MB/s, which is more
/// than anyone can read, and so little that processors and connections have room for keys and their echo.
const SHARE: u64 = 8 * 1024;
const TURN: Duration = Duration::from_millis(16);
/// The least share of one session.
const LEAST_SHARE: u64 = 1024;
/// More output than this in a turn is a flood: 1 MB/s.
const FLOOD: u64 = 16 * 1024;
/// A session that has flooded is taken to go on for so long.
const FLOODS: Duration = Duration::from_millis(100);
/// The least that may be under way of a session's output.
const LEAST_WINDOW: u64 = 64 * 1024;

/// Where somebody typed last, and which sessions flood, over all sessions.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    typed: Mutex<Option<(u64, Instant)>>,
    floods: Mutex<HashMap<u64, Instant>>,
}

impl Traffic {
    /// Somebody has typed into this session.
    pub fn typed(&self, session: u64, now: Instant) {
        *self.typed.lock().expect("no panics while held") = Some((session, now));
    }

    /// Whether somebody types into another session than this.
    pub fn typed_elsewhere(&self, session: u64, now: Instant) -> bool {
        let last = self.typed.lock().expect("no panics while held");
        last.is_some_and(|(other, at)| other != session && now.duration_since(at) < TYPES)
    }

    /// This session floods; how many do, with it.
    pub fn floods(&self, session: u64, now: Instant) -> u64 {
        let mut floods = self.floods.lock().expect("no panics while held");
        floods.insert(session, now);
        floods.retain(|_, at| now.duration_since(*at) < FLOODS);
        floods.len() as u64
    }
}

/// How much output of a session its holder is told to be taken: what is not told of, it does not go beyond by more than its window.
#[derive(Debug)]
pub(super) struct Pace {
    share: u64,
    told: u64,
    /// When more is told.
    next: Option<Instant>,
    /// What was safe when it was last looked at how fast it grows.
    seen: (u64, Option<Instant>),
    floods: bool,
}

impl Pace {
    /// Nothing is told yet.
    pub fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self { share: SHARE * processors as u64, told: 0, next: None, seen: (0, None), floods: false }
    }

    /// How much may be told now, of all that is `safe`, and when there will be more to tell. `slow` while somebody types elsewhere; `count` is
    /// asked how many sessions flood when this one does.
    ///
    /// Of several floods each has less under way, so that what is typed finds short queues.
    pub fn tell(&mut self, safe: u64, slow: bool, count: impl FnOnce() -> u64, now: Instant) -> (u64, Option<Instant>) {
        let (before, at) = self.seen;
        if at.is_none_or(|at| now.duration_since(at) >= TURN) {
            let turns = at.map_or(1, |at| now.duration_since(at).as_micros() / TURN.as_micros()).max(1);
            self.floods = u128::from(safe.saturating_sub(before)) >= u128::from(FLOOD) * turns;
            self.seen = (safe, Some(now));
        }
        let floods = if self.floods || (slow && self.told < safe) { count().max(1) } else { 1 };
        if !slow {
            let behind = if floods > 1 { u64::from(WINDOW) - LEAST_WINDOW.max(u64::from(WINDOW) / floods) } else { 0 };
            self.told = self.told.max(safe.saturating_sub(behind));
            self.next = Some(now + TURN);
        } else if self.next.is_none_or(|at| at <= now) || self.told > safe {
            self.told = safe.min(self.told.saturating_add(LEAST_SHARE.max(self.share / floods)));
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
        let traffic = Traffic::default();
        let now = Instant::now();
        assert!(!traffic.typed_elsewhere(1, now));
        traffic.typed(1, now);
        assert!(!traffic.typed_elsewhere(1, now) && traffic.typed_elsewhere(2, now));
        traffic.typed(2, now);
        assert!(traffic.typed_elsewhere(1, now) && !traffic.typed_elsewhere(2, now), "the latest counts");
        assert!(!traffic.typed_elsewhere(1, now + TYPES));
    }

    #[tokio::test(start_paused = true)]
    async fn floods_are_counted_while_they_last() {
        let (traffic, now) = (Traffic::default(), Instant::now());
        assert_eq!((traffic.floods(1, now), traffic.floods(2, now), traffic.floods(1, now)), (1, 2, 2));
        assert_eq!(traffic.floods(1, now + FLOODS), 1, "the other has come to rest");
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_let_through_by_and_by_while_somebody_types_elsewhere() {
        let (mut pace, now) = (Pace::new(), Instant::now());
        let share = pace.share;
        assert_eq!(pace.tell(500_000, false, || 1, now), (500_000, None));
        let safe = 500_000 + 3 * share;
        assert_eq!(pace.tell(safe, true, || 1, now + TURN), (500_000 + share, Some(now + 2 * TURN)));
        assert_eq!(pace.tell(safe, true, || 1, now + TURN * 3 / 2), (500_000 + share, Some(now + 2 * TURN)));
        assert_eq!(pace.tell(safe, true, || 1, now + 2 * TURN), (500_000 + 2 * share, Some(now + 3 * TURN)));
        assert_eq!(pace.tell(safe, true, || 1, now + 3 * TURN), (safe, None), "what is little is never held up");
        let (more, quarter) = (safe + 9 * share, (share / 4).max(LEAST_SHARE));
        assert_eq!(pace.tell(more, true, || 4, now + 4 * TURN), (safe + quarter, Some(now + 5 * TURN)), "several floods share what one may have");
        assert_eq!(pace.tell(more, false, || 1, now + 5 * TURN), (more, None));
    }

    #[tokio::test(start_paused = true)]
    async fn of_several_floods_less_is_under_way_and_all_is_told_when_they_end() {
        let (mut pace, now) = (Pace::new(), Instant::now());
        let window = u64::from(WINDOW);
        assert_eq!(pace.tell(10 * window, false, || 1, now), (10 * window, None), "one alone has the whole window");
        let safe = 12 * window;
        let (told, next) = pace.tell(safe, false, || 8, now + TURN);
        assert_eq!((told, next), (safe - (window - LEAST_WINDOW), Some(now + 2 * TURN)));
        assert_eq!(pace.tell(safe, false, || 8, now + 2 * TURN), (safe, None), "it has come to rest");
    }
}
