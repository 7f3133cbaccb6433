//! What a terminal sends is read right, however it is cut into pieces.
use cto::term::Answer;
use cto::term::Input;
use cto::term::InputParser;
use cto::term::Key;
use cto::term::KeyCode;
use cto::term::Modes;
use cto::term::Mods;
use cto::term::MouseButton;
use cto::term::MouseEvent;
use cto::term::MouseKind;
use cto::term::Waits;
use cto::term::encode_key;
use proptest::prelude::*;

fn all(parser: &mut InputParser) -> Vec<Input> {
    std::iter::from_fn(|| parser.pop()).collect()
}

/// What these bytes are, when nothing more comes.
fn read(bytes: impl AsRef<[u8]>) -> Vec<Input> {
    let mut parser = InputParser::default();
    parser.feed(bytes.as_ref());
    parser.flush();
    all(&mut parser)
}

fn key(code: KeyCode, mods: Mods) -> Input {
    Input::Key(Key::new(code, mods))
}

fn letter(c: char, mods: Mods) -> Input {
    key(KeyCode::Char(c), mods)
}

#[test]
fn keys_of_every_terminal_are_known() {
    let (none, shift, alt, ctrl) = (Mods::NONE, Mods::SHIFT, Mods::ALT, Mods::CTRL);
    let cases: &[(&str, Input)] = &[
        ("a", letter('a', none)),
        ("A", letter('A', shift)),
        ("é", letter('é', none)),
        ("👍", letter('👍', none)),
        ("\r", key(KeyCode::Enter, none)),
        ("\t", key(KeyCode::Tab, none)),
        ("\x7f", key(KeyCode::Backspace, none)),
        ("\x1b", key(KeyCode::Esc, none)),
        ("\x01", letter('a', ctrl)),
        ("\0", letter(' ', ctrl)),
        ("\x1c", letter('\\', ctrl)),
        ("\x1f", letter('_', ctrl)),
        ("\x1bx", letter('x', alt)),
        ("\x1b[", letter('[', alt)),
        ("\x1bO", letter('O', alt | shift)),
        ("\x1b\r", key(KeyCode::Enter, alt)),
        ("\x1b[A", key(KeyCode::Up, none)),
        ("\x1bOA", key(KeyCode::Up, none)),
        ("\x1b[1;5C", key(KeyCode::Right, ctrl)),
        ("\x1b[3~", key(KeyCode::Delete, none)),
        ("\x1b[3;2~", key(KeyCode::Delete, shift)),
        ("\x1bOP", key(KeyCode::F(1), none)),
        ("\x1b[[B", key(KeyCode::F(2), none)),
        ("\x1b[15~", key(KeyCode::F(5), none)),
        ("\x1b[24;2~", key(KeyCode::F(12), shift)),
        ("\x1b[Z", key(KeyCode::BackTab, shift)),
        // Kitty's protocol tells apart what others can't.
        ("\x1b[27u", key(KeyCode::Esc, none)),
        ("\x1b[91;5u", letter('[', ctrl)),
        ("\x1b[105;5u", letter('i', ctrl)),
        ("\x1b[9;2u", key(KeyCode::BackTab, shift)),
        ("\x1b[13;2u", key(KeyCode::Enter, shift)),
        ("\x1b[13;5:2u", key(KeyCode::Enter, ctrl)),
        ("\x1b[57399u", letter('0', none)),
        ("\x1b[57376u", key(KeyCode::F(13), none)),
        ("\x1b[27;5;46~", letter('.', ctrl)),
    ];
    for (bytes, expected) in cases {
        assert_eq!(read(bytes), std::slice::from_ref(expected), "{bytes:?}");
    }
    assert_eq!(read("\x1b[97;1:3u"), [], "a key that comes up is none");
    assert_eq!(read("\x1b[57441;2u"), [], "nor is Shift by itself");
    let esc = || key(KeyCode::Esc, none);
    assert_eq!((read("\x1b\x1b"), read("\x1b\x1b:")), (vec![esc(), esc()], vec![esc(), esc(), letter(':', none)]));
    assert_eq!(read("\x1b\x1b[A"), [key(KeyCode::Esc, none), key(KeyCode::Up, none)]);
}

