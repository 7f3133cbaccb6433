//! What the configuration says, as the terminal client has it.
use crate::config::KeysConfig;
use crate::config::OwnCommand;
use crate::config::Paths;
use crate::config::ShownSetting;
use crate::config::theme::Theme as Colors;
use std::collections::BTreeMap;

/// What the configuration says of the terminal client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The prefix, and the keys of commands.
    pub keys: KeysConfig,
    /// Commands of the person's own.
    pub commands: Vec<OwnCommand>,
    /// Every theme, or what is wrong with its file.
    pub themes: BTreeMap<String, std::result::Result<Colors, String>>,
    /// The one chosen, or `auto`.
    pub theme: String,
    /// Lines of scrollback that each new pane keeps.
    pub scrollback: usize,
    /// Asks before several lines are pasted where each is taken as it comes.
    pub confirm_paste: bool,
    /// Views that can do without borders, glyphs and graphs do.
    pub plain: bool,
    /// Every setting as it is shown, and where the user's own file lies.
    pub shown: ShownSettings,
    /// The first mistake in the files, with its place; what is wrong stays as it was.
    pub mistake: Option<String>,
}

/// Every setting, and the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShownSettings {
    /// The settings, in the order of the reference.
    pub items: Vec<ShownSetting>,
    /// Where files lie; none where nothing was read from files.
    pub paths: Option<Paths>,
    /// Every mistake in the files, with its place.
    pub mistakes: Vec<String>,
}

/// A setting that is to be written into the user's own file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetSetting {
    /// Where the file lies.
    pub paths: Paths,
    /// Which setting: `/terminal/scrollback`.
    pub pointer: String,
    /// Its value, as a variable would give it.
    pub text: String,
}
