//! Panes that float, move between tabs, have names, and are found again; and what tabs say of what nobody saw.
use super::drawn;
use super::drawn::Drawn;
use super::drawn::SIZES;
use super::support::home::Home;
use super::support::home::Terminal as Seen;
use super::typing::Panes;
use super::typing::told;
use super::typing::typed;
use cto::model::ExitReason;
use cto::model::ServerFrame;
use cto::model::SessionExit;
use cto::model::Size;
use cto::term::Mods;
use cto::term::MouseButton;
use cto::term::MouseEvent;
use cto::term::MouseKind;
use cto::tui::Start;
use cto::tui::app::App;
use cto::tui::app::View;
use cto::tui::command::CommandId as C;
use cto::tui::keymap::Keymap;
use cto::tui::keymap::parse;
use cto::tui::msg::Effect;
use cto::tui::msg::Msg;
use cto::tui::msg::PaneId;
use cto::tui::msg::Request;
use cto::tui::parts::saved::SavedWorkspace;
use cto::tui::parts::workspace::Place;
use cto::tui::parts::workspace::Workspace;
use cto::tui::theme::Depth;
use cto::tui::theme::Theme;
use cto::tui::view;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Rect;
use std::time::Duration;

/// The prefix of the terminals' keys.
const PREFIX: &str = "\x02";

fn snapshots(name: &str, draw: impl Fn((u16, u16)) -> String) {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), draw((width, height)));
    }
}

impl Panes {
    /// Presses a key after the prefix.
    fn after(&mut self, key: &str) -> Vec<Effect> {
        self.press("C-b");
        self.press(key)
    }

    fn tab(&self) -> &cto::tui::parts::tab::Tab {
        self.work.tab().unwrap()
    }

    /// Opens a floating pane, whose shell is there at once.
    fn float(&mut self) -> PaneId {
        let effects = self.after("*");
        let Some(Effect::Request(Request::OpenSession { pane, open })) = effects.last() else { panic!("a shell is asked for: {effects:?}") };
        let session = cto::model::Session { size: open.size.unwrap(), ..drawn::session(&open.container.replace("-id", ""), "sh") };
        self.work.panes.get_mut(pane).unwrap().show(&session);
        let size = open.size.unwrap();
        self.frame(*pane, ServerFrame::Resized { offset: 0, size });
        *pane
    }

    fn floating_frame(&self) -> Option<Rect> {
        self.work.frames(self.drawn.area).into_iter().find(|framed| framed.floats).map(|framed| framed.frame)
    }

    fn mouse(&mut self, kind: MouseKind, col: u16, row: u16) -> Vec<Effect> {
        self.work.mouse(MouseEvent { kind, button: MouseButton::Left, col, row, mods: Mods::NONE }, &self.drawn.cx())
    }

    fn drag(&mut self, from: (u16, u16), to: (u16, u16)) -> Vec<Effect> {
        self.mouse(MouseKind::Down, from.0, from.1);
        let effects = self.mouse(MouseKind::Drag, to.0, to.1);
        self.mouse(MouseKind::Up, to.0, to.1);
        effects
    }
}

/// The last size that a pane's program was told.
fn sized(effects: &[Effect], wanted: PaneId) -> Option<Size> {
    let size = |effect: &Effect| match effect {
        Effect::ResizeSession(pane, size) if *pane == wanted => Some(*size),
        _ => None,
    };
    effects.iter().rev().find_map(size)
}

fn ended(code: i64) -> ServerFrame {
    ServerFrame::Exit(SessionExit { reason: ExitReason::Exited, code: Some(code), final_offset: 0, at: drawn::noon() })
}

