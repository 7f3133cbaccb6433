//! Keys that the configuration gives to commands.
use super::drawn::Drawn;
use super::support::home::Home;
use super::support::home::Terminal;
use cto::config;
use cto::config::Config;
use cto::config::KeysConfig;
use cto::config::LoadedConfig;
use cto::config::Paths;
use cto::tui::command::COMMANDS;
use cto::tui::command::CommandId;
use cto::tui::command::Scope;
use cto::tui::keymap::Keymap;
use cto::tui::keymap::parse;
use cto::tui::parts::help::Help;
use cto::tui::parts::palette::Palette;
use serde_json::Value;
use serde_json::json;
use std::fs;
use std::path::Path;

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// What a user's file with these keys is read as.
fn read(keys: &str) -> LoadedConfig {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::under(dir.path()).unwrap();
    write(&paths.config_file(), &format!("{{\n  \"keys\": {keys}\n}}\n"));
    Config::read(&paths, None, |_| None)
}

/// The mistakes in it, each with line and column.
fn mistakes(keys: &str) -> Vec<String> {
    let loaded = read(keys);
    assert_eq!(loaded.config.keys.bind, config::Bindings::default(), "keys with a mistake are not taken at all");
    let told = loaded.complaints.iter().map(|place| format!("{}:{}: {}", place.line.unwrap(), place.column.unwrap(), place.detail));
    told.collect()
}

