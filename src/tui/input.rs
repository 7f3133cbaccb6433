//! What the terminal sends, in our own words.
use super::msg::Msg;
use crate::model::Size;
use crate::term::Key;
use crate::term::KeyCode;
use crate::term::Mods;
use crate::term::MouseButton;
use crate::term::MouseEvent;
use crate::term::MouseKind;
use crossterm::event as outer;

/// The message that an event stands for; none for what does not matter.
#[must_use]
pub fn message(event: outer::Event) -> Option<Msg> {
    match event {
        outer::Event::Key(event) if event.kind != outer::KeyEventKind::Release => key(event).map(Msg::Key),
        outer::Event::Key(_) => None,
        outer::Event::Mouse(event) => Some(Msg::Mouse(mouse(event))),
        outer::Event::Paste(text) => Some(Msg::Paste(text)),
        outer::Event::FocusGained => Some(Msg::Focus(true)),
        outer::Event::FocusLost => Some(Msg::Focus(false)),
        outer::Event::Resize(cols, rows) => Some(Msg::Resize(Size { cols, rows })),
    }
}

fn key(event: outer::KeyEvent) -> Option<Key> {
    let mut held = mods(event.modifiers);
    let code = match event.code {
        // Without kitty's protocol these four come with the digits that share their codes.
        outer::KeyCode::Char(c @ '4'..='7') if event.modifiers == outer::KeyModifiers::CONTROL => KeyCode::Char(match c {
            '4' => '\\',
            '5' => ']',
            '6' => '^',
            _ => '_',
        }),
        outer::KeyCode::Char(c) => KeyCode::Char(c),
        outer::KeyCode::Enter => KeyCode::Enter,
        outer::KeyCode::Tab => KeyCode::Tab,
        outer::KeyCode::BackTab => {
            held = held | Mods::SHIFT;
            KeyCode::BackTab
        }
        outer::KeyCode::Esc => KeyCode::Esc,
        outer::KeyCode::Backspace => KeyCode::Backspace,
        outer::KeyCode::Up => KeyCode::Up,
        outer::KeyCode::Down => KeyCode::Down,
        outer::KeyCode::Left => KeyCode::Left,
        outer::KeyCode::Right => KeyCode::Right,
        outer::KeyCode::Home => KeyCode::Home,
        outer::KeyCode::End => KeyCode::End,
        outer::KeyCode::PageUp => KeyCode::PageUp,
        outer::KeyCode::PageDown => KeyCode::PageDown,
        outer::KeyCode::Insert => KeyCode::Insert,
        outer::KeyCode::Delete => KeyCode::Delete,
        outer::KeyCode::F(number) => KeyCode::F(number),
        _ => return None,
    };
    Some(Key::new(code, held))
}

fn mods(held: outer::KeyModifiers) -> Mods {
    let table = [
        (outer::KeyModifiers::SHIFT, Mods::SHIFT),
        (outer::KeyModifiers::ALT, Mods::ALT),
        (outer::KeyModifiers::CONTROL, Mods::CTRL),
        (outer::KeyModifiers::SUPER, Mods::SUPER),
    ];
    table.into_iter().filter(|(theirs, _)| held.contains(*theirs)).fold(Mods::NONE, |mods, (_, ours)| mods | ours)
}

fn mouse(event: outer::MouseEvent) -> MouseEvent {
    let button = |button| match button {
        outer::MouseButton::Left => MouseButton::Left,
        outer::MouseButton::Middle => MouseButton::Middle,
        outer::MouseButton::Right => MouseButton::Right,
    };
    let (kind, button) = match event.kind {
        outer::MouseEventKind::Down(which) => (MouseKind::Down, button(which)),
        outer::MouseEventKind::Up(which) => (MouseKind::Up, button(which)),
        outer::MouseEventKind::Drag(which) => (MouseKind::Drag, button(which)),
        outer::MouseEventKind::Moved => (MouseKind::Move, MouseButton::Left),
        outer::MouseEventKind::ScrollUp => (MouseKind::WheelUp, MouseButton::Left),
        outer::MouseEventKind::ScrollDown => (MouseKind::WheelDown, MouseButton::Left),
        outer::MouseEventKind::ScrollLeft => (MouseKind::WheelLeft, MouseButton::Left),
        outer::MouseEventKind::ScrollRight => (MouseKind::WheelRight, MouseButton::Left),
    };
    MouseEvent { kind, button, col: event.column, row: event.row, mods: mods(event.modifiers) }
}
