//! Cron lines: which days and times of a calendar one means. Zones and clocks are not known here.
use crate::config::did_you_mean;
use jiff::SignedDuration;
use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::civil::DateTime;
use jiff::civil::Time;

/// Years that are searched for a day before a line is said to mean none: weekdays of a 29 February repeat after 40 at most.
const YEARS: i16 = 60;
/// Longest time between two fires of `@every`.
const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);

/// What is written as a cron line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Times of a calendar.
    Calendar(Box<Cron>),
    /// Again and again after so long.
    Every(SignedDuration),
}

/// Times of a calendar, as bits of the numbers that each field allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cron {
    seconds: u64,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// The last day of a month.
    last_day: bool,
    /// Weekdays of which only the n-th of a month counts (1 to 5), or the last (0).
    nth: Vec<(u32, u32)>,
    /// Days and weekdays are both restricted: either is enough.
    either: bool,
    /// Minutes or hours are not named but run through: the line follows the time that passes, not the hands of the clock.
    pub flows: bool,
}

/// One field of a line.
struct Kind {
    name: &'static str,
    many: &'static str,
    first: u32,
    last: u32,
    names: &'static [&'static str],
}

const SECOND: Kind = Kind { name: "second", many: "seconds", first: 0, last: 59, names: &[] };
const MINUTE: Kind = Kind { name: "minute", many: "minutes", first: 0, last: 59, names: &[] };
const HOUR: Kind = Kind { name: "hour", many: "hours", first: 0, last: 23, names: &[] };
const DAY: Kind = Kind { name: "day", many: "days", first: 1, last: 31, names: &[] };
const MONTH: Kind = Kind { name: "month", many: "months", first: 1, last: 12, names: &MONTHS };
const WEEKDAY: Kind = Kind { name: "weekday", many: "weekdays", first: 0, last: 7, names: &WEEKDAYS };
const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const MACROS: [(&str, &str); 7] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 0"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
];

/// Reads a cron line.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse(text: &str) -> Result<Line, String> {
    let text = text.trim();
    if text.len() > 256 {
        return Err("a cron line has 256 letters at most".to_owned());
    }
    if let Some(rest) = text.strip_prefix("@every") {
        return every(rest.trim()).map(Line::Every);
    }
    if text.starts_with('@') {
        let lower = text.to_lowercase();
        let Some((_, line)) = MACROS.iter().find(|(name, _)| *name == lower) else {
            let known = MACROS.iter().map(|(name, _)| *name).chain(["@every"]);
            if lower == "@reboot" {
                return Err("'@reboot' is no time: name one".to_owned());
            }
            let meant = did_you_mean(&lower, known);
            let others = if meant.is_empty() { "; there are @hourly, @daily, @weekly, @monthly, @yearly and @every 90m" } else { "" };
            return Err(format!("'{text}' is not known{meant}{others}"));
        };
        return calendar(line).map(|cron| Line::Calendar(Box::new(cron)));
    }
    calendar(text).map(|cron| Line::Calendar(Box::new(cron)))
}

/// Reads the time after `@every`.
fn every(text: &str) -> Result<SignedDuration, String> {
    if text.is_empty() {
        return Err("'@every' needs a time, such as '@every 90m'".to_owned());
    }
    let mut total = SignedDuration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let unit = after.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (name, after) = after.split_at(unit);
        let seconds = match name {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 604_800,
            _ => return Err(format!("'{text}' is not a time: write it as 30s, 90m, 1h30m, 2d or 1w")),
        };
        let number: u32 = number.parse().map_err(|_| format!("'{text}' is not a time: write it as 30s, 90m, 1h30m, 2d or 1w"))?;
        total = total
            .checked_add(SignedDuration::from_secs(i64::from(number) * seconds))
            .filter(|total| *total <= LONGEST)
            .ok_or("'@every' takes 366 days at most")?;
        rest = after;
    }
    if total.is_zero() { Err("'@every' takes 1 second at least".to_owned()) } else { Ok(total) }
}

