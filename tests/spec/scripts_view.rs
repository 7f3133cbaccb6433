//! Scripts and their runs in the terminal client: listed, run, edited, watched, paused, cancelled and removed.
use super::drawn;
use super::drawn::Drawn;
use super::drawn::SIZES;
use super::support::home::Home;
use super::support::home::Terminal;
use cto::error::Error;
use cto::model::Code;
use cto::model::Event;
use cto::model::InlineScript;
use cto::model::Param;
use cto::model::ParamKind;
use cto::model::ParamValue;
use cto::model::Place;
use cto::model::Run;
use cto::model::RunCause;
use cto::model::RunEntry;
use cto::model::RunError;
use cto::model::RunLog;
use cto::model::RunNote;
use cto::model::RunState;
use cto::model::RunText;
use cto::model::ScriptCheck;
use cto::model::ScriptEntry;
use cto::model::ScriptHeader;
use cto::model::ScriptList;
use cto::model::ServerFrame;
use cto::model::Size;
use cto::model::StartRun;
use cto::model::TemplateOrigin;
use cto::tui::component::Component;
use cto::tui::edit::Kind;
use cto::tui::msg::Ask;
use cto::tui::msg::Effect;
use cto::tui::msg::Msg;
use cto::tui::msg::PromptFor;
use cto::tui::msg::Reply;
use cto::tui::msg::Request;
use cto::tui::parts::palette::Palette;
use cto::tui::parts::run_form::RunForm;
use cto::tui::parts::run_view::RunView;
use cto::tui::parts::runs::Only;
use cto::tui::parts::runs::Runs;
use cto::tui::parts::scripts::Scripts;
use cto::tui::runs::RunsReply;
use cto::tui::runs::RunsWish;
use jiff::SignedDuration;
use std::collections::BTreeMap;

fn param(kind: ParamKind, default: Option<ParamValue>, about: &str) -> Param {
    let description = Some(about.to_owned());
    Param { kind, description, default, choices: Vec::new(), min: None, max: None, pattern: None }
}

fn script(name: &str, about: &str, origin: TemplateOrigin) -> ScriptEntry {
    let header = ScriptHeader { about: about.to_owned(), templates: vec!["shell".to_owned()], ..ScriptHeader::default() };
    ScriptEntry { name: name.to_owned(), origin, path: None, header, source: None, hash: "0123".to_owned() }
}

fn installer() -> ScriptEntry {
    let mut script = script("installer", "Answer an installer's questions, in whatever order they come", TemplateOrigin::Gallery);
    script.header.params = BTreeMap::from([
        ("directory".to_owned(), param(ParamKind::Text, Some(ParamValue::Text("/opt/tool".to_owned())), "where it is installed")),
        ("samples".to_owned(), param(ParamKind::Boolean, Some(ParamValue::Boolean(true)), "install the samples too")),
        ("user".to_owned(), param(ParamKind::Text, None, "whose it is")),
    ]);
    script
}

fn run(number: u64, script: &str, state: RunState) -> Run {
    let created_at = drawn::noon() - SignedDuration::from_mins(i64::try_from(number * 20).unwrap());
    Run {
        id: format!("run_{number:06}").as_str().into(),
        script: script.to_owned(),
        owner: "ada".to_owned(),
        cause: RunCause::Asked,
        state,
        params: BTreeMap::new(),
        paused: None,
        phase: String::new(),
        progress: None,
        results: serde_json::Map::new(),
        error: None,
        steps: (0, 0),
        sessions: Vec::new(),
        containers: Vec::new(),
        rights: cto::model::Role::Operator,
        attempt: 1,
        created_at,
        started_at: (state != RunState::Queued).then_some(created_at),
        ended_at: state.is_over().then_some(created_at + SignedDuration::from_secs(42)),
    }
}

fn runs() -> Vec<Run> {
    let mut going = run(1, "build-report", RunState::Running);
    (going.phase, going.progress, going.steps) = ("test_area".to_owned(), Some((9, 20)), (1, 0));
    let mut paused = run(2, "installer", RunState::Running);
    paused.paused = Some("a breakpoint at line 31\u{1b}[2J".to_owned());
    let mut failed = run(3, "vim-edit", RunState::Failed);
    failed.error = Some(RunError { message: "waited 10 s for 'INSERT'".to_owned(), line: Some(12), ..RunError::default() });
    failed.cause = RunCause::Schedule { name: "nightly".to_owned(), due: drawn::noon() };
    let mut done = run(5, "データ", RunState::Succeeded);
    done.steps = (3, 1);
    vec![run(0, "installer", RunState::Queued), going, paused, failed, run(4, "htop-by-screen", RunState::TimedOut), done]
}

