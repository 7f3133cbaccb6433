//! `--set field=value`: single fields of a template replaced for one launch.
use crate::config::document::Complaint;
use crate::config::document::child;
use crate::config::document::nearest;
use crate::config::structure;
use serde_json::{Map, Value};

/// Fields that stay as they are: they say what the template is, not what the container is like.
const FIXED: [&str; 6] = ["$schema", "name", "extends", "description", "icon", "params"];

/// Replaces the field that `path` names (`limits.memory`, `environment.LANG`) in `target`; returns its pointer.
///
/// # Errors
/// When there is no such field (a near one is offered), or `text` can't become a value of its type.
pub fn apply(target: &mut Value, schema: &Value, path: &str, text: &str, params: &[&str]) -> Result<String, Complaint> {
    let fail = |detail: String| Complaint::at(child("/set", path), detail);
    let mut pointer = String::new();
    let mut here = target;
    let mut branch = schema;
    let mut rest = path;
    loop {
        let known = branch.get("properties").and_then(Value::as_object);
        let (step, after) = match known {
            Some(_) => rest.split_once('.').map_or((rest, None), |(step, after)| (step, Some(after))),
            // The names in a map may have dots of their own, as labels do.
            None => (rest, None),
        };
        let field = known.and_then(|known| known.get(step)).or_else(|| branch.get("additionalProperties").filter(|others| others.is_object()));
        let top = pointer.is_empty();
        let Some(field) = field.filter(|_| !(step.is_empty() || top && FIXED.contains(&step))) else {
            let fields = known.into_iter().flat_map(Map::keys).map(String::as_str).filter(|name| !(top && FIXED.contains(name)));
            let params = params.iter().copied().filter(|_| top);
            let meant = nearest(step, fields.chain(params)).map(|near| format!("; did you mean '{}{near}'?", &path[..path.len() - rest.len()]));
            return Err(fail(format!("there is no parameter or field '{path}'{}", meant.unwrap_or_default())));
        };
        pointer = child(&pointer, step);
        if !here.is_object() {
            *here = Value::Object(Map::new());
        }
        let Some(object) = here.as_object_mut() else {
            return Err(fail("it is not an object".to_owned()));
        };
        here = object.entry(step.to_owned()).or_insert(Value::Null);
        let branches = structure::branches(schema, field);
        let Some(after) = after else {
            *here = value(&branches, text).map_err(fail)?;
            return Ok(pointer);
        };
        let Some(deeper) = branches.into_iter().find(|branch| structure::types(branch).contains(&"object")) else {
            return Err(fail(format!("'{step}' has no parts")));
        };
        branch = deeper;
        rest = after;
    }
}

/// What `text` is as a value of a field: lists are written with commas or as JSON, objects as JSON.
///
/// # Errors
/// When it can't become one.
pub fn value(branches: &[&Value], text: &str) -> Result<Value, String> {
    let takes = |kind: &str| branches.iter().any(|branch| structure::types(branch).contains(&kind));
    let json = |wanted: &str| serde_json::from_str::<Value>(text).map_err(|error| format!("'{text}' is no {wanted}: {error}"));
    if takes("array") && text.trim_start().starts_with('[') {
        return json("list");
    }
    if takes("object") && text.trim_start().starts_with('{') {
        return json("object");
    }
    if takes("boolean") {
        return text.parse().map(Value::Bool).map_err(|_| format!("expected true or false, found '{text}'"));
    }
    if takes("string") || branches.iter().any(|branch| structure::types(branch).is_empty()) {
        return Ok(Value::String(text.to_owned()));
    }
    if takes("array") {
        return Ok(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(|item| Value::String(item.to_owned())).collect());
    }
    if takes("integer") && !takes("number") {
        return text.parse::<i64>().map(|number| Value::Number(number.into())).map_err(|_| format!("expected a whole number, found '{text}'"));
    }
    if takes("number") {
        return text.parse::<serde_json::Number>().map(Value::Number).map_err(|_| format!("expected a number, found '{text}'"));
    }
    json("object")
}
