//! Typing into several terminals at once, and taking along what is seen in one.
use super::drawn;
use super::drawn::Drawn;
use super::drawn::SIZES;
use super::support::home::Home;
use super::support::home::Terminal as Seen;
use cto::model::ExitReason;
use cto::model::ServerFrame;
use cto::model::SessionExit;
use cto::model::Size;
use cto::tui::command::CommandId as C;
use cto::tui::keymap::parse;
use cto::tui::msg::Ask;
use cto::tui::msg::Effect;
use cto::tui::msg::PaneId;
use cto::tui::parts::workspace::Place;
use cto::tui::parts::workspace::Workspace;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

/// The prefix of the terminals' keys.
const PREFIX: &str = "\x02";

/// A workspace with live terminals in one tab, on a screen.
pub struct Panes {
    pub drawn: Drawn,
    pub work: Workspace,
    offsets: std::collections::HashMap<PaneId, u64>,
}

impl Panes {
    pub fn of(containers: &[&str], size: (u16, u16)) -> Self {
        let mut drawn = Drawn::new(size);
        drawn.data.containers = containers.iter().map(|name| drawn::container(name, "shell", 10)).collect();
        drawn.data.sessions = containers.iter().map(|name| drawn::session(name, "bash")).collect();
        let mut work = Workspace::default();
        work.area = drawn.area;
        for (number, session) in drawn.data.sessions.iter().enumerate() {
            work.show(session, if number == 0 { Place::Tab } else { Place::Split }, &drawn.cx());
        }
        let mut panes = Self { drawn, work, offsets: std::collections::HashMap::new() };
        for id in panes.ids() {
            let size = panes.work.panes[&id].size;
            panes.feed(id, "");
            panes.frame(id, ServerFrame::Resized { offset: 0, size });
        }
        panes
    }

    /// All panes, in the order in which they were opened.
    pub fn ids(&self) -> Vec<PaneId> {
        self.work.panes.keys().copied().collect()
    }

    pub fn frame(&mut self, pane: PaneId, frame: ServerFrame) -> Vec<Effect> {
        let news = self.work.panes.get_mut(&pane).unwrap().take(frame);
        self.work.hear(pane, news)
    }

    /// Output of a pane's program.
    pub fn feed(&mut self, pane: PaneId, text: &str) {
        let offset = self.offsets.entry(pane).or_default();
        let frame = ServerFrame::Output { offset: *offset, bytes: text.as_bytes().to_vec() };
        *offset += text.len() as u64;
        self.frame(pane, frame);
    }

    pub fn run(&mut self, id: C) -> Vec<Effect> {
        self.work.run(id, &self.drawn.cx()).unwrap()
    }

    /// Presses a key; a command that it stands for is run.
    pub fn press(&mut self, key: &str) -> Vec<Effect> {
        let pressed = self.work.key(parse(key).unwrap(), &self.drawn.cx());
        pressed.unwrap_or_else(|id| self.run(id))
    }

    /// What is seen, a line a row.
    pub fn text(&self) -> String {
        let mut terminal = Terminal::new(TestBackend::new(self.drawn.area.width, self.drawn.area.height)).unwrap();
        terminal.draw(|frame| self.work.draw(frame, self.drawn.area, true, &self.drawn.cx())).unwrap();
        let buffer = terminal.backend().buffer().clone();
        drawn::lines(&buffer)
    }
}

/// Who was typed into, and what.
pub fn typed(effects: &[Effect]) -> Vec<(u64, String)> {
    let input = |effect: &Effect| match effect {
        Effect::Input(pane, bytes) => Some((pane.0, String::from_utf8(bytes.clone()).unwrap())),
        _ => None,
    };
    effects.iter().filter_map(input).collect()
}

/// What was told.
pub fn told(effects: &[Effect]) -> String {
    let toast = |effect: &Effect| match effect {
        Effect::Ask(Ask::Toast(_, text)) => Some(text.clone()),
        _ => None,
    };
    effects.iter().filter_map(toast).collect::<Vec<_>>().join("\n")
}

/// What was copied.
fn copied(effects: &[Effect]) -> Option<&str> {
    effects.iter().find_map(|effect| match effect {
        Effect::Ask(Ask::Copy(text)) => Some(text.as_str()),
        _ => None,
    })
}

fn ended() -> ServerFrame {
    ServerFrame::Exit(SessionExit { reason: ExitReason::Exited, code: Some(1), final_offset: 0, at: drawn::noon() })
}

fn snapshots(name: &str, draw: impl Fn((u16, u16)) -> String) {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), draw((width, height)));
    }
}

