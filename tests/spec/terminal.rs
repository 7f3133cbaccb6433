//! Screens: what they show, answer and survive.

use cto::model::Size;
use cto::term::Attrs;
use cto::term::Cell;
use cto::term::Color;
use cto::term::CursorShape;
use cto::term::Palette;
use cto::term::Picture;
use cto::term::Point;
use cto::term::SafeText;
use cto::term::Screen;
use cto::term::ScreenEvent;
use cto::term::SearchOptions;
use cto::term::SelectionKind;
use cto::term::Side;
use cto::term::Underline;
use cto::term::safe_text;
use proptest::prelude::*;
use std::time::Duration;

fn screen(cols: u16, rows: u16, bytes: impl AsRef<[u8]>) -> Screen {
    let mut screen = Screen::new(Size { cols, rows }, 1000);
    screen.feed(bytes.as_ref());
    screen
}

/// Everything that a viewer can see, for comparing.
fn seen(screen: &Screen) -> (Vec<Vec<Cell>>, String) {
    let size = screen.size();
    let first = -i32::try_from(screen.scrollback_len()).unwrap();
    let row = |row| (0..size.cols).map(|col| screen.cell(row, col)).collect();
    let state = format!("{:?} {:?} '{}' {}", screen.cursor(), screen.modes(), screen.title(), screen.scrollback_len());
    ((first..i32::from(size.rows)).map(row).collect(), state)
}

fn first_difference(a: &Screen, b: &Screen) -> Option<String> {
    let ((cells, state), (other_cells, other_state)) = (seen(a), seen(b));
    if state != other_state {
        return Some(format!("state\n {state}\n {other_state}"));
    }
    for (row, (cells, others)) in cells.iter().zip(&other_cells).enumerate() {
        for (col, (cell, other)) in cells.iter().zip(others).enumerate() {
            if cell != other {
                return Some(format!("line {row} column {col}\n {cell:?}\n {other:?}"));
            }
        }
    }
    None
}

/// Pieces of output as programs write them, and as they should not.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    let text = prop_oneof![
        4 => "[a-z ]{1,12}",
        2 => Just("日本語".to_owned()),
        1 => Just("❤️é👩\u{200d}💻".to_owned()),
        1 => Just("e\u{301}".to_owned()),
        1 => "[a-z]{70,90}",
        1 => Just("\t".to_owned()),
        3 => Just("\r\n".to_owned()),
        1 => Just("\n\n\n\n\n\n\n".to_owned()),
        1 => Just("\x08".to_owned()),
    ];
    let number = 0u16..40;
    let sgr = prop_oneof![
        (0u16..110).prop_map(|code| format!("\x1b[{code}m")),
        any::<(u8, u8, u8)>().prop_map(|(r, g, b)| format!("\x1b[38;2;{r};{g};{b};48;5;{b}m")),
        (0u16..6).prop_map(|style| format!("\x1b[4:{style};58:5:{style}m")),
        Just("\x1b]8;id=x;http://a/b;c\x1b\\".to_owned()),
        Just("\x1b]8;;\x07".to_owned()),
    ];
    let place = (number.clone(), number.clone()).prop_map(|(row, col)| format!("\x1b[{row};{col}H"));
    let edit = (number.clone(), proptest::sample::select(b"@ABCDEFGIJKLMPSTXZbdg`".to_vec()))
        .prop_map(|(count, letter)| format!("\x1b[{count}{}", char::from(letter)));
    let region = (number.clone(), number).prop_map(|(top, bottom)| format!("\x1b[{top};{bottom}r"));
    let private = proptest::sample::select(vec![1, 3, 6, 7, 12, 25, 1000, 1002, 1003, 1004, 1005, 1006, 1007, 1049, 1049, 2004]);
    let mode = (private, any::<bool>()).prop_map(|(mode, on)| format!("\x1b[?{mode}{}", if on { 'h' } else { 'l' }));
    let other = proptest::sample::select(vec![
        "\x1b7",
        "\x1b8",
        "\x1b[4h",
        "\x1b[4l",
        "\x1b[20h",
        "\x1b[20l",
        "\x1b(0",
        "\x1b(B",
        "\x1b)0",
        "\x0e",
        "\x0f",
        "\x1bH",
        "\x1b[3g",
        "\x1bM",
        "\x1bD",
        "\x1bE",
        "\x1b=",
        "\x1b>",
        "\x1b#8",
        "\x1b[5 q",
        "\x1b[2 q",
        "\x1b]2;ti\u{e9}tle\x07",
        "\x1b[22t",
        "\x1b[23t",
        "\x1b[>1u",
        "\x1b[<u",
        "\x1b[=9;2u",
        "\x1b]4;3;#102030\x07",
        "\x1b]10;rgb:10/20/30\x07",
        "\x1b]104\x07",
        "\x1b[s",
        "\x1b[u",
        "\x1bc",
    ])
    .prop_map(str::to_owned);
    prop_oneof![
        8 => text,
        4 => sgr,
        4 => place,
        4 => edit,
        1 => region,
        2 => mode,
        3 => other,
    ]
    .prop_map(String::into_bytes)
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    // 0xC2 begins the C1 controls; the engine takes a split one for a character without width.
    let noise = proptest::collection::vec(any::<u8>().prop_filter("C1", |byte| *byte != 0xc2), 1..6);
    let pieces = proptest::collection::vec(prop_oneof![30 => piece(), 1 => noise], 1..80);
    pieces.prop_map(|pieces| pieces.concat())
}

