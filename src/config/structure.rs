//! Whether a document has the shape that a JSON schema says, told in words for people.
//!
//! The schemas are made from our own types, so only what schemars writes for those is understood here.
use crate::config::document;
use crate::config::document::Complaint;
use crate::config::document::Places;
use crate::config::document::child;
use crate::config::document::did_you_mean;
use crate::config::document::nearest;
use crate::model::Place;
use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What was found in a text: the parts that fit the schema, where everything lies, and what is wrong.
pub struct Found {
    /// The parts that fit.
    pub value: Option<Value>,
    /// Where the parts lie.
    pub places: Places,
    /// What is wrong.
    pub complaints: Vec<Complaint>,
}

impl Found {
    /// The complaints with their places, from top to bottom.
    pub fn told(&self) -> Vec<Place> {
        let mut places: Vec<Place> = self.complaints.iter().map(|complaint| self.places.place(complaint)).collect();
        places.sort_by_key(|place| (place.line, place.column));
        places
    }
}

/// Parses a text and checks its shape.
///
/// # Errors
/// When it is no JSON.
pub fn read(name: &str, text: &str, schema: &Value) -> Result<Found, Place> {
    let root = document::parse(name, text)?;
    let mut complaints = Vec::new();
    let value = check(&root, schema, &mut complaints);
    Ok(Found { value, places: Places::of(name, text, Some(&root)), complaints })
}

/// Checks `node` against `schema` and returns the parts of it that fit, so that the rest can be looked at further.
fn check(node: &ast::Value, schema: &Value, complaints: &mut Vec<Complaint>) -> Option<Value> {
    Walk { root: schema, complaints }.value(node, schema, "")
}

struct Walk<'a> {
    root: &'a Value,
    complaints: &'a mut Vec<Complaint>,
}

impl<'a> Walk<'a> {
    fn complain(&mut self, pointer: &str, offset: usize, detail: impl Into<String>) {
        self.complaints.push(Complaint { pointer: pointer.to_owned(), offset: Some(offset), detail: detail.into() });
    }

    fn value(&mut self, node: &ast::Value, schema: &'a Value, pointer: &str) -> Option<Value> {
        let branches = branches(self.root, schema);
        let kind = kind_of(node);
        let fitting: Vec<&Value> = branches.iter().copied().filter(|branch| takes(branch, kind)).collect();
        let Some(branch) = fitting.first().copied() else {
            let detail = format!("expected {}, found {}", expected(&branches, schema), found(node));
            self.complain(pointer, node.start(), detail);
            return None;
        };
        match node {
            ast::Value::Object(object) => Some(self.object(object, branch, pointer)),
            ast::Value::Array(array) => self.array(array, branch, pointer),
            ast::Value::StringLit(text) => self.text(text, &fitting, pointer),
            ast::Value::NumberLit(number) => self.number(number, branch, pointer),
            ast::Value::BooleanLit(boolean) => Some(Value::Bool(boolean.value)),
            ast::Value::NullKeyword(_) => Some(Value::Null),
        }
    }

    fn object(&mut self, object: &ast::Object, schema: &'a Value, pointer: &str) -> Value {
        let nothing = Map::new();
        let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
        let others = schema.get("additionalProperties").filter(|others| **others != Value::Bool(false));
        let mut kept = Map::new();
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        let mut meant: Vec<&str> = Vec::new();
        for property in &object.properties {
            let name = property.name.as_str();
            let at = property.name.start();
            let below = child(pointer, name);
            if seen.insert(name, at).is_some() {
                self.complain(&below, at, format!("'{name}' is given twice"));
                continue;
            }
            let field = schema.get("properties").and_then(|known| known.get(name)).or(others);
            match field {
                Some(field) => {
                    if let Some(value) = self.value(&property.value, field, &below) {
                        kept.insert(name.to_owned(), value);
                    }
                }
                None => {
                    let names = || known.keys().map(String::as_str).filter(|known| !known.starts_with('$'));
                    let mut hint = did_you_mean(name, names());
                    if hint.is_empty() && known.len() <= 6 {
                        hint = format!("; there are {}", names().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", "));
                    }
                    meant.extend(nearest(name, names()));
                    // What the names in a map are, where it has a word of its own for them.
                    let what = schema.get("x-names").and_then(Value::as_str).unwrap_or("field");
                    self.complain(&below, at, format!("unknown {what} '{name}'{hint}"));
                }
            }
        }
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            // Somebody who wrote 'imagge' need not be told that 'image' is missing too.
            if !seen.contains_key(name) && !meant.contains(&name) {
                self.complain(pointer, object.start(), format!("missing field '{name}'"));
            }
        }
        Value::Object(kept)
    }

    fn array(&mut self, array: &ast::Array, schema: &'a Value, pointer: &str) -> Option<Value> {
        let limit = |name: &str| schema.get(name).and_then(Value::as_u64);
        let count = array.elements.len() as u64;
        if limit("minItems").is_some_and(|least| count < least) || limit("maxItems").is_some_and(|most| count > most) {
            let wanted = limit("minItems").or(limit("maxItems")).unwrap_or_default();
            self.complain(pointer, array.start(), format!("expected {wanted} items, found {count}"));
            return None;
        }
        let Some(items) = schema.get("items") else {
            return Some(Value::Array(Vec::new()));
        };
        let checked = array.elements.iter().enumerate().map(|(index, element)| self.value(element, items, &child(pointer, &index.to_string())));
        // Indices must stay true for later complaints, so a list with a bad item is left out as a whole.
        checked.collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>().map(Value::Array)
    }

    fn text(&mut self, text: &ast::StringLit, fitting: &[&Value], pointer: &str) -> Option<Value> {
        let choices: Vec<&str> = fitting.iter().flat_map(|branch| choices(branch)).collect();
        let begins: Vec<&str> = fitting.iter().filter_map(|branch| beginning(branch)).collect();
        let fits = choices.contains(&text.value.as_ref()) || begins.iter().any(|begin| text.value.starts_with(begin));
        if !(fits || choices.is_empty() && begins.is_empty()) {
            let begins = begins.iter().map(|begin| format!("'{begin}…'"));
            let all = choices.iter().map(|choice| format!("'{choice}'")).chain(begins).collect::<Vec<_>>().join(" or ");
            self.complain(pointer, text.start(), format!("expected {all}, found '{}'{}", text.value, did_you_mean(&text.value, choices)));
            return None;
        }
        Some(Value::String(text.value.clone().into_owned()))
    }

    fn number(&mut self, number: &ast::NumberLit, schema: &Value, pointer: &str) -> Option<Value> {
        let Ok(value) = number.value.parse::<serde_json::Number>() else {
            self.complain(pointer, number.start(), format!("'{}' is not a number", number.value));
            return None;
        };
        let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
        let format = schema.get("format").and_then(Value::as_str);
        let least = bound("minimum");
        let most = bound("maximum").or(match format {
            Some("uint32") => Some(f64::from(u32::MAX)),
            Some("uint16") => Some(f64::from(u16::MAX)),
            _ => None,
        });
        let actual = value.as_f64().unwrap_or(f64::INFINITY);
        if least.is_some_and(|least| actual < least) || most.is_some_and(|most| actual > most) {
            let range = match (least, most) {
                (Some(least), Some(most)) => format!("from {least} to {most}"),
                (Some(least), None) => format!("at least {least}"),
                (None, Some(most)) => format!("at most {most}"),
                (None, None) => String::new(),
            };
            self.complain(pointer, number.start(), format!("{} is out of range: it must be {range}", number.value));
            return None;
        }
        Some(Value::Number(value))
    }
}

