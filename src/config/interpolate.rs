//! `${…}` in texts: which pieces a text has, and what variables and files are referred to in it.
use std::io::Read;
use std::path::Path;

/// A file that a text refers to may have so many bytes.
const MOST_BYTES: u64 = 64 << 10;

/// One piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// As it is.
    Plain(&'a str),
    /// What stands between `${` and `}`.
    Reference(&'a str),
    /// From a `${` that is never closed to the end.
    Unclosed(&'a str),
}

/// The pieces of a text. `$${` stands for `${`.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut result = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, after) = rest.split_at(at);
        if let Some(before) = before.strip_suffix('$') {
            result.extend([Piece::Plain(before), Piece::Plain("${")]);
            rest = &after[2..];
            continue;
        }
        result.push(Piece::Plain(before));
        let Some((inner, behind)) = after[2..].split_once('}') else {
            result.push(Piece::Unclosed(after));
            return result;
        };
        result.push(Piece::Reference(inner));
        rest = behind;
    }
    result.push(Piece::Plain(rest));
    result
}

/// Something outside of the text that a reference leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside<'a> {
    /// `${file:PATH}`: the content of a file, without the line break at its end.
    File(&'a str),
    /// `${NAME}`, `${NAME:-instead}`, `${NAME:?why}`: a variable of the environment.
    Variable(&'a str, Otherwise<'a>),
}

/// What holds where a variable is not set or empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Otherwise<'a> {
    /// It must be set.
    Nothing,
    /// This is taken.
    Instead(&'a str),
    /// It must be set and not empty, for this reason.
    Why(&'a str),
}

/// What is referred to; none for what is not ours to understand.
pub fn outside(inner: &str) -> Option<Outside<'_>> {
    if let Some(path) = inner.strip_prefix("file:") {
        return Some(Outside::File(path));
    }
    let is_name =
        |name: &str| name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let (name, otherwise) = match inner.split_once(':') {
        None => (inner, Otherwise::Nothing),
        Some((name, rest)) => match (rest.strip_prefix('-'), rest.strip_prefix('?')) {
            (Some(instead), _) => (name, Otherwise::Instead(instead)),
            (_, Some(why)) => (name, Otherwise::Why(why)),
            _ => return None,
        },
    };
    is_name(name).then_some(Outside::Variable(name, otherwise))
}

impl Outside<'_> {
    /// The text that stands there; `folder` is where paths of files start from.
    ///
    /// # Errors
    /// With a sentence for people, which never has the content of a file in it.
    pub fn text(self, variable: &dyn Fn(&str) -> Option<String>, folder: &Path) -> Result<String, String> {
        match self {
            Self::File(path) => content(&folder.join(path)),
            Self::Variable(name, otherwise) => match (variable(name), otherwise) {
                (Some(value), Otherwise::Nothing) => Ok(value),
                (Some(value), _) if !value.is_empty() => Ok(value),
                (_, Otherwise::Instead(instead)) => Ok(instead.to_owned()),
                (_, Otherwise::Why(why)) if !why.is_empty() => Err(format!("the variable '{name}' is not set: {why}")),
                _ => Err(format!("the variable '{name}' is not set; set it, or write '${{{name}:-…}}' with what is to be taken instead")),
            },
        }
    }
}

/// The text of a file that is referred to.
fn content(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let facts = path.metadata().map_err(|error| format!("the file '{shown}' cannot be read: {error}"))?;
    if !facts.is_file() {
        return Err(format!("'{shown}' is not a file"));
    }
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes));
    read.map_err(|error| format!("the file '{shown}' cannot be read: {error}"))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("the file '{shown}' is larger than 64 KiB"));
    }
    let text = String::from_utf8(bytes).map_err(|_| format!("the file '{shown}' is not UTF-8 text"))?;
    Ok(text.strip_suffix('\n').map(|text| text.strip_suffix('\r').unwrap_or(text)).unwrap_or(&text).to_owned())
}

/// A text with an address in it, without the password that the address may have.
#[must_use]
pub fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let Some((who, host)) = rest.rsplit_once('@') else { return text.to_owned() };
    match who.split_once(':') {
        Some((user, _)) => format!("{scheme}://{user}:***@{host}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_plain_pieces_and_references() {
        use Piece::{Plain, Reference, Unclosed};
        assert_eq!(pieces("a${B}c$${D}"), [Plain("a"), Reference("B"), Plain("c"), Plain("${"), Plain("D}")]);
        assert_eq!(pieces("a${B"), [Plain("a"), Unclosed("${B")]);
    }

    #[test]
    fn references_are_read_as_a_shell_reads_them() {
        assert_eq!(outside("A_1"), Some(Outside::Variable("A_1", Otherwise::Nothing)));
        assert_eq!(outside("A:-b:c"), Some(Outside::Variable("A", Otherwise::Instead("b:c"))));
        assert_eq!(outside("A:?set it"), Some(Outside::Variable("A", Otherwise::Why("set it"))));
        assert_eq!(outside("file:./x"), Some(Outside::File("./x")));
        for other in ["1A", "a b", "A:b", "param.x", "#A", "A%x", ""] {
            assert_eq!(outside(other), None, "{other}");
        }
    }

    #[test]
    fn the_password_of_an_address_is_not_shown() {
        assert_eq!(without_password("postgres://ann:a@b@db/cto"), "postgres://ann:***@db/cto");
        assert_eq!(without_password("postgres://db/cto"), "postgres://db/cto");
        assert_eq!(without_password("sqlite:/srv/x"), "sqlite:/srv/x");
    }
}