/// Sizes that put margins in the way.
fn size() -> impl Strategy<Value = Size> {
    (2u16..45, 2u16..20).prop_map(|(cols, rows)| Size { cols, rows })
}

/// How many cases: few in `make test`, many in `make prove`.
fn cases(small: u32) -> ProptestConfig {
    let proving = std::env::var_os("CTO_PROVE").is_some();
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(if proving { small * 40 } else { small }) }
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn a_stream_draws_the_same_whole_and_byte_by_byte(bytes in stream(), size in size()) {
        let mut whole = Screen::new(size, 50);
        whole.feed(&bytes);
        let mut split = Screen::new(size, 50);
        bytes.iter().for_each(|byte| split.feed(&[*byte]));
        prop_assert_eq!(first_difference(&whole, &split), None);
        prop_assert_eq!(whole.take_replies(), split.take_replies());
    }

    #[test]
    fn a_snapshot_draws_the_same_screen_and_goes_on_the_same(bytes in stream(), more in stream(), size in size()) {
        let mut screen = Screen::new(size, 50);
        screen.feed(&bytes);
        let mut copy = Screen::new(size, 50);
        copy.feed(&screen.snapshot(50));
        prop_assert_eq!(first_difference(&screen, &copy), None);
        prop_assert_eq!(copy.take_events().into_iter().find(|event| *event == ScreenEvent::Bell), None);
        if screen.modes().origin {
            return Ok(()); // A cursor outside the region costs the saved one.
        }
        // What `CSI b` repeats is known only while it stands before the cursor.
        for screen in [&mut screen, &mut copy] {
            screen.feed(b"x");
            screen.feed(&more);
        }
        prop_assert_eq!(screen.text(), copy.text());
    }

    #[test]
    fn a_snapshot_between_any_two_bytes_leaves_nothing_out(bytes in stream(), at in any::<prop::sample::Index>()) {
        let at = at.index(bytes.len());
        let mut screen = screen(40, 10, &bytes[..at]);
        let mut copy = Screen::new(screen.size(), 1000);
        copy.feed(&screen.snapshot(1000));
        // One whole sequence is enough to see whether its first half was lost.
        let next = &bytes[at..bytes.len().min(at + 4)];
        if next.contains(&b'b') {
            return Ok(()); // What it repeats may be gone.
        }
        screen.feed(next);
        copy.feed(next);
        prop_assert_eq!(screen.text(), copy.text());
    }

    #[test]
    fn random_bytes_and_sizes_break_nothing(
        steps in proptest::collection::vec((stream(), proptest::collection::vec(any::<u8>(), 0..200), 0u16..400, 0u16..120), 1..6)
    ) {
        let mut screen = Screen::new(Size { cols: 80, rows: 24 }, 200);
        for (text, noise, cols, rows) in steps {
            screen.feed(&text);
            screen.feed(&noise);
            screen.resize(Size { cols, rows });
            prop_assert_eq!(screen.size(), Size { cols, rows }.clamped());
            let tile = screen.tile(40, 10);
            let picture = Picture::from_ansi(&tile.ansi, Size { cols: 40, rows: 10 });
            prop_assert_eq!(picture.size(), Size { cols: 40, rows: 10 });
            screen.snapshot(100);
        }
        let rebuilt = screen.take_events().contains(&ScreenEvent::Rebuilt);
        prop_assert!(!rebuilt, "the engine failed");
    }

    #[test]
    fn a_tile_shows_the_cells_around_the_cursor(bytes in stream(), cols in 2u16..60, rows in 2u16..20) {
        let screen = screen(60, 20, &bytes);
        let frame = screen.tile(cols, rows);
        let allowed = safe_text(&without_places(&frame.ansi));
        let plain = without_places(&frame.ansi);
        prop_assert!(plain.is_empty() || String::from_utf8_lossy(&allowed).starts_with(&*String::from_utf8_lossy(&plain)));
        let picture = Picture::from_ansi(&frame.ansi, Size { cols, rows });
        let cursor = screen.cursor();
        let follow = |at: u16, length: u16| if cursor.visible { (at + 1).saturating_sub(length) } else { 0 };
        let (left, top) = (follow(cursor.col, cols), follow(cursor.row, rows));
        for row in 0..rows {
            for col in 0..cols {
                let real = screen.cell(i32::from(top + row), left + col);
                let drawn = picture.cell(row, col).copied().unwrap_or_default();
                let cut = real.width != 1 || real.text.as_str().chars().count() > 1 || real.text == "\u{fffd}" || real.attrs.contains(Attrs::HIDDEN);
                prop_assert!(cut || real.text == drawn.text, "row {} column {}: {:?} {:?}", row, col, real, drawn);
                prop_assert!(cut || real.bg == drawn.bg, "row {} column {}: {:?} {:?}", row, col, real, drawn);
            }
        }
    }
}

