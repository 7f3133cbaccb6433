//! What happened, as values that `${event.…}` in a trigger's parameters stand for.
use super::happening::Happening;
use crate::config::Piece;
use crate::config::did_you_mean;
use crate::config::pieces;
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

/// What is wrong with the references in a parameter.
///
/// # Errors
/// The first mistake.
pub(super) fn check(text: &str, when: &TriggerWhen) -> Result<(), String> {
    for piece in pieces(text) {
        let reference = match piece {
            Piece::Plain(_) => continue,
            Piece::Unclosed(text) => return Err(format!("'{text}' is not closed with '}}'; write $${{ for a plain ${{")),
            Piece::Reference(reference) => reference,
        };
        let known = names(when);
        let name = reference.strip_prefix("event.").ok_or_else(|| format!("'${{{reference}}}' is not known here: write ${{event.text}} and the like"))?;
        let good = known.contains(&name)
            || (name.starts_with("group.") && name.len() > 6 && known.contains(&"group.NAME"))
            || (name.starts_with("body/") && known.contains(&"body/POINTER"));
        if !good {
            let meant = did_you_mean(name, known.iter().copied());
            return Err(format!("this event has no '{name}'{meant}; there are {}", known.join(", ")));
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
    for (name, pointer) in [("exit_code", "/container/exit_code"), ("image", "/container/image"), ("exit_code", "/session/exit/code")] {
        if let Some(value) = happening.data.pointer(pointer).filter(|value| !value.is_null()) {
            set(name, value.clone());
        }
    }
    for name in ["line", "group", "metric", "value", "body", "hook_event", "name"] {
        if let Some(value) = happening.data.get(name) {
            set(name, value.clone());
        }
    }
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
                let name = reference.strip_prefix("event.").unwrap_or(reference);
                let found = match (name.strip_prefix("group."), name.strip_prefix("body")) {
                    (Some(group), _) => values.get("group").and_then(|groups| groups.get(group)),
                    (_, Some(pointer)) => values.get("body").and_then(|body| body.pointer(pointer)),
                    _ => values.get(name),
                };
                filled.push_str(&found.map(in_text).unwrap_or_default());
            }
        }
    }
    filled
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
    fn references_that_can_never_be_filled_in_are_told() {
        let hook = TriggerWhen::Hook { signed: HookSigning::Standard };
        assert_eq!(check("${event.body/ref} ${event.text}", &hook), Ok(()));
        assert_eq!(check("${event.lin}", &hook).unwrap_err(), "this event has no 'lin'; there are kind, text, at, id, owner, body/POINTER, hook_event");
        assert_eq!(check("${HOME}", &hook).unwrap_err(), "'${HOME}' is not known here: write ${event.text} and the like");
        assert_eq!(check("${event.text", &hook).unwrap_err(), "'${event.text' is not closed with '}'; write $${ for a plain ${");
    }
}
