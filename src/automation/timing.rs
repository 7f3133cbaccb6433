//! When a schedule is due: its calendar on the clocks of its zone, and what changes of those clocks do to it.
use super::cron;
use super::cron::Cron;
use super::cron::Line;
use crate::config::did_you_mean;
use crate::model::ClockWarning;
use crate::model::Missed;
use crate::model::Place;
use crate::model::ScheduleSpec;
use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::AmbiguousOffset;
use jiff::tz::TimeZone;
use sha2::Digest as _;
use sha2::Sha256;

/// Seconds that jitter may have.
pub(super) const MOST_JITTER: u32 = 3_600;
/// Most missed fires that may be made up for.
const MOST_MISSED: u32 = 100;
/// Letters of a zone's name, or of a time.
const LONGEST: usize = 64;
const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// When a schedule is due. Times are whole seconds.
///
/// A line with named hours and minutes means the clock on the wall: what falls into a gap runs once at the first moment after it, what comes
/// twice runs the first time only. One that runs through hours or minutes follows the time that passes: nothing in a gap, both times of
/// what comes twice.
#[derive(Clone, Debug)]
pub struct Timing {
    zone: TimeZone,
    zone_name: String,
    when: When,
    jitter_seconds: u32,
}

#[derive(Clone, Debug)]
enum When {
    Calendar(Box<Cron>),
    Every { every: SignedDuration, from: Timestamp },
    Once(Timestamp),
}

impl Timing {
    /// Of what is saved; `@every` counts from `from`.
    ///
    /// # Errors
    /// Each mistake with its place in the specification.
    pub fn of(spec: &ScheduleSpec, from: Timestamp) -> Result<Self, Vec<Place>> {
        let mut wrong = Vec::new();
        let mut complain = |pointer: &str, detail: String| wrong.push(Place { pointer: pointer.to_owned(), detail, ..Place::default() });
        let zone = zone(&spec.zone).map_err(|detail| complain("/zone", detail)).ok();
        let in_zone = zone.clone().unwrap_or(TimeZone::UTC);
        let when = match (&spec.cron, &spec.at) {
            (Some(line), None) => match cron::parse(line) {
                Ok(Line::Calendar(cron)) => Some(When::Calendar(cron)),
                Ok(Line::Every(every)) => Some(When::Every { every, from: whole(from) }),
                Err(detail) => {
                    complain("/cron", detail);
                    None
                }
            },
            (None, Some(text)) => instant(text, &in_zone).map(When::Once).map_err(|detail| complain("/at", detail)).ok(),
            (Some(_), Some(_)) => {
                complain("/at", "give one of 'cron' and 'at'".to_owned());
                None
            }
            (None, None) => {
                complain("/cron", "say when: 'cron' or 'at'".to_owned());
                None
            }
        };
        if spec.jitter_seconds > MOST_JITTER {
            complain("/jitter_seconds", format!("a jitter of {} s is too long: {MOST_JITTER} s at most", spec.jitter_seconds));
        }
        if let Missed::All { most } = spec.missed
            && !(1..=MOST_MISSED).contains(&most)
        {
            complain("/missed/most", format!("'most' is a number from 1 to {MOST_MISSED}"));
        }
        match (zone, when) {
            (Some(zone), Some(when)) if wrong.is_empty() => {
                let zone_name = zone.iana_name().unwrap_or(&spec.zone).to_owned();
                Ok(Self { zone, zone_name, when, jitter_seconds: spec.jitter_seconds })
            }
            _ => Err(wrong),
        }
    }

    /// The zone's name as it is usually written.
    #[must_use]
    pub fn zone_name(&self) -> &str {
        &self.zone_name
    }

