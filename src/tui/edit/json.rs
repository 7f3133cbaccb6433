//! JSON with comments, as people edit it: read, and what is wrong in it told with its place.
use crate::config;
use crate::model::Place;
use serde::de::DeserializeOwned;

/// What a text says.
///
/// # Errors
/// With the first place that can't be right.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, Place> {
    if let Some(place) = config::json_mistake("", text) {
        return Err(place);
    }
    serde_json::from_str(&blanked(text)).map_err(|error| {
        let words = error.to_string();
        let detail = words.rsplit_once(" at line ").map_or(words.as_str(), |(detail, _)| detail).to_owned();
        // Where a part was looked at as a whole, the reader has forgotten where in it the mistake is.
        let (line, column) = named(&detail).and_then(|name| find(text, name)).unwrap_or((error.line(), error.column()));
        let number = |number: usize| u32::try_from(number.max(1)).ok();
        Place { line: number(line), column: number(column), detail: detail.replace('`', "'"), ..Place::default() }
    })
}

/// What is not known there: the first word in backticks of such a message.
fn named(detail: &str) -> Option<&str> {
    let rest = ["unknown field `", "unknown variant `", "duplicate field `"].iter().find_map(|begin| detail.strip_prefix(begin))?;
    rest.split('`').next()
}

/// Line and column of a text in quotes, from 1.
fn find(text: &str, name: &str) -> Option<(usize, usize)> {
    let wanted = format!("\"{name}\"");
    let blanked = blanked(text);
    blanked.lines().enumerate().find_map(|(row, line)| line.find(&wanted).map(|at| (row + 1, line[..at].chars().count() + 1)))
}

/// The same text with blanks for comments and for commas before the end of a list: all else stays in its place.
fn blanked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let mut quoted = false;
    let mut comma = None;
    while let Some(c) = rest.next() {
        match c {
            '\\' if quoted => {
                out.push(c);
                out.extend(rest.next());
                continue;
            }
            '"' => quoted = !quoted,
            '/' if !quoted && rest.peek() == Some(&'/') => {
                out.push(' ');
                while let Some(c) = rest.next_if(|c| *c != '\n') {
                    out.extend(std::iter::repeat_n(' ', c.len_utf8()));
                }
                continue;
            }
            '/' if !quoted && rest.peek() == Some(&'*') => {
                let mut before = ' ';
                out.push(' ');
                for c in rest.by_ref() {
                    out.push(if c == '\n' { c } else { ' ' });
                    if (before, c) == ('*', '/') {
                        break;
                    }
                    before = c;
                }
                continue;
            }
            _ => {}
        }
        match c {
            ',' if !quoted => comma = Some(out.len()),
            ']' | '}' if !quoted => {
                if let Some(at) = comma.take() {
                    out.replace_range(at..=at, " ");
                }
            }
            c if c.is_whitespace() && !quoted => {}
            _ => comma = None,
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SaveTrigger;

    #[test]
    fn mistakes_are_told_where_they_are() {
        let told = |text: &str| read::<SaveTrigger>(text).map_err(|place| (place.line.unwrap(), place.column.unwrap(), place.detail)).unwrap_err();
        let text = "{\n  // \"matchs\"\n  \"when\": {\"event\": \"log\",\n    \"matchs\": \"x\"},\n  \"run\": {\"script\": \"a\",},\n}";
        let (line, column, detail) = told(text);
        assert_eq!((line, column), (4, 5), "{detail}");
        assert!(detail.starts_with("unknown field 'matchs'"), "{detail}");
        assert_eq!(told("{\n  \"when\" 1\n}").0, 2);
        let (line, _, detail) = told("{\n  \"when\": {\"event\": \"hook\"}\n}");
        assert_eq!((line, detail.as_str()), (3, "missing field 'run'"));
    }

    #[test]
    fn comments_and_last_commas_become_blanks_and_texts_stay() {
        let text = "{\"a\": \"//no, \\\" /* */\", /* é\n */ \"b\": [1, 2, ], // x\n}";
        let plain = blanked(text);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&plain).unwrap(), serde_json::json!({"a": "//no, \" /* */", "b": [1, 2]}));
        assert_eq!(plain.lines().count(), text.lines().count());
    }
}
