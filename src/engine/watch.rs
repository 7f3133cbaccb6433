//! What happens at the engine: a list after each connect, then each change.
use super::Engine;
use super::fault::About;
use super::link::Open;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::EngineInfo;
use crate::model::ListChange;
use crate::model::ListName;
use bollard::models::EventMessage;
use bollard::models::EventMessageTypeEnum;
use bollard::query_parameters::EventsOptionsBuilder;
use futures_util::FutureExt;
use futures_util::Stream;
use futures_util::StreamExt;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Events that may wait to be taken; then the watcher waits, and what changes meanwhile becomes one change.
const WAITING: usize = 256;
/// Pauses between tries to reach a lost engine.
const PAUSES: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(5));
/// How often a silent engine is asked whether it lives.
const ASK: Duration = Duration::from_secs(15);

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
    /// An image, a volume or a network is not as it was, whoever has changed it.
    Stock {
        /// Where it is listed.
        list: ListName,
        /// Its name, or its id where it has none.
        name: String,
        /// What became of it.
        change: ListChange,
    },
    /// The engine no longer answers. Told once; [`EngineEvent::Back`] ends it.
    Lost {
        /// Why.
        detail: String,
    },
    /// The engine answers, for the first time or again; `Listed` follows.
    Back(EngineInfo),
}

impl Engine {
    /// Watches the engine until `cancel` or until the receiver is dropped. A lost engine is tried again after 0.25 s, then in
    /// growing pauses of at most 5 s.
    ///
    /// Every change is told with the container as it is by then: what counts is the engine's present word, not the order of its events.
    #[must_use]
    pub fn watch(&self, cancel: CancellationToken) -> mpsc::Receiver<EngineEvent> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let watcher = Watcher { engine: self.clone(), sender, known: HashMap::new() };
        tokio::spawn(async move {
            tokio::select! {
                () = watcher.run() => {}
                () = cancel.cancelled() => {}
            }
        });
        receiver
    }
}

struct Watcher {
    engine: Engine,
    sender: mpsc::Sender<EngineEvent>,
    /// What was last told of each container.
    known: HashMap<ContainerId, Container>,
}

/// The receiver is gone.
struct Unheard;

/// Why following has ended.
enum End {
    Unheard,
    Failed(Error),
}