/// The alternatives of a schema, with references followed.
pub fn branches<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer)).map_or_else(Vec::new, |target| branches(root, target));
    }
    match schema.get("anyOf").or_else(|| schema.get("oneOf")).and_then(Value::as_array) {
        Some(alternatives) => alternatives.iter().flat_map(|alternative| branches(root, alternative)).collect(),
        None => vec![schema],
    }
}

/// The JSON types that a schema without alternatives takes; none for one that takes anything.
pub fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ if schema.get("const").or_else(|| schema.get("enum")).is_some() => vec!["string"],
        _ => Vec::new(),
    }
}

fn takes(schema: &Value, kind: &str) -> bool {
    let types = types(schema);
    types.is_empty() || types.contains(&kind) || (kind == "integer" && types.contains(&"number"))
}

/// The only texts that a schema takes; none when it takes any.
fn choices(schema: &Value) -> Vec<&str> {
    match (schema.get("const"), schema.get("enum").and_then(Value::as_array)) {
        (Some(one), _) => one.as_str().into_iter().collect(),
        (None, Some(several)) => several.iter().filter_map(Value::as_str).collect(),
        (None, None) => Vec::new(),
    }
}

/// What every text begins with that a schema takes, where it says that and no more.
fn beginning(schema: &Value) -> Option<&str> {
    let begin = schema.get("pattern")?.as_str()?.strip_prefix('^')?;
    begin.chars().all(|c| c.is_ascii_alphanumeric() || c == ':').then_some(begin)
}

/// What a schema takes, in words.
fn expected(branches: &[&Value], schema: &Value) -> String {
    let mut words: Vec<&str> = Vec::new();
    for kind in branches.iter().flat_map(|branch| types(branch)) {
        let word = match kind {
            "string" => "text",
            "integer" => "a whole number",
            "number" => "a number",
            "boolean" => "true or false",
            "array" => "a list",
            "object" => "an object",
            _ => continue,
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    let example = schema.get("examples").and_then(|examples| examples.get(0)).and_then(Value::as_str);
    words.join(" or ") + &example.map_or_else(String::new, |example| format!(" such as \"{example}\""))
}

/// What a schema takes, with its range, in words.
#[must_use]
pub fn takes_in_words(root: &Value, schema: &Value) -> String {
    let branches = branches(root, schema);
    let range = branches.iter().find_map(|branch| Some((branch.get("minimum")?, branch.get("maximum")?)));
    expected(&branches, schema) + &range.map_or_else(String::new, |(least, most)| format!(", {least} to {most}"))
}

fn kind_of(node: &ast::Value) -> &'static str {
    match node {
        ast::Value::Object(_) => "object",
        ast::Value::Array(_) => "array",
        ast::Value::StringLit(_) => "string",
        ast::Value::NumberLit(number) if number.value.contains(['.', 'e', 'E']) => "number",
        ast::Value::NumberLit(_) => "integer",
        ast::Value::BooleanLit(_) => "boolean",
        ast::Value::NullKeyword(_) => "null",
    }
}

/// What is there instead, in words; numbers and short texts as they are.
fn found(node: &ast::Value) -> String {
    match node {
        ast::Value::Object(_) => "an object".to_owned(),
        ast::Value::Array(_) => "a list".to_owned(),
        ast::Value::StringLit(text) if text.value.chars().count() <= 40 => format!("text '{}'", text.value),
        ast::Value::StringLit(_) => "text".to_owned(),
        ast::Value::NumberLit(number) => format!("the number {}", number.value),
        ast::Value::BooleanLit(boolean) => boolean.value.to_string(),
        ast::Value::NullKeyword(_) => "null".to_owned(),
    }
}