/// Takes the cursor addresses out of a tile.
fn without_places(ansi: &[u8]) -> Vec<u8> {
    let text = String::from_utf8(ansi.to_vec()).unwrap();
    let mut kept = String::new();
    for part in text.split("\x1b[") {
        let end = part.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(0);
        match part.get(end..=end) {
            Some("H") => kept.push_str(&part[end + 1..]),
            Some("m") => kept.push_str(&format!("\x1b[{part}")),
            _ => assert!(part.is_empty(), "another sequence: {part:?}"),
        }
    }
    kept.into_bytes()
}

#[test]
fn text_attributes_and_colours_are_kept() {
    let screen = screen(20, 3, "\x1b[1;3;5;7;9;4:3;58:5:9;31;48;2;1;2;3mx\x1b[21my\x1b[0mz");
    let cell = screen.cell(0, 0);
    assert_eq!(cell.text, "x");
    assert_eq!(cell.attrs, Attrs::BOLD | Attrs::ITALIC | Attrs::BLINK | Attrs::INVERSE | Attrs::STRIKE);
    assert_eq!((cell.fg, cell.bg), (Color::Indexed(1), Color::Rgb(1, 2, 3)));
    assert_eq!((cell.underline, cell.underline_color), (Underline::Curly, Some(Color::Indexed(9))));
    assert_eq!(screen.cell(0, 1).underline, Underline::Double);
    assert_eq!(screen.cell(0, 2), Cell { text: "z".into(), ..Cell::default() });
}

