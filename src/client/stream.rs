//! Events, stats, tiles and logs over one WebSocket that comes back by itself.
use super::Client;
use super::launch::ensure_server;
use super::wire;
use super::wire::Message;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::DEFAULT_CREDIT;
use crate::model::Event;
use crate::model::Numbered;
use crate::model::OpenStream;
use crate::model::StreamMessage;
use crate::model::StreamRequest;
use crate::model::Topic;
use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;

/// Updates that wait for the caller. When full, nothing more is read: the server runs out of credit and counts what it left out.
const UPDATES: usize = 256;
/// Changes of subscriptions that wait for the connection. When full, [`StreamHandle::subscribe`] waits.
const WISHES: usize = 64;
/// Pauses between tries to come back double from the first to the last.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// What a stream tells.
#[derive(Debug)]
pub enum StreamUpdate {
    /// A message of a subscription. After a gap, every subscription to events gets [`Event::Resync`] with number 0.
    Message(StreamMessage),
    /// The connection was lost, for this reason. It is being made again.
    Lost(Error),
    /// The connection is there again, and every subscription with it.
    Back,
}

/// One connection for everything that happens. Dropping it (and its handles) closes it.
pub struct Stream {
    handle: StreamHandle,
    updates: mpsc::Receiver<StreamUpdate>,
}

/// Changes the subscriptions of a stream.
#[derive(Clone)]
pub struct StreamHandle {
    wishes: mpsc::Sender<Wish>,
    next_id: Arc<AtomicU32>,
}

enum Wish {
    Subscribe(u32, Topic),
    Unsubscribe(u32),
}

impl Client {
    /// Opens the stream.
    ///
    /// # Errors
    /// `server_unavailable`, `unauthenticated`. Once open, it comes back by itself.
    pub async fn stream(&self) -> Result<Stream> {
        let connection = connect(self).await?;
        let (wishes, wished) = mpsc::channel(WISHES);
        let (told, updates) = mpsc::channel(UPDATES);
        let task = Task { client: self.clone(), wished, told, subscriptions: BTreeMap::new(), pending: VecDeque::new() };
        tokio::spawn(task.run(connection));
        Ok(Stream { handle: StreamHandle { wishes, next_id: Arc::new(AtomicU32::new(1)) }, updates })
    }
}

impl Stream {
    /// What changes the subscriptions, also from elsewhere.
    #[must_use]
    pub fn handle(&self) -> StreamHandle {
        self.handle.clone()
    }

    /// Begins a subscription and returns its id.
    pub async fn subscribe(&self, topic: Topic) -> u32 {
        self.handle.subscribe(topic).await
    }

    /// The next update. Never ends.
    pub async fn next(&mut self) -> StreamUpdate {
        match self.updates.recv().await {
            Some(update) => update,
            None => std::future::pending().await,
        }
    }
}

impl StreamHandle {
    /// Begins a subscription and returns its id.
    pub async fn subscribe(&self, topic: Topic) -> u32 {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        self.replace(id, topic).await;
        id
    }

    /// Gives a subscription another topic, such as another set of tiles.
    pub async fn replace(&self, id: u32, topic: Topic) {
        let _ = self.wishes.send(Wish::Subscribe(id, topic)).await;
    }

    /// Ends a subscription. Messages under way may still come.
    pub async fn unsubscribe(&self, id: u32) {
        let _ = self.wishes.send(Wish::Unsubscribe(id)).await;
    }
}

type Connection = (wire::Sender, wire::Receiver);

async fn connect(client: &Client) -> Result<Connection> {
    client.upgrade::<OpenStream>(&[]).await
}

struct Subscription {
    topic: Topic,
    /// Messages passed on since credit was last given.
    used: u32,
}

struct Task {
    client: Client,
    wished: mpsc::Receiver<Wish>,
    told: mpsc::Sender<StreamUpdate>,
    subscriptions: BTreeMap<u32, Subscription>,
    /// Updates read and not yet taken: at most three, then nothing is read.
    pending: VecDeque<StreamUpdate>,
}

impl Task {
    async fn run(mut self, mut connection: Connection) {
        loop {
            let Some(error) = self.serve(&mut connection).await else {
                connection.0.close().await;
                return;
            };
            self.pending.push_back(StreamUpdate::Lost(error));
            let Some(again) = self.come_back().await else { return };
            connection = again;
            self.client.forget_connections();
            self.pending.push_back(StreamUpdate::Back);
            for (id, subscription) in &mut self.subscriptions {
                subscription.used = 0;
                if matches!(subscription.topic, Topic::Events) {
                    self.pending.push_back(StreamUpdate::Message(resync(*id)));
                }
            }
        }
    }

