//! The containers as a list to work with: columns, sorting, groups, marks, what is done to all that are marked, and details.
use super::drawn;
use super::drawn::Drawn;
use super::drawn::SIZES;
use super::support::home::Home as Cto;
use super::support::home::Terminal;
use cto::model::ContainerState;
use cto::model::Port;
use cto::model::Processes;
use cto::model::StackPlace;
use cto::tui::bulk::BulkAim;
use cto::tui::bulk::BulkJob;
use cto::tui::bulk::BulkNews;
use cto::tui::bulk::BulkStep;
use cto::tui::bulk::End;
use cto::tui::bulk::Outcome;
use cto::tui::bulk::Work;
use cto::tui::command::CommandId;
use cto::tui::component::Component;
use cto::tui::msg::Ask;
use cto::tui::msg::Effect;
use cto::tui::msg::Msg;
use cto::tui::msg::PromptFor;
use cto::tui::msg::Reply;
use cto::tui::msg::Request;
use cto::tui::msg::ToastKind;
use cto::tui::parts::bulk;
use cto::tui::parts::bulk::Bulk;
use cto::tui::parts::chooser::Chooser;
use cto::tui::parts::confirm::Confirm;
use cto::tui::parts::facts::Columns;
use cto::tui::parts::facts::Fact;
use cto::tui::parts::grid::Home;
use cto::tui::parts::pick::Pick;

fn snapshots(name: &str, draw: impl Fn((u16, u16)) -> String) {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), draw((width, height)));
    }
}

fn home(drawn: &Drawn) -> Home {
    let mut home = Home::new();
    drawn.send(&mut home, &Msg::Tick);
    home
}

/// As a table.
fn table(drawn: &Drawn) -> Home {
    let mut home = home(drawn);
    drawn.press(&mut home, "v");
    home
}

fn all_columns() -> Columns {
    let mut columns = Columns::default();
    Fact::ALL.into_iter().filter(|fact| columns.place(*fact).is_none()).collect::<Vec<_>>().into_iter().for_each(|fact| columns.toggle(fact));
    columns
}

/// The usual containers, some of them in a stack.
fn stacked(size: (u16, u16)) -> Drawn {
    let mut drawn = Drawn::usual(size);
    for name in ["web-1", "db"] {
        let container = drawn.data.containers.iter_mut().find(|container| container.name == name).unwrap();
        container.stack = Some(StackPlace { stack: "shop".to_owned(), member: name.to_owned(), index: 0, hash: String::new(), after: Vec::new() });
    }
    drawn
}

#[test]
fn the_table_shows_what_was_chosen_and_hides_what_matters_less() {
    snapshots("columns", |size| {
        let mut drawn = stacked(size);
        drawn.data.stats.values_mut().flatten().for_each(|stats| (stats.network_bytes, stats.block_bytes) = ((1_300_000, 52_000), (900, 4 << 30)));
        let mut home = table(&drawn);
        home.set_columns(all_columns());
        drawn.text(&home)
    });
    let mut drawn = Drawn::usual((120, 40));
    drawn.plain = true;
    insta::assert_snapshot!("columns_plain_120x40", drawn.text(&table(&drawn)));
}

#[test]
fn columns_are_chosen_widened_moved_and_kept() {
    let drawn = Drawn::usual((120, 40));
    let mut home = table(&drawn);
    let asked = drawn.press(&mut home, "C");
    let [Effect::Ask(Ask::ChooseColumns(columns))] = &asked[..] else { panic!("{asked:?}") };
    let mut chooser = Chooser::new(columns.clone());
    snapshots("chooser", |size| Drawn::usual(size).text(&chooser));
    let set = |effects: &[Effect]| match effects {
        [Effect::Ask(Ask::SetColumns(columns))] => columns.clone(),
        other => panic!("{other:?}"),
    };
    // The state goes, the template stays, wider and further to the right.
    drawn.press(&mut chooser, "Space");
    drawn.press(&mut chooser, "g");
    while !drawn.text(&chooser).contains("▸ [x] template") {
        drawn.press(&mut chooser, "Up");
    }
    drawn.press(&mut chooser, "J");
    let chosen = set(&drawn.press(&mut chooser, "+"));
    home.set_columns(chosen.clone());
    let text = drawn.text(&home);
    let head = text.lines().next().unwrap();
    assert!(!head.contains("STATE") && head.find("CPU") < head.find("TEMPLATE"), "{head}");
    assert_eq!(chosen.all().iter().find(|column| column.fact == Fact::Template).unwrap().width, Some(11));
    let mut again = table(&drawn);
    again.restore(&home.state());
    assert_eq!(again.columns(), &chosen, "they are there again at the next start");
    assert_eq!(drawn.press(&mut chooser, "Esc"), [Effect::Ask(Ask::Close)]);
}

