//! What programs are sent for keys, the mouse, pasted text and the focus.

use cto::term::Key;
use cto::term::KeyCode;
use cto::term::Modes;
use cto::term::Mods;
use cto::term::MouseButton;
use cto::term::MouseEncoding;
use cto::term::MouseEvent;
use cto::term::MouseKind;
use cto::term::MouseMode;
use cto::term::encode_focus;
use cto::term::encode_key;
use cto::term::encode_mouse;
use cto::term::encode_paste;
use proptest::prelude::*;

const TABLE: &str = include_str!("../fixtures/term/keys.txt");

#[test]
fn every_key_is_sent_as_xterm_and_kitty_send_it() {
    let mut rows = 0;
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [label, code, mods, expected, modes] = columns[..] else { panic!("row '{line}' has no five columns") };
        let key = Key::new(parse_code(code), parse_mods(mods));
        let sent = encode_key(&key, &parse_modes(modes));
        let right = expected.split('|').any(|bytes| unescape(bytes) == sent);
        assert!(right, "{label}: sent {:?}, expected {expected}", String::from_utf8_lossy(&sent));
        rows += 1;
    }
    assert!(rows > 100, "only {rows} rows were read");
}

#[test]
fn the_mouse_is_told_in_the_encoding_asked_for() {
    let sgr = Modes { mouse: MouseMode::Drag, mouse_encoding: MouseEncoding::Sgr, ..Modes::default() };
    let at = |kind, button, mods| MouseEvent { kind, button, col: 9, row: 4, mods };
    let sent = |event, modes: &Modes| encode_mouse(event, modes).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let left = at(MouseKind::Down, MouseButton::Left, Mods::NONE);
    assert_eq!(sent(left, &sgr).as_deref(), Some("\x1b[<0;10;5M"));
    assert_eq!(sent(at(MouseKind::Up, MouseButton::Right, Mods::NONE), &sgr).as_deref(), Some("\x1b[<2;10;5m"));
    assert_eq!(sent(at(MouseKind::Drag, MouseButton::Middle, Mods::CTRL), &sgr).as_deref(), Some("\x1b[<49;10;5M"));
    let wheel = MouseEvent { col: 0, row: 0, ..at(MouseKind::WheelUp, MouseButton::Left, Mods::NONE) };
    assert_eq!(sent(wheel, &sgr).as_deref(), Some("\x1b[<64;1;1M"));

    let normal = Modes { mouse: MouseMode::Click, ..Modes::default() };
    assert_eq!(encode_mouse(left, &normal), Some(b"\x1b[M\x20\x2a\x25".to_vec()));
    assert_eq!(encode_mouse(at(MouseKind::Up, MouseButton::Right, Mods::NONE), &normal), Some(b"\x1b[M\x23\x2a\x25".to_vec()));
    let far = MouseEvent { col: 223, ..left };
    assert_eq!(encode_mouse(far, &normal), None, "column 224 has no byte");
    let utf8 = Modes { mouse_encoding: MouseEncoding::Utf8, ..normal };
    assert_eq!(encode_mouse(far, &utf8), Some("\x1b[M \u{100}%".as_bytes().to_vec()));
}

#[test]
fn a_program_hears_only_the_mouse_events_that_it_asked_for() {
    let event = |kind| MouseEvent { kind, button: MouseButton::Left, col: 0, row: 0, mods: Mods::NONE };
    let heard = |mouse| {
        let modes = Modes { mouse, mouse_encoding: MouseEncoding::Sgr, ..Modes::default() };
        [MouseKind::Down, MouseKind::Drag, MouseKind::Move].map(|kind| encode_mouse(event(kind), &modes).is_some())
    };
    assert_eq!(heard(MouseMode::Off), [false, false, false]);
    assert_eq!(heard(MouseMode::Click), [true, false, false]);
    assert_eq!(heard(MouseMode::Drag), [true, true, false]);
    assert_eq!(heard(MouseMode::Motion), [true, true, true]);
}

#[test]
fn the_wheel_moves_a_pager_that_does_not_know_the_mouse() {
    let wheel = MouseEvent { kind: MouseKind::WheelUp, button: MouseButton::Left, col: 0, row: 0, mods: Mods::NONE };
    let pager = Modes { alternate_screen: true, app_cursor: true, ..Modes::default() };
    assert_eq!(encode_mouse(wheel, &pager), Some(b"\x1bOA\x1bOA\x1bOA".to_vec()));
    assert_eq!(encode_mouse(wheel, &Modes::default()), None);
}