#[test]
fn a_floating_pane_opens_in_the_middle_hides_and_comes_back() {
    let mut panes = Panes::of(&["a", "b"], (120, 40));
    let tile = panes.tab().focus;
    let float = panes.float();
    let frame = panes.floating_frame().unwrap();
    assert_eq!(frame, Rect { x: 12, y: 6, width: 96, height: 28 });
    assert_eq!(panes.work.panes[&float].size, Size { cols: 94, rows: 26 }, "its shell begins in the size that it has");
    assert_eq!(panes.work.panes[&float].origin.name, "b", "a shell of the focused pane's container");
    assert_eq!(typed(&panes.press("x")), [(float.0, "x".to_owned())]);
    panes.after("*");
    assert!(panes.floating_frame().is_none() && panes.tab().focus == tile);
    assert_eq!(typed(&panes.press("x")), [(tile.0, "x".to_owned())]);
    let effects = panes.after("*");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Request(_))), "the same one comes back");
    assert!(panes.floating_frame().is_some() && panes.tab().focus == float);
}

#[test]
fn keys_and_the_mouse_move_it_and_make_it_larger_or_smaller() {
    let mut panes = Panes::of(&["a", "b"], (120, 40));
    let float = panes.float();
    let before = panes.floating_frame().unwrap();
    panes.after("S-Left");
    panes.press("S-Up");
    assert_eq!(panes.floating_frame().unwrap(), Rect { x: before.x - 2, y: before.y - 1, ..before }, "the second without the prefix");
    let effects = panes.after("C-Left");
    assert_eq!(sized(&effects, float), Some(Size { cols: 93, rows: 26 }));
    panes.after("M-Up");
    assert_eq!(panes.floating_frame().unwrap(), Rect { x: 10, y: 5, width: 95, height: 23 });
    // Its upper line moves it, as far as the window goes.
    panes.drag((30, 5), (32, 8));
    assert_eq!(panes.floating_frame().unwrap(), Rect { x: 12, y: 8, width: 95, height: 23 });
    panes.drag((30, 8), (119, 39));
    assert_eq!(panes.floating_frame().unwrap(), Rect { x: 25, y: 17, width: 95, height: 23 });
    panes.drag((40, 17), (15, 0));
    assert_eq!(panes.floating_frame().unwrap(), Rect { x: 0, y: 0, width: 95, height: 23 });
    // A lower corner moves two edges.
    let effects = panes.drag((94, 22), (59, 14));
    assert_eq!(panes.floating_frame().unwrap(), Rect { x: 0, y: 0, width: 60, height: 15 });
    assert_eq!(sized(&effects, float), Some(Size { cols: 58, rows: 13 }));
    panes.drag((59, 7), (0, 7));
    assert_eq!(panes.floating_frame().unwrap().width, 14, "something is left of it");
    // Outside another terminal it keeps its share.
    panes.work.area = Rect { width: 60, height: 20, ..panes.drawn.area };
    let cx = panes.drawn.cx();
    panes.work.arrange(&cx);
    assert!(panes.work.frames(panes.work.area).iter().all(|framed| framed.frame.right() <= 60 && framed.frame.bottom() <= 20));
}

#[test]
fn it_fills_the_window_goes_into_the_arrangement_and_floats_again() {
    let mut panes = Panes::of(&["a", "b"], (120, 40));
    let float = panes.float();
    assert_eq!(sized(&panes.after("z"), float), Some(Size { cols: 120, rows: 40 }));
    panes.after("z");
    assert!(panes.floating_frame().is_some_and(|frame| frame.width == 96));
    panes.after("@");
    assert!(panes.tab().floating.is_none() && panes.tab().tree.panes().len() == 3 && panes.tab().focus == float);
    panes.after("@");
    assert!(panes.tab().is_floating(float) && panes.tab().tree.panes().len() == 2 && panes.tab().focus == float);
    // A second one is not possible, and that is said.
    panes.after("Left");
    assert!(told(&panes.after("@")).contains("one pane of a tab floats"));
    // A tab of its own, as for any pane.
    panes.after("*");
    panes.after("!");
    assert_eq!((panes.work.tabs.len(), panes.work.tabs[0].panes().len()), (2, 2));
    assert!(told(&panes.after("@")).contains("only pane"));
}