#[test]
fn sorting_is_picked_or_clicked() {
    let mut drawn = Drawn::usual((120, 40));
    let mut home = table(&drawn);
    let asked = drawn.press(&mut home, "o");
    let [Effect::Ask(Ask::Pick(spec))] = &asked[..] else { panic!("{asked:?}") };
    let mut pick = Pick::new((**spec).clone());
    snapshots("sort_picker", |size| Drawn::usual(size).text(&Pick::new((**spec).clone())));
    drawn.press(&mut pick, "m");
    let taken = drawn.press(&mut pick, "Enter");
    assert_eq!(taken, [Effect::Ask(Ask::Close), Effect::Ask(Ask::SortBy(Fact::Memory))]);
    home.sort_by(Fact::Memory, &drawn.cx());
    let row = |drawn: &Drawn, home: &Home, name: &str| drawn.find(home, name).1;
    assert!(row(&drawn, &home, "sick") < row(&drawn, &home, "db") && row(&drawn, &home, "db") < row(&drawn, &home, "web-1"));
    let (col, line) = drawn.find(&home, "NAME");
    drawn.click(&mut home, col, line);
    assert!(drawn.text(&home).contains("NAME↓"));
    assert!(row(&drawn, &home, "build") < row(&drawn, &home, "web-1"));
    drawn.now.since_start += std::time::Duration::from_secs(1);
    drawn.click(&mut home, col, line);
    assert!(row(&drawn, &home, "web-1") < row(&drawn, &home, "build"), "a second click turns it round");
}

#[test]
fn groups_have_headings_with_counts_and_sums_and_can_be_folded() {
    snapshots("grouped_tiles", |size| {
        let drawn = stacked(size);
        let mut home = home(&drawn);
        drawn.press(&mut home, "M-g");
        drawn.text(&home)
    });
    snapshots("grouped_table", |size| {
        let drawn = stacked(size);
        let mut home = table(&drawn);
        drawn.press(&mut home, "M-g");
        drawn.press(&mut home, "M-g");
        drawn.text(&home)
    });
    let mut drawn = stacked((120, 40));
    let mut home = table(&drawn);
    drawn.press(&mut home, "M-g");
    let line = |drawn: &Drawn, home: &Home, word: &str| drawn.text(home).lines().find(|line| line.contains(word)).unwrap_or_default().to_owned();
    let heading = line(&drawn, &home, "shop");
    assert!(heading.contains("2 running") && heading.contains(" 4%") && heading.contains("140M"), "{heading}");
    let heading = line(&drawn, &home, "no stack");
    assert!(heading.contains("3 of 4 running") && heading.contains("240%"), "{heading}");
    assert_eq!(home.watched(&drawn.cx()).len(), 5, "sums are of all that run");
    drawn.press(&mut home, "g");
    assert_eq!(home.meant(&drawn.data).len(), 2, "on a heading its group is meant");
    drawn.press(&mut home, "Enter");
    let text = drawn.text(&home);
    assert!(text.contains("▸ shop") && !text.contains("web-1"), "{text}");
    let kept = home.state();
    drawn.press(&mut home, "Right");
    assert!(drawn.text(&home).contains("web-1"));
    let mut again = Home::new();
    again.restore(&kept);
    drawn.send(&mut again, &Msg::Tick);
    assert!(!drawn.text(&again).contains("web-1"), "it is folded at the next start too");
    // Whoever looks for something finds it in a folded group.
    drawn.press(&mut again, "/");
    drawn.write(&mut again, "web");
    assert!(drawn.text(&again).contains("web-1"));
    // Others come and go: the cursor stays on its container, whatever it is grouped by.
    home.select(&"sick-id".into());
    drawn.data.containers.insert(0, drawn::container("aaa", "aaa", 1));
    drawn.press(&mut home, "M-g");
    assert_eq!(home.selected(&drawn.data).unwrap().as_str(), "sick-id");
    drawn.press(&mut home, "M-g");
    let text = drawn.text(&home);
    assert!(text.contains("▾ ada"), "by owner: {text}");
    drawn.press(&mut home, "M-g");
    assert!(!drawn.text(&home).contains('▾'), "and by nothing again");
    assert_eq!(home.group_by("owner").as_deref(), Ok("grouped by owner"));
    assert!(home.group_by("colour").unwrap_err().contains("stack, template, owner"));
}

