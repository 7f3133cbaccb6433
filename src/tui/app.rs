//! All the state of the terminal client, and the one function that changes it.
use super::component::Component;
use super::component::Context;
use super::data::Data;
use super::editor::PrivateFile;
use super::hud::Hud;
use super::keymap::Keymap;
use super::msg::Effect;
use super::msg::Link;
use super::msg::Msg;
use super::msg::Now;
use super::msg::Request;
use super::msg::ToastKind;
use super::pages::Pages;
use super::parts::grid::Home;
use super::parts::palette::History;
use super::parts::terminal::PaneState;
use super::parts::toast::Toasts;
use super::parts::tour::Step;
use super::parts::workspace::Place;
use super::parts::workspace::Workspace;
use super::plugins;
use super::plugins::Asked;
use super::plugins::PluginWish;
use super::stock::Kind;
use super::theme::Theme;
use super::themes::Themes;
use super::trail::Trail;
use crate::model::ContainerId;
use crate::model::ContainerState;
use crate::model::Event;
use crate::model::OperationId;
use crate::model::ServerFrame;
use crate::model::Session;
use crate::model::SessionExit;
use crate::model::Size;
use crate::model::TileWish;
use std::collections::HashMap;
use std::collections::VecDeque;
use std::time::Duration;
use std::time::Instant;

/// Numbers of processor and memory are drawn anew this often at most.
const NUMBERS_EVERY: Duration = Duration::from_secs(1);

/// What the program opens with.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// As it was left; the containers at first.
    Home,
    /// As it was left, and with this layout.
    Layout(String),
    /// One session, alone; the program ends with it.
    Session(Box<Session>),
}

/// Why the program ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Exit {
    /// It was left; what runs goes on.
    Left,
    /// A signal asked for it.
    Terminated,
    /// The one session that was shown has ended.
    SessionEnded(Option<SessionExit>),
}

/// What fills the middle of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// The containers.
    Home,
    /// The terminals.
    Terminals,
    /// What containers use over time.
    Resources,
    /// Images, volumes or networks.
    Stock(Kind),
    /// Files of a container beside those of this machine.
    Files,
    /// All sessions.
    Sessions,
    /// The audit and the events.
    Activity,
    /// The recordings.
    Recordings,
    /// The scripts.
    Scripts,
    /// The runs of scripts.
    Runs,
    /// One run, watched.
    Run,
    /// The schedules.
    Schedules,
    /// The triggers, and what they did.
    Triggers,
    /// The webhooks, and their deliveries.
    Webhooks,
    /// The plugins.
    Plugins,
    /// A text that is edited.
    Editor,
    /// The settings.
    Settings,
}

impl View {
    /// What the line on top calls it; nothing for the containers, which are home.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Home => "",
            Self::Terminals => "terminals",
            Self::Resources => "resources",
            Self::Stock(kind) => kind.word(),
            Self::Files => "files",
            Self::Sessions => "sessions",
            Self::Activity => "activity",
            Self::Recordings => "recordings",
            Self::Scripts => "scripts",
            Self::Runs => "runs",
            Self::Run => "run",
            Self::Schedules => "schedules",
            Self::Triggers => "triggers",
            Self::Webhooks => "webhooks",
            Self::Plugins => "plugins",
            Self::Editor => "editor",
            Self::Settings => "settings",
        }
    }
}

/// How far bringing back the last arrangement is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Restore {
    /// The lists or the arrangement are still to come.
    Waiting(Option<Option<Box<serde_json::Value>>>),
    /// Done, or not wanted.
    Done,
}

