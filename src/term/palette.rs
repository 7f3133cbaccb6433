//! The colours that a screen names when its program asks for them.

/// Red, green, blue.
pub type Rgb = (u8, u8, u8);

/// What the named colours look like; only used to answer queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Text without a colour of its own.
    pub foreground: Rgb,
    /// What is behind it.
    pub background: Rgb,
    /// The cursor.
    pub cursor: Rgb,
    /// The sixteen named colours.
    pub named: [Rgb; 16],
}

impl Default for Palette {
    /// xterm's colours on a dark background.
    fn default() -> Self {
        Self {
            foreground: (229, 229, 229),
            background: (0, 0, 0),
            cursor: (229, 229, 229),
            named: [
                (0, 0, 0),
                (205, 0, 0),
                (0, 205, 0),
                (205, 205, 0),
                (0, 0, 238),
                (205, 0, 205),
                (0, 205, 205),
                (229, 229, 229),
                (127, 127, 127),
                (255, 0, 0),
                (0, 255, 0),
                (255, 255, 0),
                (92, 92, 255),
                (255, 0, 255),
                (0, 255, 255),
                (255, 255, 255),
            ],
        }
    }
}

impl Palette {
    /// The colour at `index` of the 256.
    #[must_use]
    pub fn indexed(&self, index: u8) -> Rgb {
        let step = |value: u8| if value == 0 { 0 } else { 55 + 40 * value };
        match index {
            0..16 => self.named[usize::from(index)],
            16..232 => {
                let cube = index - 16;
                (step(cube / 36), step(cube / 6 % 6), step(cube % 6))
            }
            232.. => {
                let grey = 8 + 10 * (index - 232);
                (grey, grey, grey)
            }
        }
    }
}