    /// The first time after `after`; none when no more come.
    #[must_use]
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        match &self.when {
            When::Once(at) => Some(*at).filter(|at| *at > after),
            When::Every { every, from } => {
                let every = every.as_secs().max(1);
                let past = after.as_second() - from.as_second();
                let count = if past < 0 { 1 } else { past / every + 1 };
                Timestamp::from_second(from.as_second().checked_add(count.checked_mul(every)?)?).ok()
            }
            When::Calendar(cron) => self.next_of_calendar(cron, after),
        }
    }

    /// Goes from one change of the clocks to the next: in between, the calendar is a plain count of seconds.
    fn next_of_calendar(&self, cron: &Cron, after: Timestamp) -> Option<Timestamp> {
        let mut at = whole(after).checked_add(SECOND).ok()?;
        loop {
            let offset = self.zone.to_offset(at);
            let mut from = offset.to_datetime(at);
            if !cron.flows
                && let Some(change) = self.change_before(at.checked_add(SECOND).ok()?)
            {
                if change.is_gap() && change.at == at && cron.next(change.old).is_some_and(|time| time < change.new) {
                    return Some(at);
                }
                // What comes for the second time has run already.
                from = from.max(change.repeated_until());
            }
            let time = cron.next(from)?;
            let found = offset.to_timestamp(time).ok();
            let Some(change) = self.zone.following(at).next().map(|change| change.timestamp()) else { return found };
            match found {
                Some(found) if found < change => return Some(found),
                _ => at = change,
            }
        }
    }

    /// The last change of the clocks before a time.
    fn change_before(&self, before: Timestamp) -> Option<Change> {
        let at = self.zone.preceding(before).next()?.timestamp();
        self.change(at)
    }

    fn change(&self, at: Timestamp) -> Option<Change> {
        let old = self.zone.to_offset(at.checked_sub(SECOND).ok()?).to_datetime(at);
        Some(Change { at, old, new: self.zone.to_offset(at).to_datetime(at) })
    }

    /// How much later than due the run starts: the same on every server, and different each time.
    #[must_use]
    pub fn jitter(&self, schedule: &str, due: Timestamp) -> SignedDuration {
        let digest = Sha256::digest(format!("{schedule} {}", due.as_second()));
        let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        SignedDuration::from_millis(i64::try_from(number % (u64::from(self.jitter_seconds) * 1_000 + 1)).unwrap_or_default())
    }

    /// The longest that [`Timing::jitter`] can be.
    pub(super) fn longest_jitter(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.jitter_seconds))
    }

    /// A time as the clocks of the zone show it, with its offset.
    #[must_use]
    pub fn local(&self, at: Timestamp) -> String {
        local(&self.zone, at)
    }

    /// What a change of the clocks does to the fire at `due`; none where nothing changes.
    #[must_use]
    pub fn note(&self, due: Timestamp) -> Option<String> {
        let When::Calendar(cron) = &self.when else { return None };
        let change = self.change_before(due.checked_add(SECOND).ok()?);
        let shown = self.zone.to_offset(due).to_datetime(due);
        if !cron.flows
            && let Some(change) = change.filter(|change| change.at == due && change.is_gap())
            && let Some(missing) = cron.next(change.old).filter(|missing| *missing < change.new)
        {
            return Some(format!(
                "{} does not exist on that day; it runs at {}, right after the gap",
                clock(missing, change.old),
                clock(change.new, change.old)
            ));
        }
        let AmbiguousOffset::Fold { before, .. } = self.zone.to_ambiguous_timestamp(shown).offset() else { return None };
        let first = self.zone.to_offset(due) == before;
        let time = clock(shown, shown);
        Some(match (cron.flows, first) {
            (false, _) => format!("{time} happens twice on that day; it runs once, the first time"),
            (true, true) => format!("{time} happens twice on that day, and it runs both times; this is the first"),
            (true, false) => format!("{time} happens twice on that day, and it runs both times; this is the second"),
        })
    }

    /// The changes of the clocks between two times that matter.
    #[must_use]
    pub fn warnings(&self, schedule: &str, from: Timestamp, until: Timestamp) -> Vec<ClockWarning> {
        let When::Calendar(cron) = &self.when else { return Vec::new() };
        let times = self.zone.following(from).map(|change| change.timestamp()).take_while(|at| *at < until).take(100);
        let changes = times.filter_map(|at| self.change(at));
        let warning = |change: Change| {
            let (low, high) = (change.old.min(change.new), change.old.max(change.new));
            let hit = cron.next(low).filter(|time| *time < high)?;
            let clocks = format!(
                "on {} the clocks of {} go from {} to {}",
                change.old.date(),
                self.zone_name,
                clock(change.old, change.old),
                clock(change.new, change.old)
            );
            let time = clock(hit, change.old);
            let text = match (change.is_gap(), cron.flows) {
                (true, false) => format!("{clocks}: {time} does not exist on that day and runs at {}, right after the gap", clock(change.new, change.old)),
                (true, true) => format!("{clocks}: {time} does not exist on that day; nothing runs in the gap"),
                (false, false) => format!("{clocks}: {time} happens twice and runs once, the first time"),
                (false, true) => format!("{clocks}: {time} happens twice and runs both times"),
            };
            Some(ClockWarning { schedule: schedule.to_owned(), at: change.at, text })
        };
        changes.filter_map(warning).collect()
    }
}

