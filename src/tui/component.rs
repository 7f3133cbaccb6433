//! What every part of the screen can do, and what it may know.
use super::command::Scope;
use super::data::Data;
use super::keymap::Keymap;
use super::msg::Effect;
use super::msg::Msg;
use super::msg::Now;
use super::theme::Theme;
use ratatui::Frame;
use ratatui::layout::Rect;

/// What parts may read while they update or draw.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What is known of the server.
    pub data: &'a Data,
    /// Colours.
    pub theme: &'a Theme,
    /// Keys and the commands they run.
    pub keymap: &'a Keymap,
    /// Without borders, glyphs and graphs, and with the terminal's cursor on what is selected: for those who have the screen read to them.
    pub plain: bool,
    /// The time.
    pub now: Now,
    /// Where the part was drawn last, or would be: for messages with places and for paging.
    pub area: Rect,
}

/// A key and what it does, for the footer: `("⏎", "open")`.
pub type Hint = (String, String);

/// A part of the screen. Drawing cannot change it, and it cannot act on the world: it can
/// only ask, by returning effects.
pub trait Component {
    /// Takes one message. `None` means "not mine, ask the next one".
    ///
    /// A part gets a key raw only while it edits text or is an overlay ([`Component::takes_keys`]); otherwise keys come
    /// as [`Msg::Command`], looked up in the scopes of [`Component::scopes`]. So is a raw key that the part does not take:
    /// the launch tile takes its own letters only.
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>>;

    /// Draws into `area` and nowhere else.
    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context);

    /// Where its commands are valid, the nearest first.
    fn scopes(&self) -> &'static [Scope] {
        &[]
    }

    /// Whether keys come raw now, as to a text field.
    fn takes_keys(&self) -> bool {
        false
    }

    /// Whether it is to be told, as [`Msg::Panes`], which panes there are.
    fn shows_panes(&self) -> bool {
        false
    }

    /// Keys for the footer; none for those of its scopes as they stand in the registry.
    fn hints(&self, _cx: &Context) -> Option<Vec<Hint>> {
        None
    }
}
