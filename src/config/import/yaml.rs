//! YAML as the JSON that it means: anchors and merge keys filled in, everything bounded.
use crate::model::Place;
use saphyr_parser::Event;
use saphyr_parser::Parser;
use saphyr_parser::ScalarStyle;
use saphyr_parser::Span;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::HashMap;

/// Parts of a document, what aliases stand for counted each time: a few lines of aliases of aliases can mean billions.
const MOST: usize = 100_000;
/// So deep is it nested at most.
const DEEPEST: usize = 64;

/// Bytes of all names on the way to a part.
const LONGEST_POINTER: usize = 4096;

/// A YAML document as a value, with the line of each part.
pub struct Document {
    /// What it means.
    pub value: Value,
    lines: BTreeMap<String, u32>,
}

impl Document {
    /// The line of a part, or of the nearest part around it.
    pub fn line(&self, pointer: &str) -> Option<u32> {
        let mut pointer = pointer;
        loop {
            if let Some(line) = self.lines.get(pointer) {
                return Some(*line);
            }
            pointer = &pointer[..pointer.rfind('/')?];
        }
    }
}

/// Lines that are mended at most.
const MENDED: usize = 500;

/// Reads the first document of a text.
///
/// # Errors
/// With the place that is no YAML, or where a limit is passed.
pub fn parse(source: &str, text: &str) -> Result<Document, Place> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..MENDED {
        match read(source, &text) {
            // Many files close a list under the name that it belongs to, which YAML's book forbids and other programs take.
            Err(place) => match indented(&text, &place) {
                Some(mended) => text = Cow::Owned(mended),
                None => return Err(place),
            },
            whole => return whole,
        }
    }
    read(source, &text)
}

/// The text with a bracket further in, where it stands alone too far out.
fn indented(text: &str, place: &Place) -> Option<String> {
    let at = usize::try_from(place.line?).ok()?.checked_sub(1)?;
    let line = text.lines().nth(at)?;
    let mends = place.detail.ends_with("invalid indentation") && line.trim_start().starts_with([']', '}']) && line.len() < 1000;
    let mut lines: Vec<Cow<str>> = text.lines().map(Cow::Borrowed).collect();
    *lines.get_mut(at).filter(|_| mends)? = Cow::Owned(format!("  {line}"));
    Some(lines.join("\n") + "\n")
}

fn read(source: &str, text: &str) -> Result<Document, Place> {
    let mut reading = Reading { source, events: Parser::new_from_str(text), anchors: HashMap::new(), lines: BTreeMap::new(), parts: 0 };
    let value = loop {
        match reading.next()? {
            (Event::StreamEnd, _) => break Value::Null,
            (Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing, _) => {}
            (event, span) => break reading.node(event, span, "", 0)?.0,
        }
    };
    Ok(Document { value, lines: reading.lines })
}

struct Reading<'a> {
    source: &'a str,
    events: Parser<'a, saphyr_parser::StrInput<'a>>,
    /// What anchors stand for, and of how many parts.
    anchors: HashMap<usize, (Value, usize)>,
    lines: BTreeMap<String, u32>,
    parts: usize,
}

impl<'a> Reading<'a> {
    fn wrong(&self, line: usize, column: usize, detail: impl Into<String>) -> Place {
        let number = |number: usize| u32::try_from(number).ok();
        Place { file: Some(self.source.to_owned()), line: number(line), column: number(column + 1), detail: detail.into(), ..Place::default() }
    }

    fn at(&self, span: Span, detail: impl Into<String>) -> Place {
        self.wrong(span.start.line(), span.start.col(), detail)
    }

    fn next(&mut self) -> Result<(Event<'a>, Span), Place> {
        match self.events.next_event() {
            None => Err(self.wrong(1, 0, "the document ends too early")),
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(self.wrong(error.marker().line(), error.marker().col(), format!("this is no YAML: {}", error.info()))),
        }
    }

    fn count(&mut self, span: Span, parts: usize) -> Result<(), Place> {
        self.parts += parts;
        if self.parts > MOST { Err(self.at(span, format!("the document means more than {MOST} parts; are aliases of aliases in it?"))) } else { Ok(()) }
    }

