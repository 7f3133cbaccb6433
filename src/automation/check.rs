//! What is wrong in a script, found without running it.
use super::header;
use super::names;
use super::sandbox::Vm;
use super::sandbox::line_of;
use super::sandbox::words;
use crate::model::InlineScript;
use crate::model::Place;
use crate::model::ScriptCheck;
use std::time::Duration;

/// Every mistake that can be found, each with its place.
pub(super) fn check(script: &InlineScript) -> ScriptCheck {
    if let Some(place) = syntax(script) {
        return ScriptCheck { errors: vec![place], ..ScriptCheck::default() };
    }
    let named = |place: Place| Place { file: Some(script.name.clone()), ..place };
    let (header, errors) = match header::read(script) {
        Ok(header) => (Some(header), Vec::new()),
        Err(errors) => (None, errors),
    };
    let warnings = names::unknown(&script.source).into_iter().map(named).collect();
    ScriptCheck { header, errors: errors.into_iter().map(|place| with_column(place, &script.source)).collect(), warnings, ..ScriptCheck::default() }
}

/// A mistake of syntax: the machine stops at the first.
pub(super) fn syntax(script: &InlineScript) -> Option<Place> {
    let vm = Vm::new(16 << 20, Duration::from_secs(1), None).ok()?;
    let error = vm.load(&script.name, &script.source).err()?;
    let detail = words(&script.name, &error);
    let line = line_of(&script.name, &error);
    let column = line.and_then(|line| column_of(&script.source, line, &detail));
    Some(Place { file: Some(script.name.clone()), line, column, detail, ..Place::default() })
}

/// The column of what a message says was found, as in `got 'end'`; else that of the line's first word.
fn column_of(source: &str, line: u32, detail: &str) -> Option<u32> {
    let text = source.lines().nth(line.checked_sub(1)? as usize)?;
    let found = detail.rfind("got '").and_then(|at| detail[at + 5..].split('\'').next()).filter(|found| !found.is_empty());
    let byte = found.and_then(|found| text.rfind(found)).unwrap_or_else(|| text.len() - text.trim_start().len());
    u32::try_from(text[..byte].chars().count() + 1).ok()
}

/// A place with the column of its line's first word, where it has none.
fn with_column(mut place: Place, source: &str) -> Place {
    if let (Some(line), None) = (place.line, place.column) {
        place.column = column_of(source, line, "");
    }
    place
}
