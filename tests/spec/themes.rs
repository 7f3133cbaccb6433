//! Themes: their contrast, which of them is shown, and how one is chosen.
use super::drawn::Drawn;
use super::support::home::Home;
use super::support::home::Terminal;
use cto::config::Paths;
use cto::config::theme;
use cto::config::theme::Color;
use cto::term::Palette as Named;
use cto::tui::Themes;
use cto::tui::command::Scope;
use cto::tui::msg::Ask;
use cto::tui::msg::Effect;
use cto::tui::parts::palette::Palette;
use cto::tui::theme::Depth;
use cto::tui::theme::Role;

type Rgb = (u8, u8, u8);

/// Grounds that terminals commonly have, for themes that leave theirs alone.
const DARK: [Rgb; 2] = [(0, 0, 0), (0x1e, 0x1e, 0x2e)];
const LIGHT: [Rgb; 2] = [(255, 255, 255), (0xf5, 0xf5, 0xf5)];

/// The contrast of two colours as WCAG counts it, from 1 to 21.
fn contrast(a: Rgb, b: Rgb) -> f64 {
    let part = |c: u8| {
        let c = f64::from(c) / 255.0;
        if c <= 0.03928 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    };
    let light = |(r, g, b): Rgb| 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
    let (a, b) = (light(a), light(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// What a colour looks like; none for the terminal's own.
fn seen(color: Color) -> Option<Rgb> {
    match color {
        Color::Default => None,
        Color::Indexed(index) => Some(Named::default().indexed(index)),
        Color::Rgb(r, g, b) => Some((r, g, b)),
    }
}

#[test]
fn every_role_can_be_read_on_what_lies_behind_it() {
    let mut wrong = Vec::new();
    for (name, theme) in theme::shipped() {
        let theme = theme.unwrap();
        let least = if name.starts_with("high-contrast") { 7.0 } else { 4.5 };
        let grounds = match (seen(theme.background), theme.dark, name.starts_with("16")) {
            (Some(own), ..) => vec![own],
            // Terminals with sixteen colours have them on plain black or white.
            (None, true, true) => vec![DARK[0]],
            (None, false, true) => vec![LIGHT[0]],
            (None, true, false) => DARK.to_vec(),
            (None, false, false) => LIGHT.to_vec(),
        };
        let roles = [
            ("accent", theme.accent),
            ("text", theme.text),
            ("muted", theme.muted),
            ("border_focus", theme.border_focus),
            ("ok", theme.ok),
            ("warn", theme.warn),
            ("error", theme.error),
            ("info", theme.info),
            ("title", theme.title),
            ("key", theme.key),
        ];
        // The lines at the top and at the bottom have text of all roles.
        let bar = seen(theme.bar_bg);
        let mut pairs: Vec<(&str, Color, Rgb)> =
            roles.into_iter().flat_map(|(role, color)| grounds.iter().copied().chain(bar).map(move |ground| (role, color, ground))).collect();
        pairs.extend(grounds.iter().map(|ground| ("border", theme.border, *ground)));
        pairs.extend(seen(theme.selection_bg).map(|ground| ("selection", theme.selection_fg, ground)));
        pairs.extend(bar.map(|ground| ("bar", theme.bar_fg, ground)));
        for (role, color, ground) in pairs {
            let Some(color) = seen(color) else { continue };
            let found = contrast(color, ground);
            if found < least {
                wrong.push(format!("{name}: {role} {color:?} on {ground:?} has {found:.2}, less than {least}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn auto_is_dark_or_light_as_the_terminal_is() {
    let of = |variables: &'static [(&str, &str)]| {
        let variable = move |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Themes::new(theme::shipped(), "auto", variable)
    };
    let key = |themes: &Themes| themes.theme().style(Role::Key).fg;
    let shown = |name: &str, depth| cto::tui::theme::Theme::new(theme::builtin(name).unwrap(), depth).style(Role::Key).fg;
    let mut themes = of(&[("COLORTERM", "truecolor")]);
    assert_eq!(key(&themes), shown("dark", Depth::True));
    themes.set_dark(false);
    assert_eq!(key(&themes), shown("light", Depth::True));
    assert_eq!(key(&of(&[("COLORTERM", "truecolor"), ("COLORFGBG", "0;15")])), shown("light", Depth::True), "some say it beforehand");
    assert_eq!(key(&of(&[("TERM", "linux")])), shown("16-color", Depth::Sixteen));
    assert_eq!(of(&[("NO_COLOR", "1")]).theme().style(Role::Selection), ratatui::style::Style::new().add_modifier(ratatui::style::Modifier::REVERSED));
}

#[test]
fn a_theme_is_completed_previewed_and_chosen() {
    let mut themes = Themes::default();
    assert!(themes.choose("ligth").unwrap_err().contains("did you mean 'light'?"));
    let drawn = Drawn::usual((80, 24));
    let mut line = Palette::line(&[Scope::Home, Scope::Global], "theme ").with_themes(themes.names());
    assert!(drawn.text(&line).contains("high-contrast-light"), "{}", drawn.text(&line));
    drawn.press(&mut line, "l");
    drawn.press(&mut line, "i");
    assert_eq!(drawn.press(&mut line, "g"), [Effect::Ask(Ask::Preview(Some("light".into())))]);
    themes.preview(Some("light".to_owned()));
    assert_eq!(themes.name(), "light");
    themes.preview(None);
    assert_eq!(themes.name(), "auto", "leaving it brings the one of before back");
    assert_eq!(drawn.press(&mut line, "Tab"), [Effect::Ask(Ask::Preview(Some("light".into())))]);
    assert_eq!(drawn.press(&mut line, "Enter"), [Effect::Ask(Ask::Close), Effect::Ask(Ask::RunLine("theme light".to_owned()))]);
    themes.choose("light").unwrap();
    themes.configure(theme::shipped(), "auto".to_owned());
    assert_eq!(themes.name(), "light", "a change of something else does not undo it");
    themes.configure(theme::shipped(), "dark".to_owned());
    assert_eq!(themes.name(), "dark");
}

#[test]
fn a_file_with_a_mistake_is_told_with_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths::under(dir.path()).unwrap();
    std::fs::create_dir_all(paths.config_dir.join("themes")).unwrap();
    std::fs::write(paths.config_dir.join("themes/mine.json"), "{\n  \"name\": \"mine\",\n  \"accent\": \"bleu\"\n}\n").unwrap();
    let all = theme::all(&paths);
    let told = all["mine"].as_ref().unwrap_err();
    assert!(told.contains("themes/mine.json:"), "{told}");
    assert!(all["dark"].is_ok());
    let mut themes = Themes::new(all, "mine", |_| None);
    assert_eq!(themes.choose("mine").unwrap_err(), themes.names().iter().find(|(name, _)| name == "mine").unwrap().1);
}

#[test]
fn a_terminal_that_says_it_is_light_is_believed_at_once() {
    let home = Home::new();
    let mut terminal = Terminal::open(&home, &[]);
    terminal.shows("launch");
    terminal.type_in(":theme dark\r");
    terminal.shows("theme dark, until cto is left");
    terminal.type_in(":theme auto\r");
    terminal.shows("theme auto, until cto is left");
    // An answer and a notice, between two keys: neither is taken for typing.
    terminal.type_in("\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[?997;2n:theme nowhere\r");
    terminal.shows("there is no theme 'nowhere'");
    terminal.type_in("q");
    assert_eq!(terminal.ends(), 0);
}
