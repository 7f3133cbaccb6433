//! The words of a text, for its colours: keywords, texts, comments, numbers. Not a parser: the server checks.
use std::collections::BTreeSet;
use std::ops::Range;

/// Words of the language.
pub const WORDS: [&str; 22] = [
    "and", "break", "continue", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local", "nil", "not", "or", "repeat", "return", "then",
    "true", "until", "while",
];
/// Methods and functions before which a run can pause: those that ask the server for something.
const METHODS: [&str; 29] = [
    "close",
    "exec",
    "expect",
    "expect_eof",
    "expect_new",
    "expect_not",
    "expect_screen",
    "expect_stable",
    "hand_over",
    "info",
    "list",
    "logs",
    "main",
    "open",
    "paste",
    "press",
    "read",
    "remove",
    "resize",
    "restart",
    "run",
    "send",
    "send_line",
    "sh",
    "start",
    "state",
    "stop",
    "wait_prompt",
    "write",
];
const FUNCTIONS: [&str; 4] = ["container", "containers", "launch", "secret"];

/// What a piece of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// A word of the language.
    Word,
    /// A name.
    Name,
    /// A text.
    Text,
    /// A comment.
    Comment,
    /// A number.
    Number,
    /// Anything else but blanks.
    Sign,
}

/// A language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Of scripts.
    Luau,
    /// Of documents, with comments.
    Json,
}

/// The pieces of a text, each with its bytes; blanks are left out.
#[must_use]
pub fn tokens(source: &str, language: Language) -> Vec<(Token, Range<usize>)> {
    let luau = language == Language::Luau;
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = source[at..].chars().next() {
        let rest = &source[at..];
        let word = |known: fn(char) -> bool| rest.find(|c: char| !known(c)).unwrap_or(rest.len());
        let line = || rest.find('\n').unwrap_or(rest.len());
        let (token, length) = match first {
            _ if luau && rest.starts_with("--") => (Some(Token::Comment), bracket(&rest[2..]).map_or_else(line, |length| length + 2)),
            _ if !luau && rest.starts_with("//") => (Some(Token::Comment), line()),
            _ if !luau && rest.starts_with("/*") => (Some(Token::Comment), rest.find("*/").map_or(rest.len(), |end| end + 2)),
            '[' if luau && bracket(rest).is_some() => (Some(Token::Text), bracket(rest).unwrap_or(1)),
            '"' => (Some(Token::Text), quoted(rest)),
            '\'' | '`' if luau => (Some(Token::Text), quoted(rest)),
            c if c.is_ascii_digit() => (Some(Token::Number), word(|c| c.is_ascii_alphanumeric() || c == '.' || c == '_')),
            c if c.is_alphabetic() || c == '_' => {
                let length = word(|c| c.is_alphanumeric() || c == '_');
                let own = if luau { WORDS.contains(&&rest[..length]) } else { matches!(&rest[..length], "true" | "false" | "null") };
                (Some(if own { Token::Word } else { Token::Name }), length)
            }
            c if c.is_whitespace() => (None, c.len_utf8()),
            c => (Some(Token::Sign), c.len_utf8()),
        };
        if let Some(token) = token {
            tokens.push((token, at..at + length));
        }
        at += length;
    }
    tokens
}

/// The length of `[[ … ]]` or `[=[ … ]=]` at the beginning; none where there is none.
fn bracket(text: &str) -> Option<usize> {
    let level = text.strip_prefix('[')?.bytes().take_while(|byte| *byte == b'=').count();
    text[1 + level..].strip_prefix('[')?;
    let end = format!("]{}]", "=".repeat(level));
    Some(text.find(&end).map_or(text.len(), |at| at + end.len()))
}

/// The length of a text in quotes at the beginning; one that is not ended ends with its line.
fn quoted(text: &str) -> usize {
    let quote = text.as_bytes().first().copied().unwrap_or(b'"');
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            byte if byte == quote => return at + 1,
            b'\n' if quote != b'`' => return at,
            _ => {}
        }
    }
    text.len()
}

/// Rows of a script, from 0, on which a run can pause.
#[must_use]
pub fn stops(source: &str) -> BTreeSet<usize> {
    let all = tokens(source, Language::Luau);
    let all: Vec<_> = all.into_iter().filter(|(token, _)| *token != Token::Comment).collect();
    let text = |at: Option<usize>| at.and_then(|at| all.get(at)).map_or("", |(_, range)| &source[range.clone()]);
    let mut rows = BTreeSet::new();
    for (index, (token, range)) in all.iter().enumerate() {
        let (before, name, after) = (text(index.checked_sub(1)), &source[range.clone()], text(Some(index + 1)));
        let called = after.starts_with(['(', '{', '"', '\'', '[', '`']);
        let stops = if before == ":" { METHODS.contains(&name) } else { before != "." && before != "function" && FUNCTIONS.contains(&name) };
        if *token == Token::Name && called && stops {
            rows.insert(source[..range.start].matches('\n').count());
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(source: &str, language: Language) -> Vec<(Token, &str)> {
        tokens(source, language).into_iter().map(|(token, range)| (token, &source[range])).collect()
    }

    #[test]
    fn words_texts_and_comments_are_told_apart() {
        use Token as T;
        assert_eq!(
            told("local é = 'a\\'b' -- end\n--[[ x\n]] 1.5", Language::Luau),
            [(T::Word, "local"), (T::Name, "é"), (T::Sign, "="), (T::Text, "'a\\'b'"), (T::Comment, "-- end"), (T::Comment, "--[[ x\n]]"), (T::Number, "1.5")]
        );
        assert_eq!(told("[==[ ]] ]==]", Language::Luau), [(T::Text, "[==[ ]] ]==]")]);
        assert_eq!(told("{\"a\": true} // x", Language::Json)[1..4], [(T::Text, "\"a\""), (T::Sign, ":"), (T::Word, "true")]);
        for source in ["\"", "[[", "--[==[", "'\\", "`", "/*", "é\u{301}", "[="] {
            told(source, Language::Luau);
            told(source, Language::Json);
        }
    }

    #[test]
    fn a_run_pauses_where_the_script_asks_for_something() {
        let source = "local box = launch(\"shell\")\nlocal term = box\n\t:open()\nlog(\"term:run()\") -- term:run()\nterm.run = 1\nterm:run \"ls\"\nlocal function launch() end";
        assert_eq!(stops(source), BTreeSet::from([0, 2, 5]));
    }
}
