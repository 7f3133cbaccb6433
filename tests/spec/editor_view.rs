//! The editor in the terminal client: what is wrong is seen while it is typed, names are completed, runs pause where a line is marked.
use super::drawn;
use super::drawn::Drawn;
use super::drawn::SIZES;
use super::support::home::Home;
use super::support::home::Terminal;
use cto::error::Error;
use cto::model::*;
use cto::tui::casts::CastReply;
use cto::tui::casts::CastWish;
use cto::tui::edit::Kind;
use cto::tui::hooks::HookReply;
use cto::tui::hooks::HookWish;
use cto::tui::hooks::Saving;
use cto::tui::msg::Ask;
use cto::tui::msg::Effect;
use cto::tui::msg::Msg;
use cto::tui::msg::Reply;
use cto::tui::msg::Request;
use cto::tui::parts::edit_view::EditAnswer;
use cto::tui::parts::edit_view::EditView;
use cto::tui::runs::PutText;
use cto::tui::runs::RunsReply;
use cto::tui::runs::RunsWish;
use std::time::Duration;

const SOURCE: &str =
    "script { about = \"Greet\" }\n-- a shell\nlocal box = launch(\"shell\")\nlocal term = box:open()\nterm:wait_prompt()\nlog(\"日本\", 42)\n";

fn entry(source: &str, hash: &str) -> Box<ScriptEntry> {
    let header = ScriptHeader::default();
    let (name, hash) = ("hello".to_owned(), hash.to_owned());
    Box::new(ScriptEntry { name, origin: TemplateOrigin::User, path: None, header, source: Some(source.to_owned()), hash })
}

fn reply(drawn: &Drawn, part: &mut EditView, wish: RunsWish, result: Result<RunsReply, Error>) -> Vec<Effect> {
    let result = result.map(|reply| Reply::Runs(Box::new(reply))).map_err(|error| Box::new(error.problem()));
    drawn.send(part, &Msg::Reply(Box::new(Request::Runs(Box::new(wish))), result))
}

fn asked(effects: &[Effect]) -> Option<RunsWish> {
    effects.iter().find_map(|effect| if let Effect::Request(Request::Runs(wish)) = effect { Some((**wish).clone()) } else { None })
}

/// The editor with a script in it that was looked at.
fn opened(size: (u16, u16), source: &str) -> (Drawn, EditView) {
    let (mut drawn, mut part) = (Drawn::usual(size), EditView::default());
    let wish = part.edit(Kind::Script("hello".to_owned()), &drawn.cx());
    assert_eq!(asked(&wish), Some(RunsWish::Open("hello".to_owned())));
    reply(&drawn, &mut part, RunsWish::Open("hello".to_owned()), Ok(RunsReply::Script(entry(source, "h1"))));
    check(&mut drawn, &mut part, ScriptCheck::default());
    (drawn, part)
}

/// Lets time pass until the text is looked at, and answers what was found.
fn check(drawn: &mut Drawn, part: &mut EditView, found: ScriptCheck) -> Vec<Effect> {
    assert_eq!(part.due(&drawn.cx()), [], "somebody may still be typing");
    drawn.now.since_start += Duration::from_secs(1);
    let wish = asked(&part.due(&drawn.cx())).expect("the text is looked at");
    let RunsWish::CheckText(text) = &wish else { panic!("{wish:?}") };
    let source = text.source.clone();
    reply(drawn, part, wish, Ok(RunsReply::Checked(source, found)))
}

fn wrong(line: u32, column: u32, detail: &str) -> Place {
    Place { file: Some("hello".to_owned()), line: Some(line), column: Some(column), detail: detail.to_owned(), ..Place::default() }
}

fn told(effects: &[Effect]) -> String {
    effects.iter().filter_map(|effect| if let Effect::Ask(Ask::Toast(_, text)) = effect { Some(text.clone()) } else { None }).collect()
}