#[test]
fn one_that_would_cover_the_pane_with_the_focus_steps_aside_and_a_small_one_stays() {
    let mut panes = Panes::of(&["a"], (120, 40));
    let tile = panes.tab().focus;
    let float = panes.float();
    panes.after("Down");
    assert_eq!(panes.tab().focus, tile);
    assert!(panes.floating_frame().is_none(), "nobody types into what is covered");
    panes.after("*");
    panes.drag((107, 33), (50, 20));
    // A click beside it gives the keys to the pane below.
    panes.mouse(MouseKind::Down, 100, 35);
    assert_eq!(panes.tab().focus, tile);
    assert!(panes.floating_frame().is_some(), "it stays in sight");
    panes.mouse(MouseKind::Down, 20, 10);
    assert_eq!(panes.tab().focus, float, "what lies above is hit first");
    panes.after("o");
    assert_eq!(panes.tab().focus, tile);
    panes.after(";");
    assert_eq!(panes.tab().focus, float);
}

#[test]
fn a_zoomed_pane_stays_zoomed_below_it() {
    let mut panes = Panes::of(&["a", "b"], (120, 40));
    panes.after("z");
    let float = panes.float();
    assert_eq!(panes.work.frames(panes.drawn.area).len(), 2);
    panes.after("*");
    assert!(panes.tab().zoomed && panes.work.frames(panes.drawn.area).len() == 1);
    panes.after("*");
    let cx = panes.drawn.cx();
    panes.work.remove(float, &cx);
    assert!(panes.tab().zoomed && panes.tab().floating.is_none());
}

#[test]
fn it_closes_like_any_pane_and_what_it_floated_above_may_close_before() {
    let mut panes = Panes::of(&["a"], (120, 40));
    let tile = panes.tab().focus;
    let float = panes.float();
    let Some(Effect::Ask(cto::tui::msg::Ask::Confirm(spec))) = panes.after("x").pop() else { panic!("asks") };
    assert!(spec.title.contains("a · sh"), "{}", spec.title);
    let cx = panes.drawn.cx();
    panes.work.remove(tile, &cx);
    assert_eq!((panes.work.tabs.len(), panes.tab().focus), (1, float));
    assert!(panes.tab().floating.is_none(), "what floats above nothing is all there is");
    panes.work.remove(float, &cx);
    assert!(panes.work.tabs.is_empty());
}

#[test]
fn what_is_typed_into_all_is_not_typed_into_it_nor_from_it() {
    let mut panes = Panes::of(&["a", "b"], (120, 40));
    panes.run(C::SyncTyping);
    let float = panes.float();
    assert_eq!(typed(&panes.press("x")), [(float.0, "x".to_owned())]);
    panes.after("*");
    let typed: Vec<u64> = typed(&panes.press("x")).into_iter().map(|(pane, _)| pane).collect();
    assert!(typed.len() == 2 && !typed.contains(&float.0));
}