#[test]
fn groups_are_words_for_those_who_have_them_read() {
    let mut drawn = stacked((80, 24));
    drawn.plain = true;
    let mut home = home(&drawn);
    drawn.press(&mut home, "M-g");
    drawn.press(&mut home, "g");
    drawn.press(&mut home, "Enter");
    let text = drawn.text(&home);
    assert!(text.contains("group shop     folded, 2 running") && text.contains("group no stack"), "{text}");
    insta::assert_snapshot!("grouped_plain_80x24", text);
}

#[test]
fn marks_are_set_one_by_one_in_ranges_and_by_group() {
    let drawn = stacked((120, 40));
    let mut home = table(&drawn);
    drawn.press(&mut home, "Space");
    drawn.press(&mut home, "j");
    drawn.press(&mut home, "C-Space");
    let marked = home.meant(&drawn.data);
    assert_eq!(marked.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["web-1-id", "db-id", "sick-id"]);
    assert!(drawn.text(&home).contains("3 marked"));
    drawn.press(&mut home, "C-\\");
    assert_eq!(home.meant(&drawn.data).len(), 1);
    drawn.press(&mut home, "M-g");
    drawn.press(&mut home, "g");
    drawn.press(&mut home, "Space");
    assert_eq!(home.meant(&drawn.data).len(), 2, "a heading marks its group");
    drawn.press(&mut home, "g");
    drawn.press(&mut home, "Space");
    assert!(!drawn.text(&home).contains("marked"), "and takes the marks away again");
}

/// The containers that a job is for.
fn names(job: &BulkJob) -> Vec<&str> {
    job.steps.iter().map(|step| step.name.as_str()).collect()
}

/// With all containers marked.
fn marked(drawn: &Drawn) -> Home {
    let mut home = table(drawn);
    drawn.press(&mut home, "g");
    for _ in 0..drawn.data.containers.len() {
        drawn.press(&mut home, "Space");
    }
    home
}

#[test]
fn what_is_done_to_all_that_are_marked_leaves_out_those_it_does_not_concern() {
    let drawn = Drawn::usual((120, 40));
    let mut home = marked(&drawn);
    let job = |effects: &[Effect]| match effects {
        [Effect::Ask(Ask::Bulk(job)), ..] => (**job).clone(),
        other => panic!("{other:?}"),
    };
    let stop = job(&drawn.press(&mut home, "s"));
    assert_eq!((stop.verb.as_str(), stop.steps.len()), ("stop", 5), "build is stopped already");
    assert_eq!(stop.steps[0].work, Work::Ask(Request::Stop("web-1-id".into())));
    assert_eq!(names(&job(&drawn.press(&mut home, "S"))), ["build"]);
    assert_eq!(job(&drawn.press(&mut home, "r")).steps.len(), 6);
    let pause = job(&drawn.press(&mut home, "p"));
    assert!(pause.verb == "pause" && !names(&pause).contains(&"👩‍💻-dev"), "{pause:?}");
    let menu = drawn.press(&mut home, "b");
    let [Effect::Ask(Ask::Actions { title, actions })] = &menu[..] else { panic!("{menu:?}") };
    assert_eq!(title, "6 containers");
    let line = |id| actions.iter().find(|(known, _)| *known == id).and_then(|(_, line)| line.clone());
    assert!(line(CommandId::Stop).unwrap().starts_with("cto stop web-1 db sick"), "{actions:?}");
    for id in [CommandId::Logs, CommandId::TypeInto, CommandId::RunIn, CommandId::CopyInto, CommandId::Kill, CommandId::Remove] {
        assert!(actions.iter().any(|(known, _)| *known == id), "{id:?}");
    }
    let asked = drawn.send(&mut home, &Msg::Command(CommandId::RunIn));
    assert!(
        matches!(&asked[..], [Effect::Ask(Ask::Prompt(spec))] if matches!(&spec.purpose, PromptFor::Bulk(BulkAim::Run(ids)) if ids.len() == 6)),
        "{asked:?}"
    );
}

