//! JSON texts, with comments allowed, that know the place of each of their parts.
use crate::error::Error;
use crate::model::Code;
use crate::model::Place;
use jsonc_parser::ParseOptions;
use jsonc_parser::ast;
use jsonc_parser::common::Ranged;
use jsonc_parser::errors::ParseErrorKind;
use std::collections::BTreeMap;

/// Bytes of a pointer up to which places of parts are remembered.
const LONGEST_POINTER: usize = 4096;
/// Files that are larger are refused unread.
pub const MAX_BYTES: u64 = 1 << 20;

/// What is wrong at one part of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// JSON pointer to the part.
    pub pointer: String,
    /// Byte offset in the text, where it is not that of the part's value.
    pub offset: Option<usize>,
    /// What is wrong.
    pub detail: String,
}

impl Complaint {
    /// A complaint about the value at `pointer`.
    pub fn at(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), offset: None, detail: detail.into() }
    }
}

/// Where the parts of a text lie.
#[derive(Clone, Debug, Default)]
pub struct Places {
    name: Option<String>,
    lines: Vec<usize>,
    text: String,
    values: BTreeMap<String, usize>,
}

impl Places {
    /// Of a parsed text.
    pub fn of(name: &str, text: &str, root: Option<&ast::Value>) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mut places = Self { name: Some(name.to_owned()), lines, text: text.to_owned(), values: BTreeMap::new() };
        if let Some(root) = root {
            places.collect(root, String::new());
        }
        places
    }

    fn collect(&mut self, node: &ast::Value, pointer: String) {
        match node {
            // Below it, the nearest part around tells the place: each part's pointer repeats all names on the way.
            _ if pointer.len() > LONGEST_POINTER => {}
            ast::Value::Object(object) => {
                for property in &object.properties {
                    self.collect(&property.value, child(&pointer, property.name.as_str()));
                }
            }
            ast::Value::Array(array) => {
                for (index, element) in array.elements.iter().enumerate() {
                    self.collect(element, child(&pointer, &index.to_string()));
                }
            }
            _ => {}
        }
        self.values.insert(pointer, node.start());
    }

    /// The complaint with line and column, where the text is known; those of the nearest part around it where it itself is not there.
    pub fn place(&self, complaint: &Complaint) -> Place {
        let offset = complaint.offset.or_else(|| {
            let mut pointer = complaint.pointer.as_str();
            loop {
                if let Some(offset) = self.values.get(pointer) {
                    return Some(*offset);
                }
                pointer = &pointer[..pointer.rfind('/')?];
            }
        });
        let position = offset.map(|offset| self.position(offset));
        Place {
            pointer: complaint.pointer.clone(),
            file: self.name.clone(),
            line: position.map(|(line, _)| line),
            column: position.map(|(_, column)| column),
            detail: complaint.detail.clone(),
        }
    }

    /// Line and column, both from 1; columns are characters.
    pub fn position(&self, offset: usize) -> (u32, u32) {
        let line = self.lines.partition_point(|start| *start <= offset).max(1);
        let start = self.lines.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..offset).unwrap_or_default();
        (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(before.chars().count() + 1).unwrap_or(u32::MAX))
    }
}

/// A pointer one step further down.
pub fn child(pointer: &str, step: &str) -> String {
    format!("{pointer}/{}", step.replace('~', "~0").replace('/', "~1"))
}

/// Parses JSON with comments and trailing commas; nothing else beyond the standard is taken.
///
/// # Errors
/// With the first place that is no JSON: what follows it can't be told apart.
pub fn parse<'a>(name: &str, text: &'a str) -> Result<ast::Value<'a>, Place> {
    let options = ParseOptions {
        allow_comments: true,
        allow_trailing_commas: true,
        allow_loose_object_property_names: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
    };
    let fail = |offset, detail: String| Places::of(name, text, None).place(&Complaint { pointer: String::new(), offset: Some(offset), detail });
    match jsonc_parser::parse_to_ast(text, &jsonc_parser::CollectOptions::default(), &options) {
        Ok(parsed) => parsed.value.ok_or_else(|| fail(0, "there is nothing in it".to_owned())),
        Err(error) => Err(fail(error.range().start, syntax(error.kind()))),
    }
}

