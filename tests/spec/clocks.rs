//! When schedules are due: cron lines, zones, changes of the clocks, what is missed. No server, no waiting.
use super::support::golden::golden;
use cto::automation::GRACE;
use cto::automation::Timing;
use cto::automation::plan;
use cto::model::*;
use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::ToSpan as _;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use std::fmt::Write as _;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn spec(cron: &str, zone: &str) -> ScheduleSpec {
    ScheduleSpec { cron: Some(cron.to_owned()), zone: zone.to_owned(), script: Some("x".to_owned()), ..ScheduleSpec::default() }
}

fn timing(cron: &str, zone: &str) -> Timing {
    Timing::of(&spec(cron, zone), at("2020-01-01T00:00:00Z")).unwrap_or_else(|places| panic!("{cron}: {places:?}"))
}

/// The next so many times, as the clocks of the zone show them.
fn next(timing: &Timing, from: &str, count: usize) -> Vec<String> {
    let mut at = at(from);
    (0..count)
        .map_while(|_| {
            at = timing.next_after(at)?;
            Some(timing.local(at))
        })
        .collect()
}

#[test]
fn what_is_wrong_in_lines_zones_and_times_is_said_with_what_was_meant() {
    let lines = [
        "",
        "* * * *",
        "* * * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * 32 * *",
        "* * * 13 *",
        "* * * * 8",
        "99 * * * * *",
        "*/0 * * * *",
        "*/90 * * * *",
        "*/x * * * *",
        "* */36 * * *",
        "a * * * *",
        "-1 * * * *",
        "+1 * * * *",
        "1,,2 * * * *",
        "1- * * * *",
        "* 22-2 * * *",
        "* * * * FRI-MON",
        "* * * JNA *",
        "* * * * MOM",
        "* * * * MON#6",
        "* * 15W * *",
        "? * * * *",
        "0 0 30 2 *",
        "0 0 31 4,6 *",
        "99999999999999999999 * * * *",
        "@dayly",
        "@reboot",
        "@every",
        "@every soon",
        "@every 0s",
        "@every 400d",
        "@every 5",
        "ü * * * *",
    ];
    let mut text = String::new();
    for line in lines {
        let places = Timing::of(&spec(line, "UTC"), Timestamp::UNIX_EPOCH).expect_err(line);
        let _ = writeln!(text, "cron '{line}'\n  {}: {}", places[0].pointer, places[0].detail);
    }
    for zone in ["", "Europe/Berln", "Berlin", "new york", "EUROPE", "GMT+1", "../../etc/passwd", "Mars/Olympus", "local\u{7}"] {
        let places = Timing::of(&spec("0 3 * * *", zone), Timestamp::UNIX_EPOCH).expect_err(zone);
        let _ = writeln!(text, "zone '{}'\n  {}: {}", zone.escape_default(), places[0].pointer, places[0].detail.replace('\u{7}', "\\u{7}"));
    }
    for time in ["", "tomorrow", "2026-02-30T10:00", "2026-12-24", "25:00", "2026-12-24T18:00[Europe/Paris]"] {
        let once = ScheduleSpec { at: Some(time.to_owned()), cron: None, ..spec("", "Europe/Berlin") };
        let places = Timing::of(&once, Timestamp::UNIX_EPOCH).expect_err(time);
        let _ = writeln!(text, "at '{time}'\n  {}: {}", places[0].pointer, places[0].detail);
    }
    let all = ScheduleSpec { jitter_seconds: 3601, missed: Missed::All { most: 0 }, at: Some("x".to_owned()), ..spec("* *", "Nowhere") };
    for place in Timing::of(&all, Timestamp::UNIX_EPOCH).unwrap_err() {
        let _ = writeln!(text, "all at once\n  {}: {}", place.pointer, place.detail);
    }
    golden("tests/golden/cron.txt", &text);
}