fn calendar(text: &str) -> Result<Cron, String> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let (second, fields) = match fields.len() {
        5 => (None, fields.as_slice()),
        6 => (Some(fields[0]), &fields[1..]),
        0 => return Err("the cron line is empty; 'minute hour day month weekday' is one, such as '30 3 * * *'".to_owned()),
        7 => return Err("a cron line has 5 fields, or 6 with seconds in front; this has 7: a year can't be given".to_owned()),
        count => {
            let words = if count == 1 { "1 field".to_owned() } else { format!("{count} fields") };
            return Err(format!("a cron line has 5 fields (minute hour day month weekday), or 6 with seconds in front; this has {words}"));
        }
    };
    let seconds = match second {
        Some(text) => plain(text, &SECOND)?.0,
        None => 1,
    };
    let (minutes, minute_star) = plain(fields[0], &MINUTE)?;
    let (hours, hour_star) = plain(fields[1], &HOUR)?;
    let (months, _) = plain(fields[3], &MONTH)?;
    let (days, day_star, last_day) = days(fields[2])?;
    let (weekdays, weekday_star, nth) = weekdays(fields[4])?;
    let full = |bits: u64, kind: &Kind| (kind.first..=kind.last).all(|number| bits & (1 << number) != 0);
    let cron = Cron {
        seconds,
        minutes,
        hours,
        days,
        months,
        weekdays,
        last_day,
        nth,
        either: !day_star && !weekday_star,
        flows: minute_star || hour_star || full(minutes, &MINUTE) || full(hours, &HOUR),
    };
    // Any year would do: the calendar repeats.
    match cron.next(DateTime::constant(2000, 1, 1, 0, 0, 0, 0)) {
        Some(_) => Ok(cron),
        None => Err(format!("'{text}' never comes: there is no such day")),
    }
}

/// A field without letters of its own.
fn plain(text: &str, kind: &Kind) -> Result<(u64, bool), String> {
    let mut bits = 0;
    for part in text.split(',') {
        bits |= part_of(part, text, kind)?;
    }
    Ok((bits, text.starts_with('*')))
}

fn days(text: &str) -> Result<(u64, bool, bool), String> {
    let (mut bits, mut last) = (0, false);
    for part in text.split(',') {
        if part.eq_ignore_ascii_case("L") {
            last = true;
        } else if part.len() > 1 && part.to_ascii_uppercase().ends_with('W') {
            return Err(format!("'{part}' (the working day nearest to one) is not known; name days and weekdays"));
        } else {
            bits |= part_of(part, text, &DAY)?;
        }
    }
    Ok((bits, text.starts_with(['*', '?']), last))
}

/// Bits of weekdays, whether it is any, and weekdays of a month by number.
type Weekdays = (u64, bool, Vec<(u32, u32)>);

fn weekdays(text: &str) -> Result<Weekdays, String> {
    let (mut bits, mut nth) = (0, Vec::new());
    for part in text.split(',') {
        if let Some((day, number)) = part.split_once('#') {
            let number: u32 = number
                .parse()
                .ok()
                .filter(|number| (1..=5).contains(number))
                .ok_or_else(|| format!("'{part}' is not a weekday of a month: write the number 1 to 5 after '#', as in 'MON#1' for the first Monday"))?;
            nth.push((value(day, text, &WEEKDAY)? % 7, number));
        } else if let Some(day) = part.strip_suffix(['L', 'l']).filter(|day| !day.is_empty()) {
            nth.push((value(day, text, &WEEKDAY)? % 7, 0));
        } else {
            bits |= part_of(part, text, &WEEKDAY)?;
        }
    }
    // Sunday is 0 and 7.
    Ok(((bits | (bits >> 7 & 1)) & 0x7f, text.starts_with(['*', '?']), nth))
}

/// The numbers of one part: `*`, `5`, `1-5`, `*/15`, `10-40/10`, `5/15`.
fn part_of(part: &str, whole: &str, kind: &Kind) -> Result<u64, String> {
    let Kind { name, many, first, last, .. } = kind;
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (part, None),
    };
    if range.is_empty() {
        return Err(format!("the {name} field '{whole}' has an empty part"));
    }
    let question = range == "?" && (*name == "day" || *name == "weekday");
    let (from, to) = if range == "*" || question {
        (*first, if *name == "weekday" { 6 } else { *last })
    } else if let Some((from, to)) = range.split_once('-') {
        let (low, high) = (value(from, whole, kind)?, value(to, whole, kind)?);
        let high = if *name == "weekday" && high == 0 && low > 0 { 7 } else { high };
        if low > high {
            let wrapped = if *name == "weekday" { format!("{from}-SAT,SUN-{to}") } else { format!("{from}-{last},{first}-{to}") };
            return Err(format!("the {name} range '{range}' runs backwards: write '{wrapped}'"));
        }
        (low, high)
    } else {
        let only = value(range, whole, kind)?;
        (only, if step.is_some() { *last } else { only })
    };
    let step = match step {
        None => 1,
        Some(text) => {
            let step: u32 = text.parse().map_err(|_| format!("the step '{text}' of the {name} field is not a number"))?;
            if step == 0 {
                return Err(format!("the step of the {name} field is 0: it is 1 at least"));
            }
            if step > last - first {
                let hint = match *name {
                    "second" => format!("; for every {step} seconds write '@every {step}s'"),
                    "minute" => format!("; for every {step} minutes write '@every {step}m'"),
                    "hour" => format!("; for every {step} hours write '@every {step}h'"),
                    _ => String::new(),
                };
                return Err(format!("the step '{part}' is larger than there are {many}{hint}"));
            }
            step
        }
    };
    Ok((from..=to).step_by(step as usize).fold(0, |bits, number| bits | (1 << number)))
}

