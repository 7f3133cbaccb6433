//! The keys that are valid here, from the registry.
use super::badges::Badge;
use super::popup::Popup;
use super::reader::Line;
use super::reader::Reader;
use super::text;
use crate::tui::command::COMMANDS;
use crate::tui::command::Command;
use crate::tui::command::Scope;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Columns of the box at most.
const COLS: u16 = 150;
/// Columns of one entry; as many entries stand side by side as have room.
const ENTRY: usize = 64;
/// Columns of the keys in an entry.
const KEYS: usize = 14;

/// The overlay that shows them.
#[derive(Clone, Debug)]
pub struct Help {
    scopes: Vec<Scope>,
    reader: Reader,
}

impl Help {
    /// The commands of these scopes first, then all others.
    #[must_use]
    pub fn new(scopes: &[Scope]) -> Self {
        let mut scopes = scopes.to_vec();
        scopes.extend(Scope::ALL.into_iter().filter(|scope| !scopes.contains(scope)).collect::<Vec<_>>());
        Self { scopes, reader: Reader::default() }
    }

    fn lines(&self, cols: u16, cx: &Context) -> Vec<Line> {
        let columns = (usize::from(cols) / ENTRY).max(1);
        let width = usize::from(cols) / columns;
        let mut lines: Vec<Line> = Vec::new();
        if cx.plain {
            lines.extend(text::wrap(crate::tui::plain::TOLD, usize::from(cols)).into_iter().map(|line| (line, Role::Info)));
        }
        let own: Vec<String> = cx.keymap.own().map(|own| own_entry(own, width)).collect();
        if !own.is_empty() {
            lines.push(("Your own".to_owned(), Role::Title));
            lines.extend(own.into_iter().map(|entry| (entry, Role::Text)));
        }
        for scope in &self.scopes {
            if !lines.is_empty() {
                lines.push((String::new(), Role::Text));
            }
            let title = match scope {
                Scope::Terminal => format!("{} {}", scope.title(), cx.keymap.show(cx.keymap.prefix())),
                _ => scope.title().to_owned(),
            };
            lines.push((title, Role::Title));
            let entries: Vec<String> = COMMANDS.iter().filter(|command| command.scope == *scope).map(|command| entry(command, width, cx)).collect();
            // Read downwards, as a list is.
            let rows = entries.len().div_ceil(columns);
            for row in 0..rows {
                let line: String = (0..columns).filter_map(|column| entries.get(column * rows + row)).cloned().collect();
                lines.push((line.trim_end().to_owned(), Role::Text));
            }
            if *scope == Scope::Terminal {
                lines.push((String::new(), Role::Text));
                lines.push(("What tabs and panes show behind their names".to_owned(), Role::Title));
                let badge = |badge: Badge| format!("{} {}", text::left(&badge.told(), KEYS), badge.means());
                lines.extend(Badge::ALL.into_iter().map(|one| (text::clip(&badge(one), usize::from(cols)), Role::Text)));
            }
        }
        lines
    }

    fn place(&self, area: Rect, cx: &Context) -> (Popup, Vec<Line>) {
        let cols = Popup::place(area, COLS, u16::MAX).inner.width;
        let lines = self.lines(cols, cx);
        (Popup::place(area, COLS, u16::try_from(lines.len()).unwrap_or(u16::MAX)), lines)
    }
}

fn entry(command: &Command, width: usize, cx: &Context) -> String {
    let keys = cx.keymap.labels(command.id).join(" ");
    let keys = if keys.is_empty() { format!(":{}", command.name) } else { keys };
    // A narrow box shows the short name instead of half a sentence.
    let room = width.saturating_sub(KEYS + 2);
    let words = if text::width(command.help) <= room { command.help } else { command.title };
    format!("{} {} ", text::left(&keys, KEYS), text::left(words, room))
}

/// A command of the person's own.
fn own_entry(own: &crate::config::OwnCommand, width: usize) -> String {
    let keys = own.key.clone().unwrap_or_else(|| format!(":{}", own.name));
    let words = own.help.clone().unwrap_or_else(|| format!("{}: {}", own.name, own.command.join(" ")));
    format!("{} {}", text::left(&keys, KEYS), text::clip(&words, width.saturating_sub(KEYS + 2)))
}

impl Component for Help {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        let (popup, lines) = self.place(cx.area, cx);
        let rows = usize::from(popup.inner.height);
        self.reader.update(msg, rows, &lines)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let (popup, lines) = self.place(area, cx);
        popup.draw(frame, cx.theme, "Keys", "/ find  ↑↓ scroll  esc leave");
        self.reader.draw(frame, &popup, &lines, cx);
    }

    fn takes_keys(&self) -> bool {
        true
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<(String, String)>> {
        let hint = |key: &str, what: &str| (key.to_owned(), what.to_owned());
        Some(vec![hint("/", "find"), hint("n", "next"), hint("↑↓", "scroll"), hint("esc", "leave")])
    }
}