fn scripts() -> ScriptList {
    let broken = Place {
        file: Some("/home/ada/.config/cto/scripts/odd.luau".to_owned()),
        line: Some(3),
        column: Some(7),
        detail: "expected 'then'\u{7}".to_owned(),
        ..Place::default()
    };
    let items = vec![
        script("build-report", "Build a project, run its tests, and report what they say", TemplateOrigin::Gallery),
        installer(),
        script("ada/データ", "日本語 about\u{1b}[31m", TemplateOrigin::User),
    ];
    ScriptList { items, broken: vec![broken] }
}

fn answered(drawn: &mut Drawn, part: &mut dyn Component, wish: RunsWish, result: Result<RunsReply, Error>) -> Vec<Effect> {
    if let Ok(reply) = &result {
        drawn.data.runs.learn(reply);
    }
    let result = result.map(|reply| Reply::Runs(Box::new(reply))).map_err(|error| Box::new(error.problem()));
    drawn.send(part, &Msg::Reply(Box::new(Request::Runs(Box::new(wish))), result))
}

fn wishes(effects: &[Effect]) -> Vec<&RunsWish> {
    effects.iter().filter_map(|effect| if let Effect::Request(Request::Runs(wish)) = effect { Some(&**wish) } else { None }).collect()
}

fn asks(wish: RunsWish) -> [Effect; 1] {
    [Effect::Request(Request::Runs(Box::new(wish)))]
}

fn shown(size: (u16, u16)) -> (Drawn, Scripts) {
    let mut drawn = Drawn::usual(size);
    let mut part = Scripts::default();
    assert_eq!(wishes(&part.due(&drawn.cx())), [&RunsWish::Scripts, &RunsWish::Runs]);
    assert_eq!(part.due(&drawn.cx()), [], "it is under way");
    answered(&mut drawn, &mut part, RunsWish::Scripts, Ok(RunsReply::Scripts(scripts())));
    answered(&mut drawn, &mut part, RunsWish::Runs, Ok(RunsReply::Runs(runs())));
    assert_eq!(part.due(&drawn.cx()), [], "nothing has changed");
    (drawn, part)
}

#[test]
fn scripts_look_like_this_also_where_there_are_none_or_none_can_be_read() {
    for (width, height) in SIZES {
        let (mut drawn, mut part) = shown((width, height));
        drawn.press(&mut part, "j");
        drawn.press(&mut part, "Space");
        let full = drawn.text(&part);
        assert!(!full.contains(['\u{1b}', '\u{7}']));
        answered(&mut drawn, &mut part, RunsWish::Scripts, Ok(RunsReply::Scripts(ScriptList::default())));
        let empty = drawn.text(&part);
        let (mut bare, mut fresh) = (Drawn::usual((width, height)), Scripts::default());
        answered(&mut bare, &mut fresh, RunsWish::Scripts, Err(Error::new(Code::Forbidden, "you may not list scripts")));
        insta::assert_snapshot!(format!("scripts_{width}x{height}"), [full, empty, bare.text(&fresh)].join("\n"));
    }
    let (mut drawn, mut part) = shown((80, 24));
    drawn.plain = true;
    drawn.send(&mut part, &Msg::Tick);
    insta::assert_snapshot!("scripts_plain_80x24", drawn.text(&part));
}

#[test]
fn runs_look_like_this_and_change_as_events_tell() {
    for (width, height) in SIZES {
        let mut drawn = Drawn::usual((width, height));
        let mut part = Runs::default();
        assert_eq!(part.due(&drawn.cx()), asks(RunsWish::Runs));
        answered(&mut drawn, &mut part, RunsWish::Runs, Ok(RunsReply::Runs(runs())));
        let full = drawn.text(&part);
        assert!(!full.contains('\u{1b}'));
        drawn.data.apply(&Event::RunChanged { run: Box::new(run(1, "build-report", RunState::Succeeded)) });
        drawn.data.apply(&Event::RunChanged { run: Box::new(run(1, "build-report", RunState::Running)) });
        part.show(Some(Only::Script("build-report".to_owned())));
        drawn.send(&mut part, &Msg::Tick);
        insta::assert_snapshot!(format!("runs_{width}x{height}"), [full, drawn.text(&part)].join("\n"));
    }
    let mut drawn = Drawn::usual((80, 24));
    drawn.plain = true;
    let mut part = Runs::default();
    answered(&mut drawn, &mut part, RunsWish::Runs, Ok(RunsReply::Runs(runs())));
    insta::assert_snapshot!("runs_plain_80x24", drawn.text(&part));
    answered(&mut drawn, &mut part, RunsWish::Runs, Ok(RunsReply::Runs(Vec::new())));
    assert!(drawn.text(&part).contains("Nothing has run yet"));
}

