//! Which lines of a log show, found in slices so that nobody waits for it.
use super::level::Level;
use super::store::Line;
use super::store::LogStore;
use super::store::plain_into;
use regex::Regex;
use regex::RegexBuilder;
use std::collections::VecDeque;

/// Memory that an expression may take when it is compiled, in bytes.
const LARGEST: usize = 1 << 20;

/// Work that is done at once: a few milliseconds of it.
#[derive(Clone, Copy, Debug)]
pub struct Slice {
    /// Lines that may still be looked at.
    pub lines: usize,
    /// Bytes of them.
    pub bytes: usize,
}

impl Default for Slice {
    fn default() -> Self {
        Self { lines: 20_000, bytes: 2 << 20 }
    }
}

impl Slice {
    fn take(&mut self, text: &str) {
        self.lines = self.lines.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(text.len());
    }

    /// Whether there is something left of it.
    #[must_use]
    pub fn is_left(&self) -> bool {
        self.lines > 0 && self.bytes > 0
    }
}

/// A text or an expression to look for: `text`, `/expression`, `!` in front for the lines without it.
///
/// Small letters stand for large ones too.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// As it was typed.
    pub text: String,
    /// What is looked for.
    pub regex: Regex,
    /// Lines without it are meant.
    pub inverse: bool,
}

impl Pattern {
    /// Reads one; none where nothing is looked for.
    ///
    /// # Errors
    /// What is wrong with the expression, for people.
    pub fn parse(text: &str) -> Result<Option<Self>, String> {
        let (inverse, rest) = text.strip_prefix('!').map_or((false, text), |rest| (true, rest));
        let expression = rest.strip_prefix('/').map(|rest| rest.strip_suffix('/').filter(|rest| !rest.ends_with('\\')).unwrap_or(rest));
        let source = expression.map_or_else(|| regex::escape(rest), str::to_owned);
        if source.is_empty() {
            return Ok(None);
        }
        let mut escaped = false;
        let large = source.chars().any(|c| {
            let counts = c.is_uppercase() && !escaped;
            escaped = c == '\\' && !escaped;
            counts
        });
        let regex = RegexBuilder::new(&source).case_insensitive(!large).size_limit(LARGEST).dfa_size_limit(LARGEST).build();
        match regex {
            Ok(regex) => Ok(Some(Self { text: text.to_owned(), regex, inverse })),
            Err(regex::Error::CompiledTooBig(_)) => Err("the expression is too large".to_owned()),
            Err(error) => Err(error.to_string().lines().last().unwrap_or_default().trim().to_owned()),
        }
    }

    /// Whether a line is meant; `scratch` is used for lines with colours.
    #[must_use]
    pub fn is_in(&self, line: &Line, text: &str, scratch: &mut String) -> bool {
        let found = if line.coloured {
            scratch.clear();
            plain_into(text, scratch);
            self.regex.is_match(scratch)
        } else {
            self.regex.is_match(text)
        };
        found != self.inverse
    }
}

/// What is let through.
#[derive(Clone, Debug, Default)]
pub struct Sieve {
    /// The text that lines must hold.
    pub pattern: Option<Pattern>,
    /// How grave lines must be; [`Level::Unknown`] for all.
    pub least: Option<Level>,
    places: VecDeque<u64>,
    /// What lies between these numbers was looked at.
    low: u64,
    high: u64,
    scratch: String,
}

