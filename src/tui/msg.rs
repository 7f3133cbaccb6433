//! What happens to the screen (`Msg`) and what it wants done (`Effect`).
pub use super::ask::Ask;
pub use super::questions::Choice;
pub use super::questions::ConfirmSpec;
pub use super::questions::PickRow;
pub use super::questions::PickSpec;
pub use super::questions::PromptFor;
pub use super::questions::PromptSpec;
pub use super::set::SetSetting;
pub use super::set::Settings;
pub use super::set::ShownSettings;

use super::bulk::BulkJob;
use super::bulk::BulkNews;
use super::casts::CastNews;
use super::casts::CastReply;
use super::casts::CastWish;
use super::casts::ReadCast;
use super::command::CommandId;
use super::export::SaveRows;
use super::files::CopyJob;
use super::files::CopyNews;
use super::files::FilesReply;
use super::files::FilesWish;
use super::history::HistoryWish;
use super::hooks::HookReply;
use super::hooks::HookWish;
use super::layouts::LayoutWish;
use super::logs::Follow;
use super::logs::News;
use super::logs::SaveLog;
use super::parts::pane_tree::TabSeen;
use super::past::PastRead;
use super::past::PastWish;
use super::plugins::PluginReply;
use super::plugins::PluginWish;
use super::runs::RunsReply;
use super::runs::RunsWish;
use super::schedules::ScheduleReply;
use super::schedules::ScheduleWish;
use super::stock::StockReply;
use super::stock::StockWish;
use crate::model::AuditEvent;
use crate::model::CommandPage;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::Control;
use crate::model::CreateContainer;
use crate::model::EngineCall;
use crate::model::EngineInfo;
use crate::model::Event;
use crate::model::Layout;
use crate::model::OpenSession;
use crate::model::Operation;
use crate::model::OperationId;
use crate::model::Problem;
use crate::model::Processes;
use crate::model::Recording;
use crate::model::Rendered;
use crate::model::ServerFrame;
use crate::model::Session;
use crate::model::SessionId;
use crate::model::Size;
use crate::model::Stats;
use crate::model::TemplateList;
use crate::model::Tile;
use crate::model::TileWish;
use crate::term::Key;
use crate::term::MouseEvent;
use jiff::Timestamp;
use std::path::PathBuf;
use std::time::Duration;

/// Names a pane while the program runs; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PaneId(pub u64);

/// The time a message came: nothing here reads a clock by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Since the program began.
    pub since_start: Duration,
    /// The time of day.
    pub time: Timestamp,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(Key),
    /// A command was asked for by its key, the palette or the command line.
    Command(CommandId),
    /// The mouse did something; the place counts from the terminal's corner.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal gained or lost the focus.
    Focus(bool),
    /// The terminal is dark, or light.
    Dark(bool),
    /// The terminal has this size now.
    Resize(Size),
    /// Time went on; comes when [`Effect::WakeAt`] asked for it, and with each minute.
    Tick,
    /// A reply to an [`Effect::Request`], which comes back with it.
    Reply(Box<Request>, Result<Reply, Box<Problem>>),
    /// The files of the configuration or of themes were changed.
    Settings(Box<Settings>),
    /// The server told a fact.
    Event(Box<Event>),
    /// A sample of a container.
    Stats(Stats),
    /// A small picture of a container's session.
    Tile(Tile),
    /// The connection to the server is there.
    LinkUp,
    /// Another start of the server answers; this is its version, where it says so.
    Restarted(Option<String>),
    /// The server tells what happens from now on: what was listed before may have missed something.
    Listening,
    /// The connection to the server is lost, for this reason; it is being made again.
    LinkDown(String),
    /// A frame of the session that a pane shows.
    Frame(PaneId, ServerFrame),
    /// What a reader of a pane's logs tells.
    Log(PaneId, News),
    /// How far a copy of files is.
    Copy(u64, CopyNews),
    /// What the reading of a recording tells.
    Cast(u64, CastNews),
    /// How far something is that is done to several containers.
    Bulk(u64, BulkNews),
    /// A pane's connection ended; with a problem unless it was detached or its session ended.
    Detached(PaneId, Option<Box<Problem>>),
    /// The tabs and panes there are; only for overlays that show them.
    Panes(Vec<TabSeen>),
    /// The program runs in the foreground again: everything is drawn anew.
    Resumed,
    /// The editor that [`Effect::Edit`] asked for has ended; with a problem where it could not be run, or failed.
    Edited(PathBuf, Option<Box<Problem>>),
    /// A signal asked the program to end.
    Terminated,
}