#[test]
fn a_script_is_run_edited_checked_shown_copied_and_removed_after_a_question() {
    let (mut drawn, mut part) = shown((120, 40));
    assert_eq!(drawn.press(&mut part, "Enter"), [Effect::Ask(Ask::RunScript("build-report".to_owned()))]);
    assert_eq!(drawn.press(&mut part, "r"), [Effect::Ask(Ask::RunsOf("build-report".to_owned()))]);
    assert_eq!(drawn.press(&mut part, "C-y"), [Effect::Ask(Ask::Copy("cto script run build-report".to_owned()))]);
    assert_eq!(drawn.press(&mut part, "e"), [Effect::Ask(Ask::EditDocument(Kind::Script("build-report".to_owned())))]);
    assert_eq!(drawn.press(&mut part, "E"), asks(RunsWish::Edit("build-report".to_owned())));
    assert_eq!(drawn.press(&mut part, "i"), asks(RunsWish::Script("build-report".to_owned())));
    let said = drawn.press(&mut part, "C-d");
    assert!(matches!(&said[..], [Effect::Ask(Ask::Toast(_, text))] if text.contains("ships with cto")), "{said:?}");
    let asked = drawn.press(&mut part, "n");
    assert!(matches!(&asked[..], [Effect::Ask(Ask::Prompt(spec))] if spec.purpose == PromptFor::NewScript), "{asked:?}");

    let mut whole = installer();
    whole.source = Some("script {\n\tabout = \"x\",\n}\n\u{1b}]0;no\u{7}\n".to_owned());
    let sheet = answered(&mut drawn, &mut part, RunsWish::Script("installer".to_owned()), Ok(RunsReply::Script(Box::new(whole))));
    let [Effect::Ask(Ask::Sheet { title, lines })] = &sheet[..] else { panic!("{sheet:?}") };
    let text: Vec<&str> = lines.iter().map(|(line, _)| line.as_str()).collect();
    assert!(title == "installer" && text.contains(&"   2      about = \"x\","), "{text:?}");
    assert!(text.iter().any(|line| line.contains("user = required  whose it is")), "{text:?}");

    assert_eq!(drawn.press(&mut part, "c"), asks(RunsWish::Check("build-report".to_owned())));
    let check = RunsWish::Check("build-report".to_owned());
    let fine = answered(&mut drawn, &mut part, check.clone(), Ok(RunsReply::Checked(String::new(), ScriptCheck::default())));
    assert!(matches!(&fine[..], [Effect::Ask(Ask::Toast(_, text))] if text == "build-report: no mistakes found"), "{fine:?}");
    let wrong = Place { file: Some("build-report".to_owned()), line: Some(2), column: Some(4), detail: "unknown call 'expct'".to_owned(), ..Place::default() };
    let found = ScriptCheck { errors: vec![wrong], ..ScriptCheck::default() };
    let told = answered(&mut drawn, &mut part, check, Ok(RunsReply::Checked("one\nterm:expct()\n".to_owned(), found)));
    let [Effect::Ask(Ask::Sheet { title, lines })] = &told[..] else { panic!("{told:?}") };
    assert_eq!(title, "build-report: 1 mistake");
    assert_eq!(lines[0].0, "✖ build-report:2:4: unknown call 'expct'");
    assert_eq!(lines[1].0, "     2  term:expct()");

    drawn.press(&mut part, "j");
    drawn.press(&mut part, "j");
    let asked = drawn.press(&mut part, "C-d");
    let [Effect::Ask(Ask::Confirm(spec))] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(spec.choices[0].effects, asks(RunsWish::RemoveScripts(vec!["ada/データ".to_owned()])));
    drawn.press(&mut part, "j");
    let sheet = drawn.press(&mut part, "Enter");
    assert!(matches!(&sheet[..], [Effect::Ask(Ask::Sheet { lines, .. })] if lines[0].0.contains("odd.luau:3:7: expected 'then'")), "{sheet:?}");
    assert_eq!(drawn.press(&mut part, "e"), [Effect::Ask(Ask::EditDocument(Kind::Script("odd".to_owned())))], "it can be put right");
    drawn.send(&mut part, &Msg::Event(Box::new(Event::ScriptsChanged)));
    assert_eq!(part.due(&drawn.cx()), asks(RunsWish::Scripts), "runs are known");
}