fn value(text: &str, whole: &str, kind: &Kind) -> Result<u32, String> {
    let Kind { name, many, first, last, names } = kind;
    if text.is_empty() {
        return Err(format!("the {name} field '{whole}' has an empty part"));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number = text.parse().ok().filter(|number| (*first..=*last).contains(number));
        return number.ok_or_else(|| format!("there is no {name} {text}: {many} go from {first} to {last}"));
    }
    let upper = text.to_uppercase();
    // Whole names in English too: 'monday' begins with 'MON'.
    let long = ["SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"];
    let found = names.iter().position(|name| *name == upper).or_else(|| if *name == "weekday" { long.iter().position(|name| *name == upper) } else { None });
    match found {
        Some(index) => Ok(u32::try_from(index).unwrap_or_default() + *first),
        None if names.is_empty() => Err(format!("'{text}' is not a {name}: {many} are numbers from {first} to {last}")),
        None => Err(format!("'{text}' is not a {name}{}", did_you_mean(&upper, names.iter().copied()))),
    }
}

impl Cron {
    /// The first date and time at or after `from` that the line means; none within sixty years.
    pub(super) fn next(&self, from: DateTime) -> Option<DateTime> {
        let mut date = from.date();
        let mut earliest = from.time();
        let last_year = date.year().saturating_add(YEARS).min(9_990);
        while date.year() <= last_year {
            if !has(self.months, date.month().unsigned_abs().into()) {
                date = date.last_of_month().tomorrow().ok()?;
                earliest = Time::midnight();
                continue;
            }
            if self.means_day(date)
                && let Some(time) = self.next_time(earliest)
            {
                return Some(date.to_datetime(time));
            }
            date = date.tomorrow().ok()?;
            earliest = Time::midnight();
        }
        None
    }

    fn means_day(&self, date: Date) -> bool {
        let number = u32::from(date.day().unsigned_abs());
        let by_day = has(self.days, number) || self.last_day && date.day() == date.days_in_month();
        let weekday = u32::from(date.weekday().to_sunday_zero_offset().unsigned_abs());
        let is_last = || date.checked_add(7.days()).is_ok_and(|later| later.month() != date.month());
        let nth = |(day, nth): &(u32, u32)| *day == weekday && if *nth == 0 { is_last() } else { (number - 1) / 7 + 1 == *nth };
        let by_weekday = has(self.weekdays, weekday) || self.nth.iter().any(nth);
        if self.either { by_day || by_weekday } else { by_day && by_weekday }
    }

    fn next_time(&self, from: Time) -> Option<Time> {
        let of = |number: i8| u32::from(number.unsigned_abs());
        let (mut hour, mut minute, mut second) = (of(from.hour()), of(from.minute()), of(from.second()));
        if !has(self.hours, hour) {
            (hour, minute, second) = (next_bit(self.hours, hour)?, 0, 0);
        }
        loop {
            let found = next_bit(self.minutes, minute);
            if found != Some(minute) {
                second = 0;
            }
            let in_hour = found.and_then(|minute| match next_bit(self.seconds, second) {
                Some(second) => Some((minute, second)),
                None => Some((next_bit(self.minutes, minute + 1)?, next_bit(self.seconds, 0)?)),
            });
            if let Some((minute, second)) = in_hour {
                let small = |number: u32| i8::try_from(number).ok();
                return Time::new(small(hour)?, small(minute)?, small(second)?, 0).ok();
            }
            (hour, minute, second) = (next_bit(self.hours, hour + 1)?, 0, 0);
        }
    }
}

fn has(bits: u64, number: u32) -> bool {
    bits & (1 << number) != 0
}

/// The first number at or after `from` whose bit is set.
fn next_bit(bits: u64, from: u32) -> Option<u32> {
    let rest = if from < 64 { bits >> from << from } else { 0 };
    (rest != 0).then(|| rest.trailing_zeros())
}
