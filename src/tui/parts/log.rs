//! A view of the logs of one or several containers: what it holds, and what its commands do.
use super::field::Edit;
use super::field::Field;
use super::toast::say;
use crate::model::ContainerId;
use crate::model::Size;
use crate::term::Key;
use crate::term::KeyCode;
use crate::term::Mods;
use crate::tui::command::CommandId;
use crate::tui::component::Context;
use crate::tui::happened::Known;
use crate::tui::logs::Range;
use crate::tui::logs::SaveLog;
use crate::tui::logs::filter::Hunt;
use crate::tui::logs::filter::Pattern;
use crate::tui::logs::filter::Sieve;
use crate::tui::logs::filter::Slice;
use crate::tui::logs::level::Level;
use crate::tui::logs::store::LogStore;
use crate::tui::logs::store::Mark;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::PaneId;
use crate::tui::msg::PromptFor;
use crate::tui::msg::PromptSpec;
use crate::tui::msg::Request;
use crate::tui::msg::ToastKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What is shown at first.
const FIRST: Range = Range::Last(1000);
/// Columns that a step to the side moves.
const PAN: usize = 8;

/// One container of a view.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// The container.
    pub container: ContainerId,
    /// Its name.
    pub name: String,
    /// How it stands.
    pub state: Reading,
    /// Its state, start and health as told last.
    pub(super) known: Option<Known>,
}

/// How the reading of one log stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// It was asked for.
    Opening,
    /// It is read.
    Live,
    /// The container does not run: nothing follows until it does.
    Ended,
    /// The connection is lost; tried again at this time since the program began, or when the server answers.
    Lost(Duration),
    /// It can't be read, for this reason.
    Failed(String),
}

/// The first row that is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Top {
    pub mark: Mark,
    pub row: usize,
}

/// Lines that are marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Selection {
    /// Line and character where it began.
    pub from: (Mark, usize),
    /// Where it ends.
    pub to: (Mark, usize),
    /// Whole lines.
    pub lines: bool,
    /// The mouse's button is down.
    pub held: bool,
}

/// A line of text that is being typed.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// It filters instead of searching.
    pub filters: bool,
    pub field: Field,
    /// What is wrong with it.
    pub complaint: Option<String>,
}

/// A view of logs.
#[derive(Clone, Debug)]
pub struct LogView {
    /// The containers.
    pub sources: Vec<Source>,
    pub(super) store: LogStore,
    pub(super) sieve: Sieve,
    pub(super) needle: Option<Pattern>,
    pub(super) hunt: Option<Hunt>,
    pub(super) found: Option<Mark>,
    /// The first row seen; none while the newest lines are followed.
    pub(super) top: Option<Top>,
    /// The newest line when it stopped following.
    pub(super) newest: Option<Mark>,
    pub(super) pan: usize,
    pub(super) wrap: bool,
    pub(super) times: bool,
    pub(super) utc: bool,
    pub(super) json: bool,
    pub(super) range: Range,
    pub(super) entry: Option<Entry>,
    pub(super) selection: Option<Selection>,
    pub(super) size: Size,
    pub(super) round: u32,
}

impl LogView {
    /// Of these containers, which are followed with [`LogView::begin`].
    #[must_use]
    pub fn new(containers: &[(ContainerId, String)], size: Size) -> Self {
        let source =
            |(container, name): &(ContainerId, String)| Source { container: container.clone(), name: name.clone(), state: Reading::Opening, known: None };
        Self {
            sources: containers.iter().map(source).collect(),
            store: LogStore::default(),
            sieve: Sieve::default(),
            needle: None,
            hunt: None,
            found: None,
            top: None,
            newest: None,
            pan: 0,
            wrap: true,
            times: false,
            utc: false,
            json: false,
            range: FIRST,
            entry: None,
            selection: None,
            size,
            round: 0,
        }
    }

