//! The settings in the terminal client: what is in force and who says so, and a person's own changed there.
use super::drawn::Drawn;
use super::drawn::SIZES;
use super::support::home::Home;
use super::support::home::Terminal;
use cto::config::Config;
use cto::config::Paths;
use cto::config::shown_settings;
use cto::tui::msg::Ask;
use cto::tui::msg::Effect;
use cto::tui::msg::PromptFor;
use cto::tui::msg::Request;
use cto::tui::msg::SetSetting;
use cto::tui::msg::ShownSettings;
use cto::tui::parts::settings_view::SettingsView;
use std::path::PathBuf;

/// Files that nobody has: what is shown does not depend on the machine.
fn paths() -> Paths {
    let dir = |name: &str| PathBuf::from(format!("/nowhere/{name}"));
    Paths { config_dir: dir("config"), state_dir: dir("state"), runtime_dir: dir("run"), log_dir: dir("log"), system_dir: None }
}

/// With a theme from the user's file, a prefix from a variable, and a secret.
fn shown() -> ShownSettings {
    let mut loaded = Config::read(&paths(), None, |_| None);
    loaded.lay("CTO_PREFIX", "/keys/prefix", "C-a", &paths());
    loaded.lay("/nowhere/config/cto.json", "/theme", "dark", &paths());
    loaded.lay("CTO_DATABASE", "/server/database", "postgres://ann:hush@db/cto", &paths());
    ShownSettings { items: shown_settings(&loaded), paths: Some(paths()), mistakes: Vec::new() }
}

fn view(size: (u16, u16)) -> (Drawn, SettingsView) {
    let drawn = Drawn::usual(size);
    let mut part = SettingsView::default();
    part.learn(shown());
    (drawn, part)
}

#[test]
fn settings_look_like_this_and_secrets_are_hidden() {
    for (width, height) in SIZES {
        let (drawn, mut part) = view((width, height));
        drawn.press(&mut part, "j");
        let all = drawn.text(&part);
        drawn.press(&mut part, "s");
        let set = drawn.text(&part);
        assert!(!all.contains("hush") && !set.contains("hush"), "{all}{set}");
        let nothing = drawn.text(&SettingsView::default());
        insta::assert_snapshot!(format!("settings_{width}x{height}"), [all, set, nothing].join("\n"));
    }
    let (mut drawn, part) = view((80, 24));
    drawn.plain = true;
    insta::assert_snapshot!("settings_plain_80x24", drawn.text(&part));
}

/// Puts the cursor on a setting.
fn on(drawn: &Drawn, part: &mut SettingsView, name: &str) {
    drawn.press(part, "Esc");
    drawn.press(part, "/");
    drawn.write(part, name);
    drawn.press(part, "Enter");
}

#[test]
fn what_is_ones_own_can_be_changed_and_what_goes_before_it_is_named() {
    let (drawn, mut part) = view((120, 40));
    on(&drawn, &mut part, "theme");
    let asked = drawn.press(&mut part, "Enter");
    let [Effect::Ask(Ask::Pick(spec))] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(spec.rows[spec.at].label, "dark");
    let light = spec.rows.iter().find(|row| row.label == "light").unwrap();
    let set =
        |pointer: &str, text: &str| Effect::Request(Request::Set(Box::new(SetSetting { paths: paths(), pointer: pointer.to_owned(), text: text.to_owned() })));
    assert_eq!(light.effects, [set("/theme", "light")]);
    on(&drawn, &mut part, "prefix");
    let said = drawn.press(&mut part, "Enter");
    assert!(matches!(&said[..], [Effect::Ask(Ask::Toast(_, text))] if text.contains("CTO_PREFIX says so")), "{said:?}");
    on(&drawn, &mut part, "scrollback");
    let asked = drawn.press(&mut part, "Enter");
    assert!(
        matches!(&asked[..], [Effect::Ask(Ask::Prompt(spec))] if spec.text == "5000" && spec.purpose == PromptFor::Setting("/terminal/scrollback".to_owned()))
    );
    assert_eq!(part.set("/terminal/scrollback", "70"), [set("/terminal/scrollback", "70")]);
    on(&drawn, &mut part, "max_mb");
    let told = drawn.press(&mut part, "Enter");
    let [Effect::Ask(Ask::Sheet { title, lines })] = &told[..] else { panic!("{told:?}") };
    let text: Vec<&str> = lines.iter().map(|(line, _)| line.as_str()).collect();
    assert!(title == "recordings.max_mb" && text.iter().any(|line| line.contains("CTO_RECORDINGS_MAX_MB")), "{text:?}");
    assert_eq!(drawn.press(&mut part, "C-y"), [Effect::Ask(Ask::Copy("cto config explain recordings.max_mb".to_owned()))]);
    assert_eq!(drawn.press(&mut part, "e"), [Effect::Edit("/nowhere/config/cto.json".into())]);
}

#[test]
fn a_change_is_written_into_the_file_beside_its_comments_and_holds_at_once() {
    let home = Home::new();
    let file = home.dir.path().join("config/cto.json");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, "{\n  // mine\n  \"terminal\": { \"scrollback\": 300 } // lines\n}\n").unwrap();
    let mut seen = Terminal::sized(&home, &[], (140, 40));
    seen.shows("● docker");
    seen.type_in(":settings\r");
    seen.shows("SETTING");
    seen.type_in("/scrollback\r");
    seen.shows("300");
    seen.type_in("\r\x15many\r");
    seen.shows("many");
    seen.type_in("\r\x15420\r");
    seen.shows("terminal.scrollback is 420");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "{\n  // mine\n  \"terminal\": { \"scrollback\": 420 } // lines\n}\n");
    seen.type_in("/\x15accessible\r");
    seen.shows("accessible");
    seen.type_in("\r");
    seen.shows("words only, for screen readers");
    seen.type_in("2");
    seen.shows("accessible: no tiles, borders");
    assert!(std::fs::read_to_string(&file).unwrap().contains("\"accessible\": true"));
    seen.type_in("\x1b[3;3~");
}