#[test]
fn a_script_looks_like_this_with_its_mistakes_and_what_fits() {
    for (width, height) in SIZES {
        let (mut drawn, mut part) = opened((width, height), SOURCE);
        let fresh = drawn.text(&part);
        drawn.press(&mut part, "Down");
        drawn.press(&mut part, "F9");
        drawn.press(&mut part, "Down");
        drawn.press(&mut part, "Down");
        drawn.press(&mut part, "Down");
        drawn.press(&mut part, "End");
        drawn.press(&mut part, "Enter");
        drawn.write(&mut part, "term:expect_s");
        let offers = drawn.text(&part);
        drawn.press(&mut part, "Down");
        drawn.press(&mut part, "Tab");
        drawn.write(&mut part, "(250");
        let found =
            ScriptCheck { errors: vec![wrong(6, 5, "expected ')'\u{1b}[2J")], warnings: vec![wrong(7, 1, "nothing is named 'x'")], ..ScriptCheck::default() };
        check(&mut drawn, &mut part, found);
        let marked = drawn.text(&part);
        assert!(marked.contains("term:expect_stable(250") || width < 40, "{marked}");
        insta::assert_snapshot!(format!("editor_{width}x{height}"), [fresh, offers, marked].join("\n"));
    }
    let (mut drawn, part) = opened((80, 24), SOURCE);
    drawn.plain = true;
    insta::assert_snapshot!("editor_plain_80x24", drawn.text(&part));
    let (drawn, part) = (Drawn::usual((80, 24)), EditView::default());
    assert!(drawn.text(&part).contains("No text is edited"));
}

#[test]
fn mistakes_are_gone_through_and_a_text_with_some_is_not_run() {
    let (mut drawn, mut part) = opened((120, 40), SOURCE);
    drawn.write(&mut part, " ");
    let found = ScriptCheck { errors: vec![wrong(3, 7, "no"), wrong(5, 1, "neither")], ..ScriptCheck::default() };
    check(&mut drawn, &mut part, found.clone());
    drawn.press(&mut part, "F8");
    assert!(drawn.text(&part).contains("✖ no") && drawn.text(&part).contains("3:7"));
    drawn.press(&mut part, "M-n");
    assert!(drawn.text(&part).contains("✖ neither"));
    drawn.press(&mut part, "M-n");
    assert!(drawn.text(&part).contains("3:7"), "around the end");
    drawn.press(&mut part, "M-N");
    assert!(drawn.text(&part).contains("5:1"));
    assert_eq!(told(&drawn.press(&mut part, "F5")), "not run: line 3: no");
    // What is typed is looked at before it is run, also when nothing was awaited.
    drawn.write(&mut part, "x");
    let wish = asked(&drawn.press(&mut part, "F5")).unwrap();
    let RunsWish::CheckText(text) = &wish else { panic!("{wish:?}") };
    let (source, name) = (text.source.clone(), "hello".to_owned());
    let effects = reply(&drawn, &mut part, wish, Ok(RunsReply::Checked(source.clone(), ScriptCheck::default())));
    let [Effect::Ask(Ask::RunWith(start, _))] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(start.inline, Some(InlineScript { name, source }), "the text as it stands here");
}

