//! What outlasts a look at terminals: layouts with names, a terminal's text in an editor, the way from prompt to prompt.
use super::support::home::Home;
use super::support::home::Terminal;
use super::typing::Panes;
use super::typing::told;
use cto::tui::command::CommandId as C;
use cto::tui::msg::Effect;
use cto::tui::parts::workspace::Workspace;

/// The prefix of the terminals' keys.
const PREFIX: &str = "\x02";

#[test]
fn an_opened_layout_shows_what_runs_and_begins_the_rest_anew() {
    let mut panes = Panes::of(&["a", "b", "c"], (120, 40));
    let saved = panes.work.save();
    assert_eq!(saved.about(), "1 tab, 3 panes: a, b, c");
    // The session of b has ended; c was made anew and has another id; d never was.
    panes.drawn.data.sessions.retain(|session| session.container_name != "b");
    panes.drawn.data.sessions.retain(|session| session.container_name != "c");
    panes.drawn.data.containers[2].id = "other".into();
    let mut work = Workspace::default();
    work.area = panes.drawn.area;
    let (effects, gone) = work.open_saved(saved.clone(), &panes.drawn.cx());
    assert!(gone.is_empty());
    assert_eq!(effects.iter().filter(|effect| matches!(effect, Effect::Attach { .. })).count(), 1);
    assert_eq!(effects.iter().filter(|effect| matches!(effect, Effect::Request(_))).count(), 2);
    assert!(work.panes.values().any(|pane| pane.origin.container == "other".into()));
    // A container that is gone is named, and the others are shown all the same.
    panes.drawn.data.containers.remove(1);
    let mut work = Workspace::default();
    work.area = panes.drawn.area;
    assert_eq!(work.open_saved(saved, &panes.drawn.cx()).1, ["b"]);
    assert_eq!(work.panes.len(), 2);
}

#[test]
fn a_terminal_that_is_seen_already_moves_to_the_layout_and_is_not_seen_twice() {
    let mut panes = Panes::of(&["a", "b"], (120, 40));
    let saved = panes.work.save();
    let cx = panes.drawn.cx();
    let (effects, _) = panes.work.open_saved(saved, &cx);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Attach { .. } | Effect::Request(_))));
    assert_eq!((panes.work.tabs.len(), panes.work.panes.len()), (1, 2));
}

#[test]
fn copy_mode_goes_from_prompt_to_prompt() {
    let mut panes = Panes::of(&["a"], (80, 24));
    let id = panes.ids()[0];
    panes.feed(id, "\x1b]133;A\x07$ one\r\nout\r\nout\r\n\x1b]133;A\x07$ two\r\nout\r\n\x1b]133;A\x07$ ");
    panes.run(C::ScrollMode);
    let row = |panes: &Panes| panes.work.focused().unwrap().scroll.as_ref().unwrap().cursor.row;
    panes.press("[");
    assert_eq!(row(&panes), 3);
    panes.press("[");
    assert_eq!(row(&panes), 0);
    assert!(told(&panes.press("[")).contains("no further prompt"));
    panes.press("]");
    assert_eq!(row(&panes), 3);
    let mut plain = Panes::of(&["a"], (80, 24));
    plain.run(C::ScrollMode);
    assert!(told(&plain.press("[")).contains("does not mark its prompts"));
}

#[test]
fn a_layout_is_kept_by_the_server_and_opened_after_everything_was_closed() {
    let home = Home::new();
    let name = home.container("kept");
    let mut tui = Terminal::sized(&home, &[], (120, 40));
    tui.shows("● docker");
    tui.type_in(&format!(":open {name}\r"));
    tui.shows("root@");
    tui.type_in("PS1='> '; echo kept-$((40+2))\r");
    tui.shows("kept-42");
    tui.type_in(&format!("{PREFIX}W"));
    tui.shows("save all tabs as");
    tui.type_in("work\r");
    tui.shows("kept as 'work'");
    assert!(home.ok(&["layout", "ls"]).contains("1 tab, 1 pane"));
    tui.type_in(&format!("{PREFIX}s"));
    tui.shows("1 tab, 1 pane");
    tui.type_in("r");
    tui.shows("rename layout");
    tui.type_in("-2\r");
    tui.shows("is called 'work-2' now");
    tui.kill();
    home.ok(&["layout", "rm", "last"]);

    let mut tui = Terminal::sized(&home, &["layout", "open", "work-2"], (120, 40));
    tui.shows("kept-42");
    tui.type_in(&format!("{PREFIX}dq"));
    assert_eq!(tui.ends(), 0);
    home.ok(&["layout", "rename", "work-2", "old"]);
    home.ok(&["layout", "rm", "old"]);
    assert!(home.fails(3, &["layout", "show", "old"]).contains("old"));
}

#[test]
fn the_editor_gets_all_that_the_terminal_still_knows_and_its_copy_goes() {
    let home = Home::new();
    let name = home.container("edited");
    let script = home.dir.path().join("editor");
    let copy = home.dir.path().join("copy");
    std::fs::write(&script, format!("cp \"$1\" {}; stat -c %a \"$1\" >>{0}; echo \"$1\" >>{0}; echo edited-here; sleep 1\n", copy.display())).unwrap();
    let mut tui = Terminal::with(&home, &[], (80, 24), &[("EDITOR", &format!("sh {}", script.display())), ("VISUAL", "")]);
    tui.shows("● docker");
    tui.type_in(&format!(":open {name}\r"));
    tui.shows("root@");
    tui.type_in("PS1='> '; seq 1 500; echo done-$((40+2))\r");
    tui.shows("done-42");
    tui.type_in(&format!("{PREFIX}e"));
    tui.shows("edited-here");
    tui.shows("done-42");
    let text = std::fs::read_to_string(&copy).unwrap();
    assert!(text.contains("\n1\n2\n") && text.contains("\n499\n500\n"), "{text}");
    let mut last = text.lines().rev();
    let path = last.next().unwrap();
    assert_eq!(last.next(), Some("600"), "nobody else reads it");
    home.until("the copy is gone", || !std::path::Path::new(path).exists());
    tui.type_in("echo on-$((40+3))\r");
    tui.shows("on-43");
}