/// How the server is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// Not tried yet.
    #[default]
    Opening,
    /// It answers.
    Up,
    /// It does not; it is tried again, and started where it may be.
    Down {
        /// Why, for people.
        detail: String,
        /// When that was noticed, since the program began.
        since: Duration,
        /// It has answered before.
        lost: bool,
    },
}

/// What the server is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Everything listed anew: engine, containers, sessions, operations, templates.
    Refresh,
    /// The templates.
    Templates,
    /// What a template becomes.
    Render(Box<CreateContainer>),
    /// A container from a template.
    Launch(Box<CreateContainer>),
    /// Ends long work.
    Cancel(OperationId),
    /// Starts a container.
    Start(ContainerId),
    /// Stops a container.
    Stop(ContainerId),
    /// Stops a container without grace.
    Kill(ContainerId),
    /// Stops and starts a container.
    Restart(ContainerId),
    /// Freezes a container.
    Pause(ContainerId),
    /// Lets a frozen container go on.
    Unpause(ContainerId),
    /// The processes of a container.
    Processes(ContainerId),
    /// Removes a container.
    Remove {
        /// Which.
        id: ContainerId,
        /// Also when it runs.
        force: bool,
    },
    /// Opens a session, to be shown in a pane.
    OpenSession {
        /// The pane that waits for it.
        pane: PaneId,
        /// What to open.
        open: Box<OpenSession>,
    },
    /// Ends a session's program.
    CloseSession(SessionId),
    /// Begins to record a session, or ends its recording.
    Record {
        /// Which session.
        session: SessionId,
        /// Begin.
        on: bool,
    },
    /// What containers have used over time.
    Past(Box<PastWish>),
    /// The newest of the audit.
    Audit,
    /// What the engine was asked to do.
    EngineCalls,
    /// Something about images, volumes or networks.
    Stock(Box<StockWish>),
    /// Something about files.
    Files(Box<FilesWish>),
    /// Lines of logs, written into a file on this machine.
    SaveLog(Box<SaveLog>),
    /// Something about recordings.
    Casts(Box<CastWish>),
    /// Something about scripts or runs.
    Runs(Box<RunsWish>),
    /// Something about schedules.
    Schedules(Box<ScheduleWish>),
    /// Something about plugins.
    Plugins(Box<PluginWish>),
    /// Something about triggers, webhooks or plugins.
    Hooks(Box<HookWish>),
    /// A setting in the user's own file, by pointer, and the text of its value.
    Set(Box<SetSetting>),
    /// Rows of a list, written into a file on this machine.
    SaveRows(Box<SaveRows>),
    /// Commands that were run in terminals.
    History(Box<HistoryWish>),
    /// Something about layouts that are kept under a name.
    Layouts(Box<LayoutWish>),
    /// The arrangement as it was left.
    LoadLayout,
    /// Keeps the arrangement.
    SaveLayout(Box<serde_json::Value>),
}

/// What the server answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Everything, listed.
    All(Box<Everything>),
    /// To [`Request::Templates`].
    Templates(Box<TemplateList>),
    /// To [`Request::Render`].
    Rendered(Box<Rendered>),
    /// To [`Request::Launch`] and [`Request::Cancel`].
    Operation(Box<Operation>),
    /// To requests that change a container.
    Container(Box<Container>),
    /// To [`Request::OpenSession`].
    Session(Box<Session>),
    /// To [`Request::Record`].
    Recording(Box<Recording>),
    /// To [`Request::Layouts`], by name.
    Layouts(Vec<Layout>),
    /// To [`Request::LoadLayout`] and a wish to open a layout; none when nothing was kept.
    Layout(Option<Box<serde_json::Value>>),
    /// To [`Request::History`], the newest first.
    History(Box<CommandPage>),
    /// To [`Request::Casts`].
    Casts(Box<CastReply>),
    /// To [`Request::Runs`].
    Runs(Box<RunsReply>),
    /// To [`Request::Schedules`].
    Schedules(Box<ScheduleReply>),
    /// To [`Request::Plugins`].
    Plugins(Box<PluginReply>),
    /// To [`Request::Hooks`].
    Hooks(Box<HookReply>),
    /// To [`Request::Processes`].
    Processes(Box<Processes>),
    /// To [`Request::Past`].
    Past(Box<PastRead>),
    /// To [`Request::Audit`], the newest first.
    Audit(Vec<AuditEvent>),
    /// To [`Request::EngineCalls`], the newest first.
    EngineCalls(Vec<EngineCall>),
    /// To [`Request::Stock`].
    Stock(Box<StockReply>),
    /// To [`Request::Files`].
    Files(Box<FilesReply>),
    /// To [`Request::SaveLog`] and [`Request::SaveRows`].
    Saved(Saved),
    /// Done.
    Nothing,
}

