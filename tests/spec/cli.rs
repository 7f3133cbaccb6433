//! What the command line promises: the real program, a server of its own, the real engine.
use super::support::golden::golden;
use super::support::home::Home;
use super::support::home::Terminal;
use assert_cmd::Command;
use clap::CommandFactory as _;
use cto::cli::Cli;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::Path;

fn help(command: &mut clap::Command, text: &mut String) {
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    text.push_str(&format!("===== {name}\n{}\n", command.render_long_help()));
    for child in command.get_subcommands_mut().filter(|child| child.get_name() != "help") {
        let child_name = format!("{name} {}", child.get_name());
        help(&mut child.clone().bin_name(child_name), text);
    }
}

#[test]
fn help_is_what_it_was() {
    let mut text = String::new();
    let mut command = Cli::command().term_width(100).bin_name("cto");
    command.build();
    help(&mut command, &mut text);
    golden("tests/golden/help.txt", &text);
}

#[test]
fn template_check_shows_every_mistake_and_its_line() {
    let home = Home::new();
    std::fs::write(home.dir.path().join("bad.json"), "{\n  \"name\": \"x\",\n  \"imagge\": \"debian\",\n\t\"limits\": {\"memory\": \"lots\"}\n}\n").unwrap();
    std::fs::write(home.dir.path().join("good.json"), r#"{"name":"x","image":"debian"}"#).unwrap();
    let output = home.cto(&["template", "check", "bad.json", "good.json", "nowhere.json"]).assert().code(2).get_output().clone();
    golden("tests/golden/template-check.txt", &String::from_utf8(output.stdout).unwrap());
    assert_eq!(home.ok(&["template", "check", "good.json"]), "good.json: no mistakes\n");
    let json = home.cto(&["template", "check", "bad.json", "--json"]).assert().code(2).get_output().clone();
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((json["ok"].as_bool(), json["errors"][0]["line"].as_u64(), json["errors"][0]["pointer"].as_str()), (Some(false), Some(3), Some("/imagge")));
    assert!(!home.dir.path().join("run/cto.sock").exists(), "checking a file needs no server");
}

#[test]
fn wrong_arguments_are_told_with_exit_code_2() {
    let home = Home::new();
    assert!(home.fails(2, &["runn"]).contains("'run'"));
    assert!(home.fails(2, &["run", "shell", "--set", "x"]).contains("NAME=VALUE"));
    assert!(home.fails(2, &["logs", "x", "--tail", "few"]).contains("write a number, or 'all'"));
    assert!(home.fails(2, &["run", "./nowhere.json", "-d"]).contains("'./nowhere.json' cannot be read"));
    let template = home.dir.path().join("t.json");
    std::fs::write(&template, "{\"name\": \"x\",\n \"imagge\": \"debian\"}").unwrap();
    let told = home.fails(2, &["run", "t.json", "-d"]);
    assert_eq!(told, "error: mistake in 't.json'\n  t.json:2:2: unknown field 'imagge'; did you mean 'image'?\n    2 |  \"imagge\": \"debian\"}\n      |  ^\n");
}

#[test]
fn exit_codes_and_completions_are_printed() {
    let home = Home::new();
    assert!(home.ok(&["help", "exit-codes"]).contains("130  cancelled with Ctrl-C"));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(home.ok(&["completions", shell]).contains("cto"), "{shell}");
    }
    assert!(home.ok(&["server", "install", "--print"]).contains("WatchdogSec=30"));
}

#[test]
fn a_server_is_started_by_the_first_command_and_stopped_by_name() {
    let home = Home::new();
    let status: Value = serde_json::from_slice(&home.cto(&["server", "status", "--json"]).assert().code(3).get_output().stdout).unwrap();
    assert_eq!(status["running"], false);
    assert!(home.fails(6, &["server", "stop"]).contains("no server runs here"));
    assert_eq!(home.ok(&["ps", "-q"]).lines().filter(|line| line.contains(&home.prefix)).count(), 0);
    let status = home.json(&["server", "status", "--json"]);
    assert_eq!((status["running"].as_bool(), status["version"].as_str()), (Some(true), Some(env!("CARGO_PKG_VERSION"))));
    assert!(Path::new(status["socket"].as_str().unwrap()).exists());
    let pid = status["pid"].as_u64().unwrap();
    assert!(home.ok(&["server", "start"]).contains("runs already"));
    assert!(home.fails(5, &["serve"]).contains(&pid.to_string()), "a second server names the first");
    assert!(!home.ok(&["server", "logs"]).is_empty());
    assert_eq!(home.ok(&["server", "stop"]), format!("server stopped: pid {pid}\n"));
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
    home.cto(&["server", "status"]).assert().code(3);
}

