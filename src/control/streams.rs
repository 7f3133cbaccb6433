//! What flows: logs, exec, events, stats and tiles.
use super::Control;
use super::containers::of;
use crate::access::Actor;
use crate::access::hears;
use crate::engine::Exec;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::ContainerId;
use crate::model::ContainerState;
use crate::model::Event;
use crate::model::ExecStart;
use crate::model::LogQuery;
use crate::model::LogSource;
use crate::model::Numbered;
use crate::model::SessionId;
use crate::model::Stats;
use crate::model::Tile;
use crate::model::TileWish;
use bytes::Bytes;
use jiff::Timestamp;
use std::collections::HashSet;
use tokio::sync::broadcast;
use tokio::sync::mpsc;

/// Events that may wait for a listener; then it is told to list again.
const EVENTS: usize = 256;
/// Samples that may wait for a watcher; then further ones are left out, since only the newest matter.
const SAMPLES: usize = 1024;
/// The largest picture.
const TILE: (u16, u16) = (200, 100);

/// Marks a state of a session's screen: equal marks, equal pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileMark {
    session: SessionId,
    generation: u64,
}

impl Control {
    /// A container's log. Ends with the log, or with the container when it is followed.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn read_container_logs(&self, actor: &Actor, name: &str, query: LogQuery) -> Result<mpsc::Receiver<Result<(LogSource, Bytes)>>> {
        Self::may(actor, Action::ReadLogs)?;
        let container = self.container(name).await?;
        self.parts().engine.logs(&container.id, &query).await
    }

    /// Runs one command without a terminal. What is noted is that it was started, and its program; never its arguments.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `wrong_state` when the container does not run, `command_not_found`.
    pub async fn exec_in_container(&self, actor: &Actor, name: &str, start: ExecStart) -> Result<Exec> {
        let container = self.container(name).await?;
        let Some(program) = start.command.first() else { return Err(Error::invalid("there is no command to run")) };
        let intent = self.intent(actor, Action::Exec, &of(&container), Some(program.clone())).await?;
        let result = self.parts().engine.exec(&start, &container.id).await;
        self.outcome(intent, &result).await;
        result
    }

    /// Events after `after` (none: from now on). One that falls behind, or comes back too late, is told `Resync` and goes on from now.
    ///
    /// # Errors
    /// `forbidden`.
    #[expect(clippy::unused_async, reason = "every endpoint is asked in the same way")]
    pub async fn subscribe_events(&self, actor: &Actor, after: Option<u64>) -> Result<mpsc::Receiver<Numbered>> {
        Self::may(actor, Action::ReadEvents)?;
        let bus = &self.parts().bus;
        let (missed, events) = match after {
            None => (Vec::new(), bus.subscribe()),
            Some(seq) => bus.subscribe_after(seq).unwrap_or_else(|| (vec![resync(seq)], bus.subscribe())),
        };
        let (sender, receiver) = mpsc::channel(EVENTS);
        tokio::spawn(forward(missed, events, sender, actor.clone()));
        Ok(receiver)
    }

    /// Samples of these containers, about one a second each; of all that run where none is named. One engine stream a container is
    /// shared by all subscribers, and one that starts later is taken up then.
    ///
    /// # Errors
    /// `forbidden`, `engine_unavailable`.
    pub async fn subscribe_stats(&self, actor: &Actor, containers: Vec<ContainerId>) -> Result<mpsc::Receiver<Stats>> {
        Self::may(actor, Action::ReadContainers)?;
        let (sender, receiver) = mpsc::channel(SAMPLES);
        // Before the list, so that nothing that starts in between is missed.
        let events = self.parts().bus.subscribe();
        let running: Vec<ContainerId> = self.running().await?;
        let wanted = (!containers.is_empty()).then(|| containers.into_iter().collect());
        let gatherer = Gatherer { control: self.clone(), wanted, active: HashSet::new(), sender };
        tokio::spawn(gatherer.run(running, events));
        Ok(receiver)
    }

    async fn running(&self) -> Result<Vec<ContainerId>> {
        let all = self.all_containers().await?;
        Ok(all.into_iter().filter(|container| container.state == ContainerState::Running).map(|container| container.id).collect())
    }

    /// The picture of a container's session, unless it is still what `seen` marks.
    ///
    /// Cheap when nothing has changed: ask at most 4 times a second. No session: none.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn tile(&self, actor: &Actor, wish: &TileWish, seen: Option<&TileMark>) -> Result<Option<(TileMark, Tile)>> {
        Self::may(actor, Action::ReadSessions)?;
        let Some(session) = self.sessions().shown(&wish.container) else { return Ok(None) };
        let mark = TileMark { session: session.id().clone(), generation: session.generation() };
        if seen == Some(&mark) {
            return Ok(None);
        }
        let size = crate::model::Size { cols: wish.size.cols.min(TILE.0), rows: wish.size.rows.min(TILE.1) };
        let (generation, tile) = session.tile(size);
        Ok(Some((TileMark { generation, ..mark }, tile)))
    }
}