#[test]
fn a_layout_keeps_it_with_its_place_and_names_and_older_ones_are_read() {
    let mut panes = Panes::of(&["a", "b"], (120, 40));
    let float = panes.float();
    panes.after("S-Left");
    panes.work.prompted(&cto::tui::msg::PromptFor::RenamePane, "scratch");
    let frame = panes.floating_frame();
    let saved = panes.work.save();
    assert_eq!(saved.about(), "1 tab, 3 panes: a, b");
    let kept: SavedWorkspace = serde_json::from_value(serde_json::to_value(&saved).unwrap()).unwrap();
    assert_eq!(kept, saved);
    panes.drawn.data.sessions.push(drawn::session("b", "sh"));
    assert_eq!(panes.work.panes[&float].session, Some(drawn::session("b", "sh").id));
    let mut work = Workspace::default();
    work.area = panes.drawn.area;
    work.restore(kept, &panes.drawn.cx());
    assert_eq!(work.frames(panes.drawn.area).iter().find(|framed| framed.floats).map(|framed| framed.frame), frame);
    let focused = work.focused().unwrap();
    assert_eq!((focused.title().as_str(), focused.size), ("scratch · b", Size { cols: 94, rows: 26 }));
    // One kept by a version that knew no floating panes.
    let old = r#"{"tabs":[{"tree":{"pane":{"container":"a-id","name":"a","shows":"shell","session":"ses_a_bash"}},"focus":0}],"active":0}"#;
    let mut work = Workspace::default();
    work.area = panes.drawn.area;
    work.restore(serde_json::from_str(old).unwrap(), &panes.drawn.cx());
    assert_eq!(work.panes.len(), 1);
    // What floated above containers that are gone is what is left.
    let mut alone = saved;
    let floating = alone.tabs[0].floating.clone();
    alone.tabs[0] =
        cto::tui::parts::saved::SavedTab { floating, ..serde_json::from_str::<SavedWorkspace>(&old.replace("a-id", "gone")).unwrap().tabs[0].clone() };
    alone.tabs[0].tree = serde_json::from_str(r#"{"pane":{"container":"gone","name":"gone","shows":"shell"}}"#).unwrap();
    let mut work = Workspace::default();
    work.area = panes.drawn.area;
    work.restore(alone, &panes.drawn.cx());
    assert!(work.tab().unwrap().floating.is_none() && work.panes.len() == 1);
}

#[test]
fn it_is_drawn_above_the_others() {
    snapshots("floating", |size| {
        let mut panes = Panes::of(&["web-1", "日本語-db"], size);
        for id in panes.ids() {
            let cols = panes.work.panes[&id].size.cols;
            let line = "日".repeat(usize::from(cols) / 2);
            panes.feed(id, &format!("{line}\r\n").repeat(40));
        }
        let float = panes.float();
        panes.feed(float, "# make test\r\nok\r\n# ");
        panes.text()
    });
}

#[test]
fn a_named_pane_shows_its_name_until_that_is_taken_away() {
    let mut panes = Panes::of(&["a", "b"], (120, 40));
    let effects = panes.after("T");
    assert!(matches!(&effects[..], [Effect::Ask(cto::tui::msg::Ask::Prompt(spec))] if spec.title == "name this pane" && spec.text.is_empty()));
    panes.work.prompted(&cto::tui::msg::PromptFor::RenamePane, " deploy\u{1b}[31m ");
    assert!(panes.text().contains(" deploy[31m · b "), "{}", panes.text());
    panes.after("z");
    assert_eq!(panes.work.tab_name(panes.tab()), "deploy[31m", "a tab without a name of its own has its pane's");
    panes.work.prompted(&cto::tui::msg::PromptFor::RenamePane, "  ");
    assert_eq!(panes.work.focused().unwrap().title(), "b · bash");
}

#[test]
fn a_marked_pane_is_taken_into_another_tab() {
    let mut panes = Panes::of(&["a", "b", "c"], (120, 40));
    panes.after("!");
    assert_eq!(panes.work.tabs.len(), 2);
    let own = panes.tab().focus;
    assert!(told(&panes.after("m")).contains("marked c · bash"));
    assert!(told(&panes.after("J")).contains("in this tab already"));
    panes.after("p");
    let before = panes.work.panes[&own].size;
    let effects = panes.after("J");
    assert_eq!((panes.work.tabs.len(), panes.tab().panes().len(), panes.tab().focus), (1, 3, own));
    assert!(sized(&effects, own).is_some_and(|size| size != before), "its program is told");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Detach(_) | Effect::Attach { .. })), "it goes on");
    assert_eq!(panes.work.marked, None);
    // The mark goes with the pane, and by the same key.
    panes.after("m");
    assert!(told(&panes.after("m")).contains("no pane is marked"));
    panes.after("m");
    let cx = panes.drawn.cx();
    panes.work.remove(own, &cx);
    assert_eq!(panes.work.marked, None);
    assert!(told(&panes.after("J")).contains("no other tab"));
}

