//! Carries effects out: requests, attachments and subscriptions, each on a task of its own.
use super::effects_bulk::Bulks;
use super::effects_casts;
use super::effects_casts::CastReader;
use super::effects_copy::Copies;
use super::effects_files;
use super::effects_layouts;
use super::effects_log;
use super::effects_log::Followers;
use super::effects_pane::PaneLink;
use super::effects_pane::Wanted;
use super::effects_runs;
use super::effects_stock;
use super::export;
use super::history;
use super::hooks;
use super::msg::Effect;
use super::msg::Everything;
use super::msg::Msg;
use super::msg::PaneId;
use super::msg::Reply;
use super::msg::Request;
use super::past::POINTS;
use super::past::PastRead;
use super::past::PastWish;
use super::plugins;
use super::schedules;
use crate::client::Client;
use crate::client::StreamUpdate;
use crate::error::Error;
use crate::error::Result;
use crate::model::CancelOperation;
use crate::model::CloseSession;
use crate::model::Code;
use crate::model::ContainerId;
use crate::model::CreateContainerFrom;
use crate::model::CreateSession;
use crate::model::DeleteContainer;
use crate::model::Empty;
use crate::model::Endpoint;
use crate::model::GetHealth;
use crate::model::GetLayout;
use crate::model::GetStatsOf;
use crate::model::GetVersion;
use crate::model::ListAudit;
use crate::model::ListContainers;
use crate::model::ListEngineCalls;
use crate::model::ListOperations;
use crate::model::ListProcesses;
use crate::model::ListQuery;
use crate::model::ListSessions;
use crate::model::ListTemplates;
use crate::model::Page;
use crate::model::PauseContainer;
use crate::model::PutLayout;
use crate::model::RemoveContainer;
use crate::model::RenderTemplate;
use crate::model::RestartContainer;
use crate::model::SaveLayout;
use crate::model::Size;
use crate::model::StartContainer;
use crate::model::StartRecording;
use crate::model::StartRecordingOf;
use crate::model::StatsOverTime;
use crate::model::StatsQuery;
use crate::model::StopContainer;
use crate::model::StopContainerNow;
use crate::model::StopRecordingOf;
use crate::model::StreamMessage;
use crate::model::TileWish;
use crate::model::TopQuery;
use crate::model::Topic;
use crate::model::UnpauseContainer;
use crate::model::WholeQuery;
use futures_util::StreamExt as _;
use futures_util::TryStreamExt as _;
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::sync::watch;

/// The layout that the TUI comes back to.
pub const LAYOUT: &str = "last";
/// Things on a page of a list.
const PAGE: u32 = 500;
/// Histories that are read at once.
const AT_ONCE: usize = 4;
/// Pause between tries to open the stream for the first time.
const PAUSE: Duration = Duration::from_secs(1);

/// Does what the app asks for; what comes of it is told as messages.
pub struct Executor {
    client: Client,
    told: mpsc::Sender<Msg>,
    panes: HashMap<PaneId, PaneLink>,
    logs: Followers,
    copies: Copies,
    bulks: Bulks,
    casts: CastReader,
    tiles: watch::Sender<Vec<TileWish>>,
    stats: watch::Sender<Vec<ContainerId>>,
    /// How often the server was lost and came back.
    back: watch::Receiver<u32>,
}

impl Executor {
    /// Begins to listen to the server, and tells on `told` what it says. When `told` is full, the server waits.
    #[must_use]
    pub fn start(client: Client, told: mpsc::Sender<Msg>) -> Self {
        let (tiles, tiles_wished) = watch::channel(Vec::new());
        let (stats, stats_wished) = watch::channel(Vec::new());
        let (counted, back) = watch::channel(0);
        tokio::spawn(listen(client.clone(), told.clone(), tiles_wished, stats_wished, counted));
        Self {
            client,
            told,
            panes: HashMap::new(),
            logs: Followers::default(),
            copies: Copies::default(),
            bulks: Bulks::default(),
            casts: CastReader::default(),
            tiles,
            stats,
            back,
        }
    }

