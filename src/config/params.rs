//! Parameters of templates: their declarations, their values, and `${param.NAME}` in texts.
use crate::config::document::Complaint;
use crate::config::document::child;
use crate::config::document::did_you_mean;
use crate::config::interpolate;
use crate::config::interpolate::Piece;
use crate::config::texts;
use crate::model::Param;
use crate::model::ParamKind;
use crate::model::ParamValue;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

/// Bytes that one text, and the values of all parameters, may have when they are filled in.
const LONGEST: usize = 2 << 20;
/// So many parameters can refer to each other in a row.
const DEEPEST: usize = 64;

/// A value for each declared parameter; none for those that must be given and are not.
pub type Values = BTreeMap<String, Option<String>>;

/// What a text is with its parameters filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filled {
    /// The whole text.
    Text(String),
    /// It can't be told before a value is given.
    Open,
}

/// What stands for a reference that is no parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// This text.
    Text(String),
    /// It can't be told yet.
    Open,
    /// It is left to the program in the container.
    Left,
}

/// Fills every `${param.NAME}` of `text`, and whatever else `other` knows. `$${` stands for `${`; any other `${…}` is left to the program in
/// the container.
///
/// # Errors
/// When a parameter is not declared, a placeholder is never closed, or `other` refuses.
pub fn fill(text: &str, values: &Values, other: &mut dyn FnMut(&str) -> Result<Found, String>) -> Result<Filled, String> {
    let mut result = String::with_capacity(text.len());
    let mut open = false;
    for piece in interpolate::pieces(text) {
        if result.len() > LONGEST {
            return Err(format!("what parameters make of it is longer than {} MiB", LONGEST >> 20));
        }
        let inner = match piece {
            Piece::Plain(text) => {
                result.push_str(text);
                continue;
            }
            Piece::Unclosed(text) if text.starts_with("${param.") => return Err(format!("'{text}' is never closed by '}}'")),
            Piece::Unclosed(text) => {
                result.push_str(text);
                continue;
            }
            Piece::Reference(inner) => inner,
        };
        match inner.split_once('.') {
            Some(("param", name)) => match values.get(name) {
                Some(Some(value)) => result.push_str(value),
                Some(None) => open = true,
                None => return Err(format!("there is no parameter '{name}'{}", did_you_mean(name, values.keys().map(String::as_str)))),
            },
            Some((scope, name)) if strsim::damerau_levenshtein(scope, "param") <= 1 => {
                return Err(format!("'${{{inner}}}' means nothing; did you mean '${{param.{name}}}'?"));
            }
            _ => match other(inner)? {
                Found::Text(text) => result.push_str(&text),
                Found::Open => open = true,
                Found::Left => {
                    result.push_str("${");
                    result.push_str(inner);
                    result.push('}');
                }
            },
        }
    }
    Ok(if open { Filled::Open } else { Filled::Text(result) })
}

/// Whether `text` uses the parameter.
pub fn uses(text: &str, name: &str) -> bool {
    text.contains(&format!("${{param.{name}}}"))
}

/// Checks the declarations and gives each parameter its default.
pub fn declared(params: &BTreeMap<String, Param>, complaints: &mut Vec<Complaint>) -> Values {
    let mut values = Values::new();
    for (name, param) in params {
        let pointer = child("/params", name);
        if let Err(detail) = texts::param_name(name) {
            complaints.push(Complaint::at(&pointer, detail));
        }
        for (index, choice) in param.choices.iter().enumerate() {
            if let Err(detail) = fits(param.kind, choice) {
                complaints.push(Complaint::at(format!("{pointer}/choices/{index}"), detail));
            }
        }
        if let Err(detail) = bounds(param) {
            complaints.push(Complaint::at(&pointer, detail));
        } else if let Some(default) = &param.default {
            let text = default.to_string();
            // What other parameters make of it is looked at when they are known.
            let checked = fits(param.kind, default)
                .and_then(|()| if text.contains("${param.") { Ok(()) } else { within(param, &text).and_then(|()| chosen(param, &text)) });
            complaints.extend(checked.err().map(|detail| Complaint::at(format!("{pointer}/default"), detail)));
        }
        values.insert(name.clone(), param.default.as_ref().map(ToString::to_string));
    }
    values
}

/// Checks a value that somebody gave for a parameter.
///
/// # Errors
/// When it is of another type, or none of the choices.
pub fn given(param: &Param, value: &str) -> Result<(), String> {
    match param.kind {
        ParamKind::Text => {}
        ParamKind::Integer if value.parse::<i64>().is_ok() => {}
        ParamKind::Boolean if ["true", "false"].contains(&value) => {}
        kind => return Err(format!("expected {}, found '{value}'", in_words(kind))),
    }
    within(param, value).and_then(|()| chosen(param, value))
}

/// Fills in the defaults that refer to other parameters. `given` are those whose value somebody gave: it stays as it is.
pub fn settle(values: &mut Values, params: &BTreeMap<String, Param>, given: &BTreeSet<&str>, complaints: &mut Vec<Complaint>) {
    let raw = values.clone();
    let mut settling = Settling { raw: &raw, given, done: Values::new(), length: 0 };
    let open: Vec<&String> = raw
        .iter()
        .filter(|(name, value)| !given.contains(name.as_str()) && value.as_ref().is_some_and(|text| text.contains("${")))
        .map(|(name, _)| name)
        .collect();
    for name in open {
        match settling.settled(name, &mut vec![name]) {
            Ok(value) => {
                let wrong = params.get(name).zip(value.as_ref()).and_then(|(param, value)| self::given(param, value).err());
                complaints.extend(wrong.map(|detail| Complaint::at(format!("{}/default", child("/params", name)), detail)));
                values.insert(name.clone(), value);
            }
            Err(detail) => complaints.push(Complaint::at(format!("{}/default", child("/params", name)), detail)),
        }
    }
}

