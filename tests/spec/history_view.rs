//! The commands that were run in terminals, in the terminal client: found, pasted at the prompt, looked up in the scrollback.
use super::drawn;
use super::drawn::Drawn;
use super::drawn::SIZES;
use super::support::home::Home;
use super::support::home::Terminal;
use cto::error::Error;
use cto::model::Code;
use cto::model::CommandPage;
use cto::model::SessionCommand;
use cto::model::SessionId;
use cto::tui::history::HistoryWish;
use cto::tui::history::wish;
use cto::tui::msg::Ask;
use cto::tui::msg::Effect;
use cto::tui::msg::Msg;
use cto::tui::msg::PromptFor;
use cto::tui::msg::Reply;
use cto::tui::msg::Request;
use cto::tui::parts::history::HistoryList;
use jiff::SignedDuration;

fn command(number: u64, session: &str, container: &str, text: &str, exit_code: Option<i64>) -> SessionCommand {
    let started_at = drawn::noon() - SignedDuration::from_mins(i64::try_from(10 * (20 - number)).unwrap());
    SessionCommand {
        id: format!("cmd_{number}").into(),
        number,
        session: session.into(),
        container: format!("{container}-id").into(),
        container_name: container.to_owned(),
        owner: "ada".to_owned(),
        text: text.to_owned(),
        cut: false,
        directory: None,
        offset: 100 * number,
        started_at,
        ended_at: exit_code.map(|_| started_at),
        exit_code,
    }
}

/// The newest first.
fn own() -> Vec<SessionCommand> {
    vec![
        command(9, "ses_1", "web-1", "make watch", None),
        command(8, "ses_1", "web-1", "cargo test --locked -- terminal::wide", Some(101)),
        command(7, "ses_1", "web-1", "ls", Some(0)),
        command(6, "ses_1", "web-1", "for n in 1 2; do\n\techo $n\ndone", Some(0)),
        command(5, "ses_1", "web-1", "echo 漢字 データベース", Some(0)),
        command(4, "ses_1", "web-1", "ls", Some(2)),
    ]
}

fn all() -> Vec<SessionCommand> {
    own().into_iter().chain([command(3, "ses_2", "db", "psql -c 'select 1'", Some(0))]).collect()
}

fn answer(drawn: &Drawn, list: &mut HistoryList, session: Option<&str>, items: Vec<SessionCommand>, missing: Option<&str>) {
    let page = CommandPage { items, next_cursor: None, missing: missing.map(str::to_owned) };
    let request = Request::History(Box::new(HistoryWish(session.map(SessionId::from))));
    drawn.send(list, &Msg::Reply(Box::new(request), Ok(Reply::History(Box::new(page)))));
}

fn shown(size: (u16, u16)) -> (Drawn, HistoryList) {
    let drawn = Drawn::usual(size);
    let mut list = HistoryList::new(Some(("ses_1".into(), "web-1".to_owned())), false);
    assert_eq!(list.ask(), wish(Some("ses_1".into())));
    answer(&drawn, &mut list, Some("ses_1"), own(), None);
    (drawn, list)
}

#[test]
fn commands_look_like_this_here_everywhere_and_where_there_are_none() {
    for (width, height) in SIZES {
        let (drawn, mut list) = shown((width, height));
        drawn.press(&mut list, "Down");
        let here = drawn.text(&list);
        assert_eq!(drawn.press(&mut list, "Tab"), [wish(None)]);
        let asking = drawn.text(&list);
        answer(&drawn, &mut list, None, all(), None);
        drawn.write(&mut list, "select");
        let everywhere = drawn.text(&list);
        let mut none = HistoryList::new(Some(("ses_1".into(), "web-1".to_owned())), false);
        answer(&drawn, &mut none, Some("ses_1"), Vec::new(), Some("its shell does not mark its commands (OSC 133): see 'cto history setup'"));
        insta::assert_snapshot!(format!("history_{width}x{height}"), [here, asking, everywhere, drawn.text(&none)].join("\n"));
    }
    let (mut drawn, mut list) = shown((80, 24));
    drawn.plain = true;
    drawn.press(&mut list, "Down");
    insta::assert_snapshot!("history_plain_80x24", drawn.text(&list));
}