#[test]
fn what_is_typed_goes_to_one_pane_until_it_is_asked_for_all() {
    let mut panes = Panes::of(&["a", "b", "c"], (120, 40));
    assert_eq!(typed(&panes.press("x")), [(3, "x".to_owned())]);
    panes.press("C-b");
    assert!(told(&panes.press("S")).contains("goes to 3 panes"));
    let mut all = typed(&panes.press("x"));
    all.sort();
    assert_eq!(all, [(1, "x".to_owned()), (2, "x".to_owned()), (3, "x".to_owned())]);
    panes.press("C-b");
    assert!(told(&panes.press("S")).contains("focused pane alone"));
    assert_eq!(typed(&panes.press("x")).len(), 1);
}

#[test]
fn each_program_gets_keys_and_pasted_text_as_it_asked_for_them() {
    let mut panes = Panes::of(&["a", "b"], (120, 40));
    let [first, second] = panes.ids()[..] else { panic!("two panes") };
    panes.feed(first, "\x1b[?2004h\x1b[?1h");
    panes.run(C::SyncTyping);
    let cx = panes.drawn.cx();
    let mut pasted = typed(&panes.work.paste("two\nlines", &cx));
    pasted.sort();
    assert_eq!(pasted, [(first.0, "\x1b[200~two\nlines\x1b[201~".to_owned()), (second.0, "two\rlines".to_owned())]);
    let mut arrows = typed(&panes.press("Up"));
    arrows.sort();
    assert_eq!(arrows, [(first.0, "\x1bOA".to_owned()), (second.0, "\x1b[A".to_owned())]);
}

#[test]
fn who_does_not_receive_is_left_out_and_said_so() {
    let mut panes = Panes::of(&["a", "b", "c", "d"], (120, 40));
    let ids = panes.ids();
    panes.frame(ids[0], ended());
    panes.frame(ids[1], ServerFrame::Lease(cto::model::Lease { holder: Some("ben".to_owned()), yours: false }));
    let words = told(&panes.run(C::SyncTyping));
    assert!(words.contains("goes to 2 panes") && words.contains("left out: a · bash, ended") && words.contains("b · bash, only ben types there"), "{words}");
    assert_eq!(typed(&panes.press("x")).len(), 2);
    let said = panes.frame(ids[2], ended());
    assert!(told(&said).contains("left out of what is typed: c · bash, ended"));
    assert_eq!(typed(&panes.press("x")).len(), 1);
    assert!(panes.text().contains("left out, ended: c · bash"), "{}", panes.text());
    assert!(panes.text().contains("⇉ d · bash"));
}

#[test]
fn a_tab_keeps_its_way_of_typing_and_a_zoomed_pane_has_the_keys_alone() {
    let mut panes = Panes::of(&["a", "b"], (120, 40));
    panes.run(C::SyncTyping);
    panes.run(C::BreakPane);
    assert!(panes.run(C::SyncTyping)[..].iter().any(|effect| matches!(effect, Effect::Ask(_))), "one pane alone has no others");
    assert_eq!(typed(&panes.press("x")).len(), 1);

    let mut panes = Panes::of(&["a", "b"], (120, 40));
    panes.run(C::SyncTyping);
    panes.run(C::Zoom);
    assert_eq!(typed(&panes.press("x")).len(), 1);
    panes.run(C::Zoom);
    assert_eq!(typed(&panes.press("x")).len(), 2);
    // What is kept of the arrangement brings no typing into several back.
    let kept = serde_json::to_string(&panes.work.save()).unwrap();
    assert!(!kept.contains("sync"), "{kept}");
}