    /// Begins one effect. Those that concern the terminal itself are not for here.
    pub fn run(&mut self, effect: Effect) {
        match effect {
            Effect::Request(request) => {
                let (client, told, mut back) = (self.client.clone(), self.told.clone(), self.back.clone());
                back.mark_unchanged();
                tokio::spawn(async move {
                    let result = loop {
                        tokio::select! {
                            result = ask(&client, &request) => break result.map_err(|error| Box::new(error.problem())),
                            // A line that died without a word answers nothing. Who only looks asks once more.
                            Ok(()) = back.changed(), if request == Request::Refresh => {}
                        }
                    };
                    // Nobody listens only when the program ends.
                    let _ = told.send(Msg::Reply(Box::new(request), result)).await;
                });
            }
            Effect::Attach { pane, session, size, from_offset } => {
                let link = self.panes.entry(pane).or_default();
                link.attach(pane, &self.client, &self.told, Wanted { session, size, from_offset, looks: false });
            }
            Effect::Look { pane, session, from_offset } => {
                let link = self.panes.entry(pane).or_default();
                link.attach(pane, &self.client, &self.told, Wanted { session, size: Size::default(), from_offset, looks: true });
            }
            Effect::FollowLog(follow) => self.logs.start(follow, &self.client, &self.told),
            Effect::Copy(job) => self.copies.start(*job, &self.client, &self.told),
            Effect::StopCopy(id) => self.copies.stop(id),
            Effect::Bulk(job) => self.bulks.start(*job, &self.client, &self.told),
            Effect::StopBulk(id) => self.bulks.stop(id),
            Effect::ReadCast(read) => self.casts.start(read, &self.client, &self.told),
            Effect::MoreCast(round) => self.casts.more(round),
            Effect::StopCast => self.casts.stop(),
            Effect::Open(address) => open(&address),
            Effect::Detach(pane) => {
                self.panes.remove(&pane);
                self.logs.end(pane);
            }
            Effect::Input(pane, bytes) => self.with(pane, |link| link.input(bytes)),
            Effect::ResizeSession(pane, size) => self.with(pane, |link| link.resize(size)),
            Effect::Ack(pane, offset) => self.with(pane, |link| link.ack(offset)),
            Effect::Control(pane, control) => self.with(pane, |link| link.control(control)),
            Effect::WatchTiles(wishes) => drop(self.tiles.send_replace(wishes)),
            Effect::WatchStats(containers) => drop(self.stats.send_replace(containers)),
            Effect::Clipboard(_)
            | Effect::WakeAt(_)
            | Effect::Redraw
            | Effect::CatchMouse(_)
            | Effect::Suspend
            | Effect::Edit(_)
            | Effect::Notify(..)
            | Effect::Bell
            | Effect::Quit
            | Effect::Ask(_) => {}
        }
    }

    fn with(&mut self, pane: PaneId, act: impl FnOnce(&PaneLink)) {
        if let Some(link) = self.panes.get(&pane) {
            act(link);
        }
    }
}