impl From<Unheard> for End {
    fn from(_: Unheard) -> Self {
        Self::Unheard
    }
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Watcher {
    async fn run(mut self) {
        let (shortest, longest) = PAUSES;
        let (mut pause, mut lost) = (shortest, false);
        loop {
            match self.follow(&mut lost, &mut pause).await {
                Err(End::Unheard) => return,
                Err(End::Failed(error)) => {
                    self.engine.link().lost(&error);
                    if !lost && self.tell(EngineEvent::Lost { detail: error.message }).await.is_err() {
                        return;
                    }
                    lost = true;
                }
                Ok(()) => {}
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(longest),
                () = self.sender.closed() => return,
            }
        }
    }

    async fn tell(&self, event: EngineEvent) -> Result<(), Unheard> {
        self.sender.send(event).await.map_err(|_| Unheard)
    }

    /// Connects, lists and follows, until something fails.
    async fn follow(&mut self, lost: &mut bool, pause: &mut Duration) -> Result<(), End> {
        let open = self.engine.link().open().await?;
        // Asked for from before the list, by the engine's own clock: what happens in between is told, at worst twice.
        let mut events = Box::pin(self.events(&open).await?);
        let listed = self.engine.list().await?;
        *lost = false;
        *pause = PAUSES.0;
        self.tell(EngineEvent::Back(self.engine.info())).await?;
        self.known = listed.iter().map(|container| (container.id.clone(), container.clone())).collect();
        self.tell(EngineEvent::Listed(listed)).await?;
        loop {
            let first = tokio::select! {
                event = events.next() => event,
                () = tokio::time::sleep(ASK) => { self.engine.ping().await?; continue }
                () = self.sender.closed() => return Err(End::Unheard),
            };
            let mut changed: Vec<ContainerId> = Vec::new();
            let mut stock: Vec<(ListName, String, ListChange)> = Vec::new();
            let mut next = Some(first);
            // Whatever else is there already belongs to the same look.
            while let Some(event) = next {
                let event = event.unwrap_or_else(|| Err(super::fault::unavailable(&open.address.to_string(), "it closed the connection")));
                let event = event?;
                if let Some(news) = stock_news(&event).filter(|news| !stock.contains(news)) {
                    stock.push(news);
                }
                if let Some(id) = concerns(&event).filter(|id| !changed.contains(id)) {
                    changed.push(id);
                }
                next = events.next().now_or_never();
            }
            for (list, name, change) in stock {
                self.tell(EngineEvent::Stock { list, name, change }).await?;
            }
            for id in changed {
                self.look(id).await?;
            }
        }
    }

    /// The engine's events about what is shown of it.
    async fn events(&self, open: &Open) -> Result<impl Stream<Item = Result<EventMessage>> + use<>> {
        let machine = open.docker.info().await.map_err(|error| self.engine.link().fault(error, &About::Engine))?;
        let clock = machine.system_time.and_then(|time| time.parse().ok()).unwrap_or_else(jiff::Timestamp::now);
        let filters = HashMap::from([("type", vec!["container", "image", "volume", "network"])]);
        let options = EventsOptionsBuilder::default().since(&clock.as_second().to_string()).filters(&filters).build();
        let engine = self.engine.clone();
        Ok(open.docker.events(Some(options)).map(move |event| event.map_err(|error| engine.link().fault(error, &About::Engine))))
    }

    /// Tells what has become of a container, if that is news.
    async fn look(&mut self, id: ContainerId) -> Result<(), End> {
        match self.engine.inspect(id.as_str()).await {
            Ok(container) => {
                if self.known.get(&id) != Some(&container) {
                    self.known.insert(id, container.clone());
                    self.tell(EngineEvent::Changed(Box::new(container))).await?;
                }
            }
            Err(error) if error.code == Code::NotFound => {
                if let Some(gone) = self.known.remove(&id) {
                    self.tell(EngineEvent::Removed { id, name: gone.name }).await?;
                }
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// The container that an event changes; none for events that change nothing that is shown. Names of execs carry their command line
/// (`exec_create: sh -c …`), which is nobody's business.
fn concerns(event: &EventMessage) -> Option<ContainerId> {
    if event.typ.is_some_and(|kind| kind != EventMessageTypeEnum::CONTAINER) {
        return None;
    }
    let action = event.action.as_deref().unwrap_or_default();
    let idle = ["exec_", "top", "resize", "attach", "detach", "archive-path", "extract-to-dir", "copy", "export", "commit"];
    let actor = event.actor.as_ref()?;
    let helps = actor.attributes.as_ref().is_some_and(|labels| labels.contains_key(super::labels::HELPER));
    if helps || idle.iter().any(|prefix| action.starts_with(prefix)) {
        return None;
    }
    actor.id.clone().map(ContainerId)
}

/// What an event says of images, volumes and networks; none for what no list shows.
fn stock_news(event: &EventMessage) -> Option<(ListName, String, ListChange)> {
    use ListChange::*;
    let actor = event.actor.as_ref()?;
    let action = event.action.as_deref()?;
    let (list, change) = match (event.typ?, action) {
        (EventMessageTypeEnum::IMAGE, "pull" | "import" | "load" | "build" | "tag" | "create") => (ListName::Images, Added),
        (EventMessageTypeEnum::IMAGE, "untag") => (ListName::Images, Changed),
        (EventMessageTypeEnum::IMAGE, "delete") => (ListName::Images, Removed),
        (EventMessageTypeEnum::VOLUME, "create") => (ListName::Volumes, Added),
        (EventMessageTypeEnum::VOLUME, "mount" | "unmount") => (ListName::Volumes, Changed),
        (EventMessageTypeEnum::VOLUME, "destroy") => (ListName::Volumes, Removed),
        (EventMessageTypeEnum::NETWORK, "create") => (ListName::Networks, Added),
        (EventMessageTypeEnum::NETWORK, "connect" | "disconnect" | "update") => (ListName::Networks, Changed),
        (EventMessageTypeEnum::NETWORK, "destroy" | "remove") => (ListName::Networks, Removed),
        _ => return None,
    };
    let id = actor.id.clone().unwrap_or_default();
    let named = actor.attributes.as_ref().and_then(|attributes| attributes.get("name")).filter(|name| !name.is_empty());
    // An image that is pulled has its whole name for its id, and one without the tag beside it.
    let by_name = list == ListName::Networks || (list == ListName::Images && id.starts_with("sha256:"));
    let name = named.filter(|_| by_name).cloned().unwrap_or(id);
    (!name.is_empty()).then_some((list, name, change))
}
