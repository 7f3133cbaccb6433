//! The file that `cto init` writes: every setting with what it means, commented out.
use crate::config::Config;
use crate::config::config_schema;
use crate::config::document::child;
use crate::config::layers::NOT_OF_PROJECTS;
use crate::config::layers::OF_PROJECTS;
use serde_json::Value;

/// The longest line of a comment.
const WIDTH: usize = 110;

/// A configuration that sets nothing and names everything, with `schema` as its `$schema`. Of a project only what it may set is named.
#[must_use]
pub fn sample(schema: &str, of_project: bool) -> String {
    let defaults = serde_json::to_value(Config::default()).unwrap_or_default();
    let mut text = format!("{{\n  \"$schema\": {},\n", Value::from(schema));
    let properties = config_schema().get("properties").and_then(Value::as_object).into_iter().flatten();
    for (name, schema) in properties.filter(|(name, _)| !name.starts_with('$') && (!of_project || OF_PROJECTS.contains(&name.as_str()))) {
        let default = defaults.get(name).cloned().unwrap_or_default();
        text.push('\n');
        comment(&mut text, "  ", schema);
        let target = schema.get("$ref").and_then(Value::as_str).and_then(|name| config_schema().pointer(name.trim_start_matches('#'))).unwrap_or(schema);
        let Some(fields) = target.get("properties").and_then(Value::as_object) else {
            text.push_str(&format!("  // \"{name}\": {default},\n"));
            continue;
        };
        text.push_str(&format!("  // \"{name}\": {{\n"));
        for (field, schema) in fields.iter().filter(|(field, _)| !(of_project && NOT_OF_PROJECTS.contains(&child(&child("", name), field).as_str()))) {
            comment(&mut text, "  //   ", schema);
            let value = default.get(field).map_or_else(|| "null".to_owned(), Value::to_string);
            text.push_str(&format!("  //   \"{field}\": {value},\n"));
        }
        text.push_str("  // },\n");
    }
    text + "}\n"
}

/// What a setting means, in lines of a bearable length.
fn comment(text: &mut String, margin: &str, schema: &Value) {
    let mut line = String::new();
    for word in schema.get("description").and_then(Value::as_str).unwrap_or_default().split_whitespace() {
        if !line.is_empty() && line.chars().count() + word.chars().count() > WIDTH {
            text.push_str(&format!("{margin}//{line}\n"));
            line.clear();
        }
        line.push(' ');
        line.push_str(word);
    }
    text.push_str(&format!("{margin}//{line}\n"));
}
