//! What happened, as values that `${event.…}` in a trigger's parameters stand for.
use super::happening::Happening;
use super::happening::is_meant;
use crate::config::Piece;
use crate::config::did_you_mean;
use crate::config::pieces;
use crate::model::HOOK_EVENTS;
use crate::model::ParamValue;
use crate::model::TriggerRun;
use crate::model::TriggerWhen;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;

/// Letters of one value.
const LONGEST: usize = 4_096;
/// What every event has.
const ALWAYS: [&str; 5] = ["kind", "text", "at", "id", "owner"];
const OF_CONTAINER: [&str; 4] = ["container", "container_id", "template", "stack"];

/// The values that an event of this kind has, without those of groups and of the body, which have names of their own.
pub(super) fn names(when: &TriggerWhen) -> Vec<&'static str> {
    let mut names = ALWAYS.to_vec();
    match when {
        TriggerWhen::Container { .. } => names.extend(OF_CONTAINER.iter().chain(&["exit_code", "image"])),
        TriggerWhen::Log { .. } => names.extend(OF_CONTAINER.iter().chain(&["line", "group.NAME"])),
        TriggerWhen::Metric { .. } => names.extend(OF_CONTAINER.iter().chain(&["metric", "value"])),
        TriggerWhen::Session { .. } => names.extend(OF_CONTAINER.iter().chain(&["session", "line", "group.NAME", "exit_code"])),
        TriggerWhen::Hook { .. } => names.extend(["body/POINTER", "hook_event"]),
        TriggerWhen::File { .. } => names.extend(["name"]),
    }
    names
}

/// The values that events of these kinds have: each has those that are its own.
fn names_of(events: &[String]) -> Vec<&'static str> {
    let mut names = ALWAYS.to_vec();
    for kind in HOOK_EVENTS.iter().filter(|kind| is_meant(events, kind)) {
        let more: &[&str] = match kind.split('.').next().unwrap_or_default() {
            "container" => &["container", "container_id", "template", "stack", "exit_code", "image"],
            "session" => &["container", "container_id", "template", "stack", "session", "exit_code"],
            "run" => &["script", "run", "state", "error"],
            "template" | "script" => &["name"],
            _ => &[],
        };
        more.iter().for_each(|name| {
            if !names.contains(name) {
                names.push(name);
            }
        });
    }
    names.push("data/POINTER");
    names
}

/// What is wrong with the references in the document of a body, by the places of its texts.
pub(super) fn check_document(document: &Value, events: &[String]) -> Vec<(String, String)> {
    fn walk(value: &Value, pointer: &str, known: &[&str], wrong: &mut Vec<(String, String)>) {
        match value {
            Value::String(text) => wrong.extend(check_with(text, known, "these events have").err().map(|detail| (pointer.to_owned(), detail))),
            Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| walk(item, &format!("{pointer}/{index}"), known, wrong)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    walk(value, &format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")), known, wrong);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut wrong = Vec::new();
    walk(document, "", &names_of(events), &mut wrong);
    wrong
}

/// The document of a body, filled in: a text that is one reference alone becomes the value that it stands for.
pub(super) fn document(document: &Value, values: &Map<String, Value>) -> Value {
    match document {
        Value::String(text) => match pieces(text).as_slice() {
            [Piece::Plain(""), Piece::Reference(reference), Piece::Plain("")] => found(reference, values).cloned().unwrap_or_default(),
            _ => Value::String(fill(text, values)),
        },
        Value::Array(items) => items.iter().map(|item| self::document(item, values)).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), self::document(value, values))).collect(),
        other => other.clone(),
    }
}

/// What is wrong with the references in a parameter.
///
/// # Errors
/// The first mistake.
pub(super) fn check(text: &str, when: &TriggerWhen) -> Result<(), String> {
    check_with(text, &names(when), "this event has")
}

fn check_with(text: &str, known: &[&str], has: &str) -> Result<(), String> {
    for piece in pieces(text) {
        let reference = match piece {
            Piece::Plain(_) => continue,
            Piece::Unclosed(text) => return Err(format!("'{text}' is not closed with '}}'; write $${{ for a plain ${{")),
            Piece::Reference(reference) => reference,
        };
        let name = reference.strip_prefix("event.").ok_or_else(|| format!("'${{{reference}}}' is not known here: write ${{event.text}} and the like"))?;
        let good = known.contains(&name)
            || (name.starts_with("group.") && name.len() > 6 && known.contains(&"group.NAME"))
            || (name.starts_with("body/") && known.contains(&"body/POINTER"))
            || (name.starts_with("data/") && known.contains(&"data/POINTER"));
        if !good {
            let meant = did_you_mean(name, known.iter().copied());
            return Err(format!("{has} no '{name}'{meant}; there are {}", known.join(", ")));
        }
    }
    Ok(())
}

