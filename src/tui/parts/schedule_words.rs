//! How schedules and their times are told.
use super::text;
use crate::model::FireState;
use crate::model::Missed;
use crate::model::NextFires;
use crate::model::Overlap;
use crate::model::Run;
use crate::model::RunCause;
use crate::model::RunState;
use crate::model::Schedule;
use crate::model::ScheduleFire;
use crate::model::ScheduleSpec;
use crate::tui::theme::Role;
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A line and how it is drawn.
pub type Line = (String, Role);

/// Which script runs.
#[must_use]
pub fn script(spec: &ScheduleSpec) -> &str {
    spec.script.as_deref().or_else(|| spec.inline.as_ref().map(|inline| inline.name.as_str())).unwrap_or("-")
}

/// When it runs, as it was written.
#[must_use]
pub fn when(spec: &ScheduleSpec) -> String {
    match (&spec.cron, &spec.at) {
        (Some(line), _) => line.clone(),
        (None, Some(at)) => format!("at {at}"),
        (None, None) => "-".to_owned(),
    }
}

/// What it is doing: when it is due next, roughly, or why never.
#[must_use]
pub fn due(schedule: &Schedule, now: Timestamp, plain: bool) -> (String, Role) {
    let paused = if plain { "paused" } else { "⏸ paused" };
    match schedule.next_due {
        _ if schedule.paused_why.is_some() => ("stopped".to_owned(), Role::Error),
        _ if schedule.paused => (paused.to_owned(), Role::Warn),
        None => ("no more".to_owned(), Role::Muted),
        Some(due) if due <= now => ("now".to_owned(), Role::Info),
        // The same few steps as ages, the other way round.
        Some(due) => (format!("in {}", text::age(now, due)), Role::Text),
    }
}

/// A time by the clocks of this machine or in UTC, `Fri 16 Jan 03:00`.
#[must_use]
pub fn local(time: Timestamp, utc: bool) -> String {
    clock(time, &if utc { TimeZone::UTC } else { TimeZone::system() })
}

/// A time by the clocks of a zone; the zone alone where this machine does not know it, or where the clocks are as here.
#[must_use]
pub fn in_zone(time: Timestamp, zone: &str, utc: bool) -> String {
    let Ok(known) = TimeZone::get(zone) else { return zone.to_owned() };
    if clock(time, &known) == local(time, utc) { zone.to_owned() } else { format!("{} {zone}", time.to_zoned(known).strftime("%a %H:%M")) }
}

fn clock(time: Timestamp, zone: &TimeZone) -> String {
    time.to_zoned(zone.clone()).strftime("%a %d %b %H:%M").to_string()
}

/// What became of a time.
#[must_use]
pub fn outcome(fire: &ScheduleFire, plain: bool) -> Line {
    let why = fire.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    let sign = |sign: &str, words: String| if plain { words } else { format!("{sign} {words}") };
    match (fire.state, fire.run_state) {
        (FireState::Claimed, _) => (sign("◐", "starting".to_owned()), Role::Info),
        (FireState::Waiting, _) => (sign("○", "waits for its turn".to_owned()), Role::Warn),
        (FireState::Failed, _) => (sign("✖", format!("not started{why}")), Role::Error),
        (FireState::Skipped, _) => match fire.missed {
            Some(missed) => (sign("○", format!("missed {}{} times", missed.count, if missed.more { " or more" } else { "" })), Role::Warn),
            None => (sign("○", format!("skipped{why}")), Role::Warn),
        },
        (FireState::Started, Some(state)) => {
            let (glyph, role) = match state {
                RunState::Succeeded => ("✓", Role::Ok),
                RunState::Failed | RunState::TimedOut | RunState::Lost => ("✖", Role::Error),
                RunState::Queued | RunState::Cancelled => ("○", Role::Muted),
                RunState::Running => ("◐", Role::Info),
            };
            (sign(glyph, state.as_str().replace('_', " ")), role)
        }
        (FireState::Started, None) => ("started".to_owned(), Role::Muted),
    }
}