#[test]
fn removing_several_asks_once_names_each_and_cancel_is_the_default() {
    let drawn = Drawn::usual((120, 40));
    let mut home = marked(&drawn);
    let asked = drawn.press(&mut home, "C-d");
    let [Effect::Ask(Ask::Confirm(spec))] = &asked[..] else { panic!("{asked:?}") };
    let lines = spec.lines.join("\n");
    assert!(spec.title.contains("6 containers"), "{spec:?}");
    for word in ["web-1, db, sick, build", "will be killed: web-1", "2 sessions end", "Files written inside them are lost", "Not made by cto: データベース"]
    {
        assert!(lines.contains(word), "'{word}' is not in\n{lines}");
    }
    let mut confirm = Confirm::new((**spec).clone());
    snapshots("remove_many", |size| Drawn::usual(size).text(&confirm));
    assert_eq!(drawn.press(&mut confirm.clone(), "Enter"), [Effect::Ask(Ask::Close)]);
    let yes = drawn.press(&mut confirm, "y");
    let [Effect::Ask(Ask::Close), Effect::Ask(Ask::Bulk(job))] = &yes[..] else { panic!("{yes:?}") };
    let work = |name: &str| job.steps.iter().find(|step| step.name == name).unwrap().work.clone();
    assert_eq!(work("db"), Work::Ask(Request::Remove { id: "db-id".into(), force: true }));
    assert_eq!(work("build"), Work::Ask(Request::Remove { id: "build-id".into(), force: false }));
    let kill = drawn.press(&mut home, "K");
    assert!(matches!(&kill[..], [Effect::Ask(Ask::Confirm(spec))] if spec.title == "Kill 5 containers?"), "{kill:?}");
}

fn outcome(end: End, told: &str, lines: &[&str]) -> Outcome {
    Outcome { end, told: told.to_owned(), lines: lines.iter().map(|line| (*line).to_owned()).collect() }
}

/// Four containers, of which one is done, one failed, one is under way.
fn under_way() -> (BulkJob, Bulk) {
    let step = |name: &str| BulkStep { name: name.to_owned(), work: Work::Run(name.into(), vec!["uname".to_owned(), "-r".to_owned()]) };
    let job = BulkJob::new("run uname -r", ["web-1", "db", "sick", "cache"].map(step).to_vec());
    let mut part = Bulk::new(&job);
    let drawn = Drawn::usual((80, 24));
    let news = [
        BulkNews::Began(0),
        BulkNews::Began(1),
        BulkNews::Ended(1, outcome(End::Failed, "exit 127: uname: not found", &["sh: 1", "uname: not found"])),
        BulkNews::Began(2),
        BulkNews::Ended(0, outcome(End::Done, "6.1.0-18-amd64", &["6.1.0-18-amd64"])),
    ];
    for news in news {
        drawn.send(&mut part, &Msg::Bulk(job.id, news));
    }
    (job, part)
}

#[test]
fn progress_is_shown_for_each_and_a_failure_does_not_stop_the_others() {
    snapshots("bulk", |size| Drawn::usual(size).text(&under_way().1));
    let mut drawn = Drawn::usual((80, 24));
    let (job, mut part) = under_way();
    assert!(drawn.text(&part).contains("run uname -r: 1 of 4 done, 1 failed"), "{}", drawn.text(&part));
    drawn.press(&mut part, "j");
    let opened = drawn.press(&mut part, "Enter");
    assert!(matches!(&opened[..], [Effect::Ask(Ask::Sheet { title, lines })] if title.ends_with("in db") && lines.len() == 2), "{opened:?}");
    assert_eq!(drawn.press(&mut part, "Esc"), [Effect::StopBulk(job.id)], "the rest is cancelled");
    drawn.send(&mut part, &Msg::Bulk(job.id, BulkNews::Ended(3, outcome(End::Cancelled, "left out", &[]))));
    drawn.send(&mut part, &Msg::Bulk(job.id, BulkNews::Ended(2, outcome(End::Done, "done", &[]))));
    assert!(drawn.text(&part).contains("2 of 4 done, 1 failed, 1 left out"));
    assert_eq!(drawn.press(&mut part, "Esc"), [Effect::Ask(Ask::Close)]);
    drawn.plain = true;
    insta::assert_snapshot!("bulk_plain_80x24", drawn.text(&part));
    let ended = [("web-1".to_owned(), outcome(End::Done, "done", &[])), ("db".to_owned(), outcome(End::Failed, "no such container", &[]))];
    assert_eq!(bulk::told("stop", &ended), (ToastKind::Error, "stop: 1 of 2 done, 1 failed\ndb: no such container".to_owned()));
}