#[test]
fn a_colour_that_the_program_changed_is_shown_as_it_is_now() {
    let mut screen = screen(20, 3, "\x1b[31mred\x1b]4;1;#0a0b0c\x07");
    assert_eq!(screen.cell(0, 0).fg, Color::Rgb(10, 11, 12));
    screen.feed(b"\x1b]104;1\x07");
    assert_eq!(screen.cell(0, 0).fg, Color::Indexed(1));
}

#[test]
fn wide_characters_take_two_columns_and_wrap_whole() {
    let screen = screen(5, 3, "abcd日e");
    assert_eq!(screen.text(), "abcd\n日e");
    assert_eq!((screen.cell(1, 0).width, screen.cell(1, 1).width), (2, 0));
    assert!(screen.is_wrapped(0));
}

#[test]
fn half_of_a_wide_character_is_never_shown() {
    let mut screen = screen(6, 2, "日本語");
    screen.feed(b"\x1b[1;2Hx");
    assert_eq!(screen.cell(0, 0).text, " ");
    assert_eq!(screen.text(), " x本語");
    screen.feed(b"\x1b[1;1H\x1b[@");
    assert_eq!(screen.cell(0, 5).width, 1);
}

#[test]
fn an_emoji_with_a_selector_at_the_margin_does_no_harm() {
    let mut screen = screen(10, 3, "12345678❤\u{fe0f}⚠\u{fe0f}👩\u{200d}💻");
    screen.feed("\x1b[H\x1b[2J12345678❤\u{fe0f}❤\u{fe0f}".as_bytes());
    assert!(!screen.take_events().contains(&ScreenEvent::Rebuilt));
    assert!(screen.text().starts_with("12345678❤"));
    let frame = screen.tile(10, 3);
    let picture = Picture::from_ansi(&frame.ansi, Size { cols: 10, rows: 3 });
    assert_eq!(picture.text(), "12345678❤❤");
    assert!(!String::from_utf8(frame.ansi).unwrap().contains('\u{fe0f}'));
}

#[test]
fn a_flood_of_marks_on_one_character_is_bounded() {
    let screen = screen(10, 2, "e".to_owned() + &"\u{301}".repeat(10_000));
    assert!(screen.cell(0, 0).text.as_str().len() <= 22);
}

#[test]
fn lines_are_wrapped_anew_when_the_width_changes() {
    let mut screen = screen(10, 4, "one long line of text\r\nsecond");
    assert_eq!(screen.text(), "one long l\nine of tex\nt\nsecond");
    screen.resize(Size { cols: 30, rows: 4 });
    assert_eq!(screen.text(), "one long line of text\nsecond");
    assert_eq!(screen.text_with_scrollback(), "one long line of text\nsecond");
}

#[test]
fn sizes_are_clamped() {
    let mut screen = screen(80, 24, "text");
    screen.resize(Size { cols: 0, rows: 0 });
    assert_eq!(screen.size(), Size { cols: 2, rows: 2 });
    screen.resize(Size { cols: 60_000, rows: 60_000 });
    assert_eq!(screen.size(), Size { cols: 1000, rows: 1000 });
}

