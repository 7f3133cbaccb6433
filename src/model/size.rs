//! The size of a terminal.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

/// Columns and rows of a terminal, in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, JsonSchema)]
pub struct Size {
    /// Width in cells.
    pub cols: u16,
    /// Height in cells.
    pub rows: u16,
}

impl Size {
    /// The smallest and the largest side that any screen takes.
    pub const LIMITS: (u16, u16) = (2, 1000);

    /// The same size with both sides inside [`Size::LIMITS`].
    #[must_use]
    pub fn clamped(self) -> Self {
        let (low, high) = Self::LIMITS;
        Self { cols: self.cols.clamp(low, high), rows: self.rows.clamp(low, high) }
    }
}

impl Default for Size {
    fn default() -> Self {
        Self { cols: 80, rows: 24 }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}×{}", self.cols, self.rows)
    }
}
