//! How grave a line of a log is, by the words in it.

/// How grave a line is; a later one is graver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// Nothing says so.
    Unknown,
    /// For those who look for a fault step by step.
    Trace,
    /// For those who look for a fault.
    Debug,
    /// Good to know.
    Info,
    /// Look here.
    Warn,
    /// Did not work.
    Error,
    /// No line of the container's: what happened to it.
    Marker,
    /// The same, and no good news.
    BadMarker,
}

/// Bytes of a line that are looked at.
const LOOKED_AT: usize = 400;
/// Words that tell the level, in small letters.
const WORDS: [(&str, Level); 22] = [
    ("error", Level::Error),
    ("err", Level::Error),
    ("erro", Level::Error),
    ("fatal", Level::Error),
    ("panic", Level::Error),
    ("critical", Level::Error),
    ("crit", Level::Error),
    ("severe", Level::Error),
    ("alert", Level::Error),
    ("emerg", Level::Error),
    ("exception", Level::Error),
    ("warning", Level::Warn),
    ("warn", Level::Warn),
    ("info", Level::Info),
    ("notice", Level::Info),
    ("log", Level::Info),
    ("debug", Level::Debug),
    ("dbg", Level::Debug),
    ("trace", Level::Trace),
    ("verbose", Level::Debug),
    ("failed", Level::Error),
    ("failure", Level::Error),
];

impl Level {
    /// The levels that a view can be narrowed to, the least grave first.
    pub const CHOICES: [Self; 4] = [Self::Debug, Self::Info, Self::Warn, Self::Error];

    /// Of a line: the first word that tells one.
    #[must_use]
    pub fn of(line: &str) -> Self {
        let bytes = &line.as_bytes()[..line.len().min(LOOKED_AT)];
        let mut start = 0;
        for at in 0..=bytes.len() {
            if at < bytes.len() && bytes[at].is_ascii_alphabetic() {
                continue;
            }
            let word = &bytes[start..at];
            // `[31merror` is a colour and the word.
            let word = if word.first() == Some(&b'm') && start > 0 && bytes[start - 1].is_ascii_digit() { &word[1..] } else { word };
            start = at + 1;
            // "log: " is PostgreSQL's; in other places the word says nothing.
            if (3..=9).contains(&word.len())
                && let Some((name, level)) = WORDS.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word))
                && (*name != "log" || (word == b"LOG" && bytes.get(at) == Some(&b':')))
            {
                return *level;
            }
        }
        Self::Unknown
    }

    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "all",
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Marker | Self::BadMarker => "events",
        }
    }

    /// Whether it is what happened to a container instead of what it said.
    #[must_use]
    pub fn is_marker(self) -> bool {
        self >= Self::Marker
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_telling_word_decides() {
        let cases = [
            ("2026-01-02 ERROR could not connect", Level::Error),
            ("{\"level\":\"warn\",\"msg\":\"error rate high\"}", Level::Warn),
            ("\u{1b}[31merror\u{1b}[0m: no such file", Level::Error),
            ("INFO:root:started", Level::Info),
            ("LOG:  database system is ready", Level::Info),
            ("the log is full of terror and information", Level::Unknown),
            ("", Level::Unknown),
        ];
        for (line, level) in cases {
            assert_eq!(Level::of(line), level, "{line}");
        }
    }
}