/// The whole program with terminals open: each group of containers is a tab.
struct Whole {
    app: App,
    size: (u16, u16),
    offsets: std::collections::HashMap<PaneId, u64>,
}

impl Whole {
    fn of(tabs: &[&[&str]], size: (u16, u16)) -> Self {
        let mut drawn = Drawn::new(size);
        let names = || tabs.iter().flat_map(|tab| tab.iter());
        drawn.data.containers = names().map(|name| drawn::container(name, "shell", 10)).collect();
        drawn.data.sessions = names().map(|name| drawn::session(name, "bash")).collect();
        let now = drawn.now;
        let mut app = App::new(Start::Home, Theme::standard(Depth::True), Keymap::new("C-b").unwrap(), 100, Size { cols: size.0, rows: size.1 }, now);
        app.data = drawn.data.clone();
        for tab in tabs {
            for (place, name) in tab.iter().enumerate() {
                app.work.show(&drawn::session(name, "bash"), if place == 0 { Place::Tab } else { Place::Split }, &drawn.cx());
            }
        }
        app.view = View::Terminals;
        let mut whole = Self { app, size, offsets: std::collections::HashMap::new() };
        let sizes: Vec<(PaneId, Size)> = whole.app.work.panes.values().map(|pane| (pane.id, pane.size)).collect();
        for (pane, size) in sizes {
            whole.tell(Msg::Frame(pane, ServerFrame::Resized { offset: 0, size }));
        }
        whole.later();
        whole
    }

    fn tell(&mut self, msg: Msg) -> Vec<Effect> {
        let now = self.app.now;
        self.app.update(msg, now)
    }

    /// Some seconds pass.
    fn later(&mut self) {
        let mut now = self.app.now;
        now.since_start += Duration::from_secs(5);
        self.app.update(Msg::Tick, now);
    }

    fn press(&mut self, keys: &str) -> Vec<Effect> {
        keys.split(' ').flat_map(|key| self.tell(Msg::Key(parse(key).unwrap()))).collect()
    }

    /// The only pane of a container.
    fn pane(&self, container: &str) -> PaneId {
        self.app.work.panes.values().find(|pane| pane.origin.name == container).unwrap().id
    }

    fn feed(&mut self, container: &str, text: &str) {
        let pane = self.pane(container);
        let offset = self.offsets.entry(pane).or_default();
        let frame = ServerFrame::Output { offset: *offset, bytes: text.as_bytes().to_vec() };
        *offset += text.len() as u64;
        self.tell(Msg::Frame(pane, frame));
    }

    fn end(&mut self, container: &str, code: i64) {
        let pane = self.pane(container);
        self.tell(Msg::Frame(pane, ended(code)));
    }

    fn plain(mut self) -> Self {
        self.app.plain = true;
        self.app.paint();
        self
    }

    fn text(&self) -> String {
        let mut screen = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        let buffer = screen.draw(|frame| view::draw(&self.app, frame)).unwrap().buffer.clone();
        drawn::lines(&buffer)
    }

    /// The line on top.
    fn top(&self) -> String {
        self.text().lines().next().unwrap().to_owned()
    }
}

/// Signs that are words to nobody who has the screen read to them.
fn odd(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{259f}' | '\u{25a0}'..='\u{27bf}' | '\u{2800}'..='\u{28ff}')).collect()
}

