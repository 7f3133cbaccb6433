//! What a program is sent for the mouse.

use super::keys::Key;
use super::keys::KeyCode;
use super::keys::Mods;
use super::keys::encode_key;
use super::modes::Modes;
use super::modes::MouseEncoding;
use super::modes::MouseMode;

/// Arrow keys that stand for one step of the wheel.
const WHEEL_ARROWS: usize = 3;

/// What happened to the mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MouseKind {
    /// A button went down.
    Down,
    /// A button came up.
    Up,
    /// The mouse moved with a button down.
    Drag,
    /// The mouse moved with no button down.
    Move,
    /// One step of the wheel, upwards.
    WheelUp,
    /// One step of the wheel, downwards.
    WheelDown,
    /// One step of the wheel, to the left.
    WheelLeft,
    /// One step of the wheel, to the right.
    WheelRight,
}

/// A mouse button.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MouseButton {
    /// The left one.
    #[default]
    Left,
    /// The middle one.
    Middle,
    /// The right one.
    Right,
}

/// A mouse event at a cell of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MouseEvent {
    /// What happened.
    pub kind: MouseKind,
    /// The button of `Down`, `Up` and `Drag`.
    pub button: MouseButton,
    /// Column, from 0.
    pub col: u16,
    /// Row, from 0.
    pub row: u16,
    /// What is held with it.
    pub mods: Mods,
}

/// The bytes that a program in these modes is sent for a mouse event; `None` if it gets nothing.
///
/// On the alternate screen of a program without mouse, the wheel is sent as arrow keys.
#[must_use]
pub fn encode_mouse(event: MouseEvent, modes: &Modes) -> Option<Vec<u8>> {
    let wanted = match event.kind {
        MouseKind::Drag => matches!(modes.mouse, MouseMode::Drag | MouseMode::Motion),
        MouseKind::Move => modes.mouse == MouseMode::Motion,
        _ => modes.mouse != MouseMode::Off,
    };
    if !wanted {
        return arrows(event.kind, modes);
    }
    let button = match event.button {
        MouseButton::Left => 0,
        MouseButton::Middle => 1,
        MouseButton::Right => 2,
    };
    let sgr = modes.mouse_encoding == MouseEncoding::Sgr;
    let base = match event.kind {
        MouseKind::Down => button,
        // Only SGR can tell which button came up.
        MouseKind::Up => {
            if sgr {
                button
            } else {
                3
            }
        }
        MouseKind::Drag => 32 + button,
        MouseKind::Move => 32 + 3,
        MouseKind::WheelUp => 64,
        MouseKind::WheelDown => 65,
        MouseKind::WheelLeft => 66,
        MouseKind::WheelRight => 67,
    };
    let held = [(Mods::SHIFT, 4), (Mods::ALT, 8), (Mods::CTRL, 16)];
    let code = held.iter().filter(|(key, _)| event.mods.contains(*key)).fold(base, |code, (_, bit)| code + bit);
    let (col, row) = (u32::from(event.col) + 1, u32::from(event.row) + 1);
    if sgr {
        let end = if event.kind == MouseKind::Up { 'm' } else { 'M' };
        return Some(format!("\x1b[<{code};{col};{row}{end}").into_bytes());
    }
    let limit = if modes.mouse_encoding == MouseEncoding::Utf8 { 2015 } else { 223 };
    if col > limit || row > limit {
        return None;
    }
    let mut bytes = b"\x1b[M".to_vec();
    for value in [code, col, row] {
        match (modes.mouse_encoding, u8::try_from(value + 32), char::from_u32(value + 32)) {
            (MouseEncoding::Normal, Ok(byte), _) => bytes.push(byte),
            (_, _, Some(c)) => bytes.extend_from_slice(c.to_string().as_bytes()),
            _ => return None,
        }
    }
    Some(bytes)
}

fn arrows(kind: MouseKind, modes: &Modes) -> Option<Vec<u8>> {
    let code = match kind {
        MouseKind::WheelUp => KeyCode::Up,
        MouseKind::WheelDown => KeyCode::Down,
        _ => return None,
    };
    let instead = modes.mouse == MouseMode::Off && modes.alternate_screen && modes.alternate_scroll;
    instead.then(|| encode_key(&Key::from(code), modes).repeat(WHEEL_ARROWS))
}