#[test]
fn a_run_pauses_at_marked_lines_and_a_dry_run_is_against_a_recording_that_is_chosen() {
    let (drawn, mut part) = opened((120, 40), SOURCE);
    assert!(told(&drawn.press(&mut part, "F9")).contains("pauses at line 3"), "the first lines ask for nothing");
    drawn.press(&mut part, "C-End");
    assert!(told(&drawn.press(&mut part, "M-p")).contains("nothing below"));
    let effects = drawn.press(&mut part, "F5");
    let [Effect::Ask(Ask::RunWith(start, _))] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((start.script.as_deref(), &start.breakpoints[..], start.step), (Some("hello"), &[3][..], false));
    let effects = drawn.press(&mut part, "F10");
    assert!(matches!(&effects[..], [Effect::Ask(Ask::RunWith(start, _))] if start.step), "{effects:?}");
    let listed = Effect::Request(Request::Casts(Box::new(CastWish::List)));
    assert_eq!(drawn.press(&mut part, "F6"), std::slice::from_ref(&listed));
    let answer = |part: &mut EditView, all| {
        let result = Ok(Reply::Casts(Box::new(CastReply::Listed(all))));
        drawn.send(part, &Msg::Reply(Box::new(Request::Casts(Box::new(CastWish::List))), result))
    };
    assert!(told(&answer(&mut part, Vec::new())).contains("needs a recording"));
    assert_eq!(drawn.press(&mut part, "F6"), [listed]);
    let recording: Recording = serde_json::from_value(serde_json::json!({
        "id": "rec_1", "session": "ses_1", "container": "c", "container_name": "web-1", "command": ["bash"], "owner": "ada", "state": "ended",
        "size": {"cols": 80, "rows": 24}, "input": false, "duration_ms": 62000, "bytes": 100, "started_at": drawn::noon().to_string(),
    }))
    .unwrap();
    let picked = answer(&mut part, vec![recording]);
    let [Effect::Ask(Ask::Pick(spec))] = &picked[..] else { panic!("{picked:?}") };
    assert_eq!(spec.rows[0].label, "web-1");
    assert!(matches!(&spec.rows[0].effects[..], [_, Effect::Ask(Ask::RunWith(start, _))] if start.against.as_deref() == Some("rec_1")), "{spec:?}");
    // One line more above: the mark goes with its text.
    drawn.press(&mut part, "C-Home");
    drawn.press(&mut part, "Enter");
    assert!(drawn.text(&part).lines().any(|line| line.starts_with('●') && line.contains("4  local box")), "{}", drawn.text(&part));
}

#[test]
fn a_text_is_saved_and_what_others_saved_meanwhile_is_shown_first() {
    let (drawn, mut part) = opened((120, 40), "log(1)\n");
    drawn.write(&mut part, "x");
    assert_eq!(part.unsaved(), ["hello"]);
    let put = |replaces: Option<&str>| PutText { name: "hello".to_owned(), source: "xlog(1)\n".to_owned(), replaces: replaces.map(str::to_owned) };
    assert_eq!(asked(&drawn.press(&mut part, "C-s")), Some(RunsWish::Put(Box::new(put(Some("h1"))))));
    assert_eq!(drawn.press(&mut part, "C-s"), [], "it is under way");
    let theirs = RunsReply::Conflict(entry("log(2)\n", "h2"));
    let conflict = reply(&drawn, &mut part, RunsWish::Put(Box::new(put(Some("h1")))), Ok(theirs));
    let [Effect::Ask(Ask::Offer(spec))] = &conflict[..] else { panic!("{conflict:?}") };
    assert!(matches!(&spec.choices[0].effects[..], [Effect::Ask(Ask::Sheet { lines, .. })] if lines.iter().any(|(line, _)| line == "-log(2)")), "{spec:?}");
    assert_eq!(asked(&spec.choices[1].effects), Some(RunsWish::Put(Box::new(put(None)))));
    assert!(drawn.text(&part).contains("changed by others meanwhile"));
    reply(&drawn, &mut part, RunsWish::Put(Box::new(put(None))), Ok(RunsReply::Put(ScriptCheck::default(), "h3".to_owned())));
    assert_eq!(part.unsaved(), Vec::<String>::new());
    // Saved elsewhere while nothing is typed here: it is simply shown.
    let look = drawn.send(&mut part, &Msg::Event(Box::new(Event::ScriptsChanged)));
    assert_eq!(asked(&look), Some(RunsWish::Look("hello".to_owned())));
    reply(&drawn, &mut part, RunsWish::Look("hello".to_owned()), Ok(RunsReply::Script(entry("log(3)\n", "h4"))));
    assert!(drawn.text(&part).contains("log(3)") && part.unsaved().is_empty());
}

