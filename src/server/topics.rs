//! What one subscription of a stream sends, within its credit.
use crate::access::Actor;
use crate::control::Control;
use crate::control::TileMark;
use crate::error::Result;
use crate::model::Code;
use crate::model::ContainerId;
use crate::model::LogQuery;
use crate::model::Numbered;
use crate::model::Stats;
use crate::model::StreamMessage;
use crate::model::TileWish;
use crate::model::Topic;
use axum::extract::ws::Message;
use base64::Engine as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::sync::mpsc;

/// How often pictures are looked at: at most 4 a second each.
const TILES: Duration = Duration::from_millis(250);
/// Pictures that one subscription may ask for.
const MOST_TILES: usize = 512;
/// Credit that a client may heap up.
const MOST_CREDIT: usize = 1 << 20;

/// How many more messages a subscription may send. Clones share it.
#[derive(Clone)]
pub(super) struct Credit(Arc<Semaphore>);

impl Credit {
    pub(super) fn new(messages: u32) -> Self {
        Self(Arc::new(Semaphore::new((messages as usize).min(MOST_CREDIT))))
    }

    pub(super) fn add(&self, more: u32) {
        let room = MOST_CREDIT.saturating_sub(self.0.available_permits());
        self.0.add_permits((more as usize).min(room));
    }

    /// Uses one up, if there is one.
    fn take(&self) -> bool {
        self.0.try_acquire().map(tokio::sync::SemaphorePermit::forget).is_ok()
    }

    /// Waits for one and uses it up.
    async fn wait(&self) {
        if let Ok(permit) = self.0.acquire().await {
            permit.forget();
        }
    }

    /// Waits until there is one.
    async fn there(&self) {
        drop(self.0.acquire().await);
    }
}

/// One subscription.
pub(super) struct Subscriber {
    pub(super) id: u32,
    pub(super) control: Control,
    pub(super) actor: Actor,
    pub(super) credit: Credit,
    pub(super) queue: mpsc::Sender<Message>,
}

/// The client is gone; nothing more can be sent.
struct Gone;

impl Subscriber {
    /// Sends until the topic ends, and then why.
    pub(super) async fn run(self, topic: Topic) {
        let ended = match topic {
            Topic::Events => match self.control.subscribe_events(&self.actor, None).await {
                Ok(events) => match self.send(&StreamMessage::Listening { id: self.id }).await {
                    Ok(()) => self.events(events).await.map(|()| None),
                    Err(gone) => Err(gone),
                },
                Err(error) => Ok(Some(error)),
            },
            Topic::Stats { containers } => self.stats(containers).await,
            Topic::Tiles { tiles } => self.tiles(tiles).await.map(Some),
            Topic::Logs { container, query } => self.logs(container, query).await,
        };
        if let Ok(problem) = ended {
            let problem = problem.map(|error| Box::new(error.problem()));
            let _ = self.send(&StreamMessage::End { id: self.id, problem }).await;
        }
    }

    async fn send(&self, message: &StreamMessage) -> Result<(), Gone> {
        self.queue.send(text(message)).await.map_err(|_| Gone)
    }

    /// Events are never waited for: what there is no credit for is counted and told.
    async fn events(&self, mut events: mpsc::Receiver<Numbered>) -> Result<(), Gone> {
        let mut missed = 0;
        loop {
            tokio::select! {
                event = events.recv() => {
                    let Some(event) = event else { return Ok(()) };
                    if missed == 0 && self.credit.take() {
                        self.send(&StreamMessage::Event { id: self.id, event }).await?;
                    } else {
                        missed += 1;
                    }
                }
                () = self.credit.there(), if missed > 0 => {
                    self.send(&StreamMessage::Lagged { id: self.id, missed: std::mem::take(&mut missed) }).await?;
                }
            }
        }
    }

    /// Samples that there is no credit for are counted and told; the newest is what matters.
    async fn stats(&self, containers: Vec<ContainerId>) -> Result<Option<crate::error::Error>, Gone> {
        let mut samples: mpsc::Receiver<Stats> = match self.control.subscribe_stats(&self.actor, containers).await {
            Ok(samples) => samples,
            Err(error) => return Ok(Some(error)),
        };
        let mut missed = 0;
        while let Some(stats) = samples.recv().await {
            if !self.credit.take() {
                missed += 1;
                continue;
            }
            if missed > 0 {
                self.send(&StreamMessage::Lagged { id: self.id, missed: std::mem::take(&mut missed) }).await?;
            }
            self.send(&StreamMessage::Stats { id: self.id, stats }).await?;
        }
        Ok(None)
    }

    /// Each picture when it has changed. Without credit nothing is looked at: the next picture is the newest anyway.
    async fn tiles(&self, mut wishes: Vec<TileWish>) -> Result<crate::error::Error, Gone> {
        if wishes.len() > MOST_TILES {
            return Ok(crate::error::Error::new(Code::TooMany, format!("one subscription shows {MOST_TILES} tiles at most")));
        }
        for wish in &mut wishes {
            wish.size = wish.size.clamped();
        }
        let mut shown: Vec<Option<TileMark>> = vec![None; wishes.len()];
        let mut clock = tokio::time::interval(TILES);
        clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            clock.tick().await;
            for (wish, seen) in wishes.iter().zip(&mut shown) {
                match self.control.tile(&self.actor, wish, seen.as_ref()) {
                    Ok(None) => {}
                    Ok(Some((mark, tile))) => {
                        *seen = Some(mark);
                        self.credit.wait().await;
                        self.send(&StreamMessage::Tile { id: self.id, tile }).await?;
                    }
                    Err(error) => return Ok(error),
                }
            }
        }
    }

    /// Log lines are waited for: the engine's stream stands still while there is no credit.
    async fn logs(&self, container: ContainerId, query: LogQuery) -> Result<Option<crate::error::Error>, Gone> {
        let mut lines = match self.control.read_container_logs(&self.actor, container.as_str(), query).await {
            Ok(lines) => lines,
            Err(error) => return Ok(Some(error)),
        };
        while let Some(piece) = lines.recv().await {
            match piece {
                Ok((source, bytes)) => {
                    self.credit.wait().await;
                    let base64 = base64::engine::general_purpose::STANDARD.encode(&bytes);
                    self.send(&StreamMessage::Log { id: self.id, source, base64 }).await?;
                }
                Err(error) => return Ok(Some(error)),
            }
        }
        Ok(None)
    }
}

/// A message as it is sent.
pub(super) fn text(message: &StreamMessage) -> Message {
    Message::Text(serde_json::to_string(message).expect("plain data always becomes JSON").into())
}