    /// Passes messages on until the connection is lost, for the reason returned; none when nobody listens any more.
    async fn serve(&mut self, (sender, receiver): &mut Connection) -> Option<Error> {
        let told = self.told.clone();
        for (id, subscription) in &self.subscriptions {
            if let Err(error) = send(sender, &subscribe(*id, &subscription.topic)).await {
                return Some(error);
            }
        }
        loop {
            let request = tokio::select! {
                permit = told.reserve(), if !self.pending.is_empty() => {
                    let update = self.pending.pop_front()?;
                    let request = self.credit(&update);
                    permit.ok()?.send(update);
                    request
                }
                () = told.closed() => return None,
                wish = self.wished.recv() => Some(self.wish(wish?)),
                message = receiver.next(), if self.pending.is_empty() => match message {
                    Some(Ok(Message::Text(text))) => { self.read(&text); None }
                    Some(Ok(_)) => None,
                    Some(Err(error)) => return Some(error),
                    None => return Some(Error::new(Code::ServerUnavailable, "the server closed the stream")),
                },
            };
            if let Some(request) = request
                && let Err(error) = send(sender, &request).await
            {
                return Some(error);
            }
        }
    }

    /// Connects again, however long it takes; none when nobody listens any more.
    async fn come_back(&mut self) -> Option<Connection> {
        let told = self.told.clone();
        let mut pause = PAUSES.0;
        loop {
            // Chance keeps many clients from coming back in step.
            let wait = pause.mul_f64(rand::random_range(0.5..1.0));
            pause = (pause * 2).min(PAUSES.1);
            let until = tokio::time::Instant::now() + wait;
            loop {
                tokio::select! {
                    permit = told.reserve(), if !self.pending.is_empty() => permit.ok()?.send(self.pending.pop_front()?),
                    () = told.closed() => return None,
                    wish = self.wished.recv() => { self.wish(wish?); }
                    () = tokio::time::sleep_until(until) => break,
                }
            }
            if let Some(launcher) = &self.client.0.launcher {
                // A server that can't be started is tried again like one that can't be reached.
                let _ = ensure_server(launcher).await;
            }
            if let Ok(connection) = connect(&self.client).await {
                return Some(connection);
            }
        }
    }

    /// Remembers a wish, and says it in the server's words.
    fn wish(&mut self, wish: Wish) -> StreamRequest {
        match wish {
            Wish::Subscribe(id, topic) => {
                let request = subscribe(id, &topic);
                self.subscriptions.insert(id, Subscription { topic, used: 0 });
                request
            }
            Wish::Unsubscribe(id) => {
                self.subscriptions.remove(&id);
                StreamRequest::Unsubscribe { id }
            }
        }
    }

    fn read(&mut self, text: &str) {
        // A newer server may say more than this client knows.
        let Ok(message) = serde_json::from_str::<StreamMessage>(text) else { return };
        let lagged = match &message {
            StreamMessage::Lagged { id, .. } => Some(*id),
            StreamMessage::End { id, .. } => {
                self.subscriptions.remove(id);
                None
            }
            _ => None,
        };
        self.pending.push_back(StreamUpdate::Message(message));
        if let Some(id) = lagged
            && self.subscriptions.get(&id).is_some_and(|subscription| matches!(subscription.topic, Topic::Events))
        {
            self.pending.push_back(StreamUpdate::Message(resync(id)));
        }
    }

    /// More credit, when half of it is used up by what the caller has taken.
    fn credit(&mut self, update: &StreamUpdate) -> Option<StreamRequest> {
        let StreamUpdate::Message(message) = update else { return None };
        let id = match message {
            StreamMessage::Event { id, event } if event.seq > 0 => *id,
            StreamMessage::Stats { id, .. } | StreamMessage::Tile { id, .. } | StreamMessage::Log { id, .. } => *id,
            _ => return None,
        };
        let subscription = self.subscriptions.get_mut(&id)?;
        subscription.used += 1;
        (subscription.used >= DEFAULT_CREDIT / 2).then(|| StreamRequest::Credit { id, more: std::mem::take(&mut subscription.used) })
    }
}

fn subscribe(id: u32, topic: &Topic) -> StreamRequest {
    StreamRequest::Subscribe { id, topic: topic.clone(), credit: None }
}

fn resync(id: u32) -> StreamMessage {
    StreamMessage::Event { id, event: Numbered { seq: 0, at: jiff::Timestamp::now(), event: Event::Resync } }
}

async fn send(sender: &wire::Sender, request: &StreamRequest) -> Result<()> {
    let text = serde_json::to_string(request).expect("plain data always becomes JSON");
    sender.send(Message::Text(text.into())).await
}