#[test]
fn shifted_punctuation_reaches_every_program_as_it_asked_for_it() {
    // Alt and Shift and 5 on a keyboard that has the percent sign there.
    let Input::Key(percent) = read("\x1b[53:37;4u").remove(0) else { panic!("it is a key") };
    let sent = |kitty| String::from_utf8(encode_key(&percent, &Modes { kitty, ..Modes::default() })).unwrap();
    assert_eq!(sent(0), "\x1b%");
    assert_eq!(sent(Modes::KITTY_DISAMBIGUATE), "\x1b[53;4u");
    assert_eq!(sent(Modes::KITTY_DISAMBIGUATE | Modes::KITTY_ALTERNATES), "\x1b[53:37;4u");
    let Input::Key(question) = read("\x1b[47:63;6u").remove(0) else { panic!("it is a key") };
    assert_eq!(encode_key(&question, &Modes::default()), [0x7f], "Ctrl-? of old");
    // It runs the command that the percent sign runs.
    assert_eq!(cto::tui::keymap::normal(percent), cto::tui::keymap::parse("M-%").unwrap());
}

#[test]
fn the_mouse_the_focus_and_answers_are_told() {
    let at = |kind, button, mods| Input::Mouse(MouseEvent { kind, button, col: 9, row: 4, mods });
    assert_eq!(read("\x1b[<0;10;5M"), [at(MouseKind::Down, MouseButton::Left, Mods::NONE)]);
    assert_eq!(read("\x1b[<2;10;5m"), [at(MouseKind::Up, MouseButton::Right, Mods::NONE)]);
    assert_eq!(read("\x1b[<52;10;5M"), [at(MouseKind::Drag, MouseButton::Left, Mods::SHIFT | Mods::CTRL)]);
    assert_eq!(read("\x1b[<65;10;5M"), [at(MouseKind::WheelDown, MouseButton::Left, Mods::NONE)]);
    assert_eq!(read("\x1b[M\x20\x2a\x25"), [at(MouseKind::Down, MouseButton::Left, Mods::NONE)]);
    assert_eq!(read("\x1b[I\x1b[O"), [Input::Focus(true), Input::Focus(false)]);
    let answers = "\x1b[?5u\x1b]11;rgb:1e1e/1e1e/2e2e\x1b\\\x1b]11;rgb:ff/ff/ff\x07\x1b[?997;2n\x1b[?62;4c";
    let told = [Answer::Kitty(5), Answer::Background((0x1e, 0x1e, 0x2e)), Answer::Background((255, 255, 255)), Answer::Dark(false), Answer::Attributes];
    assert_eq!(read(answers), told.map(Input::Answer));
    assert_eq!(read("\x1bP1$r0m\x1b\\\x1b[>1;2c\x1b]4;1;rgb:00/00/00\x07x"), [letter('x', Mods::NONE)], "other answers are left out");
}

#[test]
fn a_paste_is_text_whatever_is_in_it() {
    assert_eq!(read("\x1b[200~rm -rf\n\x1b[A\x03\x1b[201~y"), [Input::Paste("rm -rf\n\x1b[A\x03".into()), letter('y', Mods::NONE)]);
    let mut parser = InputParser::default();
    parser.feed(b"\x1b[200~never ends");
    assert_eq!((all(&mut parser), parser.waits()), (vec![], Some(Waits::Paste)));
    parser.flush();
    assert_eq!((all(&mut parser), parser.waits()), (vec![Input::Paste("never ends".into())], None), "a lost end does not swallow all that follows");
}

#[test]
fn the_beginning_of_a_sequence_is_held_and_never_becomes_text() {
    let mut parser = InputParser::default();
    parser.feed(b"\x1b[1;");
    parser.flush();
    assert_eq!((all(&mut parser), parser.waits()), (vec![], None));
    parser.feed(b"5C");
    assert_eq!(all(&mut parser), [key(KeyCode::Right, Mods::CTRL)]);
    assert_eq!(read("\x1b[1;\x1b[A"), [key(KeyCode::Up, Mods::NONE)], "what is broken off is left out");
}

proptest! {
    #[test]
    fn cut_into_any_pieces_it_is_the_same(
        parts in proptest::collection::vec(prop_oneof![
            Just("\x1b[A"), Just("\x1b[<0;10;5M"), Just("\x1b[200~a\x1b[20b\x1b[201~"), Just("é"), Just("x"), Just("\x1b]11;rgb:00/00/00\x1b\\"), Just("\x1b[?997;1n"), Just("\x1b[53:37;4u"), Just("\x1b\x1b:"),
        ], 0..12),
        cuts in proptest::collection::vec(0usize..8, 0..64)
    ) {
        let bytes = parts.concat().into_bytes();
        let mut parser = InputParser::default();
        let mut rest = &bytes[..];
        for cut in cuts {
            let (piece, after) = rest.split_at(cut.min(rest.len()));
            parser.feed(piece);
            rest = after;
        }
        parser.feed(rest);
        prop_assert_eq!(all(&mut parser), read(&bytes));
    }

    #[test]
    fn no_bytes_do_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }
}
