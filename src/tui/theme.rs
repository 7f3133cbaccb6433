//! Colours by role, as many as the terminal has.
use crate::config::theme::Color as Themed;
use crate::config::theme::Theme as Colors;
use crate::term::Attrs;
use crate::term::Cell;
use crate::term::Color as CellColor;
use crate::term::Palette;
use crate::term::Underline;
use ratatui::style::Color;
use ratatui::style::Modifier;
use ratatui::style::Style;

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// None: bold, dim and reverse tell things apart (`NO_COLOR`).
    None,
    /// The sixteen named ones.
    Sixteen,
    /// 256.
    Indexed,
    /// All.
    True,
}

impl Depth {
    /// Guesses from the environment; `variable` reads one.
    #[must_use]
    pub fn guess(variable: impl Fn(&str) -> Option<String>) -> Self {
        if variable("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            return Self::None;
        }
        let term = variable("TERM").unwrap_or_default();
        let colorterm = variable("COLORTERM").unwrap_or_default();
        let program = variable("TERM_PROGRAM").unwrap_or_default();
        if term == "dumb" {
            Self::None
        } else if program == "Apple_Terminal" {
            Self::Indexed
        } else if matches!(colorterm.as_str(), "truecolor" | "24bit")
            || term.ends_with("-direct")
            || ["xterm-kitty", "xterm-ghostty", "alacritty", "wezterm", "foot"].contains(&term.as_str())
        {
            Self::True
        } else if term.contains("256color") {
            Self::Indexed
        } else {
            Self::Sixteen
        }
    }
}

/// What a colour is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The focus.
    Accent,
    /// Text.
    Text,
    /// Text that matters less.
    Muted,
    /// Borders.
    Border,
    /// The border of what has the focus.
    BorderFocus,
    /// Runs well.
    Ok,
    /// Look here.
    Warn,
    /// Did not work.
    Error,
    /// Good to know.
    Info,
    /// What is selected.
    Selection,
    /// The lines at the top and at the bottom.
    Bar,
    /// Titles.
    Title,
    /// Keys in hints.
    Key,
}

/// Colours by role, for this terminal.
#[derive(Clone, Debug)]
pub struct Theme {
    depth: Depth,
    colors: Colors,
    plain: bool,
}

impl Theme {
    /// A theme's colours on a terminal that has this many.
    #[must_use]
    pub fn new(colors: Colors, depth: Depth) -> Self {
        Self { depth, colors, plain: false }
    }

    /// The standard theme.
    #[must_use]
    pub fn standard(depth: Depth) -> Self {
        Self::new(Colors::default(), depth)
    }

    /// The same for those who have the screen read to them.
    #[must_use]
    pub fn plainly(self, plain: bool) -> Self {
        Self { plain, ..self }
    }