#[test]
fn queries_are_answered_in_their_order() {
    let asked = |query: &str| {
        let mut screen = screen(80, 24, "\x1b[3;7H".to_owned() + query);
        String::from_utf8(screen.take_replies()).unwrap()
    };
    assert_eq!(asked("\x1b[c"), "\x1b[?62;22c");
    assert_eq!(asked("\x1b[5n"), "\x1b[0n");
    assert_eq!(asked("\x1b[6n"), "\x1b[3;7R");
    assert_eq!(asked("\x1b[?6n"), "\x1b[?3;7R");
    assert_eq!(asked("\x1b[18t"), "\x1b[8;24;80t");
    assert_eq!(asked("\x1b[14t"), "\x1b[4;384;640t");
    assert_eq!(asked("\x1b]11;?\x07"), "\x1b]11;rgb:0000/0000/0000\x07");
    assert_eq!(asked("\x1b]4;196;?\x1b\\"), "\x1b]4;196;rgb:ffff/0000/0000\x1b\\");
    assert_eq!(asked("\x1b]11;#102030\x07\x1b]11;?\x07"), "\x1b]11;rgb:1010/2020/3030\x07");
    assert_eq!(
        asked("\x1b[?2004h\x1b[?2004$p\x1b[?2004l\x1b[?2004$p\x1b[?2026$p\x1b[?9999$p\x1b[4$p"),
        "\x1b[?2004;1$y\x1b[?2004;2$y\x1b[?2026;2$y\x1b[?9999;0$y\x1b[4;2$y"
    );
    assert_eq!(asked("\x1b[?u\x1b[>3u\x1b[?u\x1b[<u\x1b[?u"), "\x1b[?0u\x1b[?1u\x1b[?0u");
    let name = format!("\x1bP>|cto({})\x1b\\", env!("CARGO_PKG_VERSION"));
    assert_eq!(asked("\x1b[>q\x1b[c"), name + "\x1b[?62;22c");
    assert_eq!(asked("\x1b[5;10r\x1b[?6h\x1b[2;3H\x1b[6n"), "\x1b[2;3R");
}

#[test]
fn colour_queries_are_answered_with_the_given_palette() {
    let mut screen = Screen::new(Size::default(), 0);
    screen.set_palette(Palette { background: (255, 255, 255), ..Palette::default() });
    screen.feed(b"\x1b]11;?\x07");
    assert_eq!(screen.take_replies(), b"\x1b]11;rgb:ffff/ffff/ffff\x07");
}

#[test]
fn replies_that_nobody_takes_are_bounded() {
    let mut screen = screen(80, 24, "\x1b[c".repeat(100_000));
    assert!(screen.take_replies().len() <= 64 * 1024);
}

#[test]
fn events_are_filtered_and_the_latest_is_kept() {
    let mut screen = screen(80, 24, "\x07\x07\x1b]0;one\x07\x1b]2;t\u{202e}w\u{85}o\x1b\\\x1b]52;c;aGk=\x07\x1b]7;file://box/srv/a%20b\x07");
    let events = screen.take_events();
    assert!(events.contains(&ScreenEvent::Bell));
    assert!(events.contains(&ScreenEvent::ClipboardStore("hi".to_owned())));
    assert!(events.contains(&ScreenEvent::Cwd("/srv/a b".to_owned())));
    assert_eq!(events.len(), 4);
    assert!(screen.take_events().is_empty());
    assert!(!screen.title().chars().any(char::is_control));
    screen.feed(format!("\x1b]2;{}\x07", "x".repeat(10_000)).as_bytes());
    assert_eq!(screen.title().len(), 256);
}

#[test]
fn the_clipboard_cannot_be_read_by_a_program() {
    let mut screen = screen(80, 24, "\x1b]52;c;?\x07");
    assert_eq!(screen.take_replies(), b"");
    assert_eq!(screen.take_events(), []);
}

#[test]
fn a_string_without_end_is_forgotten() {
    let mut screen = screen(80, 24, "before\x1b]52;c;");
    for _ in 0..40 {
        screen.feed(&[b'A'; 64 * 1024]);
    }
    screen.feed(b"\x07 after");
    assert_eq!(screen.text(), "before after");
    assert_eq!(screen.take_events(), []);
    assert!(screen.snapshot(0).len() < 1000);
}

#[test]
fn a_character_repeated_without_end_comes_to_an_end() {
    let screen = screen(80, 24, "x".to_owned() + &"\x1b[65535b".repeat(200));
    assert!(screen.text().lines().take(23).all(|line| line == "x".repeat(80)), "{}", screen.text());
}