/// The first place of a text that is no JSON with comments; none where it is.
#[must_use]
pub fn json_mistake(name: &str, text: &str) -> Option<Place> {
    parse(name, text).err()
}

/// What is said of a part of such a text by its pointer, with its line and column.
#[must_use]
pub fn placed(name: &str, text: &str, place: &Place) -> Place {
    match parse(name, text) {
        Ok(root) => Places::of(name, text, Some(&root)).place(&Complaint::at(place.pointer.clone(), place.detail.clone())),
        Err(mistake) => Place { detail: place.detail.clone(), ..mistake },
    }
}

/// What a syntax error means, for people.
fn syntax(kind: &ParseErrorKind) -> String {
    match kind {
        ParseErrorKind::UnterminatedObject => "this '{' is never closed by '}'".to_owned(),
        ParseErrorKind::UnterminatedArray => "this '[' is never closed by ']'".to_owned(),
        ParseErrorKind::ExpectedComma => "a comma is missing here".to_owned(),
        ParseErrorKind::ExpectedColonAfterObjectKey => "a ':' is missing after this name".to_owned(),
        ParseErrorKind::UnexpectedWord | ParseErrorKind::UnexpectedToken | ParseErrorKind::ExpectedStringObjectProperty => {
            "this is no JSON: text and names are written in double quotes".to_owned()
        }
        ParseErrorKind::SingleQuotedStringsNotAllowed => "text is written in double quotes, not single ones".to_owned(),
        ParseErrorKind::MultipleRootJsonValues => "there is something after the end of the document".to_owned(),
        ParseErrorKind::NestingDepthExceeded => "this is nested too deeply".to_owned(),
        other => {
            let text = other.to_string();
            let mut letters = text.chars();
            letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
        }
    }
}

/// Reads a file of at most 1 MiB.
///
/// # Errors
/// When it is larger, is no file, is no UTF-8 text or can't be read.
pub fn read_file(path: &std::path::Path) -> Result<String, Place> {
    use std::io::Read;
    let fail = |detail: String| Place { file: Some(path.display().to_string()), detail, ..Place::default() };
    // Looked at before it is opened: opening a pipe would wait for its writer.
    let facts = path.metadata().map_err(|error| fail(format!("cannot be read: {error}")))?;
    if !facts.is_file() {
        return Err(fail("is not a file".to_owned()));
    }
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    read.map_err(|error| fail(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(fail("is larger than 1 MiB".to_owned()));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes().iter().take(error.utf8_error().valid_up_to()).filter(|byte| **byte == b'\n').count() + 1;
        Place { line: u32::try_from(line).ok(), ..fail("is not UTF-8 text".to_owned()) }
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// All complaints about one document as one error.
pub fn error_of(what: &str, places: Vec<Place>) -> Error {
    let first = places.first().map_or("", |place| place.detail.as_str());
    let message = match places.len() {
        1 => format!("mistake in {what}: {first}"),
        count => format!("{count} mistakes in {what}, the first: {first}"),
    };
    Error { places, ..Error::new(Code::InvalidDocument, message) }
}

/// The known name nearest to `name`, when it is near enough to have been meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let close = |known: &'a str| (strsim::damerau_levenshtein(&name.to_lowercase(), &known.to_lowercase()), known);
    let (distance, best) = known.into_iter().map(close).min_by_key(|(distance, _)| *distance)?;
    let length = name.chars().count();
    (distance <= (length / 3).max(1) && distance < length).then_some(best)
}

/// "; did you mean 'x'?", or nothing.
pub fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map_or_else(String::new, |best| format!("; did you mean '{best}'?"))
}