#[test]
fn bell_activity_and_end_are_told_apart_until_they_are_seen() {
    let mut whole = Whole::of(&[&["a"], &["b"], &["c"], &["d", "e"]], (200, 50));
    whole.press("C-b 1");
    assert!(whole.top().contains(" 1:a  2:b  3:c  4:e "), "{}", whole.top());
    whole.feed("b", "printed");
    whole.feed("c", "\x07");
    whole.end("d", 3);
    assert!(whole.top().contains("2:b # activity  3:c ! bell # activity  4:e ✖ failed"), "{}", whole.top());
    whole.press("C-b 2");
    whole.press("C-b 3");
    assert!(whole.top().contains(" 2:b  3:c  4:e ✖ failed"), "{}", whole.top());
    // In a tab with several the end of one is told until it has the focus, also at the pane itself.
    whole.press("C-b 4");
    assert!(whole.text().contains("d · bash  ✖ failed "), "{}", whole.text());
    whole.press("C-b Left");
    assert!(!whole.top().contains("failed"), "{}", whole.top());
    whole.end("e", 0);
    assert!(whole.top().contains("4:d ✖ failed ○ ended"), "all of it have ended: {}", whole.top());
    whole.press("C-b S");
    assert!(whole.top().contains("⇉ typing"), "{}", whole.top());
}

#[test]
fn a_server_that_is_back_is_told_also_when_nothing_was_listed_before() {
    let mut whole = Whole::of(&[&["web"]], (100, 30));
    whole.app.data.listed = false;
    let back = |whole: &mut Whole| {
        whole.tell(Msg::LinkDown("nobody answers".to_owned()));
        whole.later();
        whole.tell(Msg::LinkUp);
        whole.text()
    };
    // What is there for the first time is not back.
    assert!(!back(&mut whole).contains("connected again"), "{}", whole.text());
    assert!(back(&mut whole).contains("connected again after 5 s"), "{}", whole.text());
}

#[test]
fn a_bell_beside_the_focus_is_marked_at_its_pane() {
    let mut whole = Whole::of(&[&["a", "b"]], (120, 40));
    whole.feed("a", "text\x07");
    assert!(whole.text().contains("a · bash  ! bell "), "{}", whole.text());
    assert!(!whole.text().contains("activity"), "it is seen: {}", whole.text());
    whole.press("C-b o");
    assert!(!whole.text().contains("bell"), "{}", whole.text());
    whole.feed("a", "\x07");
    assert!(!whole.text().contains("bell"), "who has the keys hears it: {}", whole.text());
    // Not while whoever sits there is away.
    whole.tell(Msg::Focus(false));
    whole.feed("a", "\x07");
    assert!(whole.top().contains("! bell"));
    whole.tell(Msg::Focus(true));
    assert!(!whole.top().contains("! bell"));
}

#[test]
fn what_a_program_draws_because_its_size_changed_is_no_activity() {
    let mut whole = Whole::of(&[&["a"], &["b"]], (120, 40));
    whole.tell(Msg::Resize(Size { cols: 100, rows: 30 }));
    whole.size = (100, 30);
    whole.feed("a", "\r# ");
    assert!(!whole.top().contains("activity"), "{}", whole.top());
    whole.later();
    whole.feed("a", "now");
    assert!(whole.top().contains("1:a # activity"), "{}", whole.top());
}

#[test]
fn a_full_line_has_the_signs_alone_and_words_are_never_left_out_for_those_who_hear_them() {
    let draw = |size: (u16, u16), plain: bool| {
        let mut whole = Whole::of(&[&["web-1"], &["database"], &["worker"], &["cache", "日本"]], size);
        if plain {
            whole = whole.plain();
        }
        whole.feed("web-1", "x\x07");
        whole.feed("database", "x");
        whole.end("worker", 0);
        whole.feed("cache", "\x07");
        whole.press("C-b m C-b S C-b *");
        whole.text()
    };
    snapshots("badges", |size| draw(size, false));
    for size in SIZES {
        let text = draw(size, true);
        assert_eq!(odd(&text), "", "{text}");
        insta::assert_snapshot!(format!("plain_badges_{}x{}", size.0, size.1), text);
    }
    let full = draw((80, 24), false);
    assert!(full.lines().next().unwrap().contains(" 1:web-1!#  2:database#  3:worker○  4:"), "{full}");
    assert!(draw((200, 50), true).contains("1:web-1, bell, activity"));
}