#[test]
fn an_update_held_back_is_shown_when_its_time_is_over() {
    let mut screen = screen(80, 24, "old\x1b[?2026h\x1b[H\x1b[2Jnew");
    let deadline = screen.sync_deadline().expect("an update was begun");
    let generation = screen.generation();
    assert_eq!(screen.text(), "old");
    assert!(!screen.stop_sync_if_due(deadline - Duration::from_millis(1)));
    assert_eq!((screen.text().as_str(), screen.generation()), ("old", generation));
    assert!(screen.stop_sync_if_due(deadline));
    assert_eq!(screen.text(), "new");
    assert!(screen.generation() > generation);
    screen.feed(b"\x1b[?2026h!\x1b[?2026l");
    assert_eq!((screen.text().as_str(), screen.sync_deadline()), ("new!", None));
}

#[test]
fn the_cursor_has_a_place_a_shape_and_a_state() {
    let mut screen = screen(10, 3, "\x1b[2;4H\x1b[3 q");
    let cursor = screen.cursor();
    assert_eq!((cursor.row, cursor.col, cursor.shape, cursor.blink, cursor.visible), (1, 3, CursorShape::Underline, true, true));
    screen.feed(b"\x1b[6 q\x1b[?25l\x1b[1;10Hx");
    let cursor = screen.cursor();
    assert_eq!((cursor.col, cursor.shape, cursor.visible, cursor.pending_wrap), (9, CursorShape::Beam, false, true));
}

#[test]
fn a_snapshot_brings_back_both_screens() {
    let mut screen = screen(20, 4, "one\r\ntwo\r\nthree\r\nfour\r\nfive$ \x1b[?1049h\x1b[2;3Hvim\x1b[?1h\x1b[?2004h\x1b[1 q");
    let mut copy = Screen::new(screen.size(), 100);
    copy.feed(&screen.snapshot(100));
    assert_eq!(first_difference(&screen, &copy), None);
    assert_eq!(copy.text(), "\n  vim");
    for screen in [&mut screen, &mut copy] {
        screen.feed(b"\x1b[?1049l");
    }
    assert_eq!(first_difference(&screen, &copy), None);
    assert_eq!(copy.text_with_scrollback(), "one\ntwo\nthree\nfour\nfive$");
}

#[test]
fn a_character_repeated_across_a_snapshot_is_the_same() {
    let mut screen = screen(20, 4, "\x1b(0-q");
    let mut copy = Screen::new(screen.size(), 0);
    copy.feed(&screen.snapshot(0));
    copy.feed(b"\x1b[3b");
    assert_eq!(copy.text(), "-────");
}

#[test]
fn a_snapshot_holds_as_much_scrollback_as_asked() {
    let lines: String = (1..=100).map(|line| format!("{line}\r\n")).collect();
    let mut screen = screen(20, 4, lines);
    let mut copy = Screen::new(screen.size(), 1000);
    copy.feed(&screen.snapshot(10));
    assert_eq!((copy.scrollback_len(), copy.text()), (10, screen.text()));
}

#[test]
fn scrollback_is_bounded_and_the_view_stands_still_while_output_comes() {
    let mut screen = Screen::new(Size { cols: 20, rows: 4 }, 50);
    (1..=100).for_each(|line| screen.feed(format!("{line}\r\n").as_bytes()));
    assert_eq!(screen.scrollback_len(), 50);
    screen.scroll_view(10);
    let mut top = String::new();
    let mut read = |screen: &Screen| {
        top.clear();
        screen.visit(screen.display_offset(), |row, _, cell| {
            if row == 0 {
                top.push_str(cell.text.as_str())
            }
        });
        top.trim_end().to_owned()
    };
    let before = read(&screen);
    screen.feed(b"more\r\n");
    assert_eq!((before.as_str(), read(&screen).as_str()), ("88", "88"));
    screen.scroll_to_bottom();
    assert_eq!(screen.display_offset(), 0);
}