#[test]
fn what_was_edited_is_saved_and_never_lost() {
    use cto::tui::runs::Draft;
    use std::sync::Arc;
    let (mut drawn, mut part) = shown((120, 40));
    let mut entry = script("hello", "", TemplateOrigin::User);
    entry.source = Some("log('hi')\n".to_owned());
    let draft = Arc::new(Draft::of(entry).unwrap());
    assert!(draft.path().ends_with("hello.luau"));
    let path = draft.path().to_owned();
    let opened = answered(&mut drawn, &mut part, RunsWish::Edit("hello".to_owned()), Ok(RunsReply::Draft(draft.clone())));
    assert_eq!(opened, [Effect::Edit(path.clone())]);
    let save = RunsWish::Save(draft.clone(), false);
    assert_eq!(drawn.send(&mut part, &Msg::Edited(path.clone(), None)), asks(save.clone()));
    let told = answered(&mut drawn, &mut part, save.clone(), Err(Error::new(Code::Stale, "script 'hello' was changed by somebody else meanwhile")));
    let [Effect::Ask(Ask::Toast(_, text)), Effect::Ask(Ask::Offer(spec))] = &told[..] else { panic!("{told:?}") };
    assert!(text.contains(&path.display().to_string()), "{text}");
    assert_eq!(spec.choices[0].effects, asks(RunsWish::Save(draft.clone(), true)));
    drop(draft);
    assert!(path.exists(), "it stays until cto ends");
    let wrong = Place { line: Some(1), column: Some(1), detail: "no".to_owned(), file: Some("hello".to_owned()), ..Place::default() };
    let check = ScriptCheck { errors: vec![wrong], ..ScriptCheck::default() };
    let told = answered(&mut drawn, &mut part, save, Ok(RunsReply::Checked("x".to_owned(), check)));
    let [Effect::Ask(Ask::Offer(spec))] = &told[..] else { panic!("{told:?}") };
    assert_eq!((spec.title.as_str(), spec.lines[0].as_str()), ("hello is saved, with 1 mistake", "hello:1:1: no"));
    assert_eq!(spec.choices[0].effects, asks(RunsWish::Edit("hello".to_owned())));
}

#[test]
fn parameters_are_asked_for_with_their_defaults_and_mistakes_are_shown_beside_them() {
    for (width, height) in SIZES {
        let mut drawn = Drawn::usual((width, height));
        let mut part = RunForm::new(&installer());
        let fresh = drawn.text(&part);
        assert_eq!(drawn.press(&mut part, "Enter"), [], "the one that is required has the focus now");
        drawn.write(&mut part, "ada lovelace");
        let asked = drawn.press(&mut part, "Enter");
        let params = BTreeMap::from([("user".to_owned(), ParamValue::Text("ada lovelace".to_owned()))]);
        let start = StartRun { script: Some("installer".to_owned()), params, ..StartRun::default() };
        assert_eq!(asked, asks(RunsWish::Start(Box::new(start.clone()))));
        assert_eq!(drawn.press(&mut part, "Enter"), [], "it is under way");
        let mut error = Error::invalid("parameter 'user' does not fit");
        error.places = vec![Place { pointer: "/params/user".to_owned(), detail: "it must fit [a-z]+".to_owned(), ..Place::default() }];
        let told = answered(&mut drawn, &mut part, RunsWish::Start(Box::new(start.clone())), Err(error));
        assert_eq!(told, []);
        insta::assert_snapshot!(format!("run_form_{width}x{height}"), [fresh, drawn.text(&part)].join("\n"));
        assert_eq!(drawn.press(&mut part, "C-y"), [Effect::Ask(Ask::Copy("cto script run installer -p 'user=ada lovelace'".to_owned()))]);
        drawn.press(&mut part, "Enter");
        let done = answered(&mut drawn, &mut part, RunsWish::Start(Box::new(start)), Ok(RunsReply::Run(Box::new(run(9, "installer", RunState::Queued)))));
        assert_eq!(done, [Effect::Ask(Ask::Close)]);
    }
}

