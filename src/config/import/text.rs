//! The variables of foreign files: as references where those are taken, as parameters everywhere else.
use super::Left;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// So deep are defaults of variables filled in, `${A:-${B:-…}}`.
const DEEPEST: usize = 32;
const DEEP: &str = "defaults are nested too deeply";

/// Variables that became parameters, and what could not be carried.
#[derive(Debug, Default)]
pub struct Carry {
    /// Parameters by name, with their defaults.
    pub params: BTreeMap<String, Option<String>>,
    /// What could not be carried.
    pub left: Vec<Left>,
}

/// One piece of a text.
enum Piece {
    Plain(String),
    /// A variable, with what stands behind its name.
    Variable(String, Option<(Kind, String)>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The text instead, where it is not set.
    Instead,
    /// Why it has to be set.
    Why,
    /// The text where it is set.
    Alternative,
}

impl Carry {
    /// Notes what could not be carried.
    pub fn leave(&mut self, pointer: &str, reason: impl Into<String>) {
        self.left.push(Left { pointer: pointer.to_owned(), reason: reason.into() });
    }

    /// A text in which `${NAME}` may stand for a variable, such as a value of the environment: it stays one.
    pub fn referring(&mut self, pointer: &str, text: &str) -> String {
        self.fill(pointer, text, true, None, 0)
    }

    /// Any other text: its variables become parameters, which have to be given where they have no default.
    pub fn text(&mut self, pointer: &str, text: &str) -> String {
        self.fill(pointer, text, false, None, 0)
    }

    /// A text in which nothing may stand for a variable that is not given, such as a word of a command.
    pub fn loose(&mut self, pointer: &str, text: &str) -> String {
        self.fill(pointer, text, false, Some(""), 0)
    }

    /// A text that has to be known now: variables stand for their defaults.
    pub fn fixed(&mut self, pointer: &str, text: &str) -> Option<String> {
        self.known(pointer, text, 0)
    }

    fn known(&mut self, pointer: &str, text: &str, depth: usize) -> Option<String> {
        if depth > DEEPEST {
            self.leave(pointer, DEEP);
            return None;
        }
        let mut result = String::new();
        for piece in pieces(text) {
            match piece {
                Piece::Plain(text) => result.push_str(&text),
                Piece::Variable(name, Some((Kind::Instead, default))) => {
                    let Some(default) = self.known(pointer, &default, depth + 1) else { continue };
                    self.leave(pointer, format!("'{name}' can't be chosen here; it is '{default}', its default"));
                    result.push_str(&default);
                }
                Piece::Variable(name, _) => {
                    self.leave(pointer, format!("'{name}' can't be chosen here, and has no default"));
                    return None;
                }
            }
        }
        Some(result)
    }

    fn fill(&mut self, pointer: &str, text: &str, referring: bool, nothing: Option<&str>, depth: usize) -> String {
        let mut result = String::new();
        if depth > DEEPEST {
            self.leave(pointer, DEEP);
            return result;
        }
        for piece in pieces(text) {
            match piece {
                Piece::Plain(text) => result.push_str(&text.replace("${", "$${")),
                Piece::Variable(name, after) => match after {
                    None if referring => result.push_str(&format!("${{{name}}}")),
                    Some((Kind::Instead, default)) if referring && !default.contains(['$', '}']) => result.push_str(&format!("${{{name}:-{default}}}")),
                    Some((Kind::Why, why)) if referring && !why.contains(['$', '}']) => {
                        let why = if why.is_empty() { "it has to be set" } else { &why };
                        result.push_str(&format!("${{{name}:?{why}}}"));
                    }
                    Some((Kind::Alternative, _)) => {
                        self.leave(pointer, format!("'${{{name}:+…}}' says what stands there when '{name}' is set; nothing stands there now"))
                    }
                    None => result.push_str(&self.param(pointer, &name, nothing.map(str::to_owned))),
                    Some((Kind::Instead, default)) => {
                        let default = self.fill(pointer, &default, false, Some(""), depth + 1);
                        result.push_str(&self.param(pointer, &name, Some(default)));
                    }
                    Some((Kind::Why, _)) => result.push_str(&self.param(pointer, &name, None)),
                },
            }
        }
        result
    }