/// A change of the clocks: what they would show by the old offset, and what they show.
struct Change {
    at: Timestamp,
    old: DateTime,
    new: DateTime,
}

impl Change {
    fn is_gap(&self) -> bool {
        self.new > self.old
    }

    /// Until then the clocks show what they have shown before.
    fn repeated_until(&self) -> DateTime {
        if self.new < self.old { self.old } else { DateTime::MIN }
    }
}

/// A time on the clock, with its date where that is another than `day`'s, without seconds that are 0.
fn clock(time: DateTime, day: DateTime) -> String {
    let shown = if time.second() == 0 { time.strftime("%H:%M") } else { time.strftime("%H:%M:%S") };
    if time.date() == day.date() { shown.to_string() } else { format!("{shown} of {}", time.date()) }
}

/// A time as the clocks of a zone show it, with its offset.
pub(super) fn local(zone: &TimeZone, at: Timestamp) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// The zone of an IANA name.
///
/// # Errors
/// That there is none, and which was meant.
pub(super) fn zone(name: &str) -> Result<TimeZone, String> {
    let unknown = || {
        let names: Vec<String> = jiff::tz::db().available().map(|name| name.as_str().to_owned()).filter(|name| !name.starts_with("posix")).collect();
        // A city alone means the zone that ends with it.
        let tail = name.rsplit('/').next().unwrap_or(name).replace(' ', "_");
        let by_city = names.iter().find(|known| known.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(&tail)));
        let meant = match by_city {
            Some(known) => format!("; did you mean '{known}'?"),
            None => did_you_mean(name, names.iter().map(String::as_str)),
        };
        if meant.is_empty() {
            format!("there is no time zone '{name}'; write it as 'Europe/Berlin' or 'UTC'")
        } else {
            format!("there is no time zone '{name}'{meant}")
        }
    };
    if name.len() > LONGEST {
        return Err(format!("a time zone's name has {LONGEST} letters at most"));
    }
    if name.is_empty() || name.chars().any(|c| !(c.is_ascii_alphanumeric() || "/_+-".contains(c))) {
        return Err(unknown());
    }
    TimeZone::get(name).map_err(|_| unknown())
}

/// One time: with an offset, or as the clocks of the zone show it.
fn instant(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    let text = text.trim();
    let wrong = || format!("'{text}' is not a time: write it as 2026-12-24T18:00 for the clocks of the zone, or 2026-12-24T17:00:00Z");
    if text.len() > LONGEST {
        return Err(format!("a time has {LONGEST} letters at most"));
    }
    if text.contains('[') {
        return Err(wrong());
    }
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(whole(at));
    }
    // A date alone would be midnight, which nobody said.
    let time: DateTime = text.parse().ok().filter(|_| text.contains(':')).ok_or_else(wrong)?;
    let found = match zone.to_ambiguous_timestamp(time).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(time),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(time),
        AmbiguousOffset::Gap { before, .. } => {
            before.to_timestamp(time).map(|late| zone.preceding(late.saturating_add(SECOND).unwrap_or(late)).next().map_or(late, |change| change.timestamp()))
        }
    };
    found.map(whole).map_err(|_| wrong())
}

/// Without parts of a second.
fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second() - i64::from(at.subsec_nanosecond() < 0)).unwrap_or(at)
}