#[test]
fn runs_are_watched_paused_repeated_cancelled_and_removed() {
    let mut drawn = Drawn::usual((120, 40));
    let mut part = Runs::default();
    answered(&mut drawn, &mut part, RunsWish::Runs, Ok(RunsReply::Runs(runs())));
    let said = drawn.press(&mut part, "C-d");
    assert!(matches!(&said[..], [Effect::Ask(Ask::Toast(_, text))] if text.contains("cancel it first")), "{said:?}");
    drawn.press(&mut part, "j");
    assert!(matches!(&drawn.press(&mut part, "Enter")[..], [Effect::Ask(Ask::Watch(run))] if run.script == "build-report"));
    assert_eq!(drawn.press(&mut part, "p"), asks(RunsWish::Pause("run_000001".into())));
    let asked = drawn.press(&mut part, "x");
    let [Effect::Ask(Ask::Confirm(spec))] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(spec.choices[0].effects, asks(RunsWish::Cancel("run_000001".into())));
    assert!(matches!(&drawn.press(&mut part, "R")[..], [Effect::Ask(Ask::Toast(..))]), "it is under way");
    drawn.press(&mut part, "j");
    assert_eq!(drawn.press(&mut part, "p"), asks(RunsWish::Resume("run_000002".into(), false)));
    drawn.press(&mut part, "j");
    assert_eq!(drawn.press(&mut part, "R"), asks(RunsWish::Retry("run_000003".into())));
    let asked = drawn.press(&mut part, "C-d");
    let [Effect::Ask(Ask::Confirm(spec))] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(spec.choices[0].effects, asks(RunsWish::RemoveRuns(vec!["run_000003".into()])));
    let told = answered(&mut drawn, &mut part, RunsWish::RemoveRuns(vec!["run_000003".into()]), Ok(RunsReply::Removed(1, Vec::new())));
    assert!(matches!(&told[..], [Effect::Ask(Ask::Toast(_, text))] if text == "removed 1 run"), "{told:?}");
    drawn.press(&mut part, "/");
    drawn.write(&mut part, "timed out");
    drawn.press(&mut part, "Enter");
    let text = drawn.text(&part);
    assert!(text.contains("htop-by-screen") && !text.contains("vim-edit"), "{text}");
}

fn entry(seq: u64, seconds: i64, line: u32, what: RunNote) -> RunEntry {
    RunEntry { seq, at: drawn::noon() - SignedDuration::from_secs(60 - seconds), line: Some(line), what }
}

