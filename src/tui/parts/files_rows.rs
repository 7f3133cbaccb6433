//! Rows of directories: what each thing is, and how it is written.
use super::rows::Cell;
use super::rows::Column;
use super::rows::Row;
use super::text;
use crate::model::PathKind;
use crate::tui::component::Context;
use crate::tui::files::Entry;
use crate::tui::files::Listing;
use crate::tui::files::names;
use crate::tui::theme::Role;

/// The row that leads to the directory above.
pub(super) const ABOVE: &str = "..";

pub(super) const COLUMNS: [Column; 5] = [
    Column { head: "NAME", least: 10, most: 60, goes: 0, right: false },
    Column { head: "SIZE", least: 5, most: 5, goes: 1, right: true },
    Column { head: "CHANGED", least: 7, most: 7, goes: 2, right: true },
    Column { head: "MODE", least: 10, most: 10, goes: 3, right: false },
    Column { head: "OWNER", least: 9, most: 20, goes: 4, right: false },
];

/// The rows of a directory, in its order.
pub(super) fn rows(listing: &Listing, above: bool, hidden: bool, cx: &Context) -> Vec<Row> {
    let mut rows = Vec::with_capacity(listing.entries.len() + 1);
    if above {
        let cells = std::iter::once(ABOVE).chain([""; COLUMNS.len() - 1]).map(|text| Cell::new(text, Role::Muted)).collect();
        rows.push(Row { id: ABOVE.to_owned(), cells, fixed: true, wide: None });
    }
    rows.extend(listing.entries.iter().filter(|entry| hidden || !entry.name.starts_with(b".")).map(|entry| row(entry, cx)));
    rows
}

fn row(entry: &Entry, cx: &Context) -> Row {
    let mut name = names::shown(&entry.name);
    let role = match entry.kind {
        _ if !names::is_shown_plainly(&entry.name) => Role::Warn,
        _ if entry.is_directory() => Role::Accent,
        PathKind::Link | PathKind::Other => Role::Muted,
        PathKind::Directory | PathKind::File => Role::Text,
    };
    if entry.is_directory() {
        name.push('/');
    }
    if let Some(target) = &entry.target {
        name.push_str(&format!(" -> {}", names::shown(target.as_bytes())));
    }
    let size = if entry.kind == PathKind::File { text::bytes(entry.size) } else { String::new() };
    let changed = entry.modified_at.map(|at| text::age(at, cx.now.time)).unwrap_or_default();
    let cells = vec![
        Cell::new(name, role),
        if size.is_empty() { Cell::new("", Role::Text) } else { Cell::number(size, Role::Text, entry.size as f64) },
        entry.modified_at.map_or_else(|| Cell::new("", Role::Muted), |at| Cell::number(changed, Role::Muted, at.as_second() as f64)),
        Cell::new(mode(entry), Role::Muted),
        Cell::new(&*entry.owner, Role::Muted),
    ];
    Row { id: names::key(&entry.name), cells, fixed: false, wide: None }
}

/// Kind and permissions as `ls` writes them.
pub(super) fn mode(entry: &Entry) -> String {
    let kind = match entry.kind {
        PathKind::File => '-',
        PathKind::Directory => 'd',
        PathKind::Link => 'l',
        PathKind::Other => '?',
    };
    let bit = |bit: u32, letter: char| if entry.mode & bit != 0 { letter } else { '-' };
    let run = |bit: u32, above: u32, small: char, large: char| match (entry.mode & bit != 0, entry.mode & above != 0) {
        (true, true) => small,
        (false, true) => large,
        (true, false) => 'x',
        (false, false) => '-',
    };
    let letters = [
        kind,
        bit(0o400, 'r'),
        bit(0o200, 'w'),
        run(0o100, 0o4000, 's', 'S'),
        bit(0o040, 'r'),
        bit(0o020, 'w'),
        run(0o010, 0o2000, 's', 'S'),
        bit(0o004, 'r'),
        bit(0o002, 'w'),
        run(0o001, 0o1000, 't', 'T'),
    ];
    letters.iter().collect()
}

/// What will be lost with these, a line each.
pub(super) fn losses(entries: &[&Entry]) -> Vec<String> {
    let line = |entry: &&Entry| {
        let name = names::shown(&entry.name);
        match entry.kind {
            PathKind::Directory => format!("{name}/: the directory with all that is in it"),
            PathKind::File => format!("{name}: {}", text::size(entry.size)),
            PathKind::Link => format!("{name}: the link, not what it leads to"),
            PathKind::Other => format!("{name}: a device, socket or pipe"),
        }
    };
    let mut lines: Vec<String> = entries.iter().map(line).collect();
    lines.push("It is lost for good.".to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_written_as_ls_does() {
        let at = |kind, mode| {
            let entry = Entry { name: Vec::new(), kind, leads_to: None, size: 0, mode, modified_at: None, owner: String::new(), target: None };
            super::mode(&entry)
        };
        assert_eq!(at(PathKind::File, 0o644), "-rw-r--r--");
        assert_eq!(at(PathKind::Directory, 0o1777), "drwxrwxrwt");
        assert_eq!(at(PathKind::File, 0o6750), "-rwsr-s---");
        assert_eq!(at(PathKind::Link, 0o4000), "l--S------");
    }
}
