//! What on a screen one may want to take along: addresses, ids, paths.

use super::screen::Screen;
use super::selection::Point;
use regex::Regex;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::sync::LazyLock;

/// Rows of a wrapped line that are followed beyond the view.
const BEYOND: i32 = 100;

/// The kinds, those that say more before those that they contain.
const KINDS: [(&str, &str); 8] = [
    ("url", r#"[A-Za-z][A-Za-z0-9+.-]{1,15}://[^\s<>"'`{}|\\^]+|mailto:[^\s<>"'`]+"#),
    ("mail", r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*(?::[\w./~+-]+)?"),
    ("id", r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|(?:sha(?:1|256|512):)?[0-9a-fA-F]{7,128}\b|[a-z]{2,4}_[0-9a-zA-Z]{6,64}\b"),
    ("ip4", r"(?:\d{1,3}\.){3}\d{1,3}(?::\d{1,5}|/\d{1,2})?"),
    ("ip6", r"\[?(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?:\]:\d{1,5}|/\d{1,3})?"),
    ("host", r"localhost:\d{1,5}(?:/[\w./?&=%+-]*)?"),
    ("path", r"(?:~|\.{1,2}|[\w.@+%-]+)?(?:/[\w.@%+=~#,-]+)+/?(?::\d+){0,2}|~/"),
    ("line", r"[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{1,5}:\d+(?::\d+)?"),
];

static FINDER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let all = KINDS.map(|(name, pattern)| format!("(?P<{name}>{pattern})")).join("|");
    Regex::new(&all).ok()
});

/// Something on a screen with a name of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// What it says, whole, also where it is wrapped.
    pub text: String,
    /// Its cells in the view, in their order; a wide character has its first one here.
    pub cells: Vec<Point>,
}

impl Screen {
    /// The addresses, ids and paths of which something is seen in the view, from its top on.
    #[must_use]
    pub fn spots(&self) -> Vec<Spot> {
        let rows = i32::from(self.size().rows);
        let top = -i32::try_from(self.display_offset()).unwrap_or(0);
        let oldest = -i32::try_from(self.scrollback_len()).unwrap_or(0);
        let mut row = top;
        while row > oldest.max(top - BEYOND) && self.is_wrapped(row - 1) {
            row -= 1;
        }
        let mut spots = Vec::new();
        while row < top + rows {
            let mut text = String::new();
            // The cell of each byte.
            let mut cells = Vec::new();
            loop {
                for col in 0..self.size().cols {
                    let symbol = self.cell(row, col).text;
                    text.push_str(symbol.as_str());
                    cells.resize(text.len(), Point { row, col });
                }
                let wrapped = self.is_wrapped(row);
                row += 1;
                if !wrapped || row >= rows.min(top + rows + BEYOND) {
                    break;
                }
            }
            for (from, to) in find(&text) {
                let mut own: Vec<Point> = cells[from..to].to_vec();
                own.dedup();
                own.retain(|cell| (top..top + rows).contains(&cell.row));
                if !own.is_empty() {
                    spots.push(Spot { text: text[from..to].to_owned(), cells: own });
                }
            }
        }
        spots
    }
}

/// Where in a line they are.
fn find(line: &str) -> Vec<(usize, usize)> {
    let Some(finder) = FINDER.as_ref() else { return Vec::new() };
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(groups) = finder.captures_at(line, at) {
        let Some(whole) = groups.get(0).filter(|whole| !whole.is_empty()) else { break };
        let kind = KINDS.iter().find(|(name, _)| groups.name(name).is_some()).map_or("", |(name, _)| *name);
        let text = trimmed(whole.as_str());
        if is_meant(kind, text, line[..whole.start()].chars().next_back()) {
            found.push((whole.start(), whole.start() + text.len()));
            at = whole.start() + text.len();
        } else {
            // Another kind may begin within what was none of this one.
            at = whole.start() + whole.as_str().chars().next().map_or(1, char::len_utf8);
        }
    }
    found
}

/// Without what belongs to the sentence around it: a full stop, a bracket that was opened before.
fn trimmed(text: &str) -> &str {
    let mut text = text;
    while let Some(last) = text.chars().next_back() {
        let open = match last {
            ')' => Some('('),
            ']' => Some('['),
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '"' | '…' => None,
            _ => break,
        };
        let count = |c: char| text.matches(c).count();
        if open.is_some_and(|open| count(open) >= count(last)) {
            break;
        }
        text = &text[..text.len() - last.len_utf8()];
    }
    text
}

/// Whether what looks like one is one, with this character before it.
fn is_meant(kind: &str, text: &str, before: Option<char>) -> bool {
    let inside = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let has_letter = text.chars().any(char::is_alphabetic);
    let has_digit = text.chars().any(|c| c.is_ascii_digit());
    match kind {
        "url" => text.split_once("://").map_or(text.len() > "mailto:".len(), |(_, rest)| !rest.is_empty()),
        // Numbers and words of the letters a to f are none.
        "id" => !inside && has_letter && has_digit,
        "ip4" => {
            let bare = text.split([':', '/']).next().unwrap_or_default();
            !inside && bare.parse::<Ipv4Addr>().is_ok()
        }
        "ip6" => {
            let bare = text.trim_start_matches('[').split([']', '/']).next().unwrap_or_default();
            !inside && bare.len() > 2 && bare.parse::<Ipv6Addr>().is_ok()
        }
        "path" => has_letter && text.len() > 2 && !inside,
        _ => !inside,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> Vec<&str> {
        find(line).into_iter().map(|(from, to)| &line[from..to]).collect()
    }

    #[test]
    fn addresses_end_where_the_sentence_goes_on() {
        assert_eq!(found("see https://a.example/x_(y)?q=1, or (http://b.example/z)."), ["https://a.example/x_(y)?q=1", "http://b.example/z"]);
        assert_eq!(found("<postgres://user@db:5432/app>"), ["postgres://user@db:5432/app"]);
        assert_eq!(found("nothing:// here"), Vec::<&str>::new());
    }

    #[test]
    fn ids_have_letters_and_digits() {
        assert_eq!(found("commit 1a2b3c4 of 20260115 defaced"), ["1a2b3c4"]);
        assert_eq!(found("sha256:0123456789abcdef"), ["sha256:0123456789abcdef"]);
        assert_eq!(found("0199c2a4-7d3e-7b1a-9c5d-0123456789ab ses_01j9x2y3z4"), ["0199c2a4-7d3e-7b1a-9c5d-0123456789ab", "ses_01j9x2y3z4"]);
    }

    #[test]
    fn times_and_versions_are_no_addresses() {
        assert_eq!(found("at 12:34:56 version 1.2.3.4.5 300.1.1.1"), ["1.2.3.4"]);
        assert_eq!(
            found("10.0.0.7:8080 172.16.0.0/12 fe80::1 [::1]:80 localhost:3000/x"),
            ["10.0.0.7:8080", "172.16.0.0/12", "fe80::1", "[::1]:80", "localhost:3000/x"]
        );
    }

    #[test]
    fn paths_are_whole_with_their_line() {
        assert_eq!(found("error: src/main.rs:12:5 in /srv/日本/a-b.txt and ~/x, 3/4"), ["src/main.rs:12:5", "/srv/日本/a-b.txt", "~/x"]);
        assert_eq!(found("app.py:7 ./run.sh ../up"), ["app.py:7", "./run.sh", "../up"]);
    }
}