/// What became of a file that was to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It was written.
    Written {
        /// Where.
        path: String,
        /// Lines.
        lines: usize,
    },
    /// There is one already, which was not touched.
    Exists {
        /// Where.
        path: String,
    },
}

/// Everything that the home view shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Everything {
    /// The engine.
    pub engine: EngineInfo,
    /// All containers, newest first.
    pub containers: Vec<Container>,
    /// All sessions, oldest first.
    pub sessions: Vec<Session>,
    /// Operations, newest first.
    pub operations: Vec<Operation>,
    /// Templates, and what is wrong with the others.
    pub templates: TemplateList,
}

/// Something to be done outside, or a wish to the app.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Ask the server; [`Msg::Reply`] follows.
    Request(Request),
    /// Connect a pane to a session; frames follow.
    Attach {
        /// The pane.
        pane: PaneId,
        /// The session.
        session: SessionId,
        /// The pane's size.
        size: Size,
        /// Go on after this byte.
        from_offset: Option<u64>,
    },
    /// Connect a pane to a session that is only looked at: nothing is typed there, and its size stays; frames follow.
    Look {
        /// The pane.
        pane: PaneId,
        /// The session.
        session: SessionId,
        /// Go on after this byte.
        from_offset: Option<u64>,
    },
    /// Follow a container's log in a pane; [`Msg::Log`] follows.
    FollowLog(Follow),
    /// Copy files; [`Msg::Copy`] follows.
    Copy(Box<CopyJob>),
    /// End a copy before its time.
    StopCopy(u64),
    /// Do one thing to several containers; [`Msg::Bulk`] follows.
    Bulk(Box<BulkJob>),
    /// Leave out what has not begun of it.
    StopBulk(u64),
    /// Read a recording; [`Msg::Cast`] follows.
    ReadCast(ReadCast),
    /// One more piece of it.
    MoreCast(u64),
    /// End the reading.
    StopCast,
    /// Open an address in this machine's browser, where it has one.
    Open(String),
    /// Disconnect a pane.
    Detach(PaneId),
    /// Type into a pane's session.
    Input(PaneId, Vec<u8>),
    /// A pane's size is now this; sent when it has not changed for 100 ms.
    ResizeSession(PaneId, Size),
    /// Everything before this offset was drawn.
    Ack(PaneId, u64),
    /// A wish about a pane's session.
    Control(PaneId, Control),
    /// Small pictures of these from now on, and no others.
    WatchTiles(Vec<TileWish>),
    /// Samples of these from now on, and no others.
    WatchStats(Vec<ContainerId>),
    /// Put text into the clipboard.
    Clipboard(String),
    /// Send a [`Msg::Tick`] at this time since the program began; the earliest wish holds.
    WakeAt(Duration),
    /// Draw everything anew.
    Redraw,
    /// Catch the mouse, or leave it to the terminal.
    CatchMouse(bool),
    /// Stop like any program on Ctrl-Z.
    Suspend,
    /// Give the terminal to the person's editor, with this file; [`Msg::Edited`] follows.
    Edit(PathBuf),
    /// Let the terminal tell the desktop: title and text.
    Notify(String, String),
    /// Ring the terminal's bell.
    Bell,
    /// End the program; sessions go on.
    Quit,
    /// A wish to the app; never reaches the outside.
    Ask(Ask),
}

/// How a toast is meant; errors stay until a key is pressed and are kept for `!`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToastKind {
    /// Good to know.
    Info,
    /// It worked.
    Done,
    /// Look here.
    Warning,
    /// It did not work.
    Error,
}