#[test]
fn pasted_text_cannot_end_its_own_paste() {
    let marked = Modes { bracketed_paste: true, ..Modes::default() };
    let sent = |text, modes: &Modes| String::from_utf8(encode_paste(text, modes)).unwrap();
    assert_eq!(sent("two\nlines\there", &marked), "\x1b[200~two\nlines\there\x1b[201~");
    assert_eq!(sent("a\x1b[201~rm -rf\n", &marked), "\x1b[200~arm -rf\n\x1b[201~");
    assert_eq!(sent("a\x1b[20\x1b[201~1~b", &marked), "\x1b[200~ab\x1b[201~");
    assert_eq!(sent("a\x1b[20\x1b[20\x1b[201~1~1~b", &marked), "\x1b[200~ab\x1b[201~");
    assert_eq!(sent("a\u{9b}201~b\x03c", &marked), "\x1b[200~abc\x1b[201~");
    assert_eq!(sent("two\r\nlines\n", &Modes::default()), "two\rlines\r");
    assert_eq!(sent("\x1b[201~x\x7f\x04", &Modes::default()), "x");
}

proptest! {
    #[test]
    fn whatever_is_pasted_there_is_one_end_marker_and_it_is_last(
        parts in proptest::collection::vec(prop_oneof![
            Just("\x1b[201~".to_owned()), Just("\x1b".to_owned()), Just("[20".to_owned()), Just("1~".to_owned()), ".{0,4}",
        ], 0..24)
    ) {
        let modes = Modes { bracketed_paste: true, ..Modes::default() };
        let sent = String::from_utf8(encode_paste(&parts.concat(), &modes)).unwrap();
        let inner = sent.strip_prefix("\x1b[200~").and_then(|rest| rest.strip_suffix("\x1b[201~")).unwrap();
        let can_end_it = inner.contains(['\x1b', '\u{9b}']);
        prop_assert!(!can_end_it);
    }
}

#[test]
fn the_focus_is_told_to_programs_that_asked() {
    let asked = Modes { focus_events: true, ..Modes::default() };
    assert_eq!(encode_focus(true, &asked), b"\x1b[I");
    assert_eq!(encode_focus(false, &asked), b"\x1b[O");
    assert_eq!(encode_focus(true, &Modes::default()), b"");
}

fn parse_code(text: &str) -> KeyCode {
    if let Some(number) = text.strip_prefix("F(").and_then(|rest| rest.strip_suffix(')')) {
        return KeyCode::F(number.parse().unwrap());
    }
    if let Some(inner) = text.strip_prefix("Char('").and_then(|rest| rest.strip_suffix("')")) {
        return KeyCode::Char(inner.chars().last().unwrap());
    }
    match text {
        "Enter" => KeyCode::Enter,
        "Tab" => KeyCode::Tab,
        "BackTab" => KeyCode::BackTab,
        "Esc" => KeyCode::Esc,
        "Backspace" => KeyCode::Backspace,
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Right" => KeyCode::Right,
        "Left" => KeyCode::Left,
        "Home" => KeyCode::Home,
        "End" => KeyCode::End,
        "PageUp" => KeyCode::PageUp,
        "PageDown" => KeyCode::PageDown,
        "Insert" => KeyCode::Insert,
        "Delete" => KeyCode::Delete,
        other => panic!("unknown key '{other}'"),
    }
}

fn parse_mods(text: &str) -> Mods {
    text.split('+').fold(Mods::NONE, |mods, name| {
        mods | match name {
            "-" => Mods::NONE,
            "shift" => Mods::SHIFT,
            "alt" => Mods::ALT,
            "ctrl" => Mods::CTRL,
            "super" => Mods::SUPER,
            other => panic!("unknown modifier '{other}'"),
        }
    })
}

fn parse_modes(text: &str) -> Modes {
    let mut modes = Modes::default();
    for name in text.split(' ') {
        match name {
            "-" => {}
            "app_cursor" => modes.app_cursor = true,
            "newline" => modes.newline = true,
            other => modes.kitty = other.strip_prefix("kitty=").unwrap().parse().unwrap(),
        }
    }
    modes
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("\\e") {
            bytes.push(0x1b);
            rest = after;
        } else if let Some(after) = rest.strip_prefix("\\x") {
            bytes.push(u8::from_str_radix(&after[..2], 16).unwrap());
            rest = &after[2..];
        } else {
            let c = rest.chars().next().unwrap();
            bytes.extend_from_slice(c.to_string().as_bytes());
            rest = &rest[c.len_utf8()..];
        }
    }
    bytes
}