#[test]
fn more_than_eight_are_asked_about_first() {
    let names: Vec<String> = (0..9).map(|number| format!("c{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut panes = Panes::of(&names, (200, 50));
    let asked = panes.run(C::SyncTyping);
    let [Effect::Ask(Ask::Confirm(spec))] = &asked[..] else { panic!("asked: {asked:?}") };
    assert_eq!(spec.title, "Type into 9 terminals at once?");
    assert_eq!(typed(&panes.press("x")).len(), 1, "nothing before the answer");
    let Effect::Ask(Ask::SyncTyping(pane)) = spec.choices[0].effects[0].clone() else { panic!("{spec:?}") };
    panes.work.sync_typing(pane);
    assert_eq!(typed(&panes.press("x")).len(), 9);
}

#[test]
fn panes_that_receive_are_marked() {
    snapshots("typing", |size| {
        let mut panes = Panes::of(&["web-1", "db", "日本"], size);
        let ids = panes.ids();
        ids.iter().for_each(|id| panes.feed(*id, "# uptime\r\n"));
        panes.frame(ids[1], ended());
        panes.run(C::SyncTyping);
        panes.text()
    });
}

/// A screen with one of each kind.
const OUTPUT: &str = "commit 1a2b3c4d5e6f by ada@example.org\r\n\
 see https://example.org/a/very/long/address/that/is/wrapped/because/it/does/not/fit/into/the/row?q=1 for more\r\n\
 src/main.rs:12:5: error, also in /srv/日本語/app.py\r\n\
 listening on 0.0.0.0:8080 and [::1]:8080\r\n\
 # ";

fn labelled(size: (u16, u16)) -> Panes {
    let mut panes = Panes::of(&["a"], size);
    let id = panes.ids()[0];
    panes.feed(id, OUTPUT);
    panes.press("C-b");
    panes.press("u");
    panes
}

#[test]
fn what_can_be_taken_along_has_a_label() {
    snapshots("quick_select", |size| labelled(size).text());
}

#[test]
fn the_letters_of_a_label_copy_and_with_shift_they_paste() {
    // The lowest has the first letter.
    let mut panes = labelled((80, 24));
    assert_eq!(copied(&panes.press("a")), Some("[::1]:8080"));
    let mut panes = labelled((80, 24));
    assert_eq!(copied(&panes.press("d")), Some("/srv/日本語/app.py"));
    let mut panes = labelled((80, 24));
    let wrapped = "https://example.org/a/very/long/address/that/is/wrapped/because/it/does/not/fit/into/the/row?q=1";
    assert_eq!(copied(&panes.press("g")), Some(wrapped));
    let mut panes = labelled((80, 24));
    assert_eq!(typed(&panes.press("F")), [(1, "src/main.rs:12:5".to_owned())]);
    let mut panes = labelled((80, 24));
    assert!(panes.press("Esc").is_empty());
    assert_eq!(typed(&panes.press("a")), [(1, "a".to_owned())], "keys are the program's again");
}

#[test]
fn a_labelled_screen_stands_still_and_goes_on_afterwards() {
    let mut panes = labelled((80, 24));
    let id = panes.ids()[0];
    let before = panes.text();
    panes.feed(id, "printed meanwhile\r\n");
    assert_eq!(panes.text(), before);
    panes.press("Esc");
    assert!(panes.text().contains("printed meanwhile"));
}

#[test]
fn the_same_name_has_the_same_label_and_nothing_has_none() {
    let mut panes = Panes::of(&["a"], (80, 24));
    let id = panes.ids()[0];
    assert!(told(&panes.run(C::QuickSelect)).contains("no address, id or path"));
    panes.feed(id, "/srv/one\r\n/srv/two\r\n/srv/one\r\n");
    panes.run(C::QuickSelect);
    assert_eq!(panes.text().matches("asrv/one").count(), 2, "{}", panes.text());
    assert_eq!(copied(&panes.press("s")), Some("/srv/two"));
}

#[test]
fn with_many_names_labels_have_two_letters_and_narrow() {
    let mut panes = Panes::of(&["a"], (80, 40));
    let id = panes.ids()[0];
    let lines: Vec<String> = (0..35).map(|number| format!("/srv/file-{number}")).collect();
    panes.feed(id, &lines.join("\r\n"));
    panes.run(C::QuickSelect);
    assert!(panes.press("m").is_empty());
    let narrowed = panes.text();
    assert!(narrowed.contains("asrv/file-9"), "{narrowed}");
    assert!(panes.press("Backspace").is_empty());
    assert!(panes.press("m").is_empty());
    assert_eq!(copied(&panes.press("a")), Some("/srv/file-9"));
}

#[test]
fn marked_containers_are_typed_into_at_once_with_each_echo_in_sight() {
    let home = Home::new();
    let names: Vec<String> = ["one", "two", "three"].iter().map(|name| home.container(name)).collect();
    let mut tui = Seen::sized(&home, &[], (120, 40));
    tui.shows("● docker");
    // Other containers may be there too.
    tui.type_in(&format!("/{}\r", home.prefix));
    names.iter().for_each(|name| tui.shows(name));
    tui.type_in("   T");
    tui.shows("⇉ 3/3");
    tui.type_in("PS1='> '; echo all-$((40+2))-$HOSTNAME >/tmp/typed; cat /tmp/typed\r");
    home.until("each echo is seen", || tui.text().matches("all-42-").count() == 3);
    for name in &names {
        assert!(home.ok(&["exec", name, "cat", "/tmp/typed"]).starts_with("all-42-"));
    }
    // Alone again.
    tui.type_in(&format!("{PREFIX}S"));
    tui.shows("focused pane alone");
    tui.type_in("echo one-$((40+3))\r");
    tui.shows("one-43");
    assert_eq!(tui.text().matches("one-43").count(), 1);
}

#[test]
fn a_terminal_as_small_as_can_be_takes_labels_too() {
    let panes = labelled((20, 5));
    assert_eq!(panes.work.focused().unwrap().size, Size { cols: 20, rows: 5 });
    assert!(panes.text().contains("8080"));
}