/// What a run did that drives vim in web-1's second terminal.
fn told(over: bool) -> RunLog {
    let mut run = run(0, "build-report", if over { RunState::Failed } else { RunState::Running });
    run.created_at = drawn::noon() - SignedDuration::from_secs(60);
    run.started_at = Some(run.created_at);
    run.ended_at = over.then_some(run.created_at + SignedDuration::from_secs(51));
    run.sessions = vec!["ses_web-1_bash".into(), "ses_web-1_vim".into()];
    (run.phase, run.progress, run.steps) = ("test_area".to_owned(), Some((9, 20)), (1, 0));
    let mut entries = vec![
        entry(1, 0, 7, RunNote::Call { text: "launch python".to_owned(), session: None }),
        entry(2, 1, 28, RunNote::StepBegan { name: "it compiles".to_owned() }),
        entry(3, 3, 28, RunNote::StepEnded { name: "it compiles".to_owned(), ms: 2_345, error: None, screen: None }),
        entry(4, 4, 32, RunNote::StepBegan { name: "its tests\u{1b}[2J pass".to_owned() }),
        entry(
            5,
            5,
            33,
            RunNote::Log { text: "a long line that has to be broken because it is wider than what there is room for beside a terminal\u{7}".to_owned() },
        ),
        entry(6, 6, 34, RunNote::Call { text: "expect 'OK'".to_owned(), session: Some("ses_web-1_vim".into()) }),
    ];
    if over {
        let screen = Some("$ python3 -m unittest\nFAILED (failures=1)\n\n\n".to_owned());
        let error = "waited 10 s for 'OK'".to_owned();
        entries.push(entry(
            7,
            51,
            34,
            RunNote::StepEnded { name: "its tests\u{1b}[2J pass".to_owned(), ms: 47_000, error: Some(error.clone()), screen: screen.clone() },
        ));
        run.error = Some(RunError { message: error, line: Some(34), fix: Some("look at its last screen".to_owned()), screen });
        run.results = serde_json::from_str(r#"{"ran": 3, "tests": {"test_area": "FAIL"}}"#).unwrap();
    }
    RunLog { run, entries, more: false }
}

/// A view of that run which has read its log.
fn watched(size: (u16, u16), over: bool) -> (Drawn, RunView) {
    let mut drawn = Drawn::usual(size);
    let mut part = RunView::default();
    assert_eq!(part.show(told(over).run), []);
    let first = part.due(&drawn.cx());
    assert_eq!(wishes(&first), [&RunsWish::Log("run_000000".into(), 0, 0)]);
    let wish = RunsWish::Log("run_000000".into(), 0, 0);
    answered(&mut drawn, &mut part, wish, Ok(RunsReply::Log(Box::new(told(over)))));
    let next = part.due(&drawn.cx());
    match over {
        true => assert_eq!(wishes(&next), [] as [&RunsWish; 0], "nothing more will come"),
        false => assert_eq!(wishes(&next), [&RunsWish::Log("run_000000".into(), 6, 25)]),
    }
    if let Some(id) = part.pane().map(|pane| pane.id) {
        let bytes = b"\x1b[2Jtest_area (test_shapes.Shapes) ... ok\r\ntest_drawing ... skipped\r\n".to_vec();
        let frame = ServerFrame::Snapshot { offset: 70, size: Size { cols: 80, rows: 24 }, bytes };
        assert!(part.frame(id, frame));
    }
    (drawn, part)
}

#[test]
fn a_run_that_is_watched_looks_like_this() {
    for (width, height) in SIZES {
        let (drawn, mut part) = watched((width, height), false);
        let going = drawn.text(&part);
        assert!(!going.contains(['\u{1b}', '\u{7}']));
        let mut paused = told(false).run;
        paused.paused = Some("somebody asked".to_owned());
        drawn.send(&mut part, &Msg::Event(Box::new(Event::RunChanged { run: Box::new(paused) })));
        let paused = drawn.text(&part);
        let (drawn, part) = watched((width, height), true);
        insta::assert_snapshot!(format!("run_{width}x{height}"), [going, paused, drawn.text(&part)].join("\n"));
    }
    let (mut drawn, mut part) = watched((80, 24), false);
    drawn.plain = true;
    drawn.send(&mut part, &Msg::Tick);
    insta::assert_snapshot!("run_plain_80x24", drawn.text(&part));
    assert!(drawn.text(&RunView::default()).contains("No run is watched"));
}

#[test]
fn a_paused_run_shows_its_text_with_the_line_that_it_is_at_and_pauses_where_a_line_is_marked() {
    let id = || "run_000000".into();
    let source: String = (1..=40).map(|line| if line % 10 == 4 { format!("term:expect(\"{line}\")\n") } else { format!("local a{line} = {line}\n") }).collect();
    let text = RunText { script: InlineScript { name: "build-report".to_owned(), source }, breakpoints: vec![34] };
    for (width, height) in SIZES {
        let (mut drawn, mut part) = watched((width, height), false);
        let mut paused = told(false).run;
        paused.paused = Some("breakpoint at line 34".to_owned());
        drawn.send(&mut part, &Msg::Event(Box::new(Event::RunChanged { run: Box::new(paused) })));
        assert_eq!(wishes(&part.due(&drawn.cx())), [&RunsWish::Source(id())]);
        assert_eq!(wishes(&part.due(&drawn.cx())), [] as [&RunsWish; 0], "it is under way");
        answered(&mut drawn, &mut part, RunsWish::Source(id()), Ok(RunsReply::Source(Box::new(text.clone()))));
        let shown = drawn.text(&part);
        assert!(shown.contains('▶') || height < 20, "{shown}");
        insta::assert_snapshot!(format!("run_text_{width}x{height}"), shown);
    }
    let (mut drawn, mut part) = watched((120, 40), false);
    assert_eq!(wishes(&drawn.press(&mut part, "b")), [&RunsWish::Source(id())], "it is shown first");
    answered(&mut drawn, &mut part, RunsWish::Source(id()), Ok(RunsReply::Source(Box::new(text.clone()))));
    assert_eq!(wishes(&drawn.press(&mut part, "b")), [&RunsWish::PauseAt(id(), Vec::new())], "the line that it is at had one");
    drawn.press(&mut part, "[");
    drawn.press(&mut part, "[");
    let set = drawn.press(&mut part, "F9");
    assert_eq!(wishes(&set), [&RunsWish::PauseAt(id(), vec![34])], "a line that asks for nothing: the next one that does");
    assert!(matches!(&set[1..], [Effect::Ask(Ask::Toast(_, words))] if words.contains("pauses at line 34")), "{set:?}");
    assert!(drawn.text(&part).contains("term:expect(\"34\")"));
    drawn.press(&mut part, "v");
    assert!(!drawn.text(&part).contains("term:expect(\"34\")"), "it is hidden");
}

#[test]
fn the_terminal_of_a_run_is_looked_at_and_a_key_goes_into_it() {
    let (drawn, mut part) = watched((120, 40), false);
    let pane = part.pane().unwrap();
    assert_eq!((pane.looks, pane.session.clone()), (true, Some("ses_web-1_vim".into())));
    assert!(drawn.text(&part).contains("test_drawing ... skipped"));
    assert_eq!(drawn.press(&mut part, "t"), [Effect::Ask(Ask::ShowSession("ses_web-1_vim".into()))]);
    assert_eq!(drawn.press(&mut part, "Tab"), []);
    let effects = part.due(&drawn.cx());
    assert!(
        matches!(&effects[..], [Effect::Detach(_), Effect::Look { session, from_offset: None, .. }] if session.as_str() == "ses_web-1_bash"),
        "{effects:?}"
    );
    let own = part.pane().unwrap().id;
    part.detached(own, None, drawn.now.since_start);
    assert!(part.wake_at(drawn.now.since_start).is_some());
    assert!(matches!(&part.reconnect(true, drawn.now.since_start)[..], [Effect::Look { pane, .. }] if *pane == own));
    assert_eq!(part.rest(), [Effect::Detach(own)]);
    assert!(part.pane().is_none());
}

#[test]
fn a_watched_run_is_paused_stepped_resumed_aborted_and_repeated() {
    let (mut drawn, mut part) = watched((120, 40), false);
    let id = || "run_000000".into();
    assert!(matches!(&drawn.press(&mut part, "s")[..], [Effect::Ask(Ask::Toast(_, text))] if text.contains("not paused")));
    assert_eq!(drawn.press(&mut part, "p")[..1], asks(RunsWish::Pause(id())));
    let mut paused = told(false).run;
    paused.paused = Some("somebody asked".to_owned());
    answered(&mut drawn, &mut part, RunsWish::Pause(id()), Ok(RunsReply::Done));
    drawn.send(&mut part, &Msg::Event(Box::new(Event::RunChanged { run: Box::new(paused) })));
    for (key, step) in [("s", true), ("F10", true), ("P", false), ("F5", false)] {
        assert_eq!(drawn.press(&mut part, key), asks(RunsWish::Resume(id(), step)), "{key}");
    }
    let asked = drawn.press(&mut part, "x");
    assert!(matches!(&asked[..], [Effect::Ask(Ask::Confirm(spec))] if spec.choices[0].effects == asks(RunsWish::Cancel(id()))), "{asked:?}");
    assert!(matches!(&drawn.press(&mut part, "Esc")[..], [Effect::Ask(Ask::Run(_))]), "it goes on");
    let (drawn, mut part) = watched((120, 40), true);
    assert_eq!(drawn.press(&mut part, "R"), asks(RunsWish::Retry(id())));
    assert!(matches!(&drawn.press(&mut part, "p")[..], [Effect::Ask(Ask::Toast(_, text))] if text.contains("it is over")));
}

#[test]
fn the_log_follows_its_end_and_stands_still_where_it_is_read() {
    let (mut drawn, mut part) = watched((80, 24), false);
    let log = |from: u64, to: u64| {
        let entries = (from..to).map(|seq| entry(seq, 7, 40, RunNote::Log { text: format!("line {seq}.") })).collect();
        RunsReply::Log(Box::new(RunLog { run: told(false).run, entries, more: false }))
    };
    let wish = |after| RunsWish::Log("run_000000".into(), after, 25);
    answered(&mut drawn, &mut part, wish(6), Ok(log(7, 100)));
    assert!(drawn.text(&part).contains("line 99."), "it follows");
    drawn.press(&mut part, "PageUp");
    let before = drawn.text(&part);
    assert!(!before.contains("line 99."));
    part.due(&drawn.cx());
    answered(&mut drawn, &mut part, wish(99), Ok(log(100, 120)));
    let seen = |text: &str| text.lines().find(|line| line.contains("line ")).map(str::to_owned);
    assert_eq!(seen(&before), seen(&drawn.text(&part)), "what is read stays where it is");
    drawn.press(&mut part, "G");
    assert!(drawn.text(&part).contains("line 119."));
    drawn.press(&mut part, "c");
    drawn.press(&mut part, "g");
    assert!(!drawn.text(&part).contains("launch python"), "calls are hidden");
}

#[test]
fn a_script_is_found_in_the_palette() {
    let (drawn, _) = shown((80, 24));
    let mut palette = Palette::new(&[cto::tui::command::Scope::Home, cto::tui::command::Scope::Global]);
    drawn.write(&mut palette, "run script inst");
    assert_eq!(drawn.press(&mut palette, "C-y"), [Effect::Ask(Ask::Copy("cto script run installer".to_owned()))]);
    assert_eq!(drawn.press(&mut palette, "Enter"), [Effect::Ask(Ask::Close), Effect::Ask(Ask::RunScript("installer".to_owned()))]);
}

/// A script that shows all that a run can show, and waits for a key.
const GREETING: &str = r#"script {
	about = "Greet in a terminal",
	params = { name = { default = "world", description = "whom to greet" } },
	templates = { "shell" },
}