#[test]
fn selected_text_is_copied_as_it_was_written() {
    let mut screen = screen(10, 4, "wrapped line 日本\r\nsecond one");
    let at = |row, col| Point { row, col };
    screen.start_selection(SelectionKind::Simple, at(0, 8), Side::Left);
    screen.extend_selection(at(1, 4), Side::Right);
    assert_eq!(screen.selected_text().as_deref(), Some("line 日"));
    assert!(screen.is_selected(1, 3) && screen.is_selected(1, 4) && !screen.is_selected(1, 5));
    screen.start_selection(SelectionKind::Word, at(2, 8), Side::Left);
    assert_eq!(screen.selected_text().as_deref(), Some("one"));
    screen.start_selection(SelectionKind::Line, at(1, 0), Side::Left);
    assert_eq!(screen.selected_text().as_deref(), Some("wrapped line 日本\n"));
    screen.start_selection(SelectionKind::Block, at(0, 0), Side::Left);
    screen.extend_selection(at(2, 2), Side::Right);
    assert_eq!(screen.selected_text().as_deref(), Some("wra\nne\nsec"));
    assert_eq!(screen.selected_columns(2), 0..3);
    screen.clear_selection();
    assert!(!screen.has_selection());
}

#[test]
fn text_is_found_across_wrapped_rows_and_in_the_scrollback() {
    let mut screen = screen(10, 3, "alpha\r\nbeta Needle one\r\ngamma\r\nneedle");
    let options = SearchOptions::default();
    let found = screen.find_all("needle", options);
    assert_eq!(found.len(), 2);
    let first = found[0];
    assert_eq!((first.start.row, first.start.col, first.end.row, first.end.col), (-1, 5, 0, 0));
    assert_eq!(screen.find_next("NEEDLE", first.start, options), Some(found[1]));
    assert_eq!(screen.find_next("needle", found[1].start, options), Some(first), "goes round");
    assert_eq!(screen.find_previous("needle", found[1].start, options), Some(first));
    assert_eq!(screen.find_all("Needle", SearchOptions { match_case: true }).len(), 1);
    assert!(screen.find_all("", options).is_empty());
    screen.reset();
    assert!(screen.find_all("needle", options).is_empty());
}

#[test]
fn prompts_are_known_by_their_marks_and_follow_their_text() {
    let prompt = "\x1b]133;A\x07$ \x1b]133;B\x07";
    let mut screen = screen(20, 4, format!("{prompt}ls\r\n\x1b]133;C\x07one file with a long name\r\n\x1b]133;D;0\x07{prompt}"));
    let rows = |screen: &Screen| screen.prompts().iter().map(|prompt| prompt.row).collect::<Vec<_>>();
    assert_eq!(rows(&screen), [0, 3]);
    screen.resize(Size { cols: 40, rows: 4 });
    assert_eq!(rows(&screen), [0, 2], "wrapped anew they are where their text is");
    screen.feed(b"\r\n\r\n\r\n");
    assert_eq!(rows(&screen), [-2, 0]);
    let mut copy = Screen::new(screen.size(), 100);
    copy.feed(&screen.snapshot(100));
    assert_eq!(rows(&copy), [-2, 0], "a snapshot brings them along");
    // The mark is none of the text's attributes.
    assert_eq!(screen.cell(0, 0), Cell { text: "$".into(), ..Cell::default() });
    screen.feed(b"\x1b[1;1Hx");
    assert_eq!(rows(&screen), [-2], "what is drawn over is a prompt no longer");
}

