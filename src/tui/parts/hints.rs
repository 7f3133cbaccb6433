//! Quick-select: a label on each address, id and path that is seen; typing it takes that along.
use super::frames::put;
use super::terminal::TerminalPane;
use super::toast::say;
use super::workspace::Keys;
use super::workspace::Workspace;
use crate::term::Key;
use crate::term::KeyCode;
use crate::term::Mods;
use crate::term::Screen;
use crate::term::Spot;
use crate::tui::component::Context;
use crate::tui::keymap::normal;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::theme::Role;
use crate::tui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use std::collections::HashMap;

/// Letters of labels, those under the fingers first.
const LETTERS: &[u8; 26] = b"asdfghjklqwertyuiopzxcvbnm";

/// What can be taken, each with its label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hints {
    spots: Vec<(String, Spot)>,
    typed: String,
}

/// What a key led to.
#[derive(Debug, PartialEq, Eq)]
enum Taken {
    Nothing,
    Text { text: String, paste: bool },
    Leave,
}

impl Hints {
    /// Labels for what is seen on a screen; none where there is nothing to take.
    #[must_use]
    pub fn of(screen: &Screen) -> Option<Self> {
        let mut found = screen.spots();
        // What stands lowest is newest and gets the shortest labels; what says the same has the same one.
        found.reverse();
        let mut texts: Vec<&str> = Vec::new();
        for spot in &found {
            if !texts.contains(&spot.text.as_str()) {
                texts.push(&spot.text);
            }
        }
        let labels: HashMap<String, String> = texts.iter().map(|text| (*text).to_owned()).zip(labels(texts.len())).collect();
        let spots: Vec<_> = found.into_iter().filter_map(|spot| Some((labels.get(&spot.text)?.clone(), spot))).collect();
        (!spots.is_empty()).then_some(Self { spots, typed: String::new() })
    }

    fn key(&mut self, key: Key) -> Taken {
        let key = normal(key);
        match key.code {
            KeyCode::Backspace if !self.typed.is_empty() => {
                self.typed.pop();
                Taken::Nothing
            }
            KeyCode::Char(letter) if letter.is_ascii_alphabetic() && !key.mods.contains(Mods::CTRL) => {
                self.typed.push(letter.to_ascii_lowercase());
                let mut fitting = self.spots.iter().filter(|(label, _)| label.starts_with(&self.typed));
                match fitting.next() {
                    Some((label, spot)) if *label == self.typed => Taken::Text { text: spot.text.clone(), paste: letter.is_ascii_uppercase() },
                    Some(_) => Taken::Nothing,
                    None => {
                        self.typed.pop();
                        Taken::Nothing
                    }
                }
            }
            _ => Taken::Leave,
        }
    }

    /// Draws the labels over a screen whose corner in the room is this.
    pub(super) fn draw(&self, buffer: &mut Buffer, room: Rect, (left, top): (u16, u16), screen: &Screen, theme: &Theme) {
        let offset = i32::try_from(screen.display_offset()).unwrap_or(0);
        let place = |row: i32, col: u16| {
            let row = u16::try_from(row + offset).ok()?;
            let at = Position { x: room.x + col.checked_sub(left)?, y: room.y + row.checked_sub(top)? };
            room.contains(at).then_some(at)
        };
        let fitting = || self.spots.iter().filter(|(label, _)| label.starts_with(&self.typed));
        for (_, spot) in fitting() {
            for cell in &spot.cells {
                let columns = u16::from(screen.cell(cell.row, cell.col).width).max(1);
                for at in (0..columns).filter_map(|more| place(cell.row, cell.col + more)) {
                    buffer[at].set_style(theme.style(Role::Accent).add_modifier(Modifier::UNDERLINED));
                }
            }
        }
        let style = theme.style(Role::Warn).add_modifier(Modifier::BOLD | Modifier::REVERSED);
        for (label, spot) in fitting() {
            let rest = &label[self.typed.len()..];
            let long = u16::try_from(rest.len()).unwrap_or(1);
            let fits = |cell: &&crate::term::Point| {
                let end = cell.col + long;
                spot.cells.iter().any(|other| other.row == cell.row && other.col + 1 >= end) && place(cell.row, end - 1).is_some()
            };
            let Some(first) = spot.cells.iter().find(fits).or(spot.cells.first()) else { continue };
            // Before it where that is free, so that all of it can be read.
            let free = first.col > long && (first.col - long - 1..first.col).all(|col| screen.cell(first.row, col).is_blank());
            let col = if free || (first.col == long && (0..long).all(|col| screen.cell(first.row, col).is_blank())) { first.col - long } else { first.col };
            if let Some(at) = place(first.row, col) {
                put(buffer, room, at.x, at.y, rest, style);
            }
        }
    }
}

/// So many labels of which none begins with another.
fn labels(count: usize) -> Vec<String> {
    let letter = |place: usize| char::from(LETTERS[place % LETTERS.len()]);
    let all = LETTERS.len();
    // Letters that begin two others instead of being labels themselves.
    let begin = (0..=all).find(|begin| all - begin + begin * all >= count).unwrap_or(all);
    let mut labels: Vec<String> = (0..all - begin).map(|place| letter(place).to_string()).collect();
    for first in all - begin..all {
        labels.extend((0..all).map(|second| format!("{}{}", letter(first), letter(second))));
    }
    labels.truncate(count);
    labels
}

impl Workspace {
    /// Shows labels in the focused pane, or says that there is nothing to label.
    pub(super) fn start_hints(&mut self) -> Vec<Effect> {
        let Some(pane) = self.focused_mut().filter(|pane| pane.log.is_none()) else { return Vec::new() };
        let Some(hints) = Hints::of(&pane.screen) else { return vec![say("no address, id or path is seen here")] };
        pane.hints = Some(hints);
        self.keys = Keys::Hints;
        Vec::new()
    }

    /// A key while labels are shown.
    pub(super) fn hint_key(&mut self, key: Key, cx: &Context) -> Vec<Effect> {
        let taken = self.focused_mut().and_then(|pane| pane.hints.as_mut()).map_or(Taken::Leave, |hints| hints.key(key));
        if taken == Taken::Nothing {
            return Vec::new();
        }
        let mut effects = self.end_hints();
        match taken {
            Taken::Text { text, paste: true } => effects.extend(self.paste(&text, cx)),
            Taken::Text { text, paste: false } => effects.push(Effect::Ask(Ask::Copy(text))),
            Taken::Nothing | Taken::Leave => {}
        }
        effects
    }

    /// Takes all labels away; the output that waited is drawn.
    pub(super) fn end_hints(&mut self) -> Vec<Effect> {
        if self.keys == Keys::Hints {
            self.keys = Keys::Program;
        }
        let labelled: Vec<_> = self.panes.values().filter(|pane| pane.hints.is_some()).map(|pane| pane.id).collect();
        let mut effects = Vec::new();
        for id in labelled {
            let news = self.panes.get_mut(&id).map(TerminalPane::end_hints).unwrap_or_default();
            effects.extend(self.hear(id, news));
        }
        effects
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_label_begins_with_another() {
        for count in [1, 26, 27, 52, 100, 676] {
            let labels = labels(count);
            assert_eq!(labels.len(), count);
            for (place, one) in labels.iter().enumerate() {
                assert!(labels.iter().enumerate().all(|(other, label)| other == place || !label.starts_with(one.as_str())), "{one} of {count}");
            }
        }
    }
}
