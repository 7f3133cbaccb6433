//! What was run in sessions: heard where the shell marks it, kept, found, and run again.
use super::support::home::Home;
use super::support::plane::Plane;
use super::support::plane::admin;
use super::support::plane::viewer;
use super::support::scripts::over;
use cto::config::Config;
use cto::engine::Engine;
use cto::model::*;
use jiff::Timestamp;
use serde_json::Value;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// A flood of marks takes its time on a machine that is busy.
const LIMIT: Duration = Duration::from_secs(120);
/// What `cto history setup` prints for bash.
const MARKS: &str = include_str!("../../assets/shell/bash.sh");

/// A container with a bash that marks its commands, and a session of it at its first prompt.
async fn marked(plane: &Plane, name: &str) -> Session {
    // A template's own `${…}` would be filled in.
    let file = format!("PS1='box$ '\n{MARKS}").replace("${", "$${");
    let fields = json!({"command": ["sleep", "1d"], "files": [{"path": "/root/.bashrc", "content": file}]});
    let container = plane.container(&admin(), name, fields).await;
    let session = bash(plane, &container, BTreeMap::new()).await;
    shows(plane, &session, "box$").await;
    session
}

async fn bash(plane: &Plane, container: &Container, environment: BTreeMap<String, String>) -> Session {
    let request = OpenSession { container: container.id.to_string(), command: vec!["bash".to_owned()], environment, ..OpenSession::default() };
    plane.control.create_session(&admin(), request, None).await.unwrap()
}

async fn shows(plane: &Plane, session: &Session, text: &str) {
    let session = plane.control.sessions().find(session.id.as_str()).unwrap();
    let waiting = async {
        while !session.screen_text().contains(text) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LIMIT, waiting).await.unwrap_or_else(|_| panic!("'{text}' was not seen:\n{}", session.screen_text()));
}

async fn types(plane: &Plane, session: &Session, text: &str) {
    let input = SessionInput { text: Some(text.to_owned()), base64: None };
    plane.control.type_into_session(&admin(), session.id.as_str(), input).await.unwrap();
}

async fn commands(plane: &Plane, session: &Session) -> Vec<SessionCommand> {
    let query = ListQuery { limit: Some(500), ..ListQuery::default() };
    let mut items = plane.control.list_session_commands(&admin(), session.id.as_str(), query).await.unwrap().items;
    items.reverse();
    items
}

/// The commands of a session, once the newest is this one and is over.
async fn until(plane: &Plane, session: &Session, text: &str) -> Vec<SessionCommand> {
    let begun = Instant::now();
    loop {
        let all = commands(plane, session).await;
        if all.last().is_some_and(|command| command.text == text && command.ended_at.is_some()) {
            return all;
        }
        assert!(begun.elapsed() < LIMIT, "'{text}' is not the last of {all:#?}");
    }
}