/// All the state.
pub struct App {
    /// What is known of the server.
    pub data: Data,
    /// Colours.
    pub theme: Theme,
    /// All that there are to choose from.
    pub themes: Themes,
    /// Keys.
    pub keymap: Keymap,
    /// What fills the middle.
    pub view: View,
    /// The containers.
    pub home: Home,
    /// The terminals.
    pub work: Workspace,
    /// The other views.
    pub pages: Pages,
    /// The terminal has the focus, or does not tell.
    pub focused: bool,
    /// What the program itself uses, while it is shown.
    pub hud: Option<Hud>,
    /// The tour, while it is shown.
    pub tour: Option<Step>,
    /// Views do without borders, glyphs and graphs where they can.
    pub plain: bool,
    /// What lies on top, the last uppermost.
    pub overlays: Vec<Box<dyn Component>>,
    /// Short messages.
    pub toasts: Toasts,
    /// The time of the last message.
    pub now: Now,
    /// Something looks different than drawn last.
    pub dirty: bool,
    /// Why the program is to end.
    pub exit: Option<Exit>,
    pub(super) size: Size,
    pub(super) restore: Restore,
    pub(super) alone: bool,
    pub(super) history: History,
    /// Launches begun here, with whether and where their terminal is to be shown.
    pub(super) launches: HashMap<OperationId, Option<Place>>,
    /// Launches whose operations are not known yet, in order.
    pub(super) waiting_launches: VecDeque<Option<Place>>,
    pub(super) mouse: bool,
    pub(super) trail: Trail,
    pub(super) epoch: Instant,
    start: Option<Box<Session>>,
    /// A layout to be opened once the lists are here.
    pub(super) opens: Option<String>,
    /// What an editor shows now.
    pub(super) edited: Option<PrivateFile>,
    pub(super) saved: Option<serde_json::Value>,
    pub(super) save_at: Option<Duration>,
    pub(super) numbers_at: Option<Duration>,
    pub(super) tiles: Vec<TileWish>,
    pub(super) stats: Vec<ContainerId>,
    pub(super) plugged: Asked,
    /// Everything is being listed, and once more after that: of two lists under way the older one could come last.
    pub(super) refreshing: bool,
    pub(super) refresh_again: bool,
}

/// The context of parts, without borrowing all of the app.
macro_rules! context {
    ($app:ident) => {
        $crate::tui::component::Context {
            data: &$app.data,
            theme: &$app.theme,
            keymap: &$app.keymap,
            plain: $app.plain,
            now: $app.now,
            area: $crate::tui::view::areas($app.size).middle,
        }
    };
}
pub(super) use context;

impl App {
    /// The state at the start, on a screen of this size; panes keep so many lines of scrollback.
    #[must_use]
    pub fn new(start: Start, theme: Theme, keymap: Keymap, scrollback: usize, size: Size, now: Now) -> Self {
        let (start, opens) = match start {
            Start::Home => (None, None),
            Start::Layout(name) => (None, Some(name)),
            Start::Session(session) => (Some(session), None),
        };
        let mut work = Workspace::new(scrollback);
        work.area = super::view::areas(size).middle;
        Self {
            data: Data::default(),
            theme,
            themes: Themes::default(),
            keymap,
            view: if start.is_some() { View::Terminals } else { View::Home },
            home: Home::new(),
            work,
            pages: Pages::default(),
            focused: true,
            hud: None,
            tour: None,
            plain: false,
            overlays: Vec::new(),
            toasts: Toasts::new(),
            now,
            dirty: true,
            exit: None,
            size,
            restore: if start.is_some() { Restore::Done } else { Restore::Waiting(None) },
            alone: start.is_some(),
            history: History::default(),
            launches: HashMap::new(),
            waiting_launches: VecDeque::new(),
            mouse: true,
            trail: Trail::default(),
            epoch: Instant::now().checked_sub(now.since_start).unwrap_or_else(Instant::now),
            start,
            opens,
            edited: None,
            saved: None,
            save_at: None,
            numbers_at: None,
            tiles: Vec::new(),
            stats: Vec::new(),
            plugged: Asked::default(),
            refreshing: false,
            refresh_again: false,
        }
    }