local box = launch("shell")
local term = box:open()

step("the shell answers", function()
	term:wait_prompt()
	term:run("echo hello " .. params.name .. "-$((40+2))")
	log("it said hello")
end)

step("somebody types", function()
	term:expect("go on", { timeout = 60 })
end)

report { greeted = params.name }
"#;

#[test]
fn a_script_runs_from_the_view_and_is_seen_at_work() {
    let home = Home::new();
    let file = home.dir.path().join("greeting.luau");
    std::fs::write(&file, GREETING).unwrap();
    home.ok(&["script", "save", file.to_str().unwrap()]);
    let mut seen = Terminal::sized(&home, &[], (140, 40));
    seen.shows("● docker");
    seen.type_in("5");
    seen.shows("Greet in a terminal");
    seen.type_in("/greeting\r\r");
    seen.shows("whom to greet");
    seen.type_in("ada\r");
    seen.shows("it said hello");
    seen.shows("✓ the shell answers");
    seen.shows("hello ada-42");
    seen.shows("types here");
    seen.type_in("p");
    seen.shows("it pauses before its next call");
    seen.type_in("t");
    seen.type_in("echo 'go' on\r");
    seen.shows("go on");
    seen.type_in("\x02d");
    seen.shows("● docker");
    seen.type_in(":runs\r");
    seen.shows("STARTED");
    seen.shows("greeting");
    seen.type_in("\r");
    seen.shows("it reports");
    seen.shows("\"greeted\": \"ada\"");
    seen.type_in("\x1b");
    seen.shows("STARTED");
    seen.type_in("\x04");
    seen.shows("Remove the run of greeting");
    seen.type_in("y");
    seen.shows("Nothing has run yet");
}