/// Times to come as lines to be read, each by both clocks; with the name of its schedule where they are of several.
#[must_use]
pub fn times(fires: &NextFires, named: bool) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for warning in &fires.warnings {
        let whose = if named { format!("{}: ", warning.schedule) } else { String::new() };
        lines.extend(text::wrap(&format!("▲ {whose}{}", warning.text), 96).into_iter().map(|line| (line, Role::Warn)));
    }
    if !lines.is_empty() {
        lines.push((String::new(), Role::Text));
    }
    let widest = |width: fn(&crate::model::NextFire) -> usize| fires.items.iter().map(width).max().unwrap_or(0).min(40);
    let (name, zone) = (widest(|fire| text::width(&fire.schedule)), widest(|fire| text::width(&fire.zone)));
    for fire in &fires.items {
        let whose = if named { format!("{}  ", text::left(&fire.schedule, name)) } else { String::new() };
        let yours = fire.yours.as_deref().filter(|yours| *yours != fire.local).map(|yours| format!("  here {}", spaced(yours))).unwrap_or_default();
        lines.push((format!("{whose}{}  {}{yours}", spaced(&fire.local), text::left(&fire.zone, zone)).trim_end().to_owned(), Role::Text));
        lines.extend(fire.note.iter().map(|note| (format!("    {note}"), Role::Warn)));
    }
    if fires.items.is_empty() {
        lines.push(("no more times".to_owned(), Role::Muted));
    }
    lines
}

/// `2026-03-29 03:00:00 +02:00` of RFC 3339.
fn spaced(time: &str) -> String {
    match time.split_at_checked(19) {
        Some((clock, offset)) => format!("{} {offset}", clock.replace('T', " ")),
        None => time.to_owned(),
    }
}

/// Everything that is known of a schedule, and what became of its last times.
#[must_use]
pub fn about(schedule: &Schedule, past: &[ScheduleFire], utc: bool, plain: bool) -> Vec<Line> {
    let spec = &schedule.spec;
    let mut lines = Vec::new();
    let mut fact = |label: &str, value: String| lines.push((format!("{} {value}", text::left(label, 9)), Role::Text));
    fact("script", script(spec).to_owned());
    for (name, value) in &spec.params {
        fact("parameter", format!("{name} = {value}"));
    }
    fact("when", format!("{}, {}", when(spec), spec.zone));
    fact("missed", missed(spec.missed));
    fact("overlap", overlap(spec.overlap).to_owned());
    if spec.jitter_seconds > 0 {
        fact("jitter", format!("up to {} s later", spec.jitter_seconds));
    }
    fact("owner", format!("{}, with the rights of {}", schedule.owner, schedule.rights));
    if let Some(due) = schedule.next_due {
        fact("next", format!("{} {}, {}", local(due, utc), if utc { "UTC" } else { "here" }, in_zone(due, &spec.zone, utc)));
    }
    if schedule.paused {
        fact("paused", schedule.paused_why.clone().unwrap_or_else(|| "somebody asked".to_owned()));
    }
    lines.push((String::new(), Role::Text));
    for fire in past {
        let (words, role) = outcome(fire, plain);
        let asked = if fire.asked { " (asked for)" } else { "" };
        lines.push((format!("{}  {words}{asked}", local(fire.due, utc)), role));
    }
    if past.is_empty() {
        lines.push(("no time of it has come yet".to_owned(), Role::Muted));
    }
    lines
}

fn missed(missed: Missed) -> String {
    match missed {
        Missed::Skip => "skip: nothing".to_owned(),
        Missed::Once => "once: one run makes up for all".to_owned(),
        Missed::All { most } => format!("all: a run for each, {most} at most"),
    }
}

fn overlap(overlap: Overlap) -> &'static str {
    match overlap {
        Overlap::Allow => "allow: both run",
        Overlap::Forbid => "forbid: the new one is left out",
        Overlap::Replace => "replace: the one before is cancelled",
        Overlap::Queue => "queue: the new one waits",
    }
}

/// Whether this schedule started a run.
#[must_use]
pub fn started(schedule: &str, run: &Run) -> bool {
    matches!(&run.cause, RunCause::Schedule { name, .. } if name == schedule)
}
