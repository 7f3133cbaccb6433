//! What to do about times that have come: which of them get a run, which were missed, what is next.
use super::timing::Timing;
use crate::model::Missed;
use crate::model::MissedTimes;
use jiff::SignedDuration;
use jiff::Timestamp;

/// So late a run still counts as on time: a busy server is no absent one.
pub const GRACE: SignedDuration = SignedDuration::from_secs(60);
/// Times that are counted one by one; after more the latest are looked for from the other end.
const COUNTED: usize = 10_000;

/// What to do now about one schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Times that get a run, oldest first.
    pub starts: Vec<Timestamp>,
    /// Times that were missed and get none.
    pub missed: Option<MissedTimes>,
    /// The next time; none when no more come.
    pub next: Option<Timestamp>,
}

/// Times that have come, oldest first, and the one after them.
#[derive(Default)]
struct Come {
    times: Vec<Timestamp>,
    next: Option<Timestamp>,
    /// There are more of them.
    more: bool,
}

/// Decides about the times of a schedule from `first` on, of which nobody has taken any up, as it is `now`.
///
/// A time has come when its jitter is over too, and those before it have come. One is missed when that was more than [`GRACE`] ago.
#[must_use]
pub fn plan(timing: &Timing, id: &str, missed: Missed, first: Timestamp, now: Timestamp) -> Plan {
    let most = match missed {
        Missed::Skip => 0,
        Missed::Once => 1,
        Missed::All { most } => most as usize,
    };
    let begin = come(timing, id, Some(first), now, COUNTED);
    let counted = begin.times.len();
    let end = if begin.more { latest(timing, id, first, now, most) } else { begin };
    let ready = |due: &Timestamp| due.saturating_add(timing.jitter(id, *due)).unwrap_or(*due);
    let on_time = |due: &Timestamp| now.duration_since(ready(due)) <= GRACE;
    let (timely, late): (Vec<_>, Vec<_>) = end.times.iter().partition(|due| on_time(due));
    let made_up = match missed {
        Missed::Once if !timely.is_empty() => 0,
        _ => most.min(late.len()),
    };
    let (left, made_up) = late.split_at(late.len() - made_up);
    let all = if end.more { counted.max(late.len() + timely.len()) } else { late.len() + timely.len() };
    let count = u32::try_from(all - timely.len() - made_up.len()).unwrap_or(u32::MAX);
    let missed = left.last().filter(|_| count > 0).map(|last| MissedTimes { first, last: *last, count, more: end.more });
    let mut starts: Vec<Timestamp> = made_up.iter().chain(&timely).copied().collect();
    starts.sort_unstable();
    Plan { starts, missed, next: end.next }
}

/// The times from `first` on that have come, so many at most.
fn come(timing: &Timing, id: &str, first: Option<Timestamp>, now: Timestamp, most: usize) -> Come {
    let mut found = Come { next: first, ..Come::default() };
    while let Some(due) = found.next {
        if due > now || due.saturating_add(timing.jitter(id, due)).is_ok_and(|ready| ready > now) {
            break;
        }
        if found.times.len() == most {
            found.more = true;
            break;
        }
        found.times.push(due);
        found.next = timing.next_after(due);
    }
    found
}

/// The latest times that have come, `most` and all that are on time among them: looked for in spans that grow back from now.
fn latest(timing: &Timing, id: &str, first: Timestamp, now: Timestamp, most: usize) -> Come {
    let mut span = (GRACE + timing.longest_jitter()).saturating_mul(2);
    loop {
        let from = now.saturating_sub(span).unwrap_or(first).max(first);
        let found = come(timing, id, timing.next_after(from), now, usize::MAX);
        // Beyond those that are on time there must be one to say when the last was missed.
        let late = found.times.iter().filter(|due| now.duration_since(**due) > GRACE + timing.longest_jitter()).count();
        if late > most || from == first {
            return Come { more: true, ..found };
        }
        span = span.saturating_mul(2);
    }
}