/// Asks the server for one thing.
pub(super) async fn ask(client: &Client, request: &Request) -> Result<Reply> {
    let nothing = Empty {};
    Ok(match request {
        Request::Refresh => Reply::All(Box::new(everything(client).await?)),
        Request::Templates => Reply::Templates(Box::new(client.call::<ListTemplates>(&[], &WholeQuery::default()).await?)),
        Request::Render(create) => Reply::Rendered(Box::new(client.call::<RenderTemplate>(&[], create).await?)),
        Request::Launch(create) => Reply::Operation(Box::new(client.call_operation::<CreateContainerFrom>(&[], create, Duration::ZERO).await?)),
        Request::Cancel(id) => Reply::Operation(Box::new(client.call::<CancelOperation>(&[id.as_str()], &nothing).await?)),
        Request::Start(id) => Reply::Container(Box::new(client.call::<StartContainer>(&[id.as_str()], &nothing).await?)),
        Request::Stop(id) => Reply::Container(Box::new(client.stop::<StopContainerNow>(id.as_str(), &StopContainer::default()).await?)),
        Request::Kill(id) => Reply::Container(Box::new(client.stop::<StopContainerNow>(id.as_str(), &StopContainer { grace_seconds: Some(0) }).await?)),
        Request::Restart(id) => Reply::Container(Box::new(client.stop::<RestartContainer>(id.as_str(), &StopContainer::default()).await?)),
        Request::Pause(id) => Reply::Container(Box::new(client.call::<PauseContainer>(&[id.as_str()], &nothing).await?)),
        Request::Unpause(id) => Reply::Container(Box::new(client.call::<UnpauseContainer>(&[id.as_str()], &nothing).await?)),
        Request::Processes(id) => Reply::Processes(Box::new(client.call::<ListProcesses>(&[id.as_str()], &TopQuery::default()).await?)),
        Request::Remove { id, force } => {
            client.call::<DeleteContainer>(&[id.as_str()], &RemoveContainer { force: *force }).await?;
            Reply::Nothing
        }
        Request::OpenSession { open, .. } => Reply::Session(Box::new(client.call::<CreateSession>(&[], open).await?)),
        Request::CloseSession(id) => {
            client.call::<CloseSession>(&[id.as_str()], &nothing).await?;
            Reply::Nothing
        }
        Request::Record { session, on: true } => {
            let recording = client.call::<StartRecordingOf>(&[session.as_str()], &StartRecording::default()).await?;
            Reply::Recording(Box::new(recording))
        }
        Request::Record { session, on: false } => Reply::Recording(Box::new(client.call::<StopRecordingOf>(&[session.as_str()], &nothing).await?)),
        Request::Past(wish) => Reply::Past(Box::new(past(client, wish).await?)),
        Request::EngineCalls => Reply::EngineCalls(client.call::<ListEngineCalls>(&[], &nothing).await?.items),
        Request::Audit => {
            let query = ListQuery { limit: Some(PAGE), ..ListQuery::default() };
            Reply::Audit(client.call::<ListAudit>(&[], &query).await?.items)
        }
        Request::Stock(wish) => Reply::Stock(Box::new(effects_stock::ask(client, wish).await?)),
        Request::Files(wish) => Reply::Files(Box::new(effects_files::ask(client, wish).await?)),
        Request::SaveLog(wish) => Reply::Saved(effects_log::save(wish).await?),
        Request::Casts(wish) => Reply::Casts(Box::new(effects_casts::ask(client, wish).await?)),
        Request::Runs(wish) => Reply::Runs(Box::new(effects_runs::ask(client, wish).await?)),
        Request::Hooks(wish) => Reply::Hooks(Box::new(hooks::ask(client, wish).await?)),
        Request::Schedules(wish) => Reply::Schedules(Box::new(schedules::ask(client, wish).await?)),
        Request::Plugins(wish) => Reply::Plugins(Box::new(plugins::ask(client, wish).await?)),
        Request::Set(set) => {
            let set = set.clone();
            let done = tokio::task::spawn_blocking(move || crate::config::set(&set.paths, &set.pointer, &set.text)).await;
            done.map_err(|error| Error::internal(format!("the setting was not written: {error}")))??;
            Reply::Nothing
        }
        Request::SaveRows(wish) => Reply::Saved(export::save(wish).await?),
        Request::History(wish) => Reply::History(Box::new(history::ask(client, wish).await?)),
        Request::Layouts(wish) => effects_layouts::ask(client, wish).await?,
        Request::LoadLayout => match client.call::<GetLayout>(&[LAYOUT], &nothing).await {
            Ok(layout) => Reply::Layout(Some(Box::new(layout.data))),
            Err(error) if error.code == Code::NotFound => Reply::Layout(None),
            Err(error) => return Err(error),
        },
        Request::SaveLayout(data) => {
            client.call::<PutLayout>(&[LAYOUT], &SaveLayout { replaces: None, data: (**data).clone() }).await?;
            Reply::Nothing
        }
    })
}

/// Opens an address in the browser of whoever sits at this machine. Who came by ssh sits at another: they have the address.
fn open(address: &str) {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let opener = match () {
        () if is_set("SSH_CONNECTION") => return,
        () if cfg!(target_os = "macos") => "open",
        () if is_set("DISPLAY") || is_set("WAYLAND_DISPLAY") => "xdg-open",
        () => return,
    };
    let nowhere = std::process::Stdio::null;
    // Whether a browser came is seen; the address was copied for where none does.
    let _ = tokio::process::Command::new(opener).arg(address).stdin(nowhere()).stdout(nowhere()).stderr(nowhere()).spawn();
}

async fn everything(client: &Client) -> Result<Everything> {
    let whole = WholeQuery::default();
    let (health, containers, sessions, operations, templates) = tokio::join!(
        client.call::<GetHealth>(&[], &Empty {}),
        all::<ListContainers, _>(client),
        all::<ListSessions, _>(client),
        all::<ListOperations, _>(client),
        client.call::<ListTemplates>(&[], &whole),
    );
    let engine = health?.engine;
    // Without an engine there is no list of containers, and everything else still shows.
    let containers = match containers {
        Err(error) if error.code == Code::EngineUnavailable => Vec::new(),
        other => other?,
    };
    Ok(Everything { engine, containers, sessions: sessions?, operations: operations?, templates: templates? })
}

