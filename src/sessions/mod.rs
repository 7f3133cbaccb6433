//! Live terminals: their output, their screens, and who watches them.
mod pump;
mod reader;
mod registry;
mod ring;
mod session;
mod state;
mod transport;

pub use reader::Reader;
pub use reader::ReaderEnd;
pub use reader::Writer;
pub use registry::Ended;
pub use registry::NewSession;
pub use registry::Sessions;
pub use session::Fixed;
pub use session::Session;
pub use transport::Transport;
pub use transport::TransportControl;
