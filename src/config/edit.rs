//! Changes one setting in a file that its user wrote: the rest of the text stays as it is, comments too.
use crate::config::Paths;
use crate::config::document;
use crate::config::layers;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use jsonc_parser::ParseOptions;
use jsonc_parser::cst::CstInputValue;
use jsonc_parser::cst::CstRootNode;
use serde_json::Value;
use std::io::Write as _;
use std::path::Path;

/// Sets a setting in the user's file, which is made where there is none. `text` is the value as a variable would give it.
///
/// # Errors
/// `invalid_value` when the setting can't have this value or the file can't be written, `invalid_document` when the file is no JSON.
pub fn set(paths: &Paths, pointer: &str, text: &str) -> Result<()> {
    let value = layers::of_text(pointer, text, paths).map_err(Error::invalid)?;
    let value = value.pointer(pointer).cloned().unwrap_or_default();
    let file = paths.config_file();
    let before = match file.symlink_metadata() {
        Ok(_) => document::read_file(&file).map_err(|place| document::error_of("the configuration", vec![place]))?,
        Err(_) => "{\n}\n".to_owned(),
    };
    let after = changed(&file.display().to_string(), &before, pointer, &value)?;
    if after == before {
        return Ok(());
    }
    paths.prepare()?;
    // A link is followed: whoever keeps the file elsewhere wants it there.
    let target = std::fs::canonicalize(&file).unwrap_or_else(|_| file.clone());
    replace(&target, &after).map_err(|error| Error::invalid(format!("'{}' can't be written: {error}", target.display())).because(error))
}

/// The text with one setting changed.
fn changed(name: &str, text: &str, pointer: &str, value: &Value) -> Result<String> {
    // What is no JSON is told with its place.
    document::parse(name, text).map_err(|place| document::error_of("the configuration", vec![place]))?;
    let root =
        CstRootNode::parse(text, &ParseOptions::default()).map_err(|error| Error::new(Code::InvalidDocument, format!("'{name}' can't be changed: {error}")))?;
    let mut object = root.object_value().ok_or_else(|| Error::new(Code::InvalidDocument, format!("'{name}' is no object, so nothing can be set in it")))?;
    let mut steps: Vec<&str> = pointer.trim_start_matches('/').split('/').collect();
    let last = steps.pop().unwrap_or_default();
    for step in steps {
        object = object.object_value_or_set(step);
    }
    match object.get(last) {
        Some(field) => field.set_value(input(value)),
        None => drop(object.append(last, input(value))),
    }
    Ok(root.to_string())
}

fn input(value: &Value) -> CstInputValue {
    match value {
        Value::Null => CstInputValue::Null,
        Value::Bool(flag) => CstInputValue::Bool(*flag),
        Value::Number(number) => CstInputValue::Number(number.to_string()),
        Value::String(text) => CstInputValue::String(text.clone()),
        Value::Array(items) => CstInputValue::Array(items.iter().map(input).collect()),
        Value::Object(parts) => CstInputValue::Object(parts.iter().map(|(name, part)| (name.clone(), input(part))).collect()),
    }
}

/// Writes the whole file beside the old one, which it then replaces: a crash leaves one or the other.
pub(super) fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("/"));
    let mut fresh = tempfile::NamedTempFile::new_in(folder)?;
    if let Ok(facts) = file.metadata() {
        fresh.as_file().set_permissions(facts.permissions())?;
    }
    fresh.write_all(text.as_bytes())?;
    fresh.as_file().sync_all()?;
    fresh.persist(file).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_its_user_wrote_around_it_stays() {
        let text = "{\n  // dark at night\n  \"theme\": \"dark\", // and by day\n  /* lines */\n  \"terminal\": { \"scrollback\": 100 }\n}\n";
        let one = changed("cto.json", text, "/theme", &json!("light")).unwrap();
        assert_eq!(one, text.replace("\"dark\"", "\"light\""));
        let two = changed("cto.json", &one, "/terminal/scrollback", &json!(7)).unwrap();
        assert_eq!(two, one.replace("100", "7"));
        let three = changed("cto.json", &two, "/keys/prefix", &json!("C-a")).unwrap();
        assert!(three.starts_with(two.trim_end().trim_end_matches('}').trim_end()), "{three}");
        let read: Value = jsonc_parser::parse_to_serde_value(&three, &ParseOptions::default()).unwrap();
        assert_eq!(read, json!({"theme": "light", "terminal": {"scrollback": 7}, "keys": {"prefix": "C-a"}}));
    }

    #[test]
    fn a_file_that_is_made_or_broken_is_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::under(dir.path()).unwrap();
        set(&paths, "/accessible", "true").unwrap();
        assert_eq!(std::fs::read_to_string(paths.config_file()).unwrap(), "{\n  \"accessible\": true\n}\n");
        assert!(set(&paths, "/terminal/scrollback", "many").unwrap_err().message.contains("many"));
        std::fs::write(paths.config_file(), "{ \"theme\": ").unwrap();
        assert_eq!(set(&paths, "/theme", "dark").unwrap_err().code, Code::InvalidDocument);
        assert_eq!(std::fs::read_to_string(paths.config_file()).unwrap(), "{ \"theme\": ", "it is left as it was");
    }
}
