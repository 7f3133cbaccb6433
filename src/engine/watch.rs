//! What happens at the engine: a list after each connect, then each change.
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::EngineInfo;

/// What the engine's watcher tells.
#[derive(Clone, Debug, PartialEq)]
pub enum EngineEvent {
    /// All containers: after each connect. What is not in the list is gone.
    Listed(Vec<Container>),
    /// One was made or changed.
    Changed(Box<Container>),
    /// One is gone.
    Removed {
        /// Which.
        id: ContainerId,
        /// Its name.
        name: String,
    },
    /// The engine no longer answers.
    Lost {
        /// Why.
        detail: String,
    },
    /// The engine answers, for the first time or again; `Listed` follows.
    Back(EngineInfo),
}