    /// When it wants to be woken up: at once while there is something to look through.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        if self.hunt.is_some() || !self.sieve.is_done(&self.store) {
            return Some(Duration::ZERO);
        }
        self.sources.iter().filter_map(|source| if let Reading::Lost(at) = source.state { Some(at) } else { None }).min()
    }

    /// Looks through a slice of what was not looked through.
    pub fn step(&mut self, cx: &Context) -> Vec<Effect> {
        let mut slice = Slice::default();
        self.sieve.step(&self.store, &mut slice);
        let (Some(hunt), Some(needle)) = (&mut self.hunt, &self.needle) else {
            self.hunt = None;
            return Vec::new();
        };
        let found = hunt.step(needle, &self.sieve, &self.store, &mut slice);
        let ended = hunt.at.is_none();
        if let Some(number) = found {
            self.hunt = None;
            self.found = self.store.mark(number);
            self.show_line(number, cx);
        } else if ended {
            let way = if hunt.back { "older" } else { "newer" };
            let text = format!("'{}' is in no {way} line", needle.text);
            self.hunt = None;
            return vec![Effect::Ask(Ask::Toast(ToastKind::Info, text))];
        }
        Vec::new()
    }

    /// Memory that it takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.store.bytes()
    }

    /// Drops the oldest lines, some of a hundred.
    pub fn shrink(&mut self) {
        let lines = usize::try_from(self.store.end() - self.store.first()).unwrap_or(usize::MAX);
        self.store.drop_oldest(lines / 64 + 1);
    }

    /// Has other room now.
    pub fn set_size(&mut self, size: Size) {
        self.size = size;
    }

    /// Whether keys come raw, as to a text field.
    #[must_use]
    pub fn takes_keys(&self) -> bool {
        self.entry.is_some()
    }

    /// Whether the newest lines are followed.
    #[must_use]
    pub fn is_following(&self) -> bool {
        self.top.is_none()
    }

    /// Shows the newest lines from now on.
    pub(super) fn follow(&mut self) {
        (self.top, self.newest) = (None, None);
    }

    /// Stands still at what is seen now.
    pub fn pause(&mut self, cx: &Context) {
        if self.top.is_none()
            && let Some((number, row)) = self.top_place(cx)
        {
            self.stand_at(number, row);
        }
    }

    /// Begins to type what is looked for, or what shows.
    pub fn ask(&mut self, filters: bool) {
        let text = if filters { self.sieve.pattern.as_ref() } else { self.needle.as_ref() }.map(|pattern| pattern.text.clone());
        self.entry = Some(Entry { filters, field: Field::new(&text.unwrap_or_default()), complaint: None });
    }

    /// Takes a key of the text that is being typed.
    pub fn key(&mut self, key: Key, cx: &Context) {
        let Some(entry) = &mut self.entry else { return };
        let edit = match key.code {
            KeyCode::Esc => {
                entry.field.clear();
                self.typed(cx);
                self.entry = None;
                return;
            }
            KeyCode::Char('c') if key.mods.contains(Mods::CTRL) => {
                if !entry.field.clear() {
                    self.entry = None;
                    return;
                }
                Edit::Changed
            }
            KeyCode::Enter => {
                let searches = !entry.filters;
                if entry.complaint.is_none() {
                    self.entry = None;
                    if searches {
                        self.search(true, cx);
                    }
                }
                return;
            }
            _ => entry.field.key(key),
        };
        if edit == Edit::Changed {
            self.typed(cx);
        }
    }

    /// Takes pasted text.
    pub fn paste(&mut self, text: &str, cx: &Context) {
        if let Some(entry) = &mut self.entry {
            entry.field.insert(text);
            self.typed(cx);
        }
    }

    /// What is typed holds at once.
    fn typed(&mut self, cx: &Context) {
        let Some(entry) = &mut self.entry else { return };
        let pattern = match Pattern::parse(entry.field.text()) {
            Ok(pattern) => pattern,
            Err(complaint) => {
                entry.complaint = Some(complaint);
                return;
            }
        };
        entry.complaint = None;
        if entry.filters {
            let least = self.sieve.least;
            self.sift(pattern, least, cx);
        } else {
            (self.needle, self.found, self.hunt) = (pattern, None, None);
        }
    }

    /// Lets other lines through; what is seen stays near.
    fn sift(&mut self, pattern: Option<Pattern>, least: Option<Level>, cx: &Context) {
        self.sieve.change(pattern, least, &self.store);
        self.sieve.step(&self.store, &mut Slice::default());
        if self.top.is_some() && self.top_place(cx).is_none() {
            self.follow();
        }
    }

    /// Goes to the next place found, towards older lines or newer ones.
    fn search(&mut self, back: bool, cx: &Context) -> Vec<Effect> {
        if self.needle.is_none() {
            self.ask(false);
            return Vec::new();
        }
        let found = self.found.map(|mark| self.store.number(mark));
        let at = match (found, back) {
            (Some(found), true) => self.sieve.before(found, &self.store),
            (Some(found), false) => self.sieve.at_or_after(found + 1, &self.store),
            (None, true) => self.last_seen(cx),
            (None, false) => self.top_place(cx).map(|(number, _)| number),
        };
        self.hunt = Some(Hunt { back, at });
        self.step(cx)
    }

    /// Does one of its commands; none when it is not its own.
    pub fn run(&mut self, id: CommandId, pane: PaneId, cx: &Context) -> Option<Vec<Effect>> {
        use CommandId as C;
        let page = isize::try_from(self.rows()).unwrap_or(1).max(1);
        match id {
            C::LogFollow if self.top.is_some() => self.follow(),
            C::LogFollow => self.pause(cx),
            C::LogUp => self.travel(-1, cx),
            C::LogDown => self.travel(1, cx),
            C::LogHalfUp => self.travel(-(page / 2).max(1), cx),
            C::LogHalfDown => self.travel((page / 2).max(1), cx),
            C::LogPageUp => self.travel(-page, cx),
            C::LogPageDown => self.travel(page, cx),
            C::LogOldest => self.go_to_end(false, cx),
            C::LogNewest => self.go_to_end(true, cx),
            C::LogLeft => self.pan = self.pan.saturating_sub(PAN),
            C::LogRight if self.wrap => return Some(vec![say("lines are wrapped: w cuts them, then they can be moved")]),
            C::LogRight => self.pan += PAN,
            C::LogSearch => self.ask(false),
            C::LogNext => return Some(self.search(true, cx)),
            C::LogPrevious => return Some(self.search(false, cx)),
            C::LogFilter => self.ask(true),
            C::LogLevel => {
                let at = Level::CHOICES.iter().position(|level| Some(*level) == self.sieve.least);
                let least = match at {
                    None => Some(Level::Error),
                    Some(0) => None,
                    Some(at) => Level::CHOICES.get(at - 1).copied(),
                };
                let pattern = self.sieve.pattern.clone();
                self.sift(pattern, least, cx);
            }
            C::LogTimes => self.times = !self.times,
            C::LogZone => (self.times, self.utc) = (true, !self.utc),
            C::LogWrap => (self.wrap, self.pan) = (!self.wrap, 0),
            C::LogJson => self.json = !self.json,
            C::LogClear => {
                self.store.clear();
                self.sieve.changed_from(0, &self.store);
                self.follow();
            }
            C::LogSelect => self.select(cx),
            C::LogCopy => return Some(self.copy(cx)),
            C::LogSave => {
                let name = self.sources.first().map_or("cto", |source| source.name.as_str());
                let text = format!("{name}.log");
                let spec = PromptSpec { title: "save the lines shown as".to_owned(), text, purpose: PromptFor::SaveLog };
                return Some(vec![Effect::Ask(Ask::Prompt(Box::new(spec)))]);
            }
            C::LogTail => return Some(self.read_range(FIRST, pane, cx)),
            C::LogTail100 => return Some(self.read_range(Range::Last(100), pane, cx)),
            C::LogAll => return Some(self.read_range(Range::All, pane, cx)),
            C::Log1m => return Some(self.read_minutes(1, pane, cx)),
            C::Log5m => return Some(self.read_minutes(5, pane, cx)),
            C::Log15m => return Some(self.read_minutes(15, pane, cx)),
            C::Log30m => return Some(self.read_minutes(30, pane, cx)),
            C::Log1h => return Some(self.read_minutes(60, pane, cx)),
            C::LogBack if self.selection.take().is_some() => {}
            C::LogBack if self.needle.take().is_some() => (self.found, self.hunt) = (None, None),
            C::LogBack if !self.sieve.is_open() => self.sift(None, None, cx),
            C::LogBack if self.top.is_some() => self.follow(),
            C::LogBack => return Some(vec![Effect::Ask(Ask::Run(CommandId::GoHome))]),
            _ => return None,
        }
        Some(Vec::new())
    }

    fn read_minutes(&mut self, minutes: u64, pane: PaneId, cx: &Context) -> Vec<Effect> {
        self.read_range(Range::Since(Duration::from_secs(minutes * 60)), pane, cx)
    }

    fn read_range(&mut self, range: Range, pane: PaneId, cx: &Context) -> Vec<Effect> {
        self.range = range;
        self.begin(pane, cx)
    }

    /// Writes the lines that show into a file.
    #[must_use]
    pub fn save(&self, path: &str) -> Vec<Effect> {
        if path.trim().is_empty() {
            return Vec::new();
        }
        let names = if self.sources.len() > 1 { self.sources.iter().map(|source| source.name.clone()).collect() } else { Vec::new() };
        let excerpt = self.store.excerpt(self.sieve.shown(&self.store), names, self.times);
        vec![Effect::Request(Request::SaveLog(Box::new(SaveLog { path: PathBuf::from(path.trim()), replace: false, excerpt: Arc::new(excerpt) })))]
    }
}
