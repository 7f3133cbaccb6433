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
        if let Some(default) = &param.default {
            let checked = fits(param.kind, default).and_then(|()| chosen(param, &default.to_string()));
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
    chosen(param, value)
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