#[test]
fn a_text_that_is_not_saved_is_asked_about_and_waits_until_it_is_opened_again() {
    let (drawn, mut part) = opened((120, 40), "log(1)\n");
    assert_eq!(drawn.press(&mut part, "Esc"), [Effect::Ask(Ask::LeaveEditor)], "nothing was changed");
    let (drawn, mut part) = opened((120, 40), "log(1)\n");
    drawn.write(&mut part, "x");
    let asks = drawn.press(&mut part, "Esc");
    let [Effect::Ask(Ask::Confirm(spec))] = &asks[..] else { panic!("{asks:?}") };
    assert_eq!(spec.choices[1].effects, [Effect::Ask(Ask::Editing(EditAnswer::Keep))]);
    part.answer(EditAnswer::Keep, &drawn.cx());
    part.edit(Kind::Trigger(None), &drawn.cx());
    assert!(drawn.text(&part).contains("1 more not saved"));
    let back = part.edit(Kind::Script("hello".to_owned()), &drawn.cx());
    assert!(told(&back).contains("as you left it") && drawn.text(&part).contains("xlog(1)"));
    let saves = part.answer(EditAnswer::SaveAndLeave, &drawn.cx());
    let wish = asked(&saves).unwrap();
    let left = reply(&drawn, &mut part, wish, Ok(RunsReply::Put(ScriptCheck::default(), "h2".to_owned())));
    assert!(left.contains(&Effect::Ask(Ask::LeaveEditor)), "{left:?}");
    // Undo and redo, and finding.
    let (drawn, mut part) = opened((120, 40), SOURCE);
    drawn.write(&mut part, "ab");
    drawn.press(&mut part, "C-u");
    drawn.press(&mut part, "M-u");
    assert!(part.unsaved().is_empty());
    drawn.press(&mut part, "C-r");
    assert_eq!(part.unsaved().len(), 1);
    drawn.press(&mut part, "C-f");
    drawn.write(&mut part, "term");
    assert!(drawn.text(&part).contains("4:7"), "{}", drawn.text(&part));
    drawn.press(&mut part, "Enter");
    assert!(drawn.text(&part).contains("5:1"));
    assert!(
        told(&{
            drawn.write(&mut part, "zz");
            drawn.press(&mut part, "Enter")
        })
        .contains("is not in it")
    );
}

#[test]
fn a_document_is_checked_while_it_is_typed_and_what_the_server_refuses_is_shown_at_its_place() {
    for (width, height) in SIZES {
        let (mut drawn, mut part) = (Drawn::usual((width, height)), EditView::default());
        part.edit(Kind::Trigger(None), &drawn.cx());
        drawn.now.since_start += Duration::from_secs(1);
        part.due(&drawn.cx());
        let fresh = drawn.text(&part);
        drawn.press(&mut part, "C-f");
        drawn.write(&mut part, "quiet_seconds\"");
        drawn.press(&mut part, "Esc");
        drawn.write(&mut part, "x");
        drawn.now.since_start += Duration::from_secs(1);
        part.due(&drawn.cx());
        assert!(told(&drawn.press(&mut part, "C-s")).contains("not saved: line 17: unknown field 'xquiet_seconds'") || width < 40);
        insta::assert_snapshot!(format!("editor_document_{width}x{height}"), [fresh, drawn.text(&part)].join("\n"));
    }
    let (drawn, mut part) = (Drawn::usual((120, 40)), EditView::default());
    part.edit(Kind::Trigger(None), &drawn.cx());
    let saves = drawn.press(&mut part, "C-s");
    let [Effect::Request(Request::Hooks(wish))] = &saves[..] else { panic!("{saves:?}") };
    assert!(matches!(&**wish, HookWish::SaveTrigger(save, Saving::New) if save.name == "tell-oom"), "{wish:?}");
    let mut error = Error::invalid("the trigger has mistakes");
    error.places = vec![Place { pointer: "/run/script".to_owned(), detail: "there is no script 'notify'".to_owned(), ..Place::default() }];
    let answer = |part: &mut EditView, result| drawn.send(part, &Msg::Reply(Box::new(Request::Hooks(wish.clone())), result));
    answer(&mut part, Err(Box::new(error.problem())));
    let text = drawn.text(&part);
    assert!(text.contains("✖ there is no script 'notify'") && text.lines().any(|line| line.starts_with('✖') && line.contains("15    \"run\"")), "{text}");
    drawn.press(&mut part, "C-s");
    let made: Trigger = serde_json::from_value(serde_json::json!({
        "id": "trg_1", "name": "tell-oom", "owner": "ada", "when": {"event": "hook"}, "run": {"script": "notify"}, "created_at": drawn::noon().to_string(),
    }))
    .unwrap();
    let done = answer(&mut part, Ok(Reply::Hooks(Box::new(HookReply::Trigger(Box::new(TriggerSecret { trigger: made, secret: None }))))));
    assert!(done.contains(&Effect::Ask(Ask::LeaveEditor)) && part.unsaved().is_empty(), "{done:?}");
}

