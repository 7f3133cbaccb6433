//! The configuration: layers, references, what is told of it, and how a running server takes a change.
use super::support::golden::golden;
use super::support::home::Home;
use super::support::home::Terminal;
use cto::config;
use cto::config::Config;
use cto::config::LoadedConfig;
use cto::config::Paths;
use serde_json::Value;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn set<'a>(variables: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
    |name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
}

#[test]
fn every_layer_goes_before_the_ones_below_it_and_each_setting_knows_who_set_it() {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths { system_dir: Some(dir.path().join("etc")), ..Paths::under(&dir.path().join("home")).unwrap() };
    let project = dir.path().join("project");
    write(&dir.path().join("etc/cto.json"), r#"{"retention": {"audit_days": 1, "ended_sessions_hours": 1}, "theme": "light", "log": {"level": "warn"}}"#);
    write(&paths.config_file(), r#"{"retention": {"audit_days": 2}, "recordings": {"days": 2}, "keys": {"prefix": "C-a"}}"#);
    write(&project.join("cto.json"), r#"{"keys": {"prefix": "C-p"}, "terminal": {"scrollback": 7}}"#);
    write(&paths.config_dir.join("cto.staging.json"), r#"{"recordings": {"days": 3, "max_mb": 3}}"#);
    write(&project.join("cto.staging.json"), r#"{"theme": "dark", "log": {"level": "off"}}"#);
    let variables = [("CTO_ENV", "staging"), ("CTO_RECORDINGS_MAX_MB", "4"), ("CTO_CONTAINERS_ALLOWED_ROOTS", "/srv, /data"), ("CTO_LIMITS_CPUS", "0.5")];
    let mut loaded = Config::read(&paths, Some(&project), set(&variables));
    loaded.lay("--log-level", "/log/level", "debug", &paths);
    let config = &loaded.config;
    assert_eq!((config.retention.ended_sessions_hours, config.retention.audit_days, config.recordings.days), (1, 2, 3));
    assert_eq!((config.recordings.max_mb, config.limits.cpus, config.log.level.as_str()), (4, 0.5, "debug"));
    assert_eq!((config.keys.prefix.as_str(), config.terminal.scrollback, config.theme.0.as_str()), ("C-p", 7, "dark"));
    assert_eq!(config.containers.allowed_roots, [Path::new("/srv"), Path::new("/data")]);
    let from = |pointer: &str| loaded.origin(pointer).replace(&dir.path().display().to_string(), "");
    assert_eq!(from("/retention/ended_sessions_hours"), "/etc/cto.json");
    assert_eq!(from("/recordings/days"), "/home/config/cto.staging.json");
    assert_eq!(
        (from("/recordings/max_mb"), from("/log/level"), from("/recordings/total_mb")),
        ("CTO_RECORDINGS_MAX_MB".into(), "--log-level".into(), "default".into())
    );
    let details: Vec<&str> = loaded.complaints.iter().map(|place| place.detail.as_str()).collect();
    assert_eq!(details.len(), 1, "{details:?}");
    assert!(details[0].starts_with("a project can't set 'log'"), "also not by an environment's file");
}

#[test]
fn references_are_filled_in_and_secrets_are_shown_to_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::under(dir.path()).unwrap();
    write(&paths.config_dir.join("secret"), "postgres://ann:hush@db/cto\n");
    write(
        &paths.config_file(),
        r#"{"server": {"database": "${file:secret}"}, "log": {"level": "${LEVEL:-info},cto=${MORE}"}, "theme": "${THEME:-light}", "engine": {"address": "tcp://bob:pass@host:1"}}"#,
    );
    let loaded = Config::read(&paths, None, set(&[("MORE", "debug"), ("THEME", "")]));
    assert_eq!(loaded.complaints, []);
    assert_eq!(loaded.config.server.database.as_deref(), Some("postgres://ann:hush@db/cto"));
    assert_eq!((loaded.config.log.level.as_str(), loaded.config.theme.0.as_str()), ("info,cto=debug", "light"));
    let shown = format!("{:?}", loaded.shown());
    assert!(!shown.contains("hush") && !shown.contains("bob:pass"), "{shown}");
    assert_eq!(loaded.shown()["/server/database"], json!("***"));
    assert_eq!(loaded.referred, [paths.config_dir.join("secret")]);
    write(&paths.config_dir.join("secret"), "hush");
    let wrong = Config::read(&paths, None, set(&[("MORE", "debug")]));
    assert!(!format!("{:?}", wrong.complaints).contains("hush"), "a mistake does not show it either: {:?}", wrong.complaints);
}

#[test]
fn a_project_can_not_read_files_through_its_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::under(&dir.path().join("home")).unwrap();
    write(&dir.path().join("cto.json"), r#"{"theme": "${file:/etc/hostname}"}"#);
    let loaded = Config::read(&paths, Some(dir.path()), |_| None);
    assert_eq!(loaded.complaints[0].detail, "a project can't refer to files");
}

#[test]
fn the_file_that_init_writes_names_every_setting_and_sets_none() {
    for of_project in [true, false] {
        let text = config::sample("./schema.json", of_project);
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::under(dir.path()).unwrap();
        write(&paths.config_file(), &text);
        let loaded = Config::read(&paths, None, |_| None);
        assert_eq!(loaded.complaints, []);
        assert_eq!(Config { schema: None, ..loaded.config }, Config::default());
        assert!(loaded.origins.is_empty(), "{:?}", loaded.origins);
        // What is commented out is right as it stands.
        let open: String = text
            .lines()
            .map(|line| line.strip_prefix("  // ").filter(|rest| rest.trim_start().starts_with(['"', '}'])).unwrap_or(line).to_owned() + "\n")
            .collect();
        let open: String = open.lines().map(|line| line.strip_prefix("//  ").unwrap_or(line).to_owned() + "\n").collect();
        let full: Value = jsonc(&open);
        let names: Vec<String> =
            config::leaves().iter().map(config::Leaf::name).filter(|name| full.pointer(&format!("/{}", name.replace('.', "/"))).is_some()).collect();
        let all = config::leaves().len();
        assert_eq!(names.len(), if of_project { 4 } else { all }, "{names:?}\n{open}");
    }
}

/// JSON with comments and trailing commas.
fn jsonc(text: &str) -> Value {
    jsonc_parser::parse_to_serde_value(text, &jsonc_parser::ParseOptions::default()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn the_command_line_checks_shows_explains_and_compares() {
    let home = Home::new();
    let file = home.dir.path().join("config/cto.json");
    write(&file, "{\n  // mine\n  \"retention\": { \"audit_days\": 30 },\n  \"server\": { \"database\": \"${file:db}\" }\n}\n");
    write(&home.dir.path().join("config/db"), "sqlite:/tmp/hush.sqlite\n");
    write(&home.dir.path().join("config/cto.staging.json"), r#"{"retention": {"audit_days": 90}}"#);
    let plain =
        |text: &str| text.replace(&home.dir.path().canonicalize().unwrap().display().to_string(), "~").replace(&home.dir.path().display().to_string(), "~");
    let mut told = String::new();
    for arguments in [
        &["config", "check"][..],
        &["--env", "staging", "config", "show"],
        &["config", "show", "--origin"],
        &["config", "explain", "retention.audit_days"],
        &["config", "diff"],
        &["config", "diff", "staging"],
        &["init", "--user"],
    ] {
        let shown = plain(&home.ok(arguments));
        assert!(!shown.contains("hush"), "{shown}");
        told += &format!("$ cto {}\n{shown}\n", arguments.join(" "));
    }
    for kind in ["config", "template", "theme"] {
        assert_eq!(home.json(&["schema", kind])["$schema"], json!("https://json-schema.org/draft/2020-12/schema"));
    }
    assert!(home.dir.path().join("config/schema/template.json").exists());
    told += &home.fails(3, &["config", "explain", "retention.audit_dais"]);
    write(&file, "{\n  \"retention\": { \"audit_days\": 30, },\n  \"retention\": {},\n  \"log\": { \"level\": \"laud\" }\n}\n");
    let broken = home.cto(&["--env", "nowhere", "config", "check"]).assert().code(2).get_output().stdout.clone();
    told += &plain(&String::from_utf8(broken).unwrap());
    golden("tests/golden/config.txt", &told);
}

#[test]
fn a_running_server_takes_a_change_within_a_second_and_loses_no_session() {
    let home = Home::new();
    let name = home.container("stays");
    let terminal = Terminal::open(&home, &[]);
    terminal.shows("stays");
    let session = home.json(&["sessions", "--json"])[0]["id"].clone();
    let file = home.dir.path().join("config/cto.json");
    let value = |setting: &str| {
        let output = home.cto(&["config", "show", "--running", "--origin", "--json"]).output().unwrap();
        let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
        let found = shown["settings"].as_array().unwrap().iter().find(|one| one["name"] == setting).unwrap().clone();
        (found["value"].clone(), shown)
    };
    let pid = home.json(&["server", "status", "--json"])["pid"].clone();

    let begun = Instant::now();
    write(&file, r#"{"retention": {"audit_days": 77}, "log": {"level": "debug"}, "server": {"listen": "127.0.0.1:0"}, "theme": "light"}"#);
    home.until("the new value", || value("retention.audit_days").0 == json!(77));
    let took = begun.elapsed();
    // Half a second of pause between two looks, and the programs that ask.
    assert!(took < Duration::from_secs(if std::env::var_os("CTO_PROVE").is_some() { 1 } else { 5 }), "{took:?}");
    assert_eq!(value("log.level").1["needs_restart"], json!(["server.listen"]), "what can't change is told");
    terminal.shows("holds when the server starts again");

    write(&file, "{\n  \"retention\": { \"audit_days\": \"many\" }\n}\n");
    home.until("the mistake", || home.json(&["server", "status", "--json"])["health"]["config_ok"] == json!(false));
    let (kept, shown) = value("retention.audit_days");
    assert_eq!(kept, json!(77), "the settings of before hold");
    assert_eq!((&shown["errors"][0]["line"], &shown["errors"][0]["column"]), (&json!(2), &json!(32)));
    terminal.shows("the server keeps its settings");
    let told = home.fails(2, &["config", "show", "--running"]);
    assert!(told.contains("audit_days\": \"many\"") && told.contains("^"), "with the line and a caret: {told}");

    write(&file, "{}");
    home.until("right again", || {
        value("retention.audit_days").0 == json!(0) && home.json(&["server", "status", "--json"])["health"]["config_ok"] == json!(true)
    });
    write(&home.dir.path().join("config/templates/mine.json"), r#"{"name":"mine","image":"debian:bookworm-slim"}"#);
    home.until("the new template", || home.ok(&["template", "ls"]).contains("mine"));
    assert_eq!(home.json(&["server", "status", "--json"])["pid"], pid);
    assert_eq!(home.json(&["sessions", "--json"])[0]["id"], session);
    home.ok(&["sessions", "input", &name, "echo still $((40 + 2))", "--enter"]);
    home.screen(&name, "still 42");
}

#[test]
fn a_template_gets_variables_and_files_of_who_brings_it_and_shows_no_secret() {
    let home = Home::new();
    write(&home.dir.path().join("token"), "hush-hush\n");
    write(
        &home.dir.path().join("t.json"),
        r#"{"name":"t","image":"${BASE:-debian:bookworm-slim}","command":["sh","-c","echo ${HOME}; exec sh"],"environment":{"TOKEN":"${file:token}","WHO":"${WHO}"},"labels":{"who":"${WHO:?say who}"},"files":[{"path":"/token","content":"${file:token}"},{"path":"/plain","content":"seen"}]}"#,
    );
    let rendered = home.cto(&["template", "render", "./t.json"]).env("WHO", "ann").assert().success().get_output().stdout.clone();
    let spec: Value = serde_json::from_slice(&rendered).unwrap();
    assert_eq!((&spec["environment"]["TOKEN"], &spec["environment"]["WHO"]), (&json!("***"), &json!("***")));
    assert_eq!((&spec["care"]["files"][0]["content"], &spec["care"]["files"][1]["content"]), (&json!("***"), &json!("seen")));
    assert_eq!((&spec["labels"]["who"], &spec["image"]["reference"]), (&json!("ann"), &json!("debian:bookworm-slim")));
    assert_eq!(spec["command"][2], json!("echo ${HOME}; exec sh"), "what a shell in the container fills in is left to it");
    let told = home.fails(2, &["template", "render", "./t.json"]);
    assert!(told.contains("the variable 'WHO' is not set: say who"), "{told}");
    let name = home.name("secret");
    home.cto(&["run", "./t.json", "--name", &name, "-d"]).env("WHO", "ann").assert().success();
    assert_eq!(home.ok(&["exec", &name, "--", "printenv", "TOKEN"]), "hush-hush\n");
    // Whoever brings a template may not reach for what is the server's.
    let inline = json!({"source": "x", "text": r#"{"name":"x","image":"a","environment":{"A":"${file:/etc/hostname}","B":"${PATH}"}}"#});
    let request: cto::model::CreateContainer = serde_json::from_value(json!({ "inline": inline })).unwrap();
    let template = config::parse_template("x", &request.inline.as_ref().unwrap().text).unwrap();
    let error = config::render(&template, &request, &config::RenderContext { name: "web".into(), ..config::RenderContext::default() }).unwrap_err();
    let details: Vec<&str> = error.places.iter().map(|place| place.detail.as_str()).collect();
    assert!(details[0].contains("was not sent along") && details[1].contains("the variable 'PATH' is not set"), "{details:?}");
}

#[test]
fn a_configuration_made_by_hand_is_shown_as_it_is() {
    let loaded = LoadedConfig::of(Config::default());
    assert_eq!(loaded.shown()["/theme"], json!("auto"));
    assert_eq!(loaded.origin("/theme"), "default");
}