#[test]
fn a_script_is_written_by_the_persons_own_editor_and_its_mistakes_are_told() {
    let home = Home::new();
    let editor = home.dir.path().join("editor");
    std::fs::write(&editor, "#!/bin/sh\nprintf 'local x = = 1\\n' > \"$1\"\n").unwrap();
    std::fs::set_permissions(&editor, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut seen = Terminal::with(&home, &[], (120, 40), &[("VISUAL", editor.to_str().unwrap())]);
    seen.shows("● docker");
    seen.type_in("5");
    seen.shows("build-report");
    seen.type_in("n");
    seen.shows("name of the new script");
    seen.type_in("mine\r");
    seen.shows("Open a shell and look around");
    // The text goes to the editor, and what it is then comes back.
    seen.type_in("\x1bo");
    seen.shows("local x = = 1");
    seen.shows("1 mistake");
    seen.type_in("\x13");
    seen.shows("mine is saved, with 1 mistake");
    seen.type_in("\x1b");
    seen.shows("mine.luau");
    // From the list it goes there and back at once.
    seen.type_in("/mine\rE");
    seen.shows("nothing was changed");
}

#[test]
fn nothing_is_written_while_scripts_runs_and_schedules_stand_still() {
    let home = Home::new();
    let mut seen = Terminal::sized(&home, &[], (120, 40));
    seen.shows("● docker");
    for (keys, shows) in [(":runs\r", "Nothing has run yet"), ("6", "Nothing is scheduled"), ("5", "build-report")] {
        seen.type_in(keys);
        seen.shows(shows);
        // The line on top counts all containers, those of others too: one such time is enough, and what moves by itself has none.
        home.until("three seconds without a byte", || {
            let before = seen.written();
            std::thread::sleep(std::time::Duration::from_secs(3));
            seen.written() == before
        });
    }
}