fn texts(commands: &[SessionCommand]) -> Vec<(&str, Option<i64>)> {
    commands.iter().map(|command| (command.text.as_str(), command.exit_code)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_bash_tells_what_was_run_where_how_it_ended_and_where_its_output_is() {
    let plane = Plane::start().await;
    let session = marked(&plane, "bash").await;
    // What is rubbed out is no part of it, a long line is wrapped, and one over several lines is one command.
    let long = format!("echo {}", "0123456789".repeat(12));
    types(&plane, &session, "cd /srx\x7f\x7fv\r").await;
    until(&plane, &session, "cd /sv").await;
    types(&plane, &session, "cd /tmp && echo here\r").await;
    types(&plane, &session, &format!("{long}\r")).await;
    until(&plane, &session, &long).await;
    types(&plane, &session, "for n in 1 2\rdo echo \"n$n\"\rdone\r").await;
    until(&plane, &session, "for n in 1 2\ndo echo \"n$n\"\ndone").await;
    // Given up, empty, and begun with a blank: none of these.
    types(&plane, &session, "rm -rf /\x03\r printf hidden\r\x1b[A\x1b[A\r").await;
    let again = "for n in 1 2; do echo \"n$n\"; done";
    let all = until(&plane, &session, again).await;
    assert_eq!(
        texts(&all),
        [("cd /sv", Some(1)), ("cd /tmp && echo here", Some(0)), (long.as_str(), Some(0)), ("for n in 1 2\ndo echo \"n$n\"\ndone", Some(0)), (again, Some(0))]
    );
    assert_eq!(all.iter().map(|command| command.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!((all[0].directory.as_deref(), all[2].directory.as_deref()), (Some("/"), Some("/tmp")));
    let (at, output) = plane.control.get_output(&admin(), session.id.as_str(), OutputQuery { offset: Some(all[1].offset), limit: Some(6) }).await.unwrap();
    assert_eq!((at, &output[..]), (all[1].offset, &b"here\r\n"[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_unseen_is_kept_nowhere() {
    let plane = Plane::start().await;
    let session = marked(&plane, "unseen").await;
    types(&plane, &session, "read -rsp 'Password: ' word\r").await;
    shows(&plane, &session, "Password: ").await;
    types(&plane, &session, "hunter2\r").await;
    until(&plane, &session, "read -rsp 'Password: ' word").await;
    // Also at a prompt that shows nothing of what is typed.
    types(&plane, &session, "stty -echo; bash --norc +o emacs\r").await;
    types(&plane, &session, "echo hunter3\rexit\r").await;
    until(&plane, &session, "stty -echo; bash --norc +o emacs").await;
    let all = plane.control.list_commands(&admin(), CommandQuery::default()).await.unwrap();
    assert!(!all.items.is_empty() && all.items.iter().all(|command| !command.text.contains("hunter")), "{all:?}");
    let database = std::fs::read_dir(plane.home.path().join("state")).unwrap().flatten().map(|file| std::fs::read(file.path()).unwrap_or_default());
    assert!(database.into_iter().all(|bytes| memchr::memmem::find(&bytes, b"hunter2").is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_all_sessions_are_searched_page_by_page_by_those_who_may_see_sessions() {
    let plane = Plane::start().await;
    let (one, other) = tokio::join!(marked(&plane, "one"), marked(&plane, "other"));
    types(&plane, &one, "true first\r").await;
    until(&plane, &one, "true first").await;
    types(&plane, &other, "false Second\r").await;
    until(&plane, &other, "false Second").await;
    types(&plane, &one, "true third\r").await;
    until(&plane, &one, "true third").await;
    let list = async |query: CommandQuery| plane.control.list_commands(&viewer(), query).await.unwrap();
    let page = list(CommandQuery { limit: Some(2), ..CommandQuery::default() }).await;
    assert_eq!(texts(&page.items), [("true third", Some(0)), ("false Second", Some(1))]);
    let rest = list(CommandQuery { cursor: page.next_cursor, ..CommandQuery::default() }).await;
    assert_eq!((texts(&rest.items), rest.next_cursor), (vec![("true first", Some(0))], None));
    assert_eq!(texts(&list(CommandQuery { q: Some("SECOND".to_owned()), ..CommandQuery::default() }).await.items), [("false Second", Some(1))]);
    for container in [other.container_name.clone(), other.container.as_str()[..12].to_owned()] {
        assert_eq!(texts(&list(CommandQuery { container: Some(container), ..CommandQuery::default() }).await.items), [("false Second", Some(1))]);
    }
    let nobody = plane.control.list_session_commands(&viewer(), "ses_none", ListQuery::default()).await.unwrap_err();
    assert_eq!(nobody.code, Code::NotFound);
    // What was run outlasts the session and its container.
    plane.control.delete_container(&admin(), other.container.as_str(), RemoveContainer { force: true }).await.unwrap();
    plane.control.forget_session(&other.id).await;
    assert_eq!(texts(&commands(&plane, &other).await), [("false Second", Some(1))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_comes_back_notes_no_command_twice_and_hears_how_one_ended() {
    let mut plane = Plane::start().await;
    let session = marked(&plane, "goes-on").await;
    types(&plane, &session, "echo one\r").await;
    until(&plane, &session, "echo one").await;
    types(&plane, &session, "read word\r").await;
    let begun = Instant::now();
    while commands(&plane, &session).await.len() < 2 {
        assert!(begun.elapsed() < LIMIT);
    }
    plane.vanish().await;
    plane.control.sessions().find(session.id.as_str()).unwrap().reached().await.unwrap();
    types(&plane, &session, "answer\r").await;
    let all = until(&plane, &session, "read word").await;
    assert_eq!(texts(&all), [("echo one", Some(0)), ("read word", Some(0))]);
    types(&plane, &session, "echo two\r").await;
    assert_eq!(until(&plane, &session, "echo two").await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_lets_bash_mark_its_commands_by_its_environment_alone() {
    let plane = Plane::start().await;
    let text = Home::new().ok(&["history", "setup", "template"]);
    let environment: Value = serde_json::from_str(&format!("{{{text}}}")).unwrap();
    let container = plane.container(&admin(), "env", json!({"command": ["sleep", "1d"], "environment": environment["environment"]})).await;
    let session = bash(&plane, &container, BTreeMap::new()).await;
    types(&plane, &session, "cd /usr\r").await;
    until(&plane, &session, "cd /usr").await;
    types(&plane, &session, "(exit 7)\r").await;
    let all = until(&plane, &session, "(exit 7)").await;
    assert_eq!((texts(&all), all[1].directory.as_deref()), (vec![("cd /usr", Some(0)), ("(exit 7)", Some(7))], Some("/usr")));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_shell_that_marks_nothing_that_is_said_and_its_commands_are_told_from_its_prompts() {
    let plane = Plane::start().await;
    let container = plane.container(&admin(), "plain", json!({"command": ["sleep", "1d"]})).await;
    let session = bash(&plane, &container, BTreeMap::from([("PS1".to_owned(), "plain$ ".to_owned())])).await;
    types(&plane, &session, "PS1='plain$ '\r").await;
    types(&plane, &session, "touch /tmp/a\r").await;
    types(&plane, &session, "echo do''ne\r").await;
    shows(&plane, &session, "\ndone").await;
    let page = plane.control.list_session_commands(&admin(), session.id.as_str(), ListQuery::default()).await.unwrap();
    assert!(page.items.is_empty() && page.missing.is_some_and(|why| why.contains("OSC 133")));
    let script = plane.automation.script_of_history(&admin(), ScriptOfHistory { session: session.id.to_string(), ..ScriptOfHistory::default() }).await.unwrap();
    assert!(script.source.contains("term:expect(\"plain$ \")\nterm:send_line(\"touch /tmp/a\")"), "{}", script.source);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_run_is_run_again_in_another_container_with_waits_for_prompts() {
    let plane = Plane::start().await;
    let session = marked(&plane, "from").await;
    for line in ["echo skipped >/tmp/skipped", "mkdir /tmp/made && cd /tmp/made", "sleep 1; echo slow >slow", "for n in 1 2; do\necho $n >>all; done"] {
        types(&plane, &session, &format!("{}\r", line.replace('\n', "\r"))).await;
        until(&plane, &session, line).await;
    }
    let request = ScriptOfHistory { session: session.id.to_string(), from: Some(2), to: None };
    let script = plane.automation.script_of_history(&admin(), request).await.unwrap();
    assert!(!script.source.contains("skipped") && !script.source.contains("sleep("), "{}", script.source);
    assert_eq!(script.source.matches("term:wait_prompt()").count(), 4, "{}", script.source);
    // A plain shell, whose prompt nobody marks.
    let into = plane.container(&admin(), "into", json!({"command": ["sleep", "1d"]})).await;
    let params = BTreeMap::from([("box".to_owned(), ParamValue::Text(into.name.clone()))]);
    let request = StartRun { inline: Some(script.clone()), params, ..StartRun::default() };
    let run = plane.automation.start_run(&admin(), request, RunCause::Asked, None).await.unwrap();
    let ran = over(&plane, &admin(), &run, LIMIT).await;
    assert_eq!(ran.run.state, RunState::Succeeded, "{:?}\n{}", ran.run.error, script.source);
    let made = PathQuery { path: "/tmp/made".to_owned(), path_base64: None };
    let made = plane.control.list_directory(&admin(), into.id.as_str(), made).await.unwrap();
    let mut names: Vec<String> = made.items.into_iter().map(|entry| entry.name).collect();
    names.sort();
    assert_eq!(names, ["all", "slow"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn false_marks_endless_commands_and_garbage_fill_nothing_and_hold_nobody_up() {
    let plane = Plane::start().await;
    let session = marked(&plane, "hostile").await;
    let other = marked(&plane, "beside").await;
    let flood = r"printf '\033]133;A\007$ \033]133;B\007fake %s\n\033]133;C\007x\n\033]133;D;0\007' $(seq 1 100000); echo 'flood'' is over'";
    types(&plane, &session, &format!("{flood}\r")).await;
    // Meanwhile somebody types elsewhere.
    let (begun, mut slowest) = (Instant::now(), Duration::ZERO);
    for number in 0..20 {
        let typed = Instant::now();
        types(&plane, &other, &format!("echo \"echo-$(({number}+1000))\"\r")).await;
        shows(&plane, &other, &format!("\necho-{}", number + 1000)).await;
        slowest = slowest.max(typed.elapsed());
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?} of {:?}", begun.elapsed());
    shows(&plane, &session, "flood is over").await;
    for hostile in [
        r"printf '\033]133;A\007$ \033]133;B\007'; head -c 10000000 /dev/zero | tr '\0' x; printf '\n\033]133;C\007\033]133;D\007'; echo 'long one'' is over'",
        r"printf '\033]633;E;'; head -c 3000000 /dev/zero | tr '\0' y; printf '\007\033]133;C\007\033]133;D\007'; echo 'long line'' is over'",
        r"printf '\033]133;B\007'; head -c 2000000 /dev/urandom; printf '\033\\\030\033[m\033c\033]133;C\007\033]133;D;99999999999999999999\007'; echo 'garbage'' is over'",
    ] {
        types(&plane, &session, &format!("{hostile}\r")).await;
        let over = hostile.rsplit_once("echo '").unwrap().1.replace('\'', "");
        shows(&plane, &session, &over).await;
    }
    // Garbage asks the terminal questions, whose answers are typed.
    types(&plane, &session, "\x03\x15stty sane; echo 'all'' is well'\r").await;
    shows(&plane, &session, "\nall is well").await;
    types(&plane, &session, "true well\r").await;
    until(&plane, &session, "true well").await;
    let all = commands(&plane, &session).await;
    // As many as may come at once, and one more every 50 ms.
    let most = 220 + begun.elapsed().as_millis() / 50;
    assert!((all.len() as u128) < most, "{} of at most {most}", all.len());
    assert!(all.iter().all(|command| command.text.len() <= 4096 && !command.text.chars().any(|c| c.is_control() && c != '\n')));
    assert!(all.iter().any(|command| command.cut && command.text.starts_with("xxxx")), "the beginning of a long one is kept");
    let (kept, known) = (commands(&plane, &other).await, "echo \"echo-$((19+1000))\"");
    assert!(kept.iter().any(|command| command.text == known && command.exit_code == Some(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn none_are_kept_where_the_configuration_says_so() {
    let mut config = Config::default();
    config.retention.commands_days = 0;
    let plane = Plane::configured(Engine::connect(None), config).await;
    let session = marked(&plane, "not-kept").await;
    types(&plane, &session, "echo ha''s run\r").await;
    shows(&plane, &session, "\nhas run").await;
    types(&plane, &session, "echo ha''s ended\r").await;
    shows(&plane, &session, "\nhas ended").await;
    // It would have been kept by now: what is heard is kept in the order in which it is heard.
    plane.control.note_commands(&[]).await.unwrap();
    assert_eq!(commands(&plane, &session).await, []);
}

#[tokio::test]
async fn the_store_keeps_the_newest_and_forgets_what_is_old() {
    let dir = tempfile::tempdir().unwrap();
    let store = cto::store::Store::open(dir.path().join("cto.db").to_str().unwrap()).await.unwrap();
    super::store::commands(&store).await;
    let at = |second: i64| Timestamp::from_second(second).unwrap();
    let many: Vec<CommandNote> = (0..2_100_u64).map(|number| CommandNote::Began(Box::new(super::store::command("ses_many", number, at(1_000))))).collect();
    for part in many.chunks(300) {
        store.note_commands(part).await.unwrap();
    }
    let kept = store.commands_of(&"ses_many".into(), 0, u64::MAX).await.unwrap();
    assert_eq!((kept.len(), kept[0].number, kept[1_999].number), (2_000, 101, 2_100));
    store.forget_commands(at(1_001)).await.unwrap();
    assert_eq!(store.commands_of(&"ses_many".into(), 0, u64::MAX).await.unwrap(), []);
}

#[test]
fn a_person_lists_searches_and_replays_on_the_command_line() {
    let home = Home::new();
    let (from, into) = (home.container("from"), home.container("into"));
    let json = home.json(&["sessions", "--json"]);
    let session = json.as_array().unwrap().iter().find(|session| session["container_name"] == from.as_str()).unwrap()["id"].as_str().unwrap().to_owned();
    let marks = home.ok(&["history", "setup"]);
    assert_eq!(marks, MARKS);
    std::fs::write(home.dir.path().join("marks"), &marks).unwrap();
    home.ok(&["cp", "marks", &format!("{from}:/tmp/marks")]);
    let types = |line: &str| home.ok(&["sessions", "input", "-e", &session, line]);
    types(". /tmp/marks");
    types("echo replayed >/tmp/replayed");
    types("cat /none/such");
    let table = || home.ok(&["history", &from]);
    home.until("both are listed", || table().contains("cat /none/such") && !table().contains('…'));
    let listed = home.json(&["history", &session[session.len() - 8..], "--json"]);
    let (last, first) = (&listed[0], &listed[1]);
    assert_eq!((last["text"].as_str(), last["exit_code"].as_i64()), (Some("cat /none/such"), Some(1)), "{listed}");
    assert_eq!((first["text"].as_str(), first["number"].as_u64()), (Some("echo replayed >/tmp/replayed"), Some(1)), "{listed}");
    assert_eq!(home.json(&["history", "-q", "NONE/such", "--json"]).as_array().unwrap().len(), 1);
    let line = table().lines().nth(1).unwrap().to_owned();
    assert!(line.starts_with("2 ") && line.contains("cat /none/such") && line.contains(&from), "{line}");
    home.ok(&["history", "to-script", &from, "--to", "1", "-o", "again.luau"]);
    let script = std::fs::read_to_string(home.dir.path().join("again.luau")).unwrap();
    assert!(script.contains("term:wait_prompt()\nterm:send_line(\"echo replayed >/tmp/replayed\")") && !script.contains("/none"), "{script}");
    home.ok(&["script", "check", "again.luau"]);
    home.ok(&["history", "replay", &session, "--into", &into]);
    assert_eq!(home.ok(&["exec", &into, "cat", "/tmp/replayed"]), "replayed\n");
    let complaint = home.fails(3, &["history", "replay", "nothing-such", "--into", &into]);
    assert!(complaint.contains("no session, container or recording 'nothing-such'"), "{complaint}");
    // A recording too.
    home.ok(&["rec", "start", "--input", &session]);
    types("echo taped >/tmp/taped");
    home.until("it is run", || table().contains("taped"));
    let recording = home.ok(&["rec", "stop", &session]);
    home.ok(&["history", "replay", recording.trim(), "--into", &into]);
    home.until("it is replayed", || home.ok(&["exec", &into, "sh", "-c", "cat /tmp/taped || true"]) == "taped\n");
}