#[test]
fn a_command_has_the_keys_that_it_was_given_and_no_others() {
    let loaded = read(r#"{ "prefix": "C-a", "bind": { "global": { "launch": ["F7", "C-n"], "errors": [] }, "terminal": { "zoom": ["Z"] } } }"#);
    assert_eq!(loaded.complaints, []);
    let keymap = Keymap::of(&loaded.config.keys).unwrap();
    let find = |scope, key| keymap.find(&[scope], parse(key).unwrap());
    assert_eq!((find(Scope::Global, "F7"), find(Scope::Global, "C-n"), find(Scope::Global, "n")), (Some(CommandId::Launch), Some(CommandId::Launch), None));
    assert_eq!(find(Scope::Global, "!"), None);
    assert_eq!((keymap.label(CommandId::Launch).as_deref(), keymap.label(CommandId::Errors)), (Some("F7"), None));
    assert_eq!(keymap.label(CommandId::Zoom).as_deref(), Some("^a Z"));
    assert_eq!(keymap.label(CommandId::Quit).as_deref(), Some("q"), "the others keep theirs");
}

#[test]
fn a_clash_names_both_commands_and_its_place() {
    assert_eq!(
        mistakes(r#"{ "bind": { "home": { "stop": ["x"] } } }"#),
        [r#"2:42: 'x' would run both 'stop' and 'menu' in 'home'; give 'menu' other keys, or none: "menu": []"#]
    );
    // Whichever comes first in the registry, the complaint is about what the file says.
    assert_eq!(
        mistakes(r#"{ "bind": { "home": { "menu": ["F3", "s"] } } }"#),
        [r#"2:48: 's' would run both 'menu' and 'stop' in 'home'; give 'stop' other keys, or none: "stop": []"#]
    );
    assert!(read(r#"{ "bind": { "home": { "stop": ["x"], "menu": ["s"] } } }"#).complaints.is_empty(), "two that change places do not clash");
    assert!(read(r#"{ "bind": { "home": { "stop": ["!"] } } }"#).complaints.is_empty(), "nearer scopes go before others");
    assert_eq!(mistakes(r#"{ "bind": { "home": { "stop": ["F3"], "start": ["F3"] } } }"#).len(), 1);
}

#[test]
fn a_clash_of_two_files_is_found_in_the_upper_one() {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths { system_dir: Some(dir.path().join("etc")), ..Paths::under(&dir.path().join("home")).unwrap() };
    write(&dir.path().join("etc/cto.json"), r#"{"keys": {"bind": {"home": {"stop": ["F3"]}}}}"#);
    write(&paths.config_file(), r#"{"keys": {"bind": {"home": {"start": ["F3"]}}}}"#);
    let loaded = Config::read(&paths, None, |_| None);
    assert_eq!(loaded.complaints.len(), 1);
    assert_eq!(loaded.complaints[0].file, Some(paths.config_file().display().to_string()));
    assert_eq!(serde_json::to_value(&loaded.config.keys.bind).unwrap(), json!({"home": {"stop": ["F3"]}}), "the lower one holds");
    write(&paths.config_file(), r#"{"keys": {"bind": {"home": {"start": ["F4"]}}}}"#);
    let loaded = Config::read(&paths, None, |_| None);
    assert_eq!(serde_json::to_value(&loaded.config.keys.bind).unwrap(), json!({"home": {"stop": ["F3"], "start": ["F4"]}}));
    // A variable is a layer too.
    let variable = |name: &str| (name == "CTO_KEYS_BIND").then(|| r#"{"home": {"restart": ["F4"]}}"#.to_owned());
    let detail = &Config::read(&paths, None, variable).complaints[0].detail;
    assert!(detail.contains("'restart' and 'start'") || detail.contains("'start' and 'restart'"), "{detail}");
}

#[test]
fn what_is_not_known_is_told_with_the_nearest_name() {
    assert_eq!(mistakes(r#"{ "bind": { "hoem": {} } }"#), ["2:23: unknown scope 'hoem'; did you mean 'home'?"]);
    assert_eq!(mistakes(r#"{ "bind": { "home": { "stopp": ["F3"] } } }"#), ["2:33: unknown command 'stopp'; did you mean 'stop'?"]);
    assert_eq!(mistakes(r#"{ "bind": { "home": { "stop": ["Etner"] } } }"#), ["2:42: 'Etner' is no key; did you mean 'Enter'?"]);
    assert!(mistakes(r#"{ "bind": { "home": { "stop": ["Ctrl+x"] } } }"#)[0].contains("write it like"));
    assert_eq!(mistakes(r#"{ "bind": { "home": { "stop": "x" } } }"#), ["2:41: expected a list, found text 'x'"]);
}

#[test]
fn there_is_always_a_way_out() {
    let none = r#"{ "bind": { "global": { "quit": [], "command-line": [], "palette": [] } } }"#;
    assert_eq!(mistakes(none), ["2:33: no key would lead out of 'global': one of 'quit', 'command-line', 'palette' needs one"]);
    assert!(read(r#"{ "bind": { "global": { "quit": [] } } }"#).complaints.is_empty(), "one of them is enough");
    let hidden = r#"{ "bind": { "global": { "quit": ["F9"], "command-line": [], "palette": [] }, "home": { "stop": ["F9"] } } }"#;
    assert!(mistakes(hidden)[0].contains("no key would lead out of 'home'"), "{:?}", mistakes(hidden));
    assert_eq!(mistakes(r#"{ "bind": { "terminal": { "detach": [], "terminal-command-line": [], "find": [] } } }"#).len(), 1);
    assert_eq!(mistakes(r#"{ "bind": { "scroll": { "leave-scroll": [] } } }"#).len(), 1);
}

#[test]
fn the_prefix_is_never_anything_else() {
    let told = mistakes(r#"{ "prefix": "C-a", "bind": { "scroll": { "oldest": ["C-a"] } } }"#);
    assert_eq!(told, ["2:63: 'C-a' is the prefix (keys.prefix), so it can't be the key of 'oldest' in 'scroll'"]);
    // The registry's own keys give way.
    let keymap = Keymap::new("C-f").unwrap();
    assert_eq!(keymap.labels(CommandId::ScrollPageDown), ["pgdn"]);
}

#[test]
fn a_project_gives_no_keys_and_takes_no_question_away() {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::under(&dir.path().join("home")).unwrap();
    write(&dir.path().join("cto.json"), r#"{"keys": {"prefix": "C-p", "bind": {"home": {"stop": ["j"], "down": []}}}, "terminal": {"confirm_paste": false}}"#);
    let loaded = Config::read(&paths, Some(dir.path()), |_| None);
    assert!(loaded.complaints[0].detail.starts_with("a project can't set 'keys.bind'"), "{:?}", loaded.complaints);
    assert!(loaded.complaints[1].detail.starts_with("a project can't set 'terminal.confirm_paste'"), "{:?}", loaded.complaints);
    assert_eq!((loaded.config.keys.prefix.as_str(), &loaded.config.keys.bind), ("C-p", &config::Bindings::default()));
    assert!(loaded.config.terminal.confirm_paste);
}

#[test]
fn editors_complete_scopes_and_commands() {
    let schema = config::config_schema();
    for command in COMMANDS {
        let pointer = format!("/$defs/Bindings/properties/{}/properties/{}", command.scope.name(), command.name);
        let known = schema.pointer(&pointer).unwrap_or_else(|| panic!("{pointer}"));
        assert_eq!((&known["description"], &known["default"]), (&json!(command.help), &json!(command.keys)));
    }
}

#[test]
fn help_palette_and_footer_show_the_keys_that_hold() {
    let mut drawn = Drawn::usual((120, 40));
    let keys: KeysConfig = serde_json::from_value(json!({"bind": {"global": {"launch": ["F7"]}, "home": {"show-stopped": []}}})).unwrap();
    drawn.keymap = Keymap::of(&keys).unwrap();
    let help = drawn.text(&Help::new(&[Scope::Global]));
    assert!(help.contains("F7             Launch a container from a template"), "{help}");
    let help = drawn.text(&Help::new(&[Scope::Home]));
    assert!(help.contains(":show-stopped"), "one without a key shows its name: {help}");
    let mut palette = Palette::new(&[Scope::Home, Scope::Global]);
    drawn.write(&mut palette, "launch");
    assert!(drawn.text(&palette).lines().any(|line| line.contains("launch ") && line.contains("F7")), "{}", drawn.text(&palette));
    let hints = cto::tui::parts::status::hints(&[Scope::Home, Scope::Global], &drawn.cx());
    assert!(hints.contains(&("F7".to_owned(), "launch".to_owned())), "{hints:?}");
}

#[test]
fn the_command_line_shows_them_and_a_running_program_takes_them() {
    let home = Home::new();
    let file = home.dir.path().join("config/cto.json");
    write(&file, r#"{"keys": {"bind": {"global": {"help": ["F3"]}}}}"#);
    let shown = home.json(&["config", "keys", "--changed", "--json"]);
    let help = "Show the keys that are valid here";
    assert_eq!(shown, json!([{"scope": "global", "command": "help", "keys": ["F3"], "changed": true, "does": help}]));
    assert_eq!(home.json(&["config", "show"])["keys"]["bind"], json!({"global": {"help": ["F3"]}}));
    assert!(home.ok(&["config", "keys", "split"]).contains("C-b %"));
    let all: Value = home.json(&["config", "keys", "--json"]);
    assert_eq!(all.as_array().unwrap().len(), COMMANDS.len());

    let mut terminal = Terminal::open(&home, &[]);
    terminal.shows("F3 help");
    write(&file, r#"{"keys": {"bind": {"global": {"help": ["F4"]}}}}"#);
    terminal.shows("F4 help");
    write(&file, r#"{"keys": {"bind": {"global": {"help": ["q"]}}}}"#);
    terminal.shows("'q' would run both");
    // The keys of before hold, so this is still help.
    terminal.type_in("\x1bOS");
    terminal.shows("┌ Keys");
}