    /// What parts may read.
    #[must_use]
    pub fn context(&self) -> Context<'_> {
        context!(self)
    }

    /// What to do first.
    pub fn begin(&mut self) -> Vec<Effect> {
        self.paint();
        if self.plain {
            self.tell(ToastKind::Info, super::plain::TOLD);
        }
        self.refreshing = true;
        self.data.begin_listing();
        let mut effects = vec![Effect::Request(Request::Refresh)];
        match self.start.take() {
            None => effects.push(Effect::Request(Request::LoadLayout)),
            Some(session) => {
                let cx = context!(self);
                effects.extend(self.work.show(&session, Place::Tab, &cx));
            }
        }
        effects
    }

    /// Takes in what happened; returns what is to be done outside.
    pub fn update(&mut self, msg: Msg, now: Now) -> Vec<Effect> {
        self.now = now;
        let effects = self.take(msg);
        let mut outside = self.settle(effects);
        outside.extend(self.follow_up());
        outside.retain(|effect| *effect != Effect::Request(Request::Refresh) || self.may_refresh());
        outside
    }

    /// Whether everything may be listed now; else that is done when the list that is under way has come.
    fn may_refresh(&mut self) -> bool {
        let under_way = std::mem::replace(&mut self.refreshing, true);
        self.refresh_again |= under_way;
        if !under_way {
            self.data.begin_listing();
        }
        !under_way
    }

    fn take(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Key(key) => self.key(key),
            Msg::Command(id) => self.run(id),
            Msg::Mouse(event) => self.pointer(event),
            Msg::Paste(text) => self.paste(text),
            // Those who have the focus now are told below.
            Msg::Focus(on) => {
                self.focused = on;
                Vec::new()
            }
            Msg::Dark(dark) => {
                self.themes.set_dark(dark);
                self.paint();
                Vec::new()
            }
            Msg::Resize(size) => {
                self.size = size;
                self.dirty = true;
                self.work.area = super::view::areas(size).middle;
                let cx = context!(self);
                self.work.arrange(&cx)
            }
            Msg::Resumed => {
                self.dirty = true;
                vec![Effect::Redraw]
            }
            Msg::Edited(path, problem) => {
                self.forget_edited(&path);
                if let Some(problem) = &problem {
                    self.complain(problem);
                }
                self.offer(&Msg::Edited(path, problem)).0
            }
            Msg::Terminated => {
                self.exit = Some(Exit::Terminated);
                Vec::new()
            }
            Msg::Tick => self.tick(),
            Msg::LinkUp => {
                if let Link::Down { since, lost: true, .. } = self.data.link {
                    let away = self.now.since_start.saturating_sub(since).as_secs();
                    self.tell(ToastKind::Info, format!("connected again after {away} s"));
                }
                self.data.link = Link::Up;
                self.dirty = true;
                let mut effects = self.work.reconnect(true, self.now.since_start);
                effects.extend(self.pages.run.reconnect(true, self.now.since_start));
                effects
            }
            Msg::Restarted(version) => {
                let own = env!("CARGO_PKG_VERSION");
                match version.filter(|version| version != own) {
                    Some(version) => {
                        self.tell(ToastKind::Warning, format!("the server is cto {version} now, this is {own}: leave and start cto again to have the same"));
                    }
                    None => self.tell(ToastKind::Info, "the server was started again; sessions go on"),
                }
                Vec::new()
            }
            // What happened between the first list and this was told to nobody.
            Msg::Listening => vec![Effect::Request(Request::Refresh)],
            Msg::LinkDown(detail) => {
                let (since, lost) = match self.data.link {
                    Link::Down { since, lost, .. } => (since, lost),
                    Link::Up => (self.now.since_start, true),
                    Link::Opening => (self.now.since_start, false),
                };
                self.data.link = Link::Down { detail, since, lost };
                self.dirty = true;
                Vec::new()
            }
            Msg::Frame(pane, frame) => {
                let prints = matches!(frame, ServerFrame::Output { .. });
                let Some(own) = self.work.panes.get_mut(&pane) else {
                    self.dirty |= self.pages.run.frame(pane, frame) && self.view == View::Run;
                    return Vec::new();
                };
                let news = own.take(frame);
                let over = own.is_over().then(|| own.state.clone());
                if self.view == View::Terminals && self.work.content(pane).is_some() || !news.is_empty() {
                    self.dirty = true;
                }
                let cx = context!(self);
                self.dirty |= prints && self.work.printed(pane, &cx);
                let mut effects = if over.is_some() { self.work.revive_main(pane, &cx) } else { Vec::new() };
                if let (true, true, Some(PaneState::Ended(exit))) = (self.alone, effects.is_empty(), over) {
                    self.exit = Some(Exit::SessionEnded(exit));
                }
                effects.extend(self.work.hear(pane, news));
                effects
            }
            Msg::Log(pane, news) => {
                self.dirty |= self.view == View::Terminals && self.work.content(pane).is_some();
                let cx = context!(self);
                self.work.hear_log(pane, news, &cx)
            }
            Msg::Bulk(id, news) => self.bulk_told(id, news),
            msg @ (Msg::Copy(..) | Msg::Cast(..) | Msg::Panes(_)) => {
                self.dirty = true;
                self.offer(&msg).0
            }
            Msg::Detached(pane, problem) => {
                self.dirty = true;
                self.pages.run.detached(pane, problem.clone(), self.now.since_start);
                self.work.detached(pane, problem, self.now.since_start);
                Vec::new()
            }
            Msg::Stats(stats) => {
                self.data.add_stats(stats);
                // Samples of many containers come one by one, and are drawn together.
                self.numbers_at.get_or_insert(self.now.since_start + NUMBERS_EVERY);
                Vec::new()
            }
            Msg::Tile(tile) => {
                self.dirty |= self.data.add_tile(&tile) && self.view == View::Home;
                Vec::new()
            }
            Msg::Settings(settings) => {
                self.configure(*settings);
                Vec::new()
            }
            Msg::Event(event) => self.event(*event),
            Msg::Reply(request, result) => self.reply(*request, result),
        }
    }

    fn tick(&mut self) -> Vec<Effect> {
        let now = self.now.since_start;
        self.dirty |= self.toasts.expire(now);
        let mut effects = self.work.reconnect(false, now);
        effects.extend(self.pages.run.reconnect(false, now));
        if self.numbers_at.is_some_and(|at| at <= now) {
            self.numbers_at = None;
            self.dirty = true;
        }
        let instant = self.epoch + now;
        let mut changed = false;
        for pane in self.mirrors() {
            changed |= pane.screen.stop_sync_if_due(instant);
        }
        self.dirty |= changed;
        let cx = context!(self);
        effects.extend(self.work.step_logs(&cx));
        // Ages, spinners and seconds of waiting: what is asked for by a wish to be woken up. Unchanged cells cost nothing.
        self.dirty = true;
        effects.extend(self.offer(&Msg::Tick).0);
        effects
    }

    fn event(&mut self, event: Event) -> Vec<Effect> {
        self.data.apply(&event);
        if matches!(event, Event::ContainerChanged { .. }) {
            self.columns_changed();
        }
        let mut effects = match &event {
            Event::Resync => vec![Effect::Request(Request::Refresh)],
            Event::EngineChanged { available: true, .. } => vec![Effect::Request(Request::Refresh)],
            Event::TemplatesChanged => vec![Effect::Request(Request::Templates)],
            Event::ScriptsChanged => vec![plugins::wish(PluginWish::List)],
            Event::ContainerChanged { container } if container.state == ContainerState::Running => {
                let cx = context!(self);
                self.work.container_runs(&container.id, &cx)
            }
            Event::OperationChanged { operation } => self.launched(operation),
            Event::ConfigChanged { ok, detail, needs_restart } => self.server_configured(*ok, detail.as_deref(), needs_restart),
            Event::Notice { title, text, level, desktop, .. } => self.noticed(title, text, *level, *desktop),
            _ => Vec::new(),
        };
        effects.extend(self.offer(&Msg::Event(Box::new(event))).0);
        let cx = context!(self);
        effects.extend(self.work.look_logs(&cx));
        self.dirty = true;
        effects
    }

    /// Shows a message to the overlays and to the containers; returns what they want, and whether an overlay took it.
    pub(super) fn offer(&mut self, msg: &Msg) -> (Vec<Effect>, bool) {
        let cx = context!(self);
        let mut effects = Vec::new();
        let mut taken = false;
        for overlay in self.overlays.iter_mut().rev() {
            if let Some(own) = overlay.update(msg, &cx) {
                effects.extend(own);
                taken = true;
            }
        }
        effects.extend(self.home.update(msg, &cx).unwrap_or_default());
        effects.extend(self.pages.offer(self.view, msg, &cx));
        (effects, taken)
    }

    /// Carries out what concerns the app itself, until only what concerns the outside is left.
    fn settle(&mut self, effects: Vec<Effect>) -> Vec<Effect> {
        let mut open: VecDeque<Effect> = effects.into();
        let mut outside = Vec::new();
        // Asks may lead to asks; a part that asks for itself for ever is stopped.
        let mut left = 1000;
        while let Some(effect) = open.pop_front() {
            match effect {
                Effect::Ask(ask) if left > 0 => {
                    left -= 1;
                    self.dirty = true;
                    for (place, effect) in self.ask(ask).into_iter().enumerate() {
                        open.insert(place, effect);
                    }
                }
                Effect::Ask(_) => {}
                effect => outside.push(effect),
            }
        }
        outside
    }

    /// Takes the colours of the theme that is to be shown now.
    pub fn paint(&mut self) {
        self.theme = self.themes.theme().plainly(self.plain);
        self.keymap.set_words(self.plain);
        self.dirty = true;
    }

    pub(super) fn tell(&mut self, kind: ToastKind, text: impl Into<String>) {
        self.toasts.push(kind, text, self.now);
        self.dirty = true;
    }

    /// Shows a view.
    pub(super) fn go(&mut self, view: View) {
        if self.view != view {
            self.trail.leave(self.view);
            self.view = view;
            self.work.changed = true;
        }
        self.dirty = true;
    }
}
