//! Measures cto beside what it stands on or competes with, both in one run.
mod spawn;

pub use spawn::SpawnOptions;
pub use spawn::SpawnReport;
pub use spawn::spawn;

use serde::Serialize;
use std::time::Duration;

/// Times of one side, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Times {
    /// Half of the rounds took no longer.
    pub p50: f64,
    /// All but one of a hundred rounds took no longer; with fewer rounds, the slowest.
    pub p99: f64,
    /// The quickest round.
    pub min: f64,
}

impl Times {
    /// Sums up rounds; zeros when there are none.
    fn of(mut rounds: Vec<Duration>) -> Self {
        rounds.sort();
        let at = |share: f64| {
            // Nearest rank: the smallest value that `share` of all do not exceed.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
            let rank = (share * rounds.len() as f64).ceil() as usize;
            rounds.get(rank.saturating_sub(1)).map_or(0.0, millis)
        };
        Self { p50: at(0.5), p99: at(0.99), min: rounds.first().map_or(0.0, millis) }
    }
}

/// A duration in milliseconds, to the microsecond.
fn millis(duration: &Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let times = Times::of((1..=200).map(Duration::from_millis).collect());
        assert_eq!(times, Times { p50: 100.0, p99: 198.0, min: 1.0 });
        assert_eq!(Times::of(Vec::new()), Times { p50: 0.0, p99: 0.0, min: 0.0 });
    }
}
