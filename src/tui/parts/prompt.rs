//! Asks for one line of text.
use super::field::Field;
use super::popup::Popup;
use crate::term::KeyCode;
use crate::term::Mods;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::PromptSpec;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;

/// Columns of the line at most.
const COLS: u16 = 50;

/// The overlay that asks it.
#[derive(Clone, Debug)]
pub struct Prompt {
    spec: PromptSpec,
    field: Field,
}

impl Prompt {
    /// Asks, with the cursor behind the text.
    #[must_use]
    pub fn new(spec: PromptSpec) -> Self {
        let field = Field::new(&spec.text);
        Self { spec, field }
    }
}

impl Component for Prompt {
    fn update(&mut self, msg: &Msg, _cx: &Context) -> Option<Vec<Effect>> {
        match msg {
            Msg::Key(key) => {
                let close = Effect::Ask(Ask::Close);
                match key.code {
                    KeyCode::Esc => return Some(vec![close]),
                    KeyCode::Char('c') if key.mods.contains(Mods::CTRL) => {
                        let had = self.field.clear();
                        return Some(if had { Vec::new() } else { vec![close] });
                    }
                    KeyCode::Enter => {
                        let answer = Ask::Prompted(self.spec.purpose.clone(), self.field.text().to_owned());
                        return Some(vec![close, Effect::Ask(answer)]);
                    }
                    _ => self.field.key(*key),
                };
                Some(Vec::new())
            }
            Msg::Paste(text) => {
                self.field.insert(text);
                Some(Vec::new())
            }
            Msg::Mouse(_) => Some(Vec::new()),
            _ => None,
        }
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let popup = Popup::place(area, COLS, 1);
        popup.draw(frame, cx.theme, &self.spec.title, "⏎ take it  esc leave");
        self.field.draw(frame, popup.inner, cx.theme.style(Role::Text), (&self.spec.title, cx.theme.style(Role::Muted)), true);
    }

    fn takes_keys(&self) -> bool {
        true
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<(String, String)>> {
        Some(vec![("⏎".to_owned(), "take it".to_owned()), ("esc".to_owned(), "leave".to_owned())])
    }
}
