//! Files as lines to be read: text, bytes in hex, and how two of them differ.
use super::names;
use crate::tui::parts::reader::Line;
use crate::tui::parts::text;
use crate::tui::theme::Role;
use similar::ChangeTag;
use similar::TextDiff;
use std::fmt::Write as _;
use std::time::Duration;

/// Bytes that are looked at of a file to be read, or compared.
pub const MOST_READ: usize = 1 << 20;
/// Bytes of a file that can be edited.
pub const MOST_EDITED: usize = 8 << 20;
/// Bytes that are looked at to tell text from anything else.
const SNIFFED: usize = 8 << 10;
/// Bytes shown in hex; more would tell nobody more.
const MOST_HEX: usize = 64 << 10;
/// Columns between two stops of a tab.
const TAB: usize = 8;
/// Longer lines are cut.
const LONGEST: usize = 4 << 10;
/// How long two files are compared to find the fewest changes.
const COMPARING: Duration = Duration::from_secs(2);
/// Lines around a change.
const AROUND: usize = 3;

/// Whether it is no text.
#[must_use]
pub fn is_binary(bytes: &[u8]) -> bool {
    let start = bytes.get(..SNIFFED).unwrap_or(bytes);
    let broken = start.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count();
    // One alone, such as a character that the end of what is looked at cuts, makes no text a binary.
    start.contains(&0) || broken > 1 + start.len() / 20
}

/// A file to be read, of which `bytes` are the beginning.
#[must_use]
pub fn lines(bytes: &[u8], size: u64) -> Vec<Line> {
    let mut lines = Vec::new();
    let binary = is_binary(bytes);
    let shown = if binary { bytes.get(..MOST_HEX).unwrap_or(bytes) } else { bytes };
    let part = if (shown.len() as u64) < size { format!("the first {} of {}", text::size(shown.len() as u64), text::size(size)) } else { text::size(size) };
    if size == 0 {
        lines.push(("it is empty".to_owned(), Role::Muted));
    } else if binary {
        lines.push((format!("no text, but bytes: {part}"), Role::Warn));
    } else if (shown.len() as u64) < size {
        lines.push((part, Role::Warn));
    }
    if binary {
        lines.extend(shown.chunks(16).enumerate().map(|(row, bytes)| (hex(row * 16, bytes), Role::Text)));
    } else {
        let body = shown.strip_suffix(b"\n").unwrap_or(shown);
        if !body.is_empty() || !shown.is_empty() {
            lines.extend(body.split(|byte| *byte == b'\n').map(|line| (tame(line), Role::Text)));
        }
    }
    lines
}

/// How the second differs from the first; `names` are what they are called.
#[must_use]
pub fn difference(first: (&str, &[u8]), second: (&str, &[u8])) -> Vec<Line> {
    if first.1 == second.1 {
        return vec![("they are the same".to_owned(), Role::Ok)];
    }
    if is_binary(first.1) || is_binary(second.1) {
        return vec![("they differ, and one at least is no text".to_owned(), Role::Warn)];
    }
    // Bytes that are no text are shown as they are written in programs, so that no two lines look the same that are not.
    let (old, new) = (names::text(first.1), names::text(second.1));
    let mut lines = vec![(format!("--- {}", first.0), Role::Error), (format!("+++ {}", second.0), Role::Ok)];
    let diff = TextDiff::configure().timeout(COMPARING).diff_lines(&old, &new);
    for group in diff.grouped_ops(AROUND) {
        let (Some(start), Some(end)) = (group.first(), group.last()) else { continue };
        let (old, new) = (start.old_range().start..end.old_range().end, start.new_range().start..end.new_range().end);
        lines.push((format!("@@ -{},{} +{},{} @@", old.start + 1, old.len(), new.start + 1, new.len()), Role::Info));
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (mark, role) = match change.tag() {
                ChangeTag::Delete => ("-", Role::Error),
                ChangeTag::Insert => ("+", Role::Ok),
                ChangeTag::Equal => (" ", Role::Text),
            };
            let value = change.value().as_bytes();
            lines.push((format!("{mark}{}", tame(value.strip_suffix(b"\n").unwrap_or(value))), role));
            if change.missing_newline() {
                lines.push(("\\ no line end".to_owned(), Role::Muted));
            }
        }
    }
    lines
}

/// A line without what moves the cursor, its tabs as blanks.
fn tame(line: &[u8]) -> String {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.get(..LONGEST).unwrap_or(line);
    let mut out = String::new();
    for (place, piece) in line.split(|byte| *byte == b'\t').enumerate() {
        if place > 0 {
            let at = text::width(&out);
            out.push_str(&" ".repeat(TAB - at % TAB));
        }
        out.push_str(&names::shown(piece));
    }
    out
}

fn hex(at: usize, bytes: &[u8]) -> String {
    let mut out = format!("{at:08x} ");
    for place in 0..16 {
        if place % 8 == 0 {
            out.push(' ');
        }
        match bytes.get(place) {
            Some(byte) => _ = write!(out, "{byte:02x} "),
            None => out.push_str("   "),
        }
    }
    out.push(' ');
    out.extend(bytes.iter().map(|byte| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { '.' }));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(lines: &[Line]) -> Vec<&str> {
        lines.iter().map(|(line, _)| line.as_str()).collect()
    }

    #[test]
    fn text_and_bytes_are_shown_without_harm() {
        assert_eq!(text_of(&lines(b"a\tb\r\n\x1b[2Jc\xff\n", 12)), ["a       b", "\\x1b[2Jc\\xff"]);
        assert_eq!(text_of(&lines(b"abc", 5_000_000)), ["the first 3 B of 5.0 MB", "abc"]);
        assert_eq!(text_of(&lines(b"", 0)), ["it is empty"]);
        let shown = lines(b"\x7fELF\0\x01", 6);
        assert_eq!(shown[0].0, "no text, but bytes: 6 B");
        assert_eq!(shown[1].0, format!("00000000  7f 45 4c 46 00 01 {:31} .ELF..", ""));
        assert!(!is_binary("日".repeat(4000).as_bytes()) && is_binary(&[0xff; 100]) && !is_binary("日".repeat(3000).as_bytes().get(..SNIFFED + 1).unwrap()));
    }

    #[test]
    fn a_difference_names_both_and_shows_what_goes_and_what_comes() {
        let told = difference(("web:/a", b"one\ntwo\n"), ("/a", b"one\n2\x1b\n"));
        assert_eq!(text_of(&told), ["--- web:/a", "+++ /a", "@@ -1,2 +1,2 @@", " one", "-two", "+2\\x1b"]);
        assert_eq!(text_of(&difference(("a", b"x"), ("b", b"x"))), ["they are the same"]);
        assert_eq!(text_of(&difference(("a", b"\0"), ("b", b"x"))), ["they differ, and one at least is no text"]);
    }
}