#[test]
fn the_tiles_of_containers_tell_what_happened_in_their_terminals() {
    let mut whole = Whole::of(&[&["web-1"], &["db"], &["build"]], (120, 40));
    whole.press("C-b d");
    whole.feed("web-1", "x\x07");
    whole.end("build", 2);
    assert!(whole.text().contains(" ! bell  # activity  1 session ") && whole.text().contains(" ✖ failed "), "{}", whole.text());
    insta::assert_snapshot!("badges_home_120x40", whole.text());
    whole.press("v");
    assert!(whole.text().contains("● running ! bell #") && whole.text().contains("● running ✖ failed"), "{}", whole.text());
    whole.press("2 C-b 1");
    whole.press("C-b d");
    assert!(!whole.text().contains("bell"), "{}", whole.text());
}

#[test]
fn the_help_tells_what_the_signs_mean() {
    let mut whole = Whole::of(&[&["a"]], (120, 60));
    whole.press("C-b ?");
    for line in ["! bell", "# activity", "○ ended", "✖ failed", "⇉ typing", "* floating", "◆ marked"] {
        whole.press("/");
        line.chars().for_each(|c| drop(whole.tell(Msg::Key(cto::term::Key::new(cto::term::KeyCode::Char(c), Mods::NONE)))));
        whole.press("Enter");
        assert!(whole.text().contains(line), "{line}: {}", whole.text());
    }
}

fn tree(size: (u16, u16)) -> Whole {
    let mut whole = Whole::of(&[&["web-1"], &["db", "cache"], &["worker"]], size);
    whole.app.data.sessions.push(drawn::session("web-1", "vim"));
    whole.feed("web-1", "x\x07");
    whole.end("worker", 137);
    whole.app.data.sessions.retain(|session| session.container_name != "worker");
    whole.press("C-b 2 C-b m C-b w");
    whole
}

#[test]
fn the_tree_shows_every_tab_pane_and_session() {
    snapshots("tree", |size| tree(size).text());
    for size in SIZES {
        let text = tree(size).plain().text();
        assert_eq!(odd(&text), "", "{text}");
        insta::assert_snapshot!(format!("plain_tree_{}x{}", size.0, size.1), text);
    }
}

#[test]
fn the_tree_goes_to_what_is_selected_closes_it_and_brings_it_here() {
    let mut whole = tree((120, 40));
    whole.press("/ w e b Enter");
    assert!(!whole.text().contains("db · bash  "), "{}", whole.text());
    whole.press("g Enter");
    assert_eq!((whole.app.work.active, whole.app.overlays.len()), (0, 0));
    // A session that no pane shows is shown beside.
    whole.press("C-b w / v i m Enter G Enter");
    assert_eq!(whole.app.work.tab().unwrap().panes().len(), 2);
    // A pane of another tab is brought here, and its tab goes with it.
    whole.press("C-b w / w o r k e r Enter G b");
    assert_eq!((whole.app.work.tabs.len(), whole.app.work.tab().unwrap().panes().len()), (2, 3));
    // What has ended closes at once and the list says so; what runs is asked about.
    whole.press("C-b w / w o r k e r Enter G x");
    assert_eq!(whole.app.work.panes.len(), 4);
    assert!(whole.text().contains("nothing fits"), "{}", whole.text());
    whole.press("Esc / d b Enter G x");
    assert!(whole.text().contains("Close db · bash?"), "{}", whole.text());
    whole.press("d");
    assert_eq!(whole.app.work.panes.len(), 3);
    whole.press("Esc G k");
    whole.press("Esc");
    assert!(whole.app.overlays.is_empty());
}

#[test]
fn a_whole_tab_closes_after_one_question() {
    let mut whole = tree((120, 40));
    whole.press("/ d b Enter g x");
    assert!(whole.text().contains("Close 2 panes?") && whole.text().contains("db · bash, cache · bash."), "{}", whole.text());
    whole.press("d");
    assert_eq!((whole.app.work.tabs.len(), whole.app.work.panes.len()), (2, 2));
}

