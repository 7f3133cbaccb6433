//! Lossless readers whose connection broke: what they need is kept for a moment, in which they come back.
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// How long they are waited for.
pub(super) const RETURN: Duration = Duration::from_secs(5);
/// So many are waited for; then the first of them is not any more.
const MOST: usize = 16;

/// Those readers: the offset up to which they have everything, and until when they are waited for.
#[derive(Debug, Default)]
pub(super) struct Absent(VecDeque<(u64, Instant)>);

impl Absent {
    /// One has gone.
    pub fn add(&mut self, offset: u64, now: Instant) {
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back((offset, now + RETURN));
    }

    /// One that goes on at this offset is back: it has acknowledged no more than that before.
    pub fn back(&mut self, offset: u64) {
        let before = self.0.iter().enumerate().filter(|(_, (acked, _))| *acked <= offset);
        if let Some((at, _)) = before.max_by_key(|(_, (acked, _))| *acked) {
            self.0.remove(at);
        }
    }

    /// The first byte that one of them needs.
    pub fn needs(&self) -> Option<u64> {
        self.0.iter().map(|(offset, _)| *offset).min()
    }

    /// Until when the program waits for them, since they are further than `most` behind `head`. Those that did not come in time, or whose bytes
    /// before `oldest` are gone, are forgotten.
    pub fn hold(&mut self, oldest: u64, head: u64, most: u64, now: Instant) -> Option<Instant> {
        self.0.retain(|(offset, deadline)| *deadline > now && *offset >= oldest);
        self.0.iter().filter(|(offset, _)| head.saturating_sub(*offset) > most).map(|(_, deadline)| *deadline).min()
    }
}