    /// Whether borders and signs are left out.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.plain
    }

    /// How many colours the terminal has.
    #[must_use]
    pub fn depth(&self) -> Depth {
        self.depth
    }

    /// The colours of text and ground where a theme brings its own ground along: what nobody gave a colour has these.
    #[must_use]
    pub fn ground(&self) -> Option<(Color, Color)> {
        let own = self.depth > Depth::None && self.colors.background != Themed::Default;
        own.then(|| (self.color(themed(self.colors.text)), self.color(themed(self.colors.background))))
    }

    /// How something with this role is drawn.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        let (fg, bg) = self.pair(role);
        let style = Style::new().fg(self.color(fg)).bg(self.color(bg));
        let bold = matches!(role, Role::Accent | Role::BorderFocus | Role::Title | Role::Key | Role::Error | Role::Warn);
        match self.depth {
            Depth::None => match role {
                Role::Selection => Style::new().add_modifier(Modifier::REVERSED),
                Role::Muted | Role::Border => Style::new().add_modifier(Modifier::DIM),
                _ if bold => Style::new().add_modifier(Modifier::BOLD),
                _ => Style::new(),
            },
            // The sixteen colours are the user's own: reverse is the one selection that is seen on all.
            Depth::Sixteen if role == Role::Selection => Style::new().add_modifier(Modifier::REVERSED),
            _ if matches!(role, Role::Title | Role::Key) => style.add_modifier(Modifier::BOLD),
            _ => style,
        }
    }

    /// The text's colour and the one behind it.
    fn pair(&self, role: Role) -> (CellColor, CellColor) {
        let colors = &self.colors;
        let fg = |color| (themed(color), CellColor::Default);
        match role {
            Role::Accent => fg(colors.accent),
            Role::Text => fg(colors.text),
            Role::Muted => fg(colors.muted),
            Role::Border => fg(colors.border),
            Role::BorderFocus => fg(colors.border_focus),
            Role::Ok => fg(colors.ok),
            Role::Warn => fg(colors.warn),
            Role::Error => fg(colors.error),
            Role::Info => fg(colors.info),
            Role::Selection => (themed(colors.selection_fg), themed(colors.selection_bg)),
            Role::Bar => (themed(colors.bar_fg), themed(colors.bar_bg)),
            Role::Title => fg(colors.title),
            Role::Key => fg(colors.key),
        }
    }

    /// How a cell of a program's screen is drawn.
    #[must_use]
    pub fn cell(&self, cell: &Cell) -> Style {
        let mut style = Style::new().fg(self.color(cell.fg)).bg(self.color(cell.bg));
        let attrs = [
            (Attrs::BOLD, Modifier::BOLD),
            (Attrs::DIM, Modifier::DIM),
            (Attrs::ITALIC, Modifier::ITALIC),
            (Attrs::BLINK, Modifier::SLOW_BLINK),
            (Attrs::INVERSE, Modifier::REVERSED),
            (Attrs::HIDDEN, Modifier::HIDDEN),
            (Attrs::STRIKE, Modifier::CROSSED_OUT),
        ];
        if !cell.attrs.is_empty() {
            for (attr, modifier) in attrs {
                if cell.attrs.contains(attr) {
                    style = style.add_modifier(modifier);
                }
            }
        }
        if cell.underline != Underline::None {
            style = style.add_modifier(Modifier::UNDERLINED);
            if let Some(color) = cell.underline_color {
                style = style.underline_color(self.color(color));
            }
        }
        style
    }

    /// The colour, or the nearest that the terminal has.
    #[must_use]
    pub fn color(&self, color: CellColor) -> Color {
        match (color, self.depth) {
            (CellColor::Default, _) | (_, Depth::None) => Color::Reset,
            (CellColor::Rgb(r, g, b), Depth::True) => Color::Rgb(r, g, b),
            (CellColor::Rgb(r, g, b), Depth::Indexed) => Color::Indexed(nearest((r, g, b), 16..=255)),
            (CellColor::Rgb(r, g, b), Depth::Sixteen) => named(nearest((r, g, b), 0..=15)),
            (CellColor::Indexed(index @ 0..16), _) => named(index),
            (CellColor::Indexed(index), Depth::Sixteen) => named(nearest(Palette::default().indexed(index), 0..=15)),
            (CellColor::Indexed(index), _) => Color::Indexed(index),
        }
    }
}

/// A theme's colour as one of a cell.
fn themed(color: Themed) -> CellColor {
    match color {
        Themed::Default => CellColor::Default,
        Themed::Indexed(index) => CellColor::Indexed(index),
        Themed::Rgb(r, g, b) => CellColor::Rgb(r, g, b),
    }
}

/// One of the sixteen, so that it is sent in the short form that every terminal knows.
fn named(index: u8) -> Color {
    match index {
        0 => Color::Black,
        1 => Color::Red,
        2 => Color::Green,
        3 => Color::Yellow,
        4 => Color::Blue,
        5 => Color::Magenta,
        6 => Color::Cyan,
        7 => Color::Gray,
        8 => Color::DarkGray,
        9 => Color::LightRed,
        10 => Color::LightGreen,
        11 => Color::LightYellow,
        12 => Color::LightBlue,
        13 => Color::LightMagenta,
        14 => Color::LightCyan,
        15 => Color::White,
        index => Color::Indexed(index),
    }
}

/// The index of the colour that looks most alike.
fn nearest(wanted: (u8, u8, u8), among: std::ops::RangeInclusive<u8>) -> u8 {
    let palette = Palette::default();
    let apart = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
    let distance = |index: &u8| {
        let (r, g, b) = palette.indexed(*index);
        3 * apart(r, wanted.0) + 6 * apart(g, wanted.1) + apart(b, wanted.2)
    };
    among.min_by_key(distance).unwrap_or(7)
}
