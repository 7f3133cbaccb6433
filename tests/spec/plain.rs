//! `accessible: true`: no borders and no signs in any view, words instead, and the cursor on what is selected.
use super::drawn;
use super::drawn::SIZES;
use super::support::home::Home;
use super::support::home::Terminal;
use cto::model::Size;
use cto::tui::Start;
use cto::tui::app::App;
use cto::tui::keymap::Keymap;
use cto::tui::keymap::parse;
use cto::tui::msg::Msg;
use cto::tui::msg::Now;
use cto::tui::theme::Depth;
use cto::tui::theme::Theme;
use cto::tui::view;
use ratatui::Terminal as Screen;
use ratatui::backend::Backend as _;
use ratatui::backend::TestBackend;
use std::time::Duration;

/// The whole program with the usual containers, for those who have it read to them.
struct Reader {
    app: App,
    size: (u16, u16),
}

impl Reader {
    fn new((cols, rows): (u16, u16)) -> Self {
        let now = Now { since_start: Duration::from_secs(60), time: drawn::noon() };
        let mut app = App::new(Start::Home, Theme::standard(Depth::True), Keymap::new("C-b").unwrap(), 100, Size { cols, rows }, now);
        app.plain = true;
        app.paint();
        app.data = drawn::usual();
        let mut reader = Self { app, size: (cols, rows) };
        reader.press("g");
        reader
    }

    fn press(&mut self, keys: &str) {
        for key in keys.split(' ') {
            let now = self.app.now;
            self.app.update(Msg::Key(parse(key).unwrap()), now);
        }
    }

    /// Its text, with the cursor's place above.
    fn picture(&self) -> String {
        let mut screen = Screen::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        let buffer = screen.draw(|frame| view::draw(&self.app, frame)).unwrap().buffer.clone();
        let at = screen.backend_mut().get_cursor_position().unwrap();
        format!("cursor {},{}\n{}", at.x, at.y, drawn::lines(&buffer))
    }

    /// The line that the cursor is in.
    fn read_out(&self) -> String {
        let picture = self.picture();
        let (cursor, text) = picture.split_once('\n').unwrap();
        let row: usize = cursor.rsplit_once(',').unwrap().1.parse().unwrap();
        text.lines().nth(row).unwrap_or_default().trim().to_owned()
    }
}

#[test]
fn every_view_is_words_and_nothing_else() {
    let views = [("home", ""), ("menu", "x"), ("question", "C-d"), ("palette", "C-p"), ("line", ":"), ("help", "?"), ("launch", "n"), ("messages", "!")];
    for size in SIZES {
        for (name, keys) in views {
            let mut reader = Reader::new(size);
            if !keys.is_empty() {
                reader.press(keys);
            }
            let picture = reader.picture();
            let signs: Vec<char> = picture
                .chars()
                .filter(|c| matches!(c, '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{259f}' | '\u{25a0}'..='\u{27bf}' | '\u{2800}'..='\u{28ff}'))
                .collect();
            assert!(signs.is_empty(), "{name} at {size:?} has {signs:?}:\n{picture}");
            insta::assert_snapshot!(format!("plain_{name}_{}x{}", size.0, size.1), picture);
        }
    }
}

#[test]
fn the_cursor_is_on_what_is_selected() {
    let mut reader = Reader::new((80, 24));
    let first = reader.read_out();
    reader.press("j");
    let second = reader.read_out();
    assert!(first != second && !second.is_empty(), "{first} / {second}");
    assert!(second.contains("running") || second.contains("healthy") || second.contains("exit") || second.contains("paused"), "the state is a word: {second}");
    reader.press("x");
    assert!(reader.read_out().contains('>'), "the first of the menu: {}", reader.read_out());
    let before = reader.read_out();
    reader.press("Down");
    assert_ne!(reader.read_out(), before);
    reader.press("Esc C-d");
    assert!(reader.read_out().contains("ancel"), "a question stands on its safe answer: {}", reader.read_out());
}

#[test]
fn it_says_what_it_turned_off() {
    let home = Home::new();
    std::fs::create_dir_all(home.dir.path().join("config")).unwrap();
    std::fs::write(home.dir.path().join("config/cto.json"), r#"{"accessible": true}"#).unwrap();
    let mut terminal = Terminal::open(&home, &[]);
    terminal.shows("accessible: no tiles, borders");
    terminal.type_in("?");
    terminal.shows("Containers");
    assert!(terminal.text().contains("accessible: no tiles, borders"), "{}", terminal.text());
    terminal.type_in("\x1bq");
}