    /// A value, and of how many parts it is.
    fn node(&mut self, event: Event<'a>, span: Span, pointer: &str, depth: usize) -> Result<(Value, usize), Place> {
        if depth > DEEPEST {
            return Err(self.at(span, format!("it is nested more than {DEEPEST} deep")));
        }
        if let Event::Alias(anchor) = event {
            let Some((_, parts)) = self.anchors.get(&anchor) else { return Err(self.at(span, "this alias stands for nothing, or for what it is in")) };
            let parts = *parts;
            self.count(span, parts)?;
            return Ok((self.anchors.get(&anchor).map(|(value, _)| value.clone()).unwrap_or_default(), parts));
        }
        // A long text counts as more than one: aliases of it are copies.
        let own = match &event {
            Event::Scalar(text, ..) => 1 + text.len() / 1024,
            _ => 1,
        };
        self.count(span, own)?;
        if pointer.len() > LONGEST_POINTER {
            return Err(self.at(span, "the names on the way to it are too long"));
        }
        if let Ok(line) = u32::try_from(span.start.line()) {
            self.lines.insert(pointer.to_owned(), line);
        }
        let (value, parts, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let forced = tag.is_some_and(|tag| tag.suffix == "str");
                let value = if style == ScalarStyle::Plain && !forced { plain(&text) } else { Value::String(text.into_owned()) };
                (value, own, anchor)
            }
            Event::SequenceStart(anchor, _) => {
                let (mut items, mut parts) = (Vec::new(), 1);
                loop {
                    let (event, span) = self.next()?;
                    if event == Event::SequenceEnd {
                        break;
                    }
                    let (item, more) = self.node(event, span, &format!("{pointer}/{}", items.len()), depth + 1)?;
                    items.push(item);
                    parts += more;
                }
                (Value::Array(items), parts, anchor)
            }
            Event::MappingStart(anchor, _) => {
                let (map, parts) = self.mapping(pointer, depth)?;
                (Value::Object(map), parts, anchor)
            }
            _ => return Err(self.at(span, "this is no YAML")),
        };
        if anchor != 0 {
            self.anchors.insert(anchor, (value.clone(), parts));
        }
        Ok((value, parts))
    }

    fn mapping(&mut self, pointer: &str, depth: usize) -> Result<(Map<String, Value>, usize), Place> {
        let mut own = Map::new();
        let mut merged: Vec<Value> = Vec::new();
        let mut parts = 1;
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                break;
            }
            let key = match self.node(event, span, &format!("{pointer}/"), depth + 1)?.0 {
                Value::String(text) => text,
                Value::Null => String::new(),
                other @ (Value::Bool(_) | Value::Number(_)) => other.to_string(),
                _ => return Err(self.at(span, "only texts can be names here")),
            };
            let (event, value_span) = self.next()?;
            let below = crate::config::document::child(pointer, &key);
            let (value, more) = self.node(event, value_span, &below, depth + 1)?;
            parts += more;
            if key == "<<" {
                merged.extend(match value {
                    Value::Array(several) => several,
                    one => vec![one],
                });
            } else if own.insert(key.clone(), value).is_some() {
                return Err(self.at(span, format!("'{key}' is given twice")));
            }
        }
        // What is written goes before what is merged, and of that the first before the later.
        for value in merged {
            for (key, value) in value.as_object().cloned().unwrap_or_default() {
                own.entry(key).or_insert(value);
            }
        }
        Ok((own, parts))
    }
}

/// A scalar without quotes.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let number = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') && digits.chars().all(|c| c.is_ascii_digit() || ".eE+-".contains(c));
    // Digits that begin with 0 are kept as they are written: modes of files, phone numbers.
    let octal = digits.len() > 1 && digits.starts_with('0') && !digits.contains('.');
    if number && !octal {
        if let Ok(whole) = text.parse::<i64>() {
            return Value::from(whole);
        }
        if let Some(number) = text.parse::<f64>().ok().and_then(serde_json::Number::from_f64) {
            return Value::Number(number);
        }
    }
    Value::String(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn anchors_and_merge_keys_are_filled_in() {
        let text = "x-base: &base\n  restart: always\n  environment: &env {A: 1, B: \"2\"}\na:\n  <<: *base\n  restart: 'no'\nb:\n  <<: [*env, {B: 3, C: 0644}]\n8080: yes\n";
        let found = parse("x", text).expect("YAML");
        let base = json!({"restart": "always", "environment": {"A": 1, "B": "2"}});
        let a = json!({"restart": "no", "environment": {"A": 1, "B": "2"}});
        assert_eq!(found.value, json!({"x-base": base, "a": a, "b": {"A": 1, "B": "2", "C": "0644"}, "8080": "yes"}));
        assert_eq!(found.line("/a/restart/nothing"), Some(6));
    }

    #[test]
    fn a_list_may_be_closed_under_its_name() {
        let text = "a:\n  test: [\n      x,\n  ]\n  map: {\n    b: 1\n  }\nc: 2\n";
        assert_eq!(parse("x", text).expect("YAML").value, json!({"a": {"test": ["x"], "map": {"b": 1}}, "c": 2}));
        assert_eq!(parse("x", text).expect("YAML").line("/c"), Some(8));
    }

    #[test]
    fn what_would_never_end_is_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let of = format!("*a{}", level - 1);
            bomb.push_str(&format!("a{level}: &a{level} [{}]\n", vec![of; 10].join(", ")));
        }
        let told = parse("x", &bomb).err().expect("too much");
        assert!(told.detail.contains("more than 100000 parts") && told.line.is_some_and(|line| line < 8), "{told:?}");
        let deep = format!("{}1{}", "[".repeat(500), "]".repeat(500));
        assert!(parse("x", &deep).is_err());
        for bad in ["a: &a\n  b: *a\n", "a: 1\na: 2\n", "a: [1", "a: *nothing", "? [a]\n: b\n", "a: 'x"] {
            assert!(parse("x", bad).is_err(), "{bad}");
        }
    }
}