#[test]
fn a_container_is_launched_listed_stopped_and_removed() {
    let home = Home::new();
    let name = home.name("t1");
    let made = home.json(&["run", "shell", "--name", &name, "-d", "--json", "--set", "limits.memory=64m"]);
    assert_eq!((made["name"].as_str(), made["state"].as_str(), made["template"].as_str()), (Some(name.as_str()), Some("running"), Some("shell")));
    let listed = home.json(&["ps", "--json"]);
    assert!(listed.as_array().unwrap().iter().any(|container| container["id"] == made["id"]));
    let table = home.ok(&["ps"]);
    let row = table.lines().find(|line| line.starts_with(&name)).unwrap();
    assert!(row.contains("shell") && row.contains("debian:bookworm-slim") && row.contains("● running"), "{row}");
    assert!(!table.contains('\x1b'), "no colours into a pipe");
    let taken: Value = serde_json::from_str(&home.fails(5, &["run", "shell", "--name", &name, "-d", "--json"])).unwrap();
    assert_eq!(taken["code"], "name_in_use");
    assert!(home.fails(5, &["rm", &name, &name]).contains("fix:"), "among several, one that runs is left alone");
    assert_eq!(home.ok(&["stop", "-t", "1", &name]), format!("{name}\n"));
    assert!(!home.ok(&["ps"]).contains(&name) && home.ok(&["ps", "-a"]).contains(&name));
    assert_eq!(home.ok(&["start", &name]), format!("{name}\n"));
    assert_eq!(home.ok(&["rm", &name]), format!("{name}\n"), "named alone it is stopped first");
    assert!(!home.ok(&["ps", "-a"]).contains(&name));
    let error: Value = serde_json::from_str(&home.fails(3, &["stop", &name, "--json"])).unwrap();
    assert_eq!(error["code"], "not_found");
    let audit = home.json(&["audit", "--json"]);
    let on: Vec<&str> =
        audit.as_array().unwrap().iter().filter(|event| event["target"] == name.as_str()).map(|event| event["action"].as_str().unwrap()).collect();
    for action in ["create:containers", "control:containers", "remove:containers"] {
        assert!(on.contains(&action), "{action} in {on:?}");
    }
}