impl Sieve {
    /// Whether everything is let through.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.pattern.is_none() && self.least.is_none()
    }

    /// Lets other lines through, found from the newest on.
    pub fn change(&mut self, pattern: Option<Pattern>, least: Option<Level>, store: &LogStore) {
        (self.pattern, self.least) = (pattern, least);
        self.restart(store);
    }

    fn restart(&mut self, store: &LogStore) {
        self.places.clear();
        (self.low, self.high) = (store.end(), store.end());
    }

    /// Numbers from this one on mean other lines than before.
    pub fn changed_from(&mut self, number: u64, store: &LogStore) {
        if number < self.low {
            return self.restart(store);
        }
        if number < self.high {
            while self.places.back().is_some_and(|place| *place >= number) {
                self.places.pop_back();
            }
            self.high = number;
        }
    }

    /// Looks at some lines that were not looked at; returns whether there are more.
    pub fn step(&mut self, store: &LogStore, slice: &mut Slice) -> bool {
        if self.is_open() {
            return false;
        }
        while self.places.front().is_some_and(|place| *place < store.first()) {
            self.places.pop_front();
        }
        self.low = self.low.max(store.first());
        self.high = self.high.max(self.low);
        while self.high < store.end() && slice.is_left() {
            if self.lets_through(store, self.high, slice) {
                self.places.push_back(self.high);
            }
            self.high += 1;
        }
        while self.low > store.first() && slice.is_left() {
            self.low -= 1;
            if self.lets_through(store, self.low, slice) {
                self.places.push_front(self.low);
            }
        }
        !self.is_done(store)
    }

    fn lets_through(&mut self, store: &LogStore, number: u64, slice: &mut Slice) -> bool {
        let Some(line) = store.line(number) else { return false };
        let text = store.text(line);
        slice.take(text);
        if line.level.is_marker() {
            return true;
        }
        if self.least.is_some_and(|least| line.level < least) {
            return false;
        }
        self.pattern.as_ref().is_none_or(|pattern| pattern.is_in(line, text, &mut self.scratch))
    }

    /// Whether every line was looked at.
    #[must_use]
    pub fn is_done(&self, store: &LogStore) -> bool {
        self.is_open() || (self.low <= store.first() && self.high >= store.end())
    }

    /// How much was looked at, in percent.
    #[must_use]
    pub fn percent(&self, store: &LogStore) -> u64 {
        let all = (store.end() - store.first()).max(1);
        self.high.saturating_sub(self.low.max(store.first())) * 100 / all
    }

    /// How many lines show.
    #[must_use]
    pub fn count(&self, store: &LogStore) -> u64 {
        if self.is_open() { store.end() - store.first() } else { self.places.len() as u64 }
    }

    /// How many lines show from this number on.
    #[must_use]
    pub fn count_from(&self, number: u64, store: &LogStore) -> u64 {
        if self.is_open() { store.end().saturating_sub(number) } else { (self.places.len() - self.places.partition_point(|place| *place < number)) as u64 }
    }

    /// The first line that shows, of this number or a later one.
    #[must_use]
    pub fn at_or_after(&self, number: u64, store: &LogStore) -> Option<u64> {
        if self.is_open() {
            return Some(number.max(store.first())).filter(|number| *number < store.end());
        }
        let number = number.max(store.first());
        self.places.get(self.places.partition_point(|place| *place < number)).copied().filter(|number| *number < store.end())
    }

    /// The last line that shows before this number.
    #[must_use]
    pub fn before(&self, number: u64, store: &LogStore) -> Option<u64> {
        if self.is_open() {
            return number.min(store.end()).checked_sub(1).filter(|number| *number >= store.first());
        }
        let place = self.places.partition_point(|place| *place < number).checked_sub(1)?;
        self.places.get(place).copied().filter(|number| *number >= store.first())
    }

    /// The lines that show, oldest first.
    pub fn shown<'a>(&'a self, store: &'a LogStore) -> Box<dyn Iterator<Item = u64> + 'a> {
        if self.is_open() { Box::new(store.first()..store.end()) } else { Box::new(self.places.iter().copied().filter(|number| *number >= store.first())) }
    }
}

/// A search for the next line that holds a pattern.
#[derive(Clone, Debug)]
pub struct Hunt {
    /// Towards older lines.
    pub back: bool,
    /// The line to look at next; none when there are no more.
    pub at: Option<u64>,
}

impl Hunt {
    /// Looks at some lines: the one found, or none with [`Hunt::at`] as the place to go on.
    pub fn step(&mut self, pattern: &Pattern, sieve: &Sieve, store: &LogStore, slice: &mut Slice) -> Option<u64> {
        let mut scratch = String::new();
        while let Some(number) = self.at
            && slice.is_left()
        {
            let line = store.line(number)?;
            let text = store.text(line);
            slice.take(text);
            if !line.level.is_marker() && pattern.is_in(line, text, &mut scratch) {
                return Some(number);
            }
            self.at = if self.back { sieve.before(number, store) } else { sieve.at_or_after(number + 1, store) };
        }
        None
    }
}
