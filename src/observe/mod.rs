//! What is only read: containers' stats, live and as they were.
mod history;
mod hub;
mod series;

pub use history::StatsHistory;
pub use hub::StatsHub;