#[test]
fn details_stand_beside_the_list_or_instead_of_it() {
    snapshots("details", |size| {
        let drawn = Drawn::usual(size);
        let mut home = table(&drawn);
        drawn.press(&mut home, "+");
        let half = drawn.text(&home);
        drawn.press(&mut home, "]");
        drawn.press(&mut home, "]");
        drawn.press(&mut home, "z");
        [half, drawn.text(&home)].join("\n")
    });
    let drawn = Drawn::usual((120, 40));
    let mut home = table(&drawn);
    drawn.press(&mut home, "]");
    assert!(drawn.text(&home).contains("[facts]"), "the first press shows them");
    drawn.press(&mut home, "]");
    let wish = home.wishes(&drawn.cx());
    assert!(wish.len() == 1 && wish[0].container.as_str() == "web-1-id" && wish[0].size.cols == 48, "{wish:?}");
    drawn.press(&mut home, "]");
    let asked = drawn.press(&mut home, "]");
    assert_eq!(asked, [Effect::Request(Request::Processes("web-1-id".into()))]);
    let processes = Processes { titles: ["PID", "CMD"].map(str::to_owned).to_vec(), processes: vec![vec!["4711".to_owned(), "flask run".to_owned()]] };
    let reply = Msg::Reply(Box::new(Request::Processes("web-1-id".into())), Ok(Reply::Processes(Box::new(processes))));
    assert_eq!(drawn.send(&mut home, &reply), []);
    assert!(drawn.text(&home).contains("4711 flask run"), "{}", drawn.text(&home));
    drawn.press(&mut home, "_");
    assert!(!drawn.text(&home).contains("[processes]"));
    let kept = home.state();
    assert_eq!(kept["detail"]["page"], "processes");
}

#[test]
fn every_further_key_of_the_containers_has_an_answer() {
    let mut drawn = Drawn::usual((120, 40));
    let mut home = table(&drawn);
    assert_eq!(drawn.press(&mut home, "Right"), [Effect::Ask(Ask::Run(CommandId::Logs))]);
    assert_eq!(drawn.press(&mut home, "p"), [Effect::Request(Request::Pause("web-1-id".into()))]);
    assert_eq!(drawn.press(&mut home, "w"), [Effect::Ask(Ask::Open("http://localhost:5000/".to_owned()))]);
    assert_eq!(drawn.press(&mut home, "y"), [Effect::Ask(Ask::Copy("web-1-id".to_owned()))]);
    assert_eq!(drawn.press(&mut home, "Y"), [Effect::Ask(Ask::Copy("web-1".to_owned()))]);
    assert!(matches!(&drawn.press(&mut home, "K")[..], [Effect::Ask(Ask::Confirm(_))]));
    assert!(matches!(&drawn.press(&mut home, "N")[..], [Effect::Ask(Ask::Launch { .. })]));
    assert_eq!(drawn.press(&mut home, "F10"), [Effect::Ask(Ask::Menu("web-1-id".into()))]);
    let saved = drawn.press(&mut home, "C-s");
    let [Effect::Ask(Ask::Prompt(spec))] = &saved[..] else { panic!("{saved:?}") };
    let PromptFor::SaveRows(export) = &spec.purpose else { panic!("{spec:?}") };
    let csv = export.text(std::path::Path::new("x.csv"));
    assert!(csv.starts_with("name,state,template,cpu,") && csv.contains("db,healthy,postgres,1%,92M"), "{csv}");
    home.select(&"👩‍💻-dev-id".into());
    assert_eq!(drawn.press(&mut home, "p"), [Effect::Request(Request::Unpause("👩‍💻-dev-id".into()))]);
    assert!(matches!(&drawn.press(&mut home, "w")[..], [Effect::Ask(Ask::Toast(ToastKind::Info, text))] if text.contains("no published port")));
    let web = drawn.data.containers.iter_mut().find(|container| container.name == "web-1").unwrap();
    web.ports.push(Port { host_ip: "127.0.0.1".to_owned(), host_port: 5443, container_port: 443, protocol: "tcp".to_owned() });
    home.select(&"web-1-id".into());
    let asked = drawn.press(&mut home, "w");
    assert!(matches!(&asked[..], [Effect::Ask(Ask::Pick(spec))] if spec.rows[1].label == "https://localhost:5443/"), "{asked:?}");
    let build = drawn.data.containers.iter().find(|container| container.name == "build").unwrap();
    assert_eq!(build.state, ContainerState::Exited);
    home.select(&"build-id".into());
    assert!(matches!(&drawn.press(&mut home, "p")[..], [Effect::Ask(Ask::Toast(ToastKind::Info, text))] if text.contains("does not run")));
    let _ = home.scopes();
}

