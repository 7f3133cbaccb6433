//! The names in a script: those that it declares, and those that nothing declares.
//!
//! Not a parser of Luau, which the machine has: a reader of its words, so that a mistyped name is found before the script runs into it. A name that is
//! declared anywhere in the script counts as known everywhere.
use crate::config::did_you_mean;
use crate::model::Place;
use std::collections::BTreeSet;

/// What scripts can call and read.
const GLOBALS: &[&str] = &[
    "EOF",
    "TIMEOUT",
    "params",
    "resumed",
    "owner",
    "run_id",
    "dry",
    "script",
    "launch",
    "container",
    "containers",
    "regex",
    "log",
    "print",
    "sleep",
    "now",
    "progress",
    "report",
    "secret",
    "checkpoint",
    "step",
    "try",
    "retry",
    "parallel",
    "fail",
    "plain",
    "lines",
    "table_of",
    "check",
    "json",
    "matchers",
    // Luau's own.
    "assert",
    "error",
    "getmetatable",
    "setmetatable",
    "ipairs",
    "pairs",
    "next",
    "pcall",
    "xpcall",
    "rawequal",
    "rawget",
    "rawlen",
    "rawset",
    "select",
    "tonumber",
    "tostring",
    "type",
    "typeof",
    "unpack",
    "table",
    "string",
    "math",
    "bit32",
    "utf8",
    "buffer",
    "vector",
    "_G",
];
/// What is called with `:` of sessions, containers, screens and strings.
const METHODS: &[&str] = &[
    "send",
    "send_line",
    "press",
    "paste",
    "resize",
    "close",
    "expect",
    "expect_new",
    "expect_not",
    "expect_eof",
    "expect_screen",
    "expect_stable",
    "wait_prompt",
    "set_prompt",
    "run",
    "read",
    "hand_over",
    "screen",
    "text",
    "row",
    "region",
    "cell",
    "cursor",
    "size",
    "title",
    "alternate",
    "find",
    "snapshot",
    "exec",
    "sh",
    "open",
    "main",
    "state",
    "info",
    "logs",
    "write",
    "list",
    "start",
    "stop",
    "restart",
    "remove",
    // Strings'.
    "byte",
    "format",
    "gmatch",
    "gsub",
    "len",
    "lower",
    "match",
    "rep",
    "reverse",
    "split",
    "sub",
    "upper",
    "pack",
    "packsize",
    "unpack",
];
/// Words of the language; `type`, `continue`, `export` are names elsewhere.
const WORDS: &[&str] = &[
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "if", "in", "local", "nil", "not", "or", "repeat", "return", "then", "true",
    "until", "while", "continue", "export", "self", "const",
];

/// A word or sign of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Token<'a> {
    text: &'a str,
    line: u32,
    column: u32,
}

/// The names that nothing declares, each where it stands first.
pub(super) fn unknown(source: &str) -> Vec<Place> {
    let tokens = tokens(source);
    let known = declared(&tokens);
    let mut told = BTreeSet::new();
    let mut places = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if !is_name(token.text) || WORDS.contains(&token.text) {
            continue;
        }
        let text = |at: Option<usize>| at.and_then(|at| tokens.get(at)).map_or("", |token| token.text);
        let (before, after) = (text(index.checked_sub(1)), text(Some(index + 1)));
        let calls = matches!(after, "(" | "{") || after.starts_with(['"', '\'', '[', '`']);
        let detail = match before {
            "." | "::" | "->" | "goto" => continue,
            ":" if after == "(" => match METHODS.contains(&token.text) || known.contains(token.text) {
                true => continue,
                false => format!("nothing has a method '{}'{}", token.text, did_you_mean(token.text, METHODS.iter().copied())),
            },
            // Types.
            ":" => continue,
            // A field of a table, or a global that is set.
            _ if after == "=" => continue,
            // A field of a type.
            _ if after == ":" && text(Some(index + 3)) != "(" => continue,
            _ if GLOBALS.contains(&token.text) || known.contains(token.text) => continue,
            _ => {
                let verb = if calls { "nothing that can be called is named" } else { "nothing is named" };
                format!("{verb} '{}'{}", token.text, did_you_mean(token.text, GLOBALS.iter().copied().chain(known.iter().copied())))
            }
        };
        if told.insert(token.text) {
            places.push(Place { line: Some(token.line), column: Some(token.column), detail, ..Place::default() });
        }
    }
    places
}

