//! When a list is asked for: at once, when an event tells that it changed, and now and then since another server's changes are not told here.
use crate::model::Problem;
use std::time::Duration;

/// What could not be listed is asked for again this late.
const RETRY: Duration = Duration::from_secs(5);
/// What has changed is asked for this late, so that many changes make one question.
const SOON: Duration = Duration::from_millis(300);

/// How the asking stands.
#[derive(Clone, Debug)]
pub struct Poll {
    /// What is seen is listed anew this often.
    every: Duration,
    asked: bool,
    /// It has changed since it was asked for.
    changed: bool,
    next: Duration,
    failed: Option<String>,
}

impl Poll {
    /// At once, and then so often.
    #[must_use]
    pub fn every(every: Duration) -> Self {
        Self { every, asked: false, changed: false, next: Duration::ZERO, failed: None }
    }

    /// Whether it is to be asked for now; it counts as asked for then.
    pub fn is_due(&mut self, now: Duration) -> bool {
        let due = !self.asked && now >= self.next;
        self.asked |= due;
        due
    }

    /// When it is to be asked for; never while an answer is under way.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        (!self.asked).then_some(self.next)
    }

    /// At once.
    pub fn refresh(&mut self) {
        self.next = Duration::ZERO;
    }

    /// It has changed.
    pub fn stale(&mut self, now: Duration) {
        self.next = self.next.min(now + SOON);
        self.changed |= self.asked;
    }

    /// The answer is here.
    pub fn answered<T>(&mut self, result: &Result<T, Box<Problem>>, now: Duration) {
        self.asked = false;
        self.failed = result.as_ref().err().map(|problem| problem.detail.clone());
        let changed = std::mem::take(&mut self.changed);
        self.next = now
            + if self.failed.is_some() {
                RETRY
            } else if changed {
                SOON
            } else {
                self.every
            };
    }

    /// Why it could not be listed the last time, for people.
    #[must_use]
    pub fn failed(&self) -> Option<String> {
        self.failed.as_ref().map(|why| format!("{why}; it is tried again"))
    }
}