#[test]
fn exec_keeps_exit_code_streams_and_bytes() {
    let home = Home::new();
    let name = home.container("e");
    home.cto(&["exec", &name, "--", "sh", "-c", "exit 7"]).assert().code(7);
    let both = home.cto(&["exec", &name, "--", "sh", "-c", "echo o; echo e >&2"]).assert().success().get_output().clone();
    assert_eq!((both.stdout.as_slice(), both.stderr.as_slice()), (&b"o\n"[..], &b"e\n"[..]));
    let numbers: String = (1..=100_000).map(|number| format!("{number}\n")).collect();
    let counted = home.cto(&["exec", &name, "wc", "-l"]).write_stdin(numbers).assert().success().get_output().clone();
    assert_eq!(counted.stdout, b"100000\n");
    let bytes: Vec<u8> = (0..20_000_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let back = home.cto(&["exec", &name, "cat"]).write_stdin(bytes.clone()).assert().success().get_output().clone();
    assert_eq!(Sha256::digest(&back.stdout), Sha256::digest(&bytes), "20 MB there and back, byte for byte");
    let place = home.ok(&["exec", "-e", "A=b c", "-e", "CTO_HOME", "-w", "/tmp", "-u", "nobody", &name, "--", "sh", "-c", "echo $A $CTO_HOME $PWD $(id -un)"]);
    assert_eq!(place, format!("b c {} /tmp nobody\n", home.dir.path().display()));
    assert!(home.fails(127, &["exec", &name, "no-such-program"]).contains("no-such-program"));
    assert!(home.fails(125, &["exec", "no-such-container", "true"]).contains("no-such-container"));
    home.fails(2, &["exec", "-t", &name, "sh"]);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new();
    let name = home.container("p");
    let line = format!(
        "'{}' exec {name} -- seq 1 1000000 | head -1; '{}' template schema | head -c 1 >/dev/null",
        env!("CARGO_BIN_EXE_cto"),
        env!("CARGO_BIN_EXE_cto")
    );
    let output = Command::new("sh").args(["-c", &line]).env("CTO_HOME", home.dir.path()).assert().success().get_output().clone();
    assert_eq!((output.stdout.as_slice(), String::from_utf8_lossy(&output.stderr).as_ref()), (&b"1\n"[..], ""));
}

#[test]
fn sessions_are_typed_into_and_looked_at() {
    let home = Home::new();
    let name = home.container("s");
    let mut terminal = Terminal::open(&home, &["shell", &name, "--", "sh", "-c", "read line; echo got $line; exec cat"]);
    let id = terminal.session(&home, &name, "exec");
    // The ends of ids tell them apart.
    let part = &id[id.len() - 8..];
    home.ok(&["sessions", "input", part, "hello there", "--enter"]);
    home.until("the screen shows the answer", || home.ok(&["sessions", "screen", part]).contains("got hello there"));
    let table = home.ok(&["sessions"]);
    assert!(table.lines().any(|line| line.starts_with(&name) && line.ends_with(&id)), "{table}");
    let screen = home.json(&["sessions", "screen", part, "--json"]);
    assert!(screen["lines"].as_array().unwrap().iter().any(|line| line == "got hello there"));
    home.cto(&["sessions", "input", &name]).write_stdin("echo $((6*7))\r").assert().success();
    home.until("a container means its main program", || home.ok(&["sessions", "screen", &name]).lines().any(|line| line == "42"));
    home.ok(&["sessions", "close", &id]);
    terminal.ends();
    assert!(home.fails(3, &["sessions", "screen", "ses_nothing"]).contains("no session"));
}

#[test]
fn run_attaches_and_ends_with_the_programs_exit_code() {
    let home = Home::new();
    let name = home.name("r");
    let mut terminal = Terminal::open(&home, &["run", "shell", "--name", &name]);
    terminal.session(&home, &name, "main");
    terminal.type_in("exit 7\r");
    assert_eq!(terminal.ends(), 7);
}

#[test]
fn a_program_without_a_terminal_is_followed_to_its_end() {
    let home = Home::new();
    let text = r#"{"name":"once","image":"debian:bookworm-slim","interactive":false,"command":"sh -c 'echo one; echo two; sleep 2; exit 3'"}"#;
    let name = home.name("once");
    let output = home.cto(&["run", "-", "--name", &name]).write_stdin(text).assert().code(3).get_output().clone();
    assert_eq!(output.stdout, b"one\ntwo\n");
    assert_eq!(home.ok(&["logs", &name, "--tail", "1"]), "two\n");
    assert!(home.fails(2, &["run", "shell", "--name", &home.name("x")]).contains("no terminal to attach it to"));
    assert!(!home.ok(&["ps", "-a"]).contains(&home.name("x")), "nothing is left behind");
}

#[test]
fn a_template_is_saved_in_the_server_and_a_dry_run_of_a_launch_launches_nothing() {
    let home = Home::new();
    let file = home.dir.path().join("mine.json");
    std::fs::write(&file, r#"{"name":"mine","image":"debian:bookworm-slim","command":["sleep","600"]}"#).unwrap();
    let file = file.to_str().unwrap();
    assert_eq!(home.ok(&["template", "save", file, "--dry-run"]), "mine\n");
    assert!(!home.ok(&["template", "ls"]).contains("mine"));
    assert_eq!(home.ok(&["template", "save", file, "--new"]), "mine\n");
    home.fails(5, &["template", "save", file, "--new"]);
    let name = home.name("dry");
    let said = home.ok(&["run", "mine", "--name", &name, "--dry-run"]);
    assert_eq!(said, format!("make container {name}\nstart container {name}\n"));
    assert!(!home.ok(&["ps", "-a"]).contains(&name), "nothing was launched");
    home.ok(&["template", "rm", "mine"]);
    home.fails(3, &["template", "rm", "mine"]);
}

#[test]
fn users_and_tokens_open_the_api_over_tcp() {
    let home = Home::new();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    std::fs::create_dir_all(home.dir.path().join("config")).unwrap();
    std::fs::write(home.dir.path().join("config/cto.json"), format!(r#"{{"server":{{"listen":"{address}"}}}}"#)).unwrap();
    home.ok(&["user", "add", "vic", "--role", "viewer"]);
    assert!(home.ok(&["user", "ls"]).contains("viewer"));
    let token = home.ok(&["token", "create", "--user", "vic"]).trim().to_owned();
    assert!(token.starts_with("cto_pat_"));
    let over_tcp = |token: &str, arguments: &[&str]| {
        let mut command = home.cto(arguments);
        command.env("CTO_SERVER", format!("http://{address}")).env("CTO_TOKEN", token);
        command
    };
    over_tcp(&token, &["ps"]).assert().success();
    over_tcp(&token, &["run", "shell", "-d", "--name", &home.name("no")]).assert().code(4);
    over_tcp("cto_pat_wrong", &["ps"]).assert().code(4);
    // Everybody makes and revokes tokens of their own.
    let own = String::from_utf8(over_tcp(&token, &["token", "create", "--about", "status page"]).assert().success().get_output().stdout.clone()).unwrap();
    over_tcp(own.trim(), &["ps"]).assert().success();
    over_tcp(&token, &["token", "create", "--role", "admin"]).assert().code(2);
    over_tcp(&token, &["token", "create", "--user", "vic"]).assert().code(4);
    let listed = over_tcp(&token, &["token", "ls", "--json"]).assert().success().get_output().stdout.clone();
    let listed: serde_json::Value = serde_json::from_slice(&listed).unwrap();
    let of_own = listed.as_array().unwrap().iter().find(|token| token["about"] == "status page").unwrap();
    over_tcp(&token, &["token", "rm", of_own["id"].as_str().unwrap()]).assert().success();
    over_tcp(own.trim(), &["ps"]).assert().code(4);
    let id = home.json(&["token", "ls", "--json"])[0]["id"].as_str().unwrap().to_owned();
    home.ok(&["token", "rm", &id]);
    over_tcp(&token, &["ps"]).assert().code(4);
    home.ok(&["user", "rm", "vic"]);
    assert_eq!(home.fails(3, &["user", "rm", "vic"]).lines().count(), 1);
}

#[test]
fn templates_of_the_project_go_before_those_of_the_server() {
    let home = Home::new();
    let own = home.dir.path().join(".cto/templates");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join("shell.json"), r#"{"name":"shell","image":"debian:bookworm-slim","command":"sh","volumes":["./workspace:/w"],"environment":{"WHO":"${param.who}"},"params":{"who":{"default":"me"}}}"#).unwrap();
    std::fs::write(own.join("broken.json"), r#"{"name":"broken"}"#).unwrap();
    let list = home.ok(&["template", "ls"]);
    let row = list.lines().find(|line| line.starts_with("shell ")).unwrap();
    assert!(row.contains("project"), "{row}");
    assert!(list.lines().any(|line| line.starts_with("python ")));
    let rendered = home.json(&["template", "render", "shell", "--set", "who=you", "--json"]);
    assert_eq!(rendered["spec"]["environment"]["WHO"], "you");
    let workspace = home.dir.path().canonicalize().unwrap().join("workspace").display().to_string();
    assert_eq!(
        (rendered["spec"]["mounts"][0]["source"]["path"].as_str(), rendered["directories"][0].as_str()),
        (Some(workspace.as_str()), Some(workspace.as_str()))
    );
    assert!(home.fails(2, &["run", "broken", "-d"]).contains("missing field 'image'"));
    assert!(home.fails(3, &["run", "pyhton", "-d"]).contains("did you mean 'python'?"));
    assert!(home.fails(2, &["template", "render", "shell", "--set", "hwo=x"]).contains("did you mean 'who'?"));
}
