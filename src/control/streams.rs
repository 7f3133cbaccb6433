//! What flows: logs, exec, events, stats and tiles.
use super::Control;
use crate::access::Actor;
use crate::engine::Exec;
use crate::error::Result;
use crate::model::ContainerId;
use crate::model::ExecStart;
use crate::model::LogQuery;
use crate::model::LogSource;
use crate::model::Numbered;
use crate::model::SessionId;
use crate::model::Stats;
use crate::model::Tile;
use crate::model::TileWish;
use bytes::Bytes;
use tokio::sync::mpsc;

/// Marks a state of a session's screen: equal marks, equal pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileMark {
    pub(super) session: SessionId,
    pub(super) generation: u64,
}

#[allow(clippy::unused_async, clippy::missing_errors_doc)]
impl Control {
    /// A container's log. Ends with the log, or with the container when it is followed.
    pub async fn read_container_logs(&self, actor: &Actor, name: &str, query: LogQuery) -> Result<mpsc::Receiver<Result<(LogSource, Bytes)>>> {
        let _ = (actor, name, query);
        super::later()
    }
    /// Runs one command without a terminal.
    pub async fn exec_in_container(&self, actor: &Actor, name: &str, start: ExecStart) -> Result<Exec> {
        let _ = (actor, name, start);
        super::later()
    }
    /// Events after `after` (none: from now on). One that falls behind, or comes back too late, is told `Resync` and goes on from now.
    pub async fn subscribe_events(&self, actor: &Actor, after: Option<u64>) -> Result<mpsc::Receiver<Numbered>> {
        let _ = (actor, after);
        super::later()
    }
    /// Samples of these containers, about one a second each; of all that run where none is named. One engine stream a container is shared by all subscribers.
    pub async fn subscribe_stats(&self, actor: &Actor, containers: Vec<ContainerId>) -> Result<mpsc::Receiver<Stats>> {
        let _ = (actor, containers);
        super::later()
    }
    /// The picture of a container's session, unless it is still what `seen` marks.
    ///
    /// Cheap when nothing has changed: ask at most 4 times a second. No session: none.
    pub fn tile(&self, actor: &Actor, wish: &TileWish, seen: Option<&TileMark>) -> Result<Option<(TileMark, Tile)>> {
        let _ = (actor, wish, seen);
        super::later()
    }
}
