//! The themes that there are, and which of them is shown.
use super::theme::Depth;
use super::theme::Theme;
use crate::config::theme;
use crate::config::theme::AUTO;
use crate::config::theme::Theme as Colors;
use std::collections::BTreeMap;

/// Every theme, or what is wrong with its file.
type All = BTreeMap<String, Result<Colors, String>>;

/// The themes, and what decides which of them is shown.
#[derive(Clone, Debug)]
pub struct Themes {
    all: All,
    depth: Depth,
    dark: bool,
    /// The one that the configuration names.
    configured: String,
    /// The one that was asked for since.
    chosen: Option<String>,
    /// The one that is looked at while it is being chosen.
    preview: Option<String>,
}

impl Default for Themes {
    /// Those that ship, on a terminal of all colours.
    fn default() -> Self {
        let mut themes = Self::new(theme::shipped(), AUTO, |_| None);
        themes.depth = Depth::True;
        themes
    }
}

impl Themes {
    /// These, with the one that the configuration names; `variable` reads one of the environment.
    #[must_use]
    pub fn new(all: All, configured: &str, variable: impl Fn(&str) -> Option<String>) -> Self {
        // Text and ground by number; terminals that tell more are asked.
        let ground = variable("COLORFGBG").and_then(|value| value.rsplit(';').next()?.parse::<u8>().ok());
        let dark = !matches!(ground, Some(7 | 9..=15));
        Self { all, depth: Depth::guess(variable), dark, configured: configured.to_owned(), chosen: None, preview: None }
    }

    /// What the configuration says now. A theme that was asked for stays until it names another.
    pub fn configure(&mut self, all: All, configured: String) {
        self.all = all;
        if self.configured != configured {
            self.configured = configured;
            self.chosen = None;
        }
    }

    /// The terminal is dark, or light.
    pub fn set_dark(&mut self, dark: bool) {
        self.dark = dark;
    }

    /// Shows a theme from now on.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn choose(&mut self, name: &str) -> Result<(), String> {
        match self.all.get(name) {
            None if name != AUTO => {
                let names = self.all.keys().map(String::as_str).chain([AUTO]);
                Err(format!("there is no theme '{name}'{}", crate::config::did_you_mean(name, names)))
            }
            Some(Err(detail)) => Err(detail.clone()),
            _ => {
                self.chosen = Some(name.to_owned());
                Ok(())
            }
        }
    }

    /// Shows a theme for a while; one that can't be shown changes nothing.
    pub fn preview(&mut self, name: Option<String>) {
        self.preview = name.filter(|name| name == AUTO || matches!(self.all.get(name), Some(Ok(_))));
    }

    /// Every name with a word on it.
    #[must_use]
    pub fn names(&self) -> Vec<(String, String)> {
        let about = |theme: &Result<Colors, String>| match theme {
            Ok(theme) if theme.dark => "dark".to_owned(),
            Ok(_) => "light".to_owned(),
            Err(detail) => detail.clone(),
        };
        let auto = (AUTO.to_owned(), "dark or light, as the terminal is".to_owned());
        std::iter::once(auto).chain(self.all.iter().map(|(name, theme)| (name.clone(), about(theme)))).collect()
    }

    /// The name of the one shown.
    #[must_use]
    pub fn name(&self) -> &str {
        self.preview.as_ref().or(self.chosen.as_ref()).unwrap_or(&self.configured)
    }

    /// The one shown, for this terminal.
    #[must_use]
    pub fn theme(&self) -> Theme {
        let name = match (self.name(), self.depth, self.dark) {
            (AUTO, Depth::Sixteen, true) => "16-color",
            (AUTO, Depth::Sixteen, false) => "16-color-light",
            (AUTO, _, true) => "dark",
            (AUTO, _, false) => "light",
            (name, ..) => name,
        };
        let colors = self.all.get(name).and_then(|theme| theme.as_ref().ok()).cloned();
        Theme::new(colors.unwrap_or_default(), self.depth)
    }
}