#[test]
fn lines_mean_what_cron_means_by_them() {
    let cases: &[(&str, &[&str])] = &[
        ("30 4 1,15 * 5", &["2026-05-01T04:30", "2026-05-08T04:30", "2026-05-15T04:30", "2026-05-22T04:30"]),
        ("0 12 1-7 * *", &["2026-05-01T12:00", "2026-05-02T12:00"]),
        ("0 0 */10 * MON", &["2026-05-11T00:00", "2026-06-01T00:00", "2026-08-31T00:00"]),
        ("*/20 8-9 * * MON-FRI", &["2026-05-01T08:00", "2026-05-01T08:20", "2026-05-01T08:40", "2026-05-01T09:00"]),
        ("5/25 0 * * *", &["2026-05-01T00:05", "2026-05-01T00:30", "2026-05-01T00:55", "2026-05-02T00:05"]),
        ("0 0 L * *", &["2026-05-31T00:00", "2026-06-30T00:00", "2026-07-31T00:00"]),
        ("0 0 * * FRIL", &["2026-05-29T00:00", "2026-06-26T00:00"]),
        ("0 9 * * MON#1,MON#3", &["2026-05-04T09:00", "2026-05-18T09:00", "2026-06-01T09:00"]),
        ("0 0 * * 7", &["2026-05-03T00:00", "2026-05-10T00:00"]),
        ("0 0 * * sat-sun", &["2026-05-02T00:00", "2026-05-03T00:00", "2026-05-09T00:00"]),
        ("0 0 29 2 *", &["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("15 30 6 ? jan Monday", &["2027-01-04T06:30:15"]),
        ("@yearly", &["2027-01-01T00:00"]),
        ("@Weekly", &["2026-05-03T00:00"]),
        ("@monthly", &["2026-05-01T00:00", "2026-06-01T00:00"]),
        ("@hourly", &["2026-05-01T00:00", "2026-05-01T01:00"]),
        ("59 23 31 12 *", &["2026-12-31T23:59"]),
    ];
    for (line, wanted) in cases {
        let shown: Vec<String> =
            next(&timing(line, "UTC"), "2026-04-30T23:59:59Z", wanted.len()).iter().map(|time| time.replace(":00+00:00", "").replace("+00:00", "")).collect();
        assert_eq!(shown, *wanted, "{line}");
    }
    let every = timing("@every 1h30m", "Asia/Tokyo");
    assert_eq!(next(&every, "2020-01-01T00:00:00Z", 2), ["2020-01-01T10:30:00+09:00", "2020-01-01T12:00:00+09:00"]);
    let seconds = timing("*/20 * * * * *", "UTC");
    assert_eq!(next(&seconds, "2026-01-01T00:00:10.5Z", 3), ["2026-01-01T00:00:20+00:00", "2026-01-01T00:00:40+00:00", "2026-01-01T00:01:00+00:00"]);
    assert_eq!(Timing::of(&spec("0 3 * * *", "europe/berlin"), Timestamp::UNIX_EPOCH).unwrap().zone_name(), "Europe/Berlin");
}

#[test]
fn changes_of_the_clocks_do_what_the_documents_say() {
    let cases: &[(&str, &str, &str, &[&str])] = &[
        // A named time in the gap runs once, right after it; the day after it is back at its own.
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", &["2026-03-28T02:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"]),
        // Several in one gap are one, and so is one that is due right after it anyway.
        (
            "0,15,30 2,3 * * *",
            "Europe/Berlin",
            "2026-03-29T00:00:00Z",
            &["2026-03-29T03:00:00+02:00", "2026-03-29T03:15:00+02:00", "2026-03-29T03:30:00+02:00", "2026-03-30T02:00:00+02:00"],
        ),
        // A named time that comes twice runs the first time.
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", &["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]),
        // What follows the time that passes has nothing in the gap, and both of what comes twice.
        ("*/30 * * * *", "Europe/Berlin", "2026-03-29T00:10:00Z", &["2026-03-29T01:30:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00"]),
        (
            "*/30 * * * *",
            "Europe/Berlin",
            "2026-10-24T23:59:00Z",
            &["2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T02:30:00+01:00", "2026-10-25T03:00:00+01:00"],
        ),
        ("*/30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", &["2026-03-30T02:00:00+02:00"]),
        ("@hourly", "America/New_York", "2026-11-01T04:59:00Z", &["2026-11-01T01:00:00-04:00", "2026-11-01T01:00:00-05:00", "2026-11-01T02:00:00-05:00"]),
        ("0 0-23 * * *", "America/New_York", "2026-11-01T04:59:00Z", &["2026-11-01T01:00:00-04:00", "2026-11-01T01:00:00-05:00"]),
        ("30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", &["2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00"]),
        ("30 2 8 3 *", "America/New_York", "2026-01-01T00:00:00Z", &["2026-03-08T03:00:00-04:00", "2027-03-08T02:30:00-05:00"]),
        // Half an hour.
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-02T16:00:00Z", &["2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"]),
        ("45 1 * * *", "Australia/Lord_Howe", "2026-04-03T15:00:00Z", &["2026-04-05T01:45:00+11:00", "2026-04-06T01:45:00+10:30"]),
        (
            "*/15 1 * * *",
            "Australia/Lord_Howe",
            "2026-04-04T14:15:00Z",
            &["2026-04-05T01:30:00+11:00", "2026-04-05T01:45:00+11:00", "2026-04-05T01:30:00+10:30", "2026-04-05T01:45:00+10:30", "2026-04-06T01:00:00+10:30"],
        ),
        // No changes at all, and an odd offset.
        ("0 6 * * *", "Asia/Kathmandu", "2026-03-28T12:00:00Z", &["2026-03-29T06:00:00+05:45", "2026-03-30T06:00:00+05:45"]),
        ("0 2 * * *", "UTC", "2026-03-28T12:00:00Z", &["2026-03-29T02:00:00+00:00"]),
        // 30 December 2011 was left out there.
        ("0 3 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z", &["2011-12-29T03:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T03:00:00+14:00"]),
        ("0 */12 * * *", "Pacific/Apia", "2011-12-29T21:00:00Z", &["2011-12-29T12:00:00-10:00", "2011-12-31T00:00:00+14:00", "2011-12-31T12:00:00+14:00"]),
        ("0 3 30 12 *", "Pacific/Apia", "2011-06-01T00:00:00Z", &["2011-12-31T00:00:00+14:00", "2012-12-30T03:00:00+14:00"]),
        // The clocks change at midnight.
        ("0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z", &["2026-09-06T01:00:00-03:00", "2026-09-07T00:00:00-03:00"]),
    ];
    for (line, zone, from, wanted) in cases {
        assert_eq!(next(&timing(line, zone), from, wanted.len()), *wanted, "{line} in {zone}");
    }
    // Whoever asks in the middle of it is told the same.
    let daily = timing("30 2 * * *", "Europe/Berlin");
    assert_eq!(next(&daily, "2026-10-25T01:00:00Z", 1), ["2026-10-26T02:30:00+01:00"]);
    assert_eq!(next(&daily, "2026-03-29T00:59:59.5Z", 1), ["2026-03-29T03:00:00+02:00"]);
    assert_eq!(next(&daily, "2026-03-29T01:00:00Z", 1), ["2026-03-30T02:30:00+02:00"]);
}