/// Gathers samples of containers for one subscriber.
struct Gatherer {
    control: Control,
    wanted: Option<HashSet<ContainerId>>,
    /// Whose samples are on their way.
    active: HashSet<ContainerId>,
    sender: mpsc::Sender<Stats>,
}

impl Gatherer {
    async fn run(mut self, running: Vec<ContainerId>, mut events: broadcast::Receiver<Numbered>) {
        let (over, mut ended) = mpsc::channel::<ContainerId>(SAMPLES);
        for id in running {
            self.take_up(id, &over);
        }
        loop {
            let event = tokio::select! {
                event = events.recv() => event,
                Some(id) = ended.recv() => {
                    self.active.remove(&id);
                    continue;
                }
                () = self.sender.closed() => return,
            };
            match event {
                Ok(Numbered { event: Event::ContainerChanged { container }, .. }) if container.state == ContainerState::Running => {
                    self.take_up(container.id, &over)
                }
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => {
                    for id in self.control.running().await.unwrap_or_default() {
                        self.take_up(id, &over);
                    }
                }
                Err(broadcast::error::RecvError::Closed) => return,
            }
        }
    }

    fn take_up(&mut self, id: ContainerId, over: &mpsc::Sender<ContainerId>) {
        if self.wanted.as_ref().is_some_and(|wanted| !wanted.contains(&id)) || !self.active.insert(id.clone()) {
            return;
        }
        let (hub, sender, over) = (self.control.0.stats.clone(), self.sender.clone(), over.clone());
        tokio::spawn(async move {
            if let Ok(mut samples) = hub.subscribe(&id).await {
                loop {
                    let sample = tokio::select! {
                        sample = samples.recv() => sample,
                        () = sender.closed() => return,
                    };
                    match sample {
                        Ok(sample) => drop(sender.try_send(sample)),
                        Err(broadcast::error::RecvError::Lagged(_)) => {}
                        Err(broadcast::error::RecvError::Closed) => break,
                    }
                }
            }
            let _ = over.send(id).await;
        });
    }
}

/// Passes events on, as far as the listener may hear them. A listener that does not keep up is told so once there is room again.
async fn forward(missed: Vec<Numbered>, mut events: broadcast::Receiver<Numbered>, sender: mpsc::Sender<Numbered>, listener: Actor) {
    let mut last = 0;
    for event in missed {
        last = event.seq;
        if hears(&listener, &event.event) && sender.send(event).await.is_err() {
            return;
        }
    }
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            () = sender.closed() => return,
        };
        let event = match event {
            Ok(event) => event,
            Err(broadcast::error::RecvError::Lagged(missed)) => resync(last + missed),
            Err(broadcast::error::RecvError::Closed) => return,
        };
        last = event.seq;
        if hears(&listener, &event.event) && sender.send(event).await.is_err() {
            return;
        }
    }
}

fn resync(seq: u64) -> Numbered {
    Numbered { seq, at: Timestamp::now(), event: Event::Resync }
}

/// What a container printed, as text for a message: no control characters but line ends.
pub(super) fn plain_text(bytes: &[u8]) -> String {
    let mut bytes = bytes.iter().copied().peekable();
    let mut kept = Vec::new();
    while let Some(byte) = bytes.next() {
        match byte {
            0x1b => skip_sequence(&mut bytes),
            b'\n' | 0x20..=0x7e | 0x80.. => kept.push(byte),
            _ => {}
        }
    }
    String::from_utf8_lossy(&kept).chars().filter(|c| *c == '\n' || !c.is_control()).collect()
}

/// Skips an escape sequence after its ESC: CSI to its final byte, strings to their end, else one byte.
fn skip_sequence(bytes: &mut std::iter::Peekable<impl Iterator<Item = u8>>) {
    match bytes.next() {
        Some(b'[') => while bytes.next().is_some_and(|byte| !(0x40..=0x7e).contains(&byte)) {},
        Some(b']' | b'P' | b'^' | b'_' | b'X') => {
            while let Some(byte) = bytes.next() {
                if byte == 7 || byte == 0x1b && bytes.next_if_eq(&b'\\').is_some() {
                    return;
                }
            }
        }
        _ => {}
    }
}