#[test]
fn a_program_is_run_in_all_that_are_marked_and_all_are_stopped_and_removed_at_once() {
    let cto = Cto::new();
    let (one, two) = (cto.container("one"), cto.container("two"));
    std::fs::write(cto.dir.path().join("note.txt"), "hello from here\n").unwrap();
    let mut seen = Terminal::sized(&cto, &[], (140, 40));
    seen.shows(&two);
    seen.type_in(&format!("v/{}\rg  ", cto.prefix));
    seen.shows("2 marked");
    seen.type_in(":copy-into\r");
    seen.shows("copy into 2 containers");
    seen.type_in("note.txt /tmp\r");
    seen.shows("2 of 2 done");
    seen.type_in("q:run-in\r");
    seen.shows("run in 2 containers");
    seen.type_in("sh -c 'cat /tmp/note.txt; test $(hostname) = nobody'\r");
    seen.shows("2 failed");
    seen.shows("exit 1: hello from here");
    seen.type_in("qb");
    seen.shows("2 containers");
    seen.type_in("s");
    seen.shows("stop: 2 of 2 done");
    let state =
        |name: &str| cto.json(&["ps", "-a", "--json"]).as_array().unwrap().iter().find(|known| known["name"] == name).map(|known| known["state"].clone());
    assert_eq!((state(&one), state(&two)), (Some("exited".into()), Some("exited".into())));
    // One goes meanwhile: the other is removed all the same, and the failure is told.
    cto.ok(&["start", &one]);
    seen.type_in("q\x04");
    seen.shows("Remove 2 containers?");
    seen.type_in("y");
    seen.shows("remove: 2 of 2 done");
    assert_eq!((state(&one), state(&two)), (None, None));
}

#[test]
fn a_command_of_ones_own_has_a_key_and_runs_for_each_that_is_marked() {
    let cto = Cto::new();
    let config = cto.dir.path().join("config");
    std::fs::create_dir_all(&config).unwrap();
    let commands = r#"{"commands": [
        {"name": "who", "key": "F7", "command": ["echo", "it is {name}; $(touch owned)"], "help": "Say what it is called"},
        {"name": "inside", "command": ["cat", "/etc/hostname"], "run": "container", "confirm": true}
    ]}"#;
    std::fs::write(config.join("cto.json"), commands).unwrap();
    let name = cto.container("own");
    let mut seen = Terminal::sized(&cto, &[], (140, 40));
    seen.shows(&name);
    seen.type_in(&format!("v/{name}\r"));
    seen.type_in("\x1b[18~");
    seen.shows(&format!("it is {name}; $(touch owned)"));
    assert!(!cto.dir.path().join("owned").exists(), "no shell has read it");
    seen.type_in("q:inside\r");
    seen.shows("Run inside?");
    seen.type_in("y");
    seen.shows("inside: 1 of 1 done");
    seen.type_in("q?");
    seen.shows("Say what it is called");
    seen.type_in("\x1b");
}

#[test]
fn a_log_says_in_words_how_it_stands_for_those_who_have_it_read() {
    let cto = Cto::new();
    let config = cto.dir.path().join("config");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("cto.json"), r#"{"accessible": true}"#).unwrap();
    let name = cto.container("read");
    cto.ok(&["restart", &name]);
    let mut seen = Terminal::sized(&cto, &[], (100, 30));
    seen.shows(&name);
    seen.type_in(&format!(":logs {name}\r"));
    seen.shows("following");
    cto.ok(&["restart", &name]);
    seen.shows("started");
    let text = seen.text();
    let signs: Vec<char> = text.chars().filter(|c| matches!(c, '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{27bf}')).collect();
    assert!(signs.is_empty(), "{signs:?}:\n{text}");
}