#[test]
fn without_a_mark_the_pane_to_join_is_picked() {
    let mut whole = Whole::of(&[&["a"], &["b"], &["c"]], (120, 40));
    whole.press("C-b J");
    assert!(whole.text().contains("bring a pane here") && whole.text().matches("3:c").count() == 1, "{}", whole.text());
    whole.press("j j Enter");
    assert_eq!((whole.app.work.tabs.len(), whole.app.work.tab().unwrap().panes().len()), (2, 2));
    assert_eq!(whole.app.work.focused().unwrap().origin.name, "b");
}

#[test]
fn the_palette_finds_tabs_and_panes() {
    let mut whole = Whole::of(&[&["a"], &["web-1", "db"]], (120, 40));
    whole.app.work.prompted(&cto::tui::msg::PromptFor::RenamePane, "deploy");
    whole.press("C-b 1 C-b Tab d e p l");
    assert!(whole.text().contains("pane deploy · db") && whole.text().contains("in tab 2"), "{}", whole.text());
    whole.press("Enter");
    assert_eq!(whole.app.work.focused().unwrap().origin.name, "db");
    whole.press("C-b Tab t a b Space 1 Enter");
    assert_eq!(whole.app.work.active, 0);
}

#[test]
fn a_floating_shell_outlives_a_detach_and_its_program_has_its_size() {
    let home = Home::new();
    let name = home.container("float");
    let mut tui = Seen::sized(&home, &[], (120, 40));
    tui.shows("● docker");
    tui.type_in(&format!(":open {name}\r"));
    tui.shows("root@");
    tui.type_in(&format!("PS1='> '; echo tile-$((40+2))\r{PREFIX}*"));
    tui.shows("┌─");
    home.until("its prompt", || tui.text().matches("root@").count() >= 2);
    // Of 120 columns and 38 rows, without the borders.
    tui.type_in("PS1='> '; echo size-$(stty size)\r");
    tui.shows("size-25 94");
    let columns = |wanted: u64| {
        let sessions = || home.json(&["sessions", "--json"]);
        home.until("the program is told its size", || sessions().as_array().unwrap().iter().any(|session| session["size"]["cols"] == wanted));
    };
    tui.type_in(&format!("{PREFIX}\x1b[1;5D"));
    columns(93);
    tui.type_in("echo size-$(stty size)\r");
    tui.shows("size-25 93");
    // Dragged by its corner.
    tui.type_in("\x1b[<0;107;34M\x1b[<32;91;31M\x1b[<0;91;31m");
    columns(77);
    tui.type_in("echo size-$(stty size)\r");
    tui.shows("size-22 77");
    tui.type_in(&format!("{PREFIX}W"));
    tui.shows("save all tabs as");
    tui.type_in("with-float\r");
    tui.shows("kept as 'with-float'");
    tui.type_in(&format!("{PREFIX}dq"));
    assert_eq!(tui.ends(), 0);

    let mut tui = Seen::sized(&home, &[], (120, 40));
    tui.shows("● docker");
    tui.type_in("2");
    tui.shows("size-22 77");
    tui.type_in("echo again-$((40+3))-$(stty size)\r");
    tui.shows("again-43-22 77");
    tui.type_in(&format!("{PREFIX}*"));
    home.until("it is hidden", || !tui.text().contains("again-43"));
    tui.shows("tile-42");
    tui.type_in(&format!("{PREFIX}*"));
    tui.shows("again-43");
    tui.type_in(&format!("{PREFIX}dq"));
    tui.ends();
    home.ok(&["layout", "rm", "last"]);
    let mut tui = Seen::sized(&home, &["layout", "open", "with-float"], (120, 40));
    tui.shows("again-43");
    tui.type_in(&format!("{PREFIX}dq"));
    tui.ends();
    home.ok(&["layout", "rm", "with-float"]);
}