/// The history of some containers, a few at a time. Those that are gone are left out.
async fn past(client: &Client, wish: &PastWish) -> Result<PastRead> {
    let query = StatsQuery { since: Some(wish.range.word().to_owned()), points: Some(POINTS) };
    let one = async |id: &ContainerId| match client.call::<GetStatsOf>(&[id.as_str()], &query).await {
        Ok(stats) => Ok(Some(stats)),
        Err(error) if error.code == Code::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    let items: Vec<Option<StatsOverTime>> = futures_util::stream::iter(&wish.containers).map(one).buffered(AT_ONCE).try_collect().await?;
    Ok(PastRead { items: items.into_iter().flatten().collect() })
}

/// All pages of a list.
pub(super) async fn all<E: Endpoint<Request = ListQuery, Reply = Page<T>>, T>(client: &Client) -> Result<Vec<T>> {
    let mut items = Vec::new();
    let mut cursor = None;
    loop {
        let page = client.call::<E>(&[], &ListQuery { limit: Some(PAGE), cursor, ..ListQuery::default() }).await?;
        items.extend(page.items);
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => return Ok(items),
        }
    }
}

/// What the server is now; none when it does not say.
async fn version(client: &Client) -> Option<String> {
    client.call_within::<GetVersion>(&[], &Empty {}, PAUSE).await.ok().map(|version| version.version)
}

/// Tells what the server says, for as long as somebody listens.
async fn listen(
    client: Client,
    told: mpsc::Sender<Msg>,
    mut tiles: watch::Receiver<Vec<TileWish>>,
    mut stats: watch::Receiver<Vec<ContainerId>>,
    back: watch::Sender<u32>,
) {
    let mut stream = loop {
        match client.stream().await {
            Ok(stream) => break stream,
            Err(error) => {
                if told.send(Msg::LinkDown(describe(&error))).await.is_err() {
                    return;
                }
                tokio::time::sleep(PAUSE).await;
            }
        }
    };
    let handle = stream.handle();
    handle.subscribe(Topic::Events).await;
    if told.send(Msg::LinkUp).await.is_err() {
        return;
    }
    let (mut tiles_id, mut stats_id) = (None, None);
    let mut boot = None;
    loop {
        let message = tokio::select! {
            update = stream.next() => match update {
                StreamUpdate::Message(StreamMessage::Welcome { boot_id }) => match boot.replace(boot_id.clone()) {
                    Some(before) if before != boot_id => Some(Msg::Restarted(version(&client).await)),
                    _ => None,
                },
                StreamUpdate::Message(StreamMessage::Listening { .. }) => Some(Msg::Listening),
                StreamUpdate::Message(StreamMessage::Event { event, .. }) => Some(Msg::Event(Box::new(event.event))),
                StreamUpdate::Message(StreamMessage::Stats { stats, .. }) => Some(Msg::Stats(stats)),
                StreamUpdate::Message(StreamMessage::Tile { tile, .. }) => Some(Msg::Tile(tile)),
                StreamUpdate::Message(_) => None,
                StreamUpdate::Lost(error) => Some(Msg::LinkDown(describe(&error))),
                StreamUpdate::Back => {
                    back.send_modify(|times| *times += 1);
                    Some(Msg::LinkUp)
                }
            },
            changed = tiles.changed() => {
                if changed.is_err() { return }
                let wished = tiles.borrow_and_update().clone();
                let topic = (!wished.is_empty()).then_some(Topic::Tiles { tiles: wished });
                wish(&handle, &mut tiles_id, topic).await;
                None
            }
            changed = stats.changed() => {
                if changed.is_err() { return }
                let wished = stats.borrow_and_update().clone();
                let topic = (!wished.is_empty()).then_some(Topic::Stats { containers: wished });
                wish(&handle, &mut stats_id, topic).await;
                None
            }
        };
        if let Some(message) = message
            && told.send(message).await.is_err()
        {
            return;
        }
    }
}

/// Begins, changes or ends one subscription.
async fn wish(handle: &crate::client::StreamHandle, id: &mut Option<u32>, topic: Option<Topic>) {
    match (*id, topic) {
        (Some(id), Some(topic)) => handle.replace(id, topic).await,
        (None, Some(topic)) => *id = Some(handle.subscribe(topic).await),
        (Some(old), None) => {
            handle.unsubscribe(old).await;
            *id = None;
        }
        (None, None) => {}
    }
}

fn describe(error: &Error) -> String {
    error.message.clone()
}
