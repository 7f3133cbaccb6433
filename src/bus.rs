//! The bell: one broadcast of events to everyone who listens.
use crate::model::Event;
use crate::model::Numbered;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use tokio::sync::broadcast;

/// So many bytes of past events are kept for listeners that come back: some thousand events.
const KEPT: usize = 2 << 20;
/// How far a listener may fall behind before it is told to list again.
const BEHIND: usize = 1024;

/// Cheap to clone; a clone rings the same bell.
#[derive(Clone, Debug)]
pub struct Bus(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    boot_id: String,
    /// A std mutex: it is held for a push and never across an await.
    past: Mutex<Past>,
    sender: broadcast::Sender<Numbered>,
}

/// What was told, as JSON in one piece of memory: as many small ones, among all that comes and goes, they would keep far more from being given back.
#[derive(Debug, Default)]
struct Past {
    last: u64,
    /// How long each event's JSON is, the oldest first.
    lengths: VecDeque<usize>,
    bytes: VecDeque<u8>,
}

impl Past {
    fn push(&mut self, event: &Numbered) {
        match serde_json::to_vec(event) {
            Ok(json) if json.len() <= KEPT => {
                while self.bytes.len() + json.len() > KEPT {
                    let oldest = self.lengths.pop_front().unwrap_or(self.bytes.len());
                    self.bytes.drain(..oldest);
                }
                self.lengths.push_back(json.len());
                self.bytes.extend(json);
            }
            // Who needs it is told to list again.
            Ok(_) | Err(_) => (self.lengths, self.bytes) = Default::default(),
        }
    }

    /// The events after `seq`; none if some of those are not kept.
    fn after(&self, seq: u64) -> Option<Vec<Numbered>> {
        let wanted = usize::try_from(self.last.checked_sub(seq)?).ok()?;
        let known = self.lengths.len().checked_sub(wanted)?;
        let mut from: usize = self.lengths.iter().take(known).sum();
        let mut events = Vec::with_capacity(wanted);
        for length in self.lengths.iter().skip(known) {
            let json: Vec<u8> = self.bytes.range(from..from + length).copied().collect();
            events.push(serde_json::from_slice(&json).ok()?);
            from += length;
        }
        Some(events)
    }
}

impl Default for Bus {
    fn default() -> Self {
        let boot_id = uuid::Uuid::now_v7().simple().to_string();
        Self(Arc::new(Inner { boot_id, past: Mutex::default(), sender: broadcast::channel(BEHIND).0 }))
    }
}

impl Bus {
    /// Changes with each start of the server; sequence numbers count within it.
    #[must_use]
    pub fn boot_id(&self) -> &str {
        &self.0.boot_id
    }

    /// Tells every listener. It is fine if there are none.
    pub fn publish(&self, event: Event) {
        let mut past = self.past();
        past.last += 1;
        let numbered = Numbered { seq: past.last, at: jiff::Timestamp::now(), event };
        past.push(&numbered);
        // Sent under the lock, so that listeners hear events in the order of their numbers.
        let _ = self.0.sender.send(numbered);
    }

    /// Hears every event published from now on. A listener that falls behind by more than 1024 gets `Lagged`: it must
    /// list again.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Numbered> {
        self.0.sender.subscribe()
    }

    /// The events after `seq` and every one to come; none when some of those are no longer kept.
    #[must_use]
    pub fn subscribe_after(&self, seq: u64) -> Option<(Vec<Numbered>, broadcast::Receiver<Numbered>)> {
        let past = self.past();
        let missed = past.after(seq)?;
        // Under the same lock, so that none is missed in between.
        Some((missed, self.0.sender.subscribe()))
    }

    fn past(&self) -> std::sync::MutexGuard<'_, Past> {
        self.0.past.lock().expect("no panics while held")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ContainerId;

    #[test]
    fn a_listener_that_comes_back_hears_what_it_missed_once() {
        let bus = Bus::default();
        for _ in 0..3 {
            bus.publish(Event::TemplatesChanged);
        }
        let (missed, _rest) = bus.subscribe_after(1).expect("all are kept");
        assert_eq!(missed.iter().map(|event| event.seq).collect::<Vec<_>>(), [2, 3]);
        assert!(bus.subscribe_after(9).is_none(), "a number of another boot");
        assert!(bus.subscribe_after(3).is_some_and(|(missed, _)| missed.is_empty()));
    }

    #[test]
    fn past_events_are_kept_within_a_bound_and_whoever_needs_older_ones_lists_again() {
        let bus = Bus::default();
        let told = |number: usize| Event::ContainerRemoved { id: ContainerId::from(format!("{number:064}")), name: "x".repeat(1000) };
        for number in 0..3 * KEPT / 1000 {
            bus.publish(told(number));
        }
        let (last, kept) = bus.0.past.lock().map(|past| (past.last, past.lengths.len() as u64)).expect("no other holds it");
        assert!(bus.past().bytes.len() <= KEPT && kept > 1000);
        let (missed, _rest) = bus.subscribe_after(last - kept).expect("all that is kept");
        assert_eq!((missed.len() as u64, &missed[0].event), (kept, &told((last - kept) as usize)));
        assert!(bus.subscribe_after(last - kept - 1).is_none());
    }
}
