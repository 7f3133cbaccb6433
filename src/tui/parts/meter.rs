//! How fast long work goes.
use crate::model::Progress;
use crate::model::ProgressUnit;
use std::collections::VecDeque;
use std::time::Duration;

/// How far back is looked.
const WINDOW: Duration = Duration::from_secs(5);
/// Nothing is said of a shorter time.
const LEAST: Duration = Duration::from_millis(500);
/// Samples kept; an operation tells at most a few a second.
const SAMPLES: usize = 64;

/// Measures one operation by what it tells.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    phase: String,
    samples: VecDeque<(Duration, u64)>,
}

impl Meter {
    /// Takes in how far it is at a time since the program began.
    pub fn take(&mut self, progress: &Progress, now: Duration) {
        if progress.unit != ProgressUnit::Bytes || progress.phase != self.phase {
            self.samples.clear();
            self.phase.clone_from(&progress.phase);
        }
        if progress.unit == ProgressUnit::Bytes {
            while self.samples.len() >= SAMPLES || self.samples.front().is_some_and(|(then, _)| now.saturating_sub(*then) > WINDOW) {
                self.samples.pop_front();
            }
            self.samples.push_back((now, progress.done));
        }
    }

    /// Bytes a second over the last few seconds; none while that can't be told.
    #[must_use]
    pub fn rate(&self) -> Option<u64> {
        let ((first, from), (last, to)) = (self.samples.front()?, self.samples.back()?);
        let took = last.saturating_sub(*first);
        (took >= LEAST).then(|| (to.saturating_sub(*from) as f64 / took.as_secs_f64()) as u64)
    }
}