#[test]
fn a_script_is_put_right_completed_run_dry_and_stepped_through_in_a_real_terminal() {
    let home = Home::new();
    let name = home.container("taped");
    let file = home.dir.path().join("hello.luau");
    let source =
        "script { about = \"Say hello\", templates = { \"shell\" } }\nlocal box = launch(\"shell\")\nlocal term = box:open()\nlocal x = = 1\nlog(\"end\")\n";
    std::fs::write(&file, source).unwrap();
    home.cto(&["script", "save", file.to_str().unwrap()]).output().unwrap();
    let mut seen = Terminal::sized(&home, &[], (140, 44));
    seen.shows(&name);
    // A recording for the dry run.
    seen.type_in(&format!(":open {name}\r"));
    seen.shows("root@");
    seen.type_in("\x02R");
    seen.shows("⌁ rec");
    seen.type_in("echo h$((1))i\r");
    // Until what was printed is there, and the next prompt with it, the dry run would end before.
    seen.shows("h1i");
    seen.type_in("\x02R");
    seen.shows("recorded:");
    seen.type_in("\x02d");
    seen.shows("+ launch");
    seen.type_in("5");
    seen.shows("hello.luau");
    seen.type_in("/hello\re");
    // The mistake is seen, gone to and put right.
    seen.shows("1 mistake");
    seen.type_in("\x1b[19~");
    seen.shows("4:");
    seen.type_in("\x1b[H\x0bterm:wait_p");
    seen.shows("Session:wait_prompt(");
    seen.type_in("\t()\r");
    seen.shows("term:wait_prompt()");
    seen.shows("no mistakes found");
    seen.type_in("\x13");
    seen.shows("hello is saved");
    // Dry, against the recording; then for good, with a pause.
    seen.type_in("\x1b[17~");
    seen.shows("dry run against");
    seen.type_in("\r");
    seen.shows("asked for");
    seen.shows("✓ succeeded");
    seen.type_in("\x1b");
    seen.shows("no mistakes found");
    seen.type_in("\x1b[A\x1b[20~");
    seen.shows("a run from here pauses at line 4");
    seen.type_in("\x1b[15~");
    seen.shows("breakpoint at line 4");
    seen.shows("▶");
    seen.type_in("s");
    seen.shows("end");
    seen.shows("✓ succeeded");
    seen.type_in("\x1b");
    seen.shows("no mistakes found");
    // What is not saved is asked about before the program ends.
    seen.type_in("z\x1b");
    seen.shows("Leave hello?");
    seen.type_in("k");
    seen.shows("LAST RUN");
    seen.type_in("q");
    seen.shows("+ launch");
    seen.type_in("q");
    seen.shows("Not saved, and lost then: hello.");
    seen.type_in("l");
    assert_eq!(seen.ends(), 0);
}
