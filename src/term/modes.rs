//! What a program has asked of its terminal, as far as a viewer must know.

/// Which mouse events a program wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MouseMode {
    /// None.
    #[default]
    Off,
    /// Presses, releases and the wheel.
    Click,
    /// These, and movement while a button is down.
    Drag,
    /// These, and all movement.
    Motion,
}

/// How mouse events are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MouseEncoding {
    /// One byte a coordinate, up to 223.
    #[default]
    Normal,
    /// One UTF-8 character a coordinate, up to 2015.
    Utf8,
    /// Decimal numbers without limit.
    Sgr,
}

/// The modes of a screen that decide what its program is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modes {
    /// Arrows, Home and End are sent as `ESC O x` (DECCKM).
    pub app_cursor: bool,
    /// The keypad sends sequences instead of digits (DECKPAM).
    pub app_keypad: bool,
    /// Pasted text is wrapped in markers.
    pub bracketed_paste: bool,
    /// Which mouse events are wanted.
    pub mouse: MouseMode,
    /// How they are written.
    pub mouse_encoding: MouseEncoding,
    /// Gaining and losing the focus is told.
    pub focus_events: bool,
    /// The second screen, without scrollback, is shown.
    pub alternate_screen: bool,
    /// On that screen the wheel is sent as arrow keys.
    pub alternate_scroll: bool,
    /// Flags of kitty's keyboard protocol; see [`Modes::KITTY_SUPPORTED`].
    pub kitty: u8,
    /// Characters push others to the right instead of replacing them.
    pub insert: bool,
    /// Rows are counted from the top of the scrolling region.
    pub origin: bool,
    /// Lines go on in the next row when they reach the margin.
    pub auto_wrap: bool,
    /// Enter sends, and a line feed does, a carriage return too.
    pub newline: bool,
}

impl Modes {
    /// Kitty flag: keys that were ambiguous get sequences of their own.
    pub const KITTY_DISAMBIGUATE: u8 = 1;
    /// Kitty flag: with a key comes what it makes with Shift.
    pub const KITTY_ALTERNATES: u8 = 4;
    /// Kitty flag: all keys are sent as sequences.
    pub const KITTY_ALL_KEYS: u8 = 8;
    /// Kitty flag: and with them the text that they make.
    pub const KITTY_TEXT: u8 = 16;
    /// The flags that are honoured; others are not taken on, so that a program can see it.
    pub const KITTY_SUPPORTED: u8 = Self::KITTY_DISAMBIGUATE | Self::KITTY_ALTERNATES | Self::KITTY_ALL_KEYS | Self::KITTY_TEXT;
}

impl Default for Modes {
    fn default() -> Self {
        Self {
            app_cursor: false,
            app_keypad: false,
            bracketed_paste: false,
            mouse: MouseMode::Off,
            mouse_encoding: MouseEncoding::Normal,
            focus_events: false,
            alternate_screen: false,
            alternate_scroll: true,
            kitty: 0,
            insert: false,
            origin: false,
            auto_wrap: true,
            newline: false,
        }
    }
}

/// The form of the cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CursorShape {
    /// A whole cell.
    #[default]
    Block,
    /// A line below.
    Underline,
    /// A bar at the left.
    Beam,
}

/// Where the next character goes, and how that place is marked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Column, from 0.
    pub col: u16,
    /// Row, from 0.
    pub row: u16,
    /// Its form.
    pub shape: CursorShape,
    /// Whether it is shown.
    pub visible: bool,
    /// Whether it blinks.
    pub blink: bool,
    /// The row is full: the next character goes to the start of the next one.
    pub pending_wrap: bool,
}