#[test]
fn a_command_is_found_by_letters_and_pasted_copied_or_looked_up() {
    let (drawn, mut list) = shown((120, 40));
    assert_eq!(drawn.text(&list).matches(" ls ").count(), 1, "each text once");
    drawn.write(&mut list, "ctw");
    let pasted = |text: &str| [Effect::Ask(Ask::Close), Effect::Ask(Ask::PasteCommand(text.to_owned()))];
    assert_eq!(drawn.press(&mut list, "Enter"), pasted("cargo test --locked -- terminal::wide"));
    let search = Effect::Ask(Ask::Prompted(PromptFor::Search { back: true }, "cargo test --locked -- terminal::wide".to_owned()));
    assert_eq!(drawn.press(&mut list, "C-o"), [Effect::Ask(Ask::Close), search]);
    drawn.press(&mut list, "C-c");
    drawn.write(&mut list, "for");
    assert_eq!(drawn.press(&mut list, "Enter"), pasted("for n in 1 2; do\n\techo $n\ndone"));
    assert_eq!(drawn.press(&mut list, "C-y"), [Effect::Ask(Ask::Copy("for n in 1 2; do\n\techo $n\ndone".to_owned()))]);
    // What was asked before for the other list is no answer to this one.
    drawn.press(&mut list, "Tab");
    answer(&drawn, &mut list, Some("ses_1"), own(), None);
    assert!(drawn.text(&list).contains("asking the server"));
    answer(&drawn, &mut list, None, all(), None);
    drawn.press(&mut list, "C-c");
    drawn.write(&mut list, "psql");
    let said = drawn.press(&mut list, "C-o");
    assert!(matches!(&said[..], [Effect::Ask(Ask::Toast(_, text))] if text.contains("another terminal, of db")), "{said:?}");
    let problem = Error::new(Code::Forbidden, "you may not see sessions").problem();
    drawn.send(&mut list, &Msg::Reply(Box::new(Request::History(Box::new(HistoryWish(None)))), Err(Box::new(problem))));
    assert!(drawn.text(&list).contains("you may not see sessions"));
    assert_eq!(drawn.press(&mut list, "Esc"), [Effect::Ask(Ask::Close)]);
}

#[test]
fn a_person_runs_something_again_in_a_real_terminal_and_finds_its_output() {
    let home = Home::new();
    let name = home.container("again");
    std::fs::write(home.dir.path().join("marks"), home.ok(&["history", "setup"])).unwrap();
    home.ok(&["cp", "marks", &format!("{name}:/tmp/marks")]);
    let mut seen = Terminal::sized(&home, &["attach", &name], (100, 30));
    seen.shows(":~#");
    seen.type_in("PS1='box> '; . /tmp/marks\r");
    seen.shows("\nbox>");
    seen.type_in("echo some''thing $((40+2))\rclear\rfalse\r");
    home.until("all of them are known", || home.ok(&["history", &name]).contains("false"));
    seen.type_in("\x02H");
    seen.shows("commands of this terminal");
    seen.shows("exit 1");
    seen.type_in("smthng");
    seen.shows("▸ echo some''thing $((40+2))");
    seen.type_in("\r");
    seen.shows("box> echo some''thing $((40+2))");
    // It is typed, and not run.
    home.until("it is on the session's screen", || home.ok(&["history", &name, "--json"]).matches("some''thing").count() == 1);
    assert!(!seen.text().contains("something 42"), "{}", seen.text());
    seen.type_in("\r");
    seen.shows("something 42");
    home.until("it was run once more", || home.ok(&["history", &name, "--json"]).matches("some''thing").count() == 2);
    // Where it was run is found again, above what came later.
    seen.type_in("seq 1 200\r");
    seen.shows("200");
    seen.type_in("\x02Hsmthng");
    seen.shows("▸ echo some''thing $((40+2))");
    seen.type_in("\x0f");
    seen.shows("box> echo some''thing $((40+2))");
    seen.shows("something 42");
}
