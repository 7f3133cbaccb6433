//! How runs and scripts are told: a sign and a word before it is a colour.
use super::recordings::length;
use super::state::Told;
use super::text;
use super::tile;
use crate::model::ParamValue;
use crate::model::Place;
use crate::model::Run;
use crate::model::RunCause;
use crate::model::RunState;
use crate::model::ScriptCheck;
use crate::model::TemplateOrigin;
use crate::tui::theme::Role;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Columns of a bar in a list.
const BAR: usize = 15;

/// What a run is doing.
#[must_use]
pub fn told(run: &Run) -> Told {
    let told = |glyph, word, role| Told { glyph, word, role };
    match run.state {
        RunState::Running if run.paused.is_some() => told("⏸", "paused", Role::Warn),
        RunState::Queued => told("○", "queued", Role::Muted),
        RunState::Running => told("◐", "running", Role::Info),
        RunState::Succeeded => told("✓", "succeeded", Role::Ok),
        RunState::Failed => told("✖", "failed", Role::Error),
        RunState::TimedOut => told("✖", "timed out", Role::Error),
        RunState::Cancelled => told("○", "cancelled", Role::Muted),
        RunState::Lost => told("✖", "lost", Role::Error),
    }
}

/// Its sign and its word; for those who have the screen read to them the word alone.
#[must_use]
pub fn state(run: &Run, plain: bool) -> (String, Role) {
    let Told { glyph, word, role } = told(run);
    (if plain { word.to_owned() } else { format!("{glyph} {word}") }, role)
}

/// What started it.
#[must_use]
pub fn cause(cause: &RunCause) -> String {
    match cause {
        RunCause::Asked => "asked for".to_owned(),
        RunCause::Again { .. } => "retry".to_owned(),
        RunCause::Schedule { name, .. } => format!("schedule {name}"),
        RunCause::Trigger { name, .. } => format!("trigger {name}"),
        RunCause::Plugin { name, .. } => format!("plugin {name}"),
    }
}

/// Milliseconds that it has taken so far, or took; none before it began.
#[must_use]
pub fn took_ms(run: &Run, now: Timestamp) -> Option<u64> {
    let ms = run.ended_at.unwrap_or(now).duration_since(run.started_at?).as_millis();
    Some(u64::try_from(ms).unwrap_or(0))
}

/// How long it took; of one that goes on roughly, since each new figure is written to the terminal.
#[must_use]
pub fn took(run: &Run, now: Timestamp) -> String {
    match (run.started_at, run.state.is_over()) {
        (Some(start), false) => text::age(start, now),
        _ => took_ms(run, now).map(short).unwrap_or_default(),
    }
}

/// `0.8 s`, `42.0 s`, `3:07`.
#[must_use]
pub fn short(milliseconds: u64) -> String {
    if milliseconds < 100_000 { format!("{}.{} s", milliseconds / 1_000, milliseconds / 100 % 10) } else { length(milliseconds) }
}

/// What it does now, with a bar where it says how far it is.
#[must_use]
pub fn phase(run: &Run, plain: bool) -> String {
    let error = run.error.as_ref().map(|error| error.message.lines().next().unwrap_or_default());
    match (run.state.is_over(), run.progress) {
        (true, _) if error.is_some() => error.unwrap_or_default().to_owned(),
        (true, _) => steps(run),
        (false, Some((done, total))) if total > 0 && !plain => format!("{} {}", tile::bar(done, total, BAR), run.phase),
        (false, Some((done, total))) => format!("{done} of {total} {}", run.phase),
        (false, None) => run.phase.clone(),
    }
}

/// `3 steps`, `3 steps, 1 failed`.
#[must_use]
pub fn steps(run: &Run) -> String {
    match run.steps {
        (0, _) => String::new(),
        (done, 0) => text::count(done as usize, "step"),
        (done, failed) => format!("{}, {failed} failed", text::count(done as usize, "step")),
    }
}

/// Where a script is from.
#[must_use]
pub fn origin(origin: TemplateOrigin) -> &'static str {
    match origin {
        TemplateOrigin::Gallery => "cto",
        TemplateOrigin::System => "machine",
        TemplateOrigin::User => "user",
        TemplateOrigin::Project => "project",
    }
}

/// A place in a script: `hello.luau:3:7: what is wrong there`.
#[must_use]
pub fn place(place: &Place) -> String {
    let mut words = place.file.clone().unwrap_or_default();
    for number in [place.line, place.column].into_iter().flatten() {
        words.push_str(&format!(":{number}"));
    }
    format!("{words}: {}", place.detail)
}

/// Everything that is wrong in a script, each with its line of the text.
#[must_use]
pub fn mistakes(check: &ScriptCheck, source: &str) -> Vec<(String, Role)> {
    let mut lines = Vec::new();
    for (places, sign, role) in [(&check.errors, "✖", Role::Error), (&check.warnings, "▲", Role::Warn)] {
        for found in places {
            lines.push((format!("{sign} {}", place(found)), role));
            let line = found.line.and_then(|line| source.lines().nth(usize::try_from(line).unwrap_or(0).saturating_sub(1)));
            if let (Some(line), Some(number)) = (line, found.line) {
                lines.push((format!("  {number:>4}  {}", untabbed(line)), Role::Muted));
            }
        }
    }
    lines
}

/// A line of a script with blanks instead of tabs, which take no column.
#[must_use]
pub fn untabbed(line: &str) -> String {
    line.replace('\t', "    ")
}

/// The command line that runs a script with these values.
#[must_use]
pub fn line(script: &str, params: &BTreeMap<String, ParamValue>) -> String {
    let mut line = format!("cto script run {}", quote(script));
    for (name, value) in params {
        line.push_str(&format!(" -p {}", quote(&format!("{name}={value}"))));
    }
    line
}

/// A word for a shell.
pub(in crate::tui) fn quote(word: &str) -> String {
    let plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c));
    if plain { word.to_owned() } else { format!("'{}'", word.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_places_and_lines_are_told_as_people_read_them() {
        assert_eq!([short(0), short(812), short(42_049), short(187_000)], ["0.0 s", "0.8 s", "42.0 s", "3:07"]);
        let found = Place { file: Some("a.luau".to_owned()), line: Some(3), column: Some(7), detail: "no".to_owned(), ..Place::default() };
        assert_eq!(place(&found), "a.luau:3:7: no");
        let check = ScriptCheck { errors: vec![found], ..ScriptCheck::default() };
        let told = mistakes(&check, "one\ntwo\n\tthree\n");
        assert_eq!(told, [("✖ a.luau:3:7: no".to_owned(), Role::Error), ("     3      three".to_owned(), Role::Muted)]);
        let params = BTreeMap::from([("who".to_owned(), ParamValue::Text("it's me".to_owned()))]);
        assert_eq!(line("hello", &params), r"cto script run hello -p 'who=it'\''s me'");
    }
}