#[test]
fn a_mark_that_waits_for_its_prompt_outlasts_a_snapshot() {
    let mut screen = screen(20, 4, "\x1b]133;A\x07");
    let mut copy = Screen::new(screen.size(), 100);
    copy.feed(&screen.snapshot(100));
    copy.feed("日".as_bytes());
    assert_eq!(copy.prompts(), [Point { row: 0, col: 0 }]);
    copy.feed(b"\r\n\x1b]133;A\x07\x1b]133;C\x07output");
    assert_eq!(copy.prompts().len(), 1, "a prompt without text is none");
    let mut one = Screen::new(screen.size(), 100);
    one.feed(b"\x1b]133;A\x07$");
    let mut copy = Screen::new(one.size(), 100);
    copy.feed(&one.snapshot(100));
    assert_eq!(copy.prompts(), one.prompts(), "also one of a single character");
}

#[test]
fn a_tile_follows_the_cursor() {
    let lines: Vec<String> = (0..20).map(|line| format!("line {line} {}", "-".repeat(60))).collect();
    let screen = screen(80, 24, lines.join("\r\n") + "\x1b[20;70H");
    let tile = screen.tile(40, 10);
    let picture = Picture::from_ansi(&tile.ansi, Size { cols: 40, rows: 10 });
    assert_eq!((tile.cols, tile.rows), (40, 10));
    assert_eq!(picture.text().lines().count(), 10);
    assert!(picture.text().starts_with(&"-".repeat(30)), "{}", picture.text());
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn filtered_output_has_no_escape_but_colours(
        parts in proptest::collection::vec(prop_oneof![piece(), proptest::collection::vec(any::<u8>(), 0..20)], 0..30),
        cut in any::<prop::sample::Index>(),
    ) {
        let bytes = parts.concat();
        let safe = safe_text(&bytes);
        let text = String::from_utf8(safe.clone()).unwrap();
        for part in text.split('\x1b').skip(1) {
            let end = part.find('m').unwrap_or(0);
            let colour = part.starts_with('[') && part[1..end.max(1)].bytes().all(|byte| byte.is_ascii_digit() || b";:".contains(&byte));
            prop_assert!(colour && end > 0, "{:?}", part);
        }
        let bad = text.replace("\r\n", "\n").chars().find(|c| c.is_control() && !"\t\n\x1b".contains(*c));
        prop_assert_eq!(bad, None);

        let mut filter = SafeText::new();
        let at = if bytes.is_empty() { 0 } else { cut.index(bytes.len()) };
        let mut split = filter.push(&bytes[..at]);
        split.extend(filter.push(&bytes[at..]));
        split.extend(filter.finish());
        prop_assert_eq!(split, safe);
    }
}

#[test]
fn logs_keep_text_colours_and_lines_and_lose_the_rest() {
    let safe = |text: &str| String::from_utf8(safe_text(text.as_bytes())).unwrap();
    assert_eq!(safe("a\tb\r\nc\n"), "a\tb\r\nc\n");
    assert_eq!(safe("\x1b[1;31mred\x1b[0m"), "\x1b[1;31mred\x1b[0m");
    assert_eq!(safe("\x1b[31mred"), "\x1b[31mred\x1b[0m", "colours end with the output");
    assert_eq!(safe("a\x1b[2Jb\x1b[?1049hc\x1b[5;5Hd"), "abcd");
    assert_eq!(safe("\x1b]0;title\x07x\x1b]52;c;aGk=\x1b\\y\x1bPq#1\x1b\\z"), "xyz");
    assert_eq!(safe("50%\r100%\r\n"), "50%\n100%\r\n");
    assert_eq!(safe("a\u{9b}2Jb\u{85}c\x07\x08\x00"), "a2Jbc");
    assert_eq!(safe("\x1b]0;never ended\nnext line"), "\nnext line");
    assert_eq!(safe("\x1b[?1;2m\x1b[>4m\x1b[1 mx"), "x");
    assert_eq!(String::from_utf8(safe_text(b"a\xffb\xe2\x82")).unwrap(), "a\u{fffd}b\u{fffd}");
    assert_eq!(safe(&format!("\x1b[{}mx", "1;".repeat(100))), "x");
}
