//! How many requests one caller may send: a bucket that fills again with time.
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

/// Callers that are remembered; full buckets are forgotten first.
const CALLERS: usize = 10_000;
/// So many seconds' worth of requests may come at once.
const BURST: f64 = 5.0;

/// The buckets of all callers.
#[derive(Default)]
pub(super) struct Pace(Mutex<HashMap<String, Bucket>>);

struct Bucket {
    left: f64,
    at: Instant,
}

impl Pace {
    /// Takes one request of `caller`, who may send `rate` a second.
    ///
    /// # Errors
    /// How long to wait when there were too many.
    pub(super) fn take(&self, caller: &str, rate: u32, now: Instant) -> Result<(), Duration> {
        let rate = f64::from(rate.max(1));
        let most = rate * BURST;
        let mut buckets = self.0.lock().expect("no panics while held");
        if buckets.len() >= CALLERS && !buckets.contains_key(caller) {
            let filled = |bucket: &Bucket| bucket.left + now.saturating_duration_since(bucket.at).as_secs_f64() * rate;
            buckets.retain(|_, bucket| filled(bucket) < most);
            if buckets.len() >= CALLERS {
                return Err(Duration::from_secs(1));
            }
        }
        let bucket = buckets.entry(caller.to_owned()).or_insert(Bucket { left: most, at: now });
        bucket.left = (bucket.left + now.saturating_duration_since(bucket.at).as_secs_f64() * rate).min(most);
        bucket.at = now;
        if bucket.left < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - bucket.left) / rate));
        }
        bucket.left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_through_and_then_the_rate() {
        let (pace, begin) = (Pace::default(), Instant::now());
        assert_eq!((0..60).filter(|_| pace.take("ana", 10, begin).is_ok()).count(), 50);
        assert!(pace.take("ben", 10, begin).is_ok(), "others are not held up");
        let later = begin + Duration::from_secs(1);
        assert_eq!((0..60).filter(|_| pace.take("ana", 10, later).is_ok()).count(), 10);
        assert!(pace.take("ana", 10, later).unwrap_err() <= Duration::from_millis(100));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (pace, now) = (Pace::default(), Instant::now());
        let taken = (0..CALLERS + 10).filter(|number| pace.take(&number.to_string(), 10, now).is_ok()).count();
        assert_eq!(taken, CALLERS);
        assert!(pace.take("late", 10, now + Duration::from_secs(10)).is_ok(), "full buckets are forgotten");
    }
}