    fn param(&mut self, pointer: &str, variable: &str, default: Option<String>) -> String {
        let name = variable.trim_start_matches('_');
        if name.is_empty() || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            self.leave(pointer, format!("'{variable}' can't be a parameter's name; nothing stands there now"));
            return String::new();
        }
        let known = self.params.entry(name.to_owned()).or_insert_with(|| default.clone());
        // Somewhere it has a default, so that it need not be given; where it has none, nothing is no default.
        let better = match (&*known, &default) {
            (Some(known), None) => known.is_empty(),
            (_, Some(default)) => known.as_ref().is_none_or(String::is_empty) && !default.is_empty(),
            (None, None) => false,
        };
        if better {
            *known = default;
        }
        format!("${{param.{name}}}")
    }

    /// The parameters as a file has them.
    pub fn params(&self) -> Value {
        let param = |default: &Option<String>| default.as_ref().map_or_else(|| json!({}), |default| json!({ "default": default }));
        Value::Object(self.params.iter().map(|(name, default)| (name.clone(), param(default))).collect())
    }
}

/// A text split where compose fills variables in: `$NAME`, `${NAME}`, `${NAME:-text}`; `$$` is a dollar.
fn pieces(text: &str) -> Vec<Piece> {
    let mut all = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let bare = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
        if let Some(after) = rest.strip_prefix('$') {
            plain.push('$');
            rest = after;
        } else if let Some((inner, after)) = rest.strip_prefix('{').and_then(braced) {
            all.push(Piece::Plain(std::mem::take(&mut plain)));
            all.push(variable(inner));
            rest = after;
        } else if bare > 0 && !rest.starts_with(|c: char| c.is_ascii_digit()) {
            all.push(Piece::Plain(std::mem::take(&mut plain)));
            all.push(Piece::Variable(rest[..bare].to_owned(), None));
            rest = &rest[bare..];
        } else {
            plain.push('$');
        }
    }
    plain.push_str(rest);
    all.push(Piece::Plain(plain));
    all
}

/// What stands before the brace that closes, others inside counted, and what comes after.
fn braced(text: &str) -> Option<(&str, &str)> {
    let mut open = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => open += 1,
            '}' if open == 0 => return Some((&text[..at], &text[at + 1..])),
            '}' => open -= 1,
            _ => {}
        }
    }
    None
}

fn variable(inner: &str) -> Piece {
    let end = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inner.len());
    let (name, after) = inner.split_at(end);
    let after = after.strip_prefix(':').unwrap_or(after);
    let kind = match after.chars().next() {
        Some('-') => Kind::Instead,
        Some('?') => Kind::Why,
        Some('+') => Kind::Alternative,
        _ => return if end == 0 { Piece::Plain(format!("${{{inner}}}")) } else { Piece::Variable(name.to_owned(), None) },
    };
    Piece::Variable(name.to_owned(), Some((kind, after[1..].to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_stay_references_where_those_are_taken_and_become_parameters_elsewhere() {
        let mut carry = Carry::default();
        assert_eq!(carry.referring("", "a ${B:-c} $D ${E?} $$F $${G}"), "a ${B:-c} ${D} ${E:?it has to be set} $F $${G}");
        assert_eq!(carry.text("", "img:${TAG:-1.${MINOR:-2}}-$REST"), "img:${param.TAG}-${param.REST}");
        assert_eq!(carry.params["TAG"].as_deref(), Some("1.${param.MINOR}"));
        assert_eq!(carry.fixed("/x", "${N:-3}").as_deref(), Some("3"));
        assert_eq!(carry.text("/y", "${A:+b}c"), "c");
        assert_eq!(carry.left.len(), 2);
    }
}
