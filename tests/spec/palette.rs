//! The palette and the command line, from the one registry.
use super::drawn::Drawn;
use super::drawn::SIZES;
use cto::tui::command::CommandId;
use cto::tui::command::Scope;
use cto::tui::msg::Ask;
use cto::tui::msg::Effect;
use cto::tui::msg::PromptFor;
use cto::tui::msg::PromptSpec;
use cto::tui::parts::palette::History;
use cto::tui::parts::palette::Palette;
use cto::tui::parts::prompt::Prompt;

const SCOPES: [Scope; 2] = [Scope::Home, Scope::Global];

#[test]
fn everything_that_has_a_name_is_found_and_shows_its_key() {
    for (width, height) in SIZES {
        let drawn = Drawn::usual((width, height));
        let mut palette = Palette::new(&SCOPES);
        drawn.write(&mut palette, "py");
        insta::assert_snapshot!(format!("palette_{width}x{height}"), drawn.text(&palette));
        let mut line = Palette::line(&SCOPES, "re");
        insta::assert_snapshot!(format!("command_line_{width}x{height}"), drawn.text(&line));
        drawn.press(&mut line, "Esc");
    }
}

#[test]
fn enter_runs_what_was_found() {
    let drawn = Drawn::usual((80, 24));
    let found = |query: &str| {
        let mut palette = Palette::new(&SCOPES);
        drawn.write(&mut palette, query);
        drawn.press(&mut palette, "Enter")
    };
    assert_eq!(found("show stopped"), [Effect::Ask(Ask::Run(CommandId::ShowStopped))]);
    assert_eq!(found("web-1 "), [Effect::Ask(Ask::Close), Effect::Ask(Ask::OpenTerminal("web-1-id".into()))]);
    assert_eq!(found("web-1: vim"), [Effect::Ask(Ask::Close), Effect::Ask(Ask::ShowSession("ses_web-1_vim".into()))]);
    assert!(matches!(&found("launch asc")[..], [_, Effect::Ask(Ask::Launch { request, .. })] if request.template.as_deref() == Some("ascii-games")));
    assert_eq!(found("zzzz"), []);
}

#[test]
fn the_command_line_completes_names_and_remembers() {
    let drawn = Drawn::usual((80, 24));
    let mut history = History::default();
    history.keep("stop db");
    history.keep("start db");
    let mut line = Palette::line(&SCOPES, "").with_history(&history);
    drawn.press(&mut line, "Up");
    drawn.press(&mut line, "Up");
    assert!(drawn.text(&line).contains(":stop db"));
    assert_eq!(drawn.press(&mut line, "Enter"), [Effect::Ask(Ask::Close), Effect::Ask(Ask::RunLine("stop db".to_owned()))]);
    let mut line = Palette::line(&SCOPES, "");
    drawn.write(&mut line, "log");
    drawn.press(&mut line, "Tab");
    drawn.write(&mut line, "we");
    drawn.press(&mut line, "Tab");
    assert_eq!(drawn.press(&mut line, "Enter"), [Effect::Ask(Ask::Close), Effect::Ask(Ask::RunLine("logs web-1".to_owned()))]);
    // What opens a pane of any container offers all of them.
    for command in ["split-right ", "split-down ", "new-tab ", "pane-logs "] {
        assert!(drawn.text(&Palette::line(&SCOPES, command)).contains("web-1"), "{command}");
    }
}

#[test]
fn a_prompt_takes_any_text_and_letters_are_only_letters() {
    for (width, height) in SIZES {
        let drawn = Drawn::usual((width, height));
        let spec = PromptSpec { title: "rename tab".to_owned(), text: "日本語".to_owned(), purpose: PromptFor::RenameTab };
        let mut prompt = Prompt::new(spec);
        drawn.write(&mut prompt, "qj");
        insta::assert_snapshot!(format!("prompt_{width}x{height}"), drawn.text(&prompt));
        let answer = Effect::Ask(Ask::Prompted(PromptFor::RenameTab, "日本語qj".to_owned()));
        assert_eq!(drawn.press(&mut prompt, "Enter"), [Effect::Ask(Ask::Close), answer]);
    }
}
