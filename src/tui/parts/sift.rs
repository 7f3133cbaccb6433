//! What a list is filtered by: a text, `/` and a regular expression, `~` and a few letters; `!` in front for what is without them.
use super::field::Edit;
use super::field::Field;
use super::fuzzy;
use crate::term::Key;
use crate::term::KeyCode;
use crate::term::Mods;
use crate::tui::component::Hint;
use crate::tui::logs::filter::Pattern;

/// What people read of it while they have typed nothing.
pub const PLACEHOLDER: &str = "text  !not  ~fuzzy  /regex";

/// A filter of a list. Small letters stand for large ones too.
#[derive(Clone, Debug, Default)]
pub struct Sift {
    way: Way,
    complaint: Option<String>,
}

#[derive(Clone, Debug, Default)]
enum Way {
    #[default]
    All,
    Letters(String),
    Pattern(Pattern),
}

impl Sift {
    /// Filters by what is typed now. While that has a mistake, what was typed before holds.
    pub fn set(&mut self, typed: &str) {
        let typed = typed.trim();
        self.complaint = None;
        if let Some(letters) = typed.strip_prefix('~') {
            self.way = Way::Letters(letters.to_owned());
            return;
        }
        match Pattern::parse(typed) {
            Ok(pattern) => self.way = pattern.map_or(Way::All, Way::Pattern),
            Err(complaint) => self.complaint = Some(complaint),
        }
    }

    /// Whether it lets everything through.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.way, Way::All)
    }

    /// What is wrong with what is typed.
    #[must_use]
    pub fn complaint(&self) -> Option<&str> {
        self.complaint.as_deref()
    }

    /// Whether something is let through: `text` is all that it shows, `names` are what it is called.
    #[must_use]
    pub fn fits(&self, text: &str, names: &[&str]) -> bool {
        match &self.way {
            Way::All => true,
            Way::Letters(letters) => !fuzzy::find(letters, names.iter().copied()).is_empty(),
            Way::Pattern(pattern) => pattern.regex.is_match(text) != pattern.inverse,
        }
    }
}

/// Takes a key while a filter is typed: `editing` ends with what keeps or leaves it. Whether it may be another now.
pub(super) fn typed(filter: &mut Field, editing: &mut bool, key: Key) -> bool {
    match key.code {
        KeyCode::Esc => {
            *editing = false;
            filter.clear();
        }
        KeyCode::Char('c') if key.mods.contains(Mods::CTRL) => *editing = filter.clear(),
        KeyCode::Enter => *editing = false,
        KeyCode::Backspace if filter.text().is_empty() => *editing = false,
        _ => return filter.key(key) != Edit::Ignored,
    }
    true
}

/// Keys for the footer while a filter is typed.
pub(super) fn hints() -> Vec<Hint> {
    [("⏎", "keep"), ("esc", "clear"), ("!", "not"), ("~", "fuzzy"), ("/", "regex")].map(|(key, what)| (key.to_owned(), what.to_owned())).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_lets_through_what_it_says() {
        let fits = |typed: &str| {
            let mut sift = Sift::default();
            sift.set(typed);
            ["web-1 running", "DB stopped"].map(|text| sift.fits(text, &[text]))
        };
        assert_eq!(fits(""), [true, true]);
        assert_eq!(fits("db"), [false, true]);
        assert_eq!(fits("!db"), [true, false]);
        assert_eq!(fits("/web-[0-9]"), [true, false]);
        assert_eq!(fits("!/web-[0-9]"), [false, true]);
        assert_eq!(fits("~wrn"), [true, false]);
    }

    #[test]
    fn a_mistake_is_told_and_changes_nothing() {
        let mut sift = Sift::default();
        sift.set("/web");
        sift.set("/web(");
        assert!(sift.complaint().is_some_and(|complaint| complaint.contains("group")), "{sift:?}");
        assert!(sift.fits("web-1", &[]) && !sift.fits("db", &[]));
    }
}