#[test]
fn one_time_is_read_by_the_clocks_of_the_zone() {
    let once = |text: &str, zone: &str| {
        let spec = ScheduleSpec { at: Some(text.to_owned()), cron: None, ..spec("", zone) };
        let timing = Timing::of(&spec, Timestamp::UNIX_EPOCH).unwrap();
        let due = timing.next_after(Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(timing.next_after(due), None, "once");
        timing.local(due)
    };
    assert_eq!(once("2026-12-24T18:00", "Europe/Berlin"), "2026-12-24T18:00:00+01:00");
    assert_eq!(once("2026-12-24 18:00:30", "Europe/Berlin"), "2026-12-24T18:00:30+01:00");
    assert_eq!(once("2026-12-24T17:00:00Z", "Europe/Berlin"), "2026-12-24T18:00:00+01:00");
    assert_eq!(once("2026-12-24T17:00:00+09:00", "UTC"), "2026-12-24T08:00:00+00:00");
    assert_eq!(once("2026-03-29T02:30", "Europe/Berlin"), "2026-03-29T03:00:00+02:00");
    assert_eq!(once("2026-10-25T02:30", "Europe/Berlin"), "2026-10-25T02:30:00+02:00");
}

#[test]
fn changes_of_the_clocks_are_warned_of() {
    let (from, until) = (at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
    let told = |line: &str, zone: &str| timing(line, zone).warnings("x", from, until).into_iter().map(|warning| warning.text).collect::<Vec<_>>();
    assert_eq!(
        told("30 2 * * *", "Europe/Berlin"),
        [
            "on 2026-03-29 the clocks of Europe/Berlin go from 02:00 to 03:00: 02:30 does not exist on that day and runs at 03:00, right after the gap",
            "on 2026-10-25 the clocks of Europe/Berlin go from 03:00 to 02:00: 02:30 happens twice and runs once, the first time",
        ]
    );
    assert_eq!(
        told("*/30 * * * *", "Europe/Berlin"),
        [
            "on 2026-03-29 the clocks of Europe/Berlin go from 02:00 to 03:00: 02:00 does not exist on that day; nothing runs in the gap",
            "on 2026-10-25 the clocks of Europe/Berlin go from 03:00 to 02:00: 02:00 happens twice and runs both times",
        ]
    );
    assert!(told("30 4 * * *", "Europe/Berlin").is_empty() && told("@every 1h", "Europe/Berlin").is_empty() && told("30 2 * * *", "UTC").is_empty());
    let note = |line: &str, due: &str| timing(line, "Europe/Berlin").note(at(due)).unwrap_or_default();
    assert_eq!(note("30 2 * * *", "2026-03-29T01:00:00Z"), "02:30 does not exist on that day; it runs at 03:00, right after the gap");
    assert_eq!(note("30 2 * * *", "2026-10-25T00:30:00Z"), "02:30 happens twice on that day; it runs once, the first time");
    assert_eq!(note("30 * * * *", "2026-10-25T00:30:00Z"), "02:30 happens twice on that day, and it runs both times; this is the first");
    assert_eq!(note("30 * * * *", "2026-10-25T01:30:00Z"), "02:30 happens twice on that day, and it runs both times; this is the second");
    assert_eq!(note("0 3 * * *", "2026-03-29T01:00:00Z") + &note("30 2 * * *", "2026-03-30T00:30:00Z"), "");
    let day = timing("0 3 * * *", "Pacific/Apia");
    assert_eq!(day.note(at("2011-12-30T10:00:00Z")).unwrap(), "03:00 does not exist on that day; it runs at 00:00 of 2011-12-31, right after the gap");
}

/// A line, and what it means, said otherwise.
pub struct Case {
    pub line: &'static str,
    pub zone: &'static str,
    pub means: fn(DateTime) -> bool,
    /// It follows the time that passes.
    pub flows: bool,
}

const fn case(line: &'static str, zone: &'static str, means: fn(DateTime) -> bool, flows: bool) -> Case {
    Case { line, zone, means, flows }
}

fn weekday(time: DateTime) -> i8 {
    time.date().weekday().to_sunday_zero_offset()
}

pub const CASES: &[Case] = &[
    case("30 2 * * *", "Europe/Berlin", |t| (t.hour(), t.minute()) == (2, 30), false),
    case("0,30 1-3 * * *", "America/New_York", |t| (1..=3).contains(&t.hour()) && t.minute() % 30 == 0, false),
    case("*/20 * * * *", "America/New_York", |t| t.minute() % 20 == 0, true),
    case("15 * * * *", "Australia/Lord_Howe", |t| t.minute() == 15, true),
    case("10,40 1,2 * * *", "Australia/Lord_Howe", |t| matches!(t.hour(), 1 | 2) && matches!(t.minute(), 10 | 40), false),
    case("*/10 2 * * *", "Europe/Berlin", |t| t.hour() == 2 && t.minute() % 10 == 0, true),
    case("0 6 * * 1-5", "Asia/Kathmandu", |t| (t.hour(), t.minute()) == (6, 0) && (1..=5).contains(&weekday(t)), false),
    case("45 23 13 * 5", "UTC", |t| (t.hour(), t.minute()) == (23, 45) && (t.day() == 13 || weekday(t) == 5), false),
    case("0 0 * * *", "America/Santiago", |t| (t.hour(), t.minute()) == (0, 0), false),
    case("5 0 L * *", "Africa/Casablanca", |t| (t.hour(), t.minute()) == (0, 5) && t.day() == t.date().days_in_month(), false),
    case("30 3 * * SUN#2", "America/Los_Angeles", |t| (t.hour(), t.minute()) == (3, 30) && weekday(t) == 0 && (8..=14).contains(&t.day()), false),
    case("0 */3 * * *", "Asia/Beirut", |t| t.minute() == 0 && t.hour() % 3 == 0, true),
];

/// The times of a case between two others: every minute is looked at on the clock of its zone.
pub fn walk(case: &Case, from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
    let zone = TimeZone::get(case.zone).unwrap();
    let shown = |at: Timestamp| at.to_zoned(zone.clone()).datetime();
    // Some time before, to know what the clocks have shown.
    let mut at = from - SignedDuration::from_hours(26);
    let (mut last, mut seen, mut found) = (shown(at), BTreeSet::new(), Vec::new());
    while at < until {
        at += SignedDuration::from_mins(1);
        let now = shown(at);
        let mut due = (case.means)(now) && (case.flows || !seen.contains(&now));
        let mut missing = last + 1.minute();
        while !case.flows && missing < now {
            due |= (case.means)(missing);
            missing += 1.minute();
        }
        seen.insert(now);
        while seen.len() > 1_600 {
            seen.pop_first();
        }
        last = now;
        if due && at > from && at <= until {
            found.push(at);
        }
    }
    found
}

#[test]
fn ten_thousand_times_are_those_of_a_walk_over_every_minute() {
    let (from, until) = (at("2026-03-01T00:00:00Z"), at("2026-11-10T00:00:00Z"));
    let mut total = 0;
    for case in CASES {
        let timing = timing(case.line, case.zone);
        let mut found = Vec::new();
        let mut due = from;
        while let Some(next) = timing.next_after(due).filter(|next| *next <= until) {
            found.push(next);
            due = next;
        }
        let wanted = walk(case, from, until);
        let differs = found.iter().zip(&wanted).find(|(found, wanted)| found != wanted);
        assert!(found == wanted, "{} in {}: {differs:?}, {} and {}", case.line, case.zone, found.len(), wanted.len());
        total += found.len();
    }
    assert!(total >= 10_000, "{total}");
}

/// What each policy asks for, said otherwise: of times that came since the last look, as it is now.
pub fn judge(missed: Missed, times: &[Timestamp], now: Timestamp) -> (Vec<Timestamp>, Vec<Timestamp>) {
    let (late, timely): (Vec<Timestamp>, Vec<Timestamp>) = times.iter().partition(|due| now.duration_since(**due) > GRACE);
    let made_up = match missed {
        Missed::Skip => 0,
        Missed::Once => usize::from(timely.is_empty() && !late.is_empty()),
        Missed::All { most } => late.len().min(most as usize),
    };
    let left = late[..late.len() - made_up].to_vec();
    ([&late[late.len() - made_up..], &timely].concat(), left)
}

#[test]
fn missed_times_are_made_up_for_as_each_policy_says() {
    let policies = [Missed::Skip, Missed::Once, Missed::All { most: 3 }, Missed::All { most: 100 }];
    let (begin, end) = (at("2026-03-15T00:00:00Z"), at("2026-11-10T00:00:00Z"));
    let mut random = 42_u64;
    let mut roll = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let (mut handled, mut all) = (0, 0);
    for (index, case) in CASES.iter().enumerate() {
        let timing = timing(case.line, case.zone);
        let times = walk(case, begin, end);
        let missed = policies[index % policies.len()];
        let (mut cursor, mut now, mut done) = (timing.next_after(begin), begin, 0);
        while let Some(first) = cursor.filter(|_| now < end) {
            // Mostly a look at the very time, sometimes after hours or weeks.
            now = match roll(10) {
                0 => now + SignedDuration::from_secs(3_600 * i64::try_from(roll(900)).unwrap()),
                _ => first + SignedDuration::from_secs(i64::try_from(roll(70)).unwrap()),
            };
            now = now.min(end);
            let come: Vec<Timestamp> = times[done..].iter().copied().filter(|due| *due <= now).collect();
            let plan = plan(&timing, "sch_x", missed, first, now);
            let (starts, left) = judge(missed, &come, now);
            assert_eq!(plan.starts, starts, "{} in {}, {missed:?}", case.line, case.zone);
            let told = plan.missed.map(|missed| (missed.first, missed.last, missed.count as usize, missed.more));
            assert_eq!(told, left.first().map(|first| (*first, left[left.len() - 1], left.len(), false)));
            done += come.len();
            assert_eq!(plan.next.filter(|next| *next <= end), times.get(done).copied());
            handled += starts.len() + left.len();
            cursor = plan.next;
        }
        assert!(now >= end && done <= times.len());
        all += done;
    }
    assert_eq!(handled, all, "none is lost, none comes twice");
}

#[test]
fn a_year_of_seconds_is_not_counted_one_by_one() {
    let timing = timing("* * * * * *", "Europe/Berlin");
    let (first, now) = (at("2025-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z"));
    let plan_for = |missed| plan(&timing, "x", missed, first, now);
    let timely = 61;
    let skip = plan_for(Missed::Skip);
    assert_eq!((skip.starts.len(), skip.starts[60], skip.next), (timely, now, Some(now + SignedDuration::from_secs(1))));
    let missed = skip.missed.unwrap();
    assert_eq!((missed.first, missed.last, missed.more), (first, now - SignedDuration::from_secs(61), true));
    assert_eq!(plan_for(Missed::Once).starts.len(), timely);
    assert_eq!(plan_for(Missed::All { most: 100 }).starts.len(), timely + 100);
}

#[test]
fn jitter_is_the_same_everywhere_within_its_bound_and_delays_only() {
    let spec = ScheduleSpec { jitter_seconds: 600, ..spec("0 * * * *", "UTC") };
    let timing = Timing::of(&spec, Timestamp::UNIX_EPOCH).unwrap();
    let mut due = at("2026-01-01T00:00:00Z");
    let (mut spread, mut starts) = (BTreeSet::new(), 0);
    for _ in 0..200 {
        let jitter = timing.jitter("sch_1", due);
        assert_eq!(jitter, Timing::of(&spec, due).unwrap().jitter("sch_1", due));
        assert!(jitter >= SignedDuration::ZERO && jitter <= SignedDuration::from_secs(600));
        spread.insert(jitter);
        let ready = due + jitter;
        let before = plan(&timing, "sch_1", Missed::Skip, due, ready - SignedDuration::from_millis(1));
        assert_eq!((before.starts, before.next), (Vec::new(), Some(due)));
        let then = plan(&timing, "sch_1", Missed::Skip, due, ready);
        assert_eq!(then.starts, [due]);
        starts += 1;
        due = then.next.unwrap();
    }
    assert!(spread.len() > 190 && starts == 200, "{}", spread.len());
    // A clock that was set back makes nothing come again.
    let back = plan(&timing, "sch_1", Missed::Once, due, due - SignedDuration::from_hours(24 * 365));
    assert_eq!((back.starts, back.missed, back.next), (Vec::new(), None, Some(due)));
}