/// Names after `local`, of functions and their parameters, of loops, of types, and globals that are set.
fn declared<'a>(tokens: &[Token<'a>]) -> BTreeSet<&'a str> {
    let mut known = BTreeSet::new();
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
    for (index, token) in tokens.iter().enumerate() {
        match token.text {
            "local" | "for" | "const" => {
                let mut at = index + 1;
                while at < tokens.len() && !matches!(text(at), "=" | "in" | "function") && tokens[at].line <= token.line + 2 {
                    if is_name(text(at)) {
                        known.insert(tokens[at].text);
                    }
                    if WORDS.contains(&text(at)) {
                        break;
                    }
                    at += 1;
                }
            }
            "function" => {
                let mut at = index + 1;
                while at < tokens.len() && text(at) != "(" {
                    if is_name(text(at)) {
                        known.insert(tokens[at].text);
                    }
                    at += 1;
                }
                let mut depth = 0;
                while at < tokens.len() {
                    match text(at) {
                        "(" => depth += 1,
                        ")" => depth -= 1,
                        name if is_name(name) => drop(known.insert(tokens[at].text)),
                        _ => {}
                    }
                    at += 1;
                    if depth == 0 {
                        break;
                    }
                }
            }
            "type" => {
                known.insert(text(index + 1));
            }
            "=" if index > 0 && is_name(text(index - 1)) => drop(known.insert(tokens[index - 1].text)),
            _ => {}
        }
    }
    known
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// Words, signs and texts of a script, without comments. What is in a text counts as one sign.
fn tokens(source: &str) -> Vec<Token<'_>> {
    let bytes = source.as_bytes();
    let (mut at, mut line, mut start) = (0, 1, 0);
    let mut tokens = Vec::new();
    while at < bytes.len() {
        let from = at;
        let rest = &source[at..];
        let comment = rest.starts_with("--");
        let long = long_bracket(if comment { &rest[2..] } else { rest });
        at += match (comment, long) {
            (true, Some(length)) => 2 + length,
            (true, None) => rest.find('\n').unwrap_or(rest.len()),
            (false, Some(length)) => length,
            (false, None) => match bytes[at] {
                b'"' | b'\'' | b'`' => quoted(rest),
                byte if byte.is_ascii_alphabetic() || byte == b'_' => rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len()),
                byte if byte.is_ascii_digit() => rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '_').unwrap_or(rest.len()),
                _ => [("..=", 3), ("==", 2), ("~=", 2), ("<=", 2), (">=", 2), ("::", 2), ("->", 2), ("..", 2)]
                    .iter()
                    .find(|(sign, _)| rest.starts_with(sign))
                    .map_or_else(|| rest.chars().next().map_or(1, char::len_utf8), |(_, length)| *length),
            },
        };
        let text = &source[from..at];
        if !comment && !text.trim().is_empty() {
            let column = u32::try_from(source[start..from].chars().count()).unwrap_or(u32::MAX - 1) + 1;
            tokens.push(Token { text, line, column });
        }
        if let Some(last) = text.rfind('\n') {
            line += u32::try_from(text.matches('\n').count()).unwrap_or(0);
            start = from + last + 1;
        }
    }
    tokens
}

/// The length of `[[ … ]]` or `[=[ … ]=]` at the beginning; none where there is none.
fn long_bracket(text: &str) -> Option<usize> {
    let level = text.strip_prefix('[')?.bytes().take_while(|byte| *byte == b'=').count();
    text[1 + level..].strip_prefix('[')?;
    let end = format!("]{}]", "=".repeat(level));
    Some(text.find(&end).map_or(text.len(), |at| at + end.len()))
}

/// The length of a text in quotes at the beginning.
fn quoted(text: &str) -> usize {
    let quote = text.as_bytes()[0];
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            byte if byte == quote => return at + 1,
            // An unfinished one is told by the machine.
            b'\n' if quote != b'`' => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(source: &str) -> Vec<String> {
        unknown(source).into_iter().map(|place| format!("{}:{} {}", place.line.unwrap(), place.column.unwrap(), place.detail)).collect()
    }

    #[test]
    fn mistyped_names_are_found_where_they_stand() {
        assert_eq!(
            told("local box = lanch(\"x\")\nbox:expct(\"y\")\nlog(bx.name)"),
            [
                "1:13 nothing that can be called is named 'lanch'; did you mean 'launch'?",
                "2:5 nothing has a method 'expct'; did you mean 'expect'?",
                "3:5 nothing is named 'bx'; did you mean 'box'?",
            ]
        );
    }

    #[test]
    fn what_is_declared_in_any_way_is_known() {
        let source = r#"
            -- lanch in a comment, and "bx"
            --[[ lanch ]]
            type Row = { name: string, count: number? }
            local a, b: number = 1, 2
            for index, value in { x = a, ["y"] = b } do log(index, value, `lanch {a}`) end
            for n = 1, 3 do log(n) end
            local function f(first: string, ...) return first, ... end
            function g(second) return f(second) end
            done = true
            local t = { lanch = 1, f = function(inner) return inner end }
            log(t.lanch, done, g("lanch"), [[ lanch ]], string.format("%d", 1), ("x"):upper())
            t:f()
        "#;
        assert_eq!(told(source), Vec::<String>::new());
    }

    #[test]
    fn what_is_unfinished_or_odd_ends() {
        for source in ["\"", "[[", "--[==[", "`{", "'\\", "local", "function", "function f(", "é", "a.", ":", "type"] {
            unknown(source);
        }
    }
}