/// Defaults that refer to other parameters, each filled in once.
struct Settling<'a> {
    raw: &'a Values,
    given: &'a BTreeSet<&'a str>,
    done: Values,
    /// Bytes of all that was filled in: each could be twice the one before.
    length: usize,
}

impl<'a> Settling<'a> {
    fn settled(&mut self, name: &'a str, path: &mut Vec<&'a str>) -> Result<Option<String>, String> {
        let Some(Some(text)) = self.raw.get(name) else { return Ok(None) };
        if self.given.contains(name) {
            return Ok(Some(text.clone()));
        }
        if let Some(done) = self.done.get(name) {
            return Ok(done.clone());
        }
        if path.len() > DEEPEST {
            return Err(format!("more than {DEEPEST} parameters refer to each other in a row"));
        }
        let mut known = Values::new();
        for piece in interpolate::pieces(text) {
            let Piece::Reference(inner) = piece else { continue };
            let Some(other) = inner.strip_prefix("param.") else { continue };
            let Some((other, _)) = self.raw.get_key_value(other) else { continue };
            if path.contains(&other.as_str()) {
                return Err(format!("parameters refer to each other in a circle: {} → {other}", path.join(" → ")));
            }
            path.push(other);
            known.insert(other.clone(), self.settled(other, path)?);
            path.pop();
        }
        let value = match fill(text, &known, &mut |_| Ok(Found::Left))? {
            Filled::Text(text) => Some(text),
            Filled::Open => None,
        };
        self.length += value.as_ref().map_or(0, String::len);
        if self.length > LONGEST {
            return Err(format!("the values of parameters are longer than {} MiB in all", LONGEST >> 20));
        }
        self.done.insert(name.to_owned(), value.clone());
        Ok(value)
    }
}

/// Whether what bounds a parameter's values makes sense.
fn bounds(param: &Param) -> Result<(), String> {
    if param.min.zip(param.max).is_some_and(|(min, max)| min > max) {
        return Err("'min' is greater than 'max'".to_owned());
    }
    if param.kind == ParamKind::Boolean && (param.min.is_some() || param.max.is_some()) {
        return Err("true and false have no 'min' and 'max'".to_owned());
    }
    match &param.pattern {
        Some(_) if param.kind != ParamKind::Text => Err("only a text has a 'pattern'".to_owned()),
        Some(pattern) => regular(pattern).map(drop),
        None => Ok(()),
    }
}

/// The expression that a whole text has to fit.
fn regular(pattern: &str) -> Result<regex::Regex, String> {
    let built = regex::RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(1 << 20).build();
    built.map_err(|_| format!("'{pattern}' is no regular expression"))
}

/// Whether a value lies within what bounds its parameter.
fn within(param: &Param, value: &str) -> Result<(), String> {
    let (amount, of) = match param.kind {
        ParamKind::Boolean => return Ok(()),
        ParamKind::Integer => (value.parse().unwrap_or(0), ""),
        ParamKind::Text => (i64::try_from(value.chars().count()).unwrap_or(i64::MAX), " letters"),
    };
    if let Some(min) = param.min.filter(|min| amount < *min) {
        return Err(format!("'{value}' is too {}: it must be at least {min}{of}", if of.is_empty() { "small" } else { "short" }));
    }
    if let Some(max) = param.max.filter(|max| amount > *max) {
        return Err(format!("'{value}' is too {}: it must be at most {max}{of}", if of.is_empty() { "great" } else { "long" }));
    }
    match &param.pattern {
        Some(pattern) if !regular(pattern)?.is_match(value) => Err(format!("'{value}' does not fit the pattern '{pattern}'")),
        _ => Ok(()),
    }
}

fn chosen(param: &Param, value: &str) -> Result<(), String> {
    let choices: Vec<String> = param.choices.iter().map(ToString::to_string).collect();
    if choices.is_empty() || choices.iter().any(|choice| choice == value) {
        return Ok(());
    }
    let all = choices.iter().map(|choice| format!("'{choice}'")).collect::<Vec<_>>().join(", ");
    Err(format!("'{value}' is none of the choices {all}{}", did_you_mean(value, choices.iter().map(String::as_str))))
}

fn fits(kind: ParamKind, value: &ParamValue) -> Result<(), String> {
    match (kind, value) {
        (ParamKind::Text, ParamValue::Text(_)) | (ParamKind::Integer, ParamValue::Integer(_)) | (ParamKind::Boolean, ParamValue::Boolean(_)) => Ok(()),
        (ParamKind::Text, other) => Err(format!("expected text, found {other}; write \"{other}\"")),
        (kind, other) => Err(format!("expected {}, found '{other}'", in_words(kind))),
    }
}

fn in_words(kind: ParamKind) -> &'static str {
    match kind {
        ParamKind::Text => "text",
        ParamKind::Integer => "a whole number",
        ParamKind::Boolean => "true or false",
    }
}