/// What an event's references stand for.
pub(super) fn values(happening: &Happening) -> Map<String, Value> {
    let mut values = Map::new();
    let mut set = |name: &str, value: Value| drop(values.insert(name.to_owned(), value));
    set("kind", json!(happening.kind));
    set("text", json!(happening.text));
    set("at", json!(happening.at));
    set("id", json!(happening.key));
    set("owner", json!(happening.owner));
    if let Some(subject) = &happening.container {
        set("container", json!(subject.name));
        set("container_id", json!(subject.id));
        set("template", json!(subject.template));
        set("stack", json!(subject.stack));
    }
    if let Some(session) = &happening.session {
        set("session", json!(session));
    }
    if let Some(script) = &happening.script {
        set("script", json!(script));
    }
    let places = [
        ("exit_code", "/container/exit_code"),
        ("image", "/container/image"),
        ("exit_code", "/session/exit/code"),
        ("run", "/run/id"),
        ("state", "/run/state"),
        ("error", "/run/error"),
    ];
    for (name, pointer) in places {
        if let Some(value) = happening.data.pointer(pointer).filter(|value| !value.is_null()) {
            set(name, value.clone());
        }
    }
    for name in ["line", "group", "metric", "value", "body", "hook_event", "name"] {
        if let Some(value) = happening.data.get(name) {
            set(name, value.clone());
        }
    }
    set("data", happening.data.clone());
    values
}

/// The parameters of a run, with what happened filled in.
pub(super) fn params(run: &TriggerRun, values: &Map<String, Value>) -> BTreeMap<String, ParamValue> {
    let filled = |value: &ParamValue| match value {
        ParamValue::Text(text) => ParamValue::Text(fill(text, values)),
        other => other.clone(),
    };
    run.params.iter().map(|(name, value)| (name.clone(), filled(value))).collect()
}

fn fill(text: &str, values: &Map<String, Value>) -> String {
    let mut filled = String::new();
    for piece in pieces(text) {
        match piece {
            Piece::Plain(text) | Piece::Unclosed(text) => filled.push_str(text),
            Piece::Reference(reference) => {
                filled.push_str(&found(reference, values).map(in_text).unwrap_or_default());
            }
        }
    }
    filled
}

/// What a reference stands for.
fn found<'a>(reference: &str, values: &'a Map<String, Value>) -> Option<&'a Value> {
    let name = reference.strip_prefix("event.").unwrap_or(reference);
    if let Some(group) = name.strip_prefix("group.") {
        return values.get("group")?.get(group);
    }
    match name.find('/').map(|at| name.split_at(at)) {
        Some((whole, pointer)) => values.get(whole)?.pointer(pointer),
        None => values.get(name),
    }
}

/// A value as a text without controls: it comes from outside, and may be typed into a terminal.
fn in_text(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.chars().take(LONGEST).map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::HookSigning;

    #[test]
    fn references_are_filled_in_and_drive_no_terminal() {
        let mut values = Map::new();
        values.insert("line".to_owned(), json!("a\r\nrm -rf /\u{1b}[A"));
        values.insert("group".to_owned(), json!({"1": "x", "who": "ann"}));
        values.insert("body".to_owned(), json!({"head": {"id": 7, "a/b": true}}));
        let text = "<${event.line}> ${event.group.1} ${event.group.who} ${event.body/head/id} ${event.body/head/a~1b} ${event.body/no} $${x}";
        assert_eq!(fill(text, &values), "<a  rm -rf / [A> x ann 7 true  ${x}");
    }

    #[test]
    fn documents_are_filled_in_place_by_place() {
        let mut values = Map::new();
        values.insert("exit_code".to_owned(), json!(7));
        values.insert("text".to_owned(), json!("it \"ended\"\u{1b}"));
        values.insert("data".to_owned(), json!({"run": {"results": {"a": [1]}}}));
        let document = json!({"${event.text}": "${event.exit_code}", "b": ["<${event.exit_code}>", "${event.text}", "${event.data/run/results}", "${event.owner}", 1, null]});
        let wanted = json!({"${event.text}": 7, "b": ["<7>", "it \"ended\"\u{1b}", {"a": [1]}, null, 1, null]});
        assert_eq!(super::document(&document, &values), wanted);
        let events = ["run.*".to_owned()];
        assert_eq!(check_document(&json!([{"a~/b": "${event.state} ${event.data/x}"}]), &events), []);
        let wrong = check_document(&json!([{"a~/b": "${event.exit_code}"}, "${x}"]), &events);
        let detail = "these events have no 'exit_code'; there are kind, text, at, id, owner, script, run, state, error, data/POINTER";
        assert_eq!(wrong[0], ("/0/a~0~1b".to_owned(), detail.to_owned()));
        assert_eq!(wrong[1], ("/1".to_owned(), "'${x}' is not known here: write ${event.text} and the like".to_owned()));
    }

    #[test]
    fn references_that_can_never_be_filled_in_are_told() {
        let hook = TriggerWhen::Hook { signed: HookSigning::Standard };
        assert_eq!(check("${event.body/ref} ${event.text}", &hook), Ok(()));
        assert_eq!(check("${event.lin}", &hook).unwrap_err(), "this event has no 'lin'; there are kind, text, at, id, owner, body/POINTER, hook_event");
        assert_eq!(check("${HOME}", &hook).unwrap_err(), "'${HOME}' is not known here: write ${event.text} and the like");
        assert_eq!(check("${event.text", &hook).unwrap_err(), "'${event.text' is not closed with '}'; write $${ for a plain ${");
    }
}
