//! What a script waits for in a session's output, and where it is found.
use regex::bytes::Regex;
use regex::bytes::RegexBuilder;

/// Bytes that a compiled regular expression may have.
const REGEX_BYTES: usize = 4 << 20;

/// One thing that may come.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// These bytes.
    Literal(Vec<u8>),
    /// What fits a regular expression.
    Regex(Regex),
    /// The end of the output.
    End,
    /// Nothing else in time.
    Timeout,
}

/// A group of a regular expression: its name, and its first byte and the one after its last; none where it took no part.
pub(super) type Group = (Option<String>, Option<(usize, usize)>);

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Which pattern, from 0.
    pub index: usize,
    /// Its first byte and the one after its last, in what was searched.
    pub start: usize,
    pub end: usize,
    /// The groups of a regular expression, with their names.
    pub groups: Vec<Group>,
}

impl Pattern {
    /// A regular expression: `.` fits line ends too, as output has them anywhere; `(?-s)` changes that.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn regex(text: &str) -> Result<Self, String> {
        let built = RegexBuilder::new(text).dot_matches_new_line(true).size_limit(REGEX_BYTES).dfa_size_limit(REGEX_BYTES).build();
        built.map(Self::Regex).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => format!("the regular expression '{text}' is too large"),
            regex::Error::Syntax(words) => {
                let last = words.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                format!("'{text}' is no regular expression: {last}")
            }
            other => format!("'{text}' is no regular expression: {other}"),
        })
    }

    /// How messages show it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Literal(bytes) => format!("'{}'", shown(bytes)),
            Self::Regex(regex) => format!("/{regex}/"),
            Self::End => "the end of the output".to_owned(),
            Self::Timeout => "nothing".to_owned(),
        }
    }

    /// A match can't be longer than that: none where it can.
    fn longest(&self) -> Option<usize> {
        match self {
            Self::Literal(bytes) => Some(bytes.len()),
            Self::Regex(_) => None,
            Self::End | Self::Timeout => Some(0),
        }
    }
}

/// Bytes as one line of text, with controls made visible.
pub(super) fn shown(bytes: &[u8]) -> String {
    let mut line = String::new();
    for c in String::from_utf8_lossy(bytes).chars() {
        match c {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            '\u{1b}' => line.push_str("\\e"),
            c if c.is_control() => line.push_str(&format!("\\x{:02x}", c as u32)),
            c => line.push(c),
        }
    }
    line
}

/// Several patterns, searched together: the first match in the output counts, and of several at one place that of the first pattern.
#[derive(Clone, Debug, Default)]
pub(super) struct Patterns(pub Vec<Pattern>);

impl Patterns {
    /// Looks at `text` from `from` on; what is before was looked at already, with less after it.
    ///
    /// Literals that can't begin before `from` minus their length are not looked for there again. A regular expression is: more output may make a
    /// longer match, or the only one; of what was looked at already at most `window` bytes are looked at again.
    pub(super) fn find(&self, text: &[u8], from: usize, window: usize) -> Option<Found> {
        let mut best: Option<Found> = None;
        for (index, pattern) in self.0.iter().enumerate() {
            let again = pattern.longest().map_or(window, |longest| longest.saturating_sub(1).min(window));
            let start = from.saturating_sub(again);
            let part = &text[start..];
            let found = match pattern {
                Pattern::Literal(bytes) => {
                    memchr::memmem::find(part, bytes).map(|at| Found { index, start: start + at, end: start + at + bytes.len(), groups: Vec::new() })
                }
                Pattern::Regex(regex) => of_regex(regex, text, start, index, best.as_ref().map(|best| best.start)),
                Pattern::End | Pattern::Timeout => None,
            };
            if let Some(found) = found
                && best.as_ref().is_none_or(|best| found.start < best.start)
            {
                best = Some(found);
            }
        }
        best
    }

    /// The place of the pattern that means the end of the output.
    pub(super) fn end(&self) -> Option<usize> {
        self.0.iter().position(|pattern| matches!(pattern, Pattern::End))
    }

    /// The place of the pattern that means that nothing came in time.
    pub(super) fn timeout(&self) -> Option<usize> {
        self.0.iter().position(|pattern| matches!(pattern, Pattern::Timeout))
    }

    /// How messages show them.
    pub(super) fn shown(&self) -> String {
        let all: Vec<String> = self.0.iter().filter(|pattern| !matches!(pattern, Pattern::Timeout)).map(Pattern::shown).collect();
        all.join(" or ")
    }
}

fn of_regex(regex: &Regex, text: &[u8], start: usize, index: usize, before: Option<usize>) -> Option<Found> {
    // Looking for a match alone is much faster than looking for groups.
    let found = regex.find_at(text, start)?;
    if before.is_some_and(|before| found.start() >= before) {
        return None;
    }
    let groups = match regex.captures_len() {
        1 => Vec::new(),
        _ => {
            let captures = regex.captures_at(text, found.start())?;
            let names = regex.capture_names().skip(1);
            names.zip(captures.iter().skip(1)).map(|(name, group)| (name.map(str::to_owned), group.map(|group| (group.start(), group.end())))).collect()
        }
    };
    Some(Found { index, start: found.start(), end: found.end(), groups })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Pattern {
        Pattern::Literal(text.into())
    }

    fn find(patterns: &[Pattern], text: &str) -> Option<(usize, String)> {
        let found = Patterns(patterns.to_vec()).find(text.as_bytes(), 0, usize::MAX)?;
        Some((found.index, text[found.start..found.end].to_owned()))
    }

    #[test]
    fn the_first_match_in_the_output_counts_and_then_the_first_pattern() {
        let regex = |text| Pattern::regex(text).unwrap();
        assert_eq!(find(&[literal("world"), literal("hello")], "hello world"), Some((1, "hello".to_owned())));
        assert_eq!(find(&[literal("foo"), literal("foobar")], "foobar"), Some((0, "foo".to_owned())));
        assert_eq!(find(&[literal("foobar"), literal("foo")], "foobar"), Some((0, "foobar".to_owned())));
        assert_eq!(find(&[regex("b+"), regex("ab*")], "aabb"), Some((1, "a".to_owned())));
        assert_eq!(find(&[regex("a(?P<x>b)(c)?")], "ab"), Some((0, "ab".to_owned())));
        let found = Patterns(vec![regex("a(?P<x>b)(c)?")]).find(b"-ab", 0, 0).unwrap();
        assert_eq!(found.groups, [(Some("x".to_owned()), Some((2, 3))), (None, None)]);
    }

    #[test]
    fn what_came_in_pieces_is_found() {
        let text = b"....MAR";
        let whole = b"....MARKER";
        let patterns = Patterns(vec![literal("MARKER")]);
        assert_eq!(patterns.find(text, 0, usize::MAX), None);
        assert_eq!(patterns.find(whole, text.len(), usize::MAX).map(|found| found.start), Some(4));
        assert!(Pattern::regex("(").unwrap_err().contains("unclosed group"));
    }
}
