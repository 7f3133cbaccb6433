//! What is only read: containers' stats, live and as they were, and what is looked for in logs.
mod history;
mod hub;
mod search;
mod series;

pub use history::StatsHistory;
pub use hub::StatsHub;
pub use search::Scanner;
pub use search::Wanted;
