//! The bell: one broadcast of events to everyone who listens.
use crate::model::Event;
use crate::model::Numbered;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use tokio::sync::broadcast;

/// How many past events are kept for listeners that come back.
const KEPT: usize = 10_000;
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

#[derive(Debug, Default)]
struct Past {
    last: u64,
    events: VecDeque<Numbered>,
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
        if past.events.len() == KEPT {
            past.events.pop_front();
        }
        past.events.push_back(numbered.clone());
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
        let oldest = past.events.front().map_or(past.last + 1, |event| event.seq);
        if seq > past.last || seq + 1 < oldest {
            return None;
        }
        let missed = past.events.iter().filter(|event| event.seq > seq).cloned().collect();
        Some((missed, self.0.sender.subscribe()))
    }

    fn past(&self) -> std::sync::MutexGuard<'_, Past> {
        self.0.past.lock().expect("no panics while held")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_that_comes_back_hears_what_it_missed_once() {
        let bus = Bus::default();
        for _ in 0..3 {
            bus.publish(Event::TemplatesChanged);
        }
        let (missed, _rest) = bus.subscribe_after(1).expect("all are kept");
        assert_eq!(missed.iter().map(|event| event.seq).collect::<Vec<_>>(), [2, 3]);
        assert!(bus.subscribe_after(9).is_none(), "a number of another boot");
    }
}
