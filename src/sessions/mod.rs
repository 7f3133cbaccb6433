//! Live terminals: their output, their screens, and who watches them.
mod reader;

pub use reader::Reader;
pub use reader::ReaderEnd;
pub use reader::Writer;
