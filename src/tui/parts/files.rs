//! Files: a directory of a container beside one of this machine.
use super::files_rows;
use super::files_rows::ABOVE;
use super::files_rows::COLUMNS;
use super::listed::Listed;
use super::meter::Meter;
use super::rows::Click;
use super::rows::List;
use super::rows::Row;
use crate::model::ContainerId;
use crate::model::Event;
use crate::model::SessionId;
use crate::term::MouseEvent;
use crate::term::MouseKind;
use crate::tui::command::CommandId;
use crate::tui::command::Scope;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::component::Hint;
use crate::tui::data::Data;
use crate::tui::files::CopyItem;
use crate::tui::files::CopyJob;
use crate::tui::files::Entry;
use crate::tui::files::FilesWish;
use crate::tui::files::Listing;
use crate::tui::files::Where;
use crate::tui::files::draft::Draft;
use crate::tui::files::names;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::Request;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::collections::HashSet;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What is seen is listed anew this often: files change without telling.
const AGAIN: Duration = Duration::from_secs(20);
/// After a change this soon.
const SOON: Duration = Duration::from_millis(500);
/// The smallest width with both sides.
const TWO: u16 = 72;

/// A side of the view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Side {
    /// The container.
    #[default]
    Inside,
    /// This machine.
    Here,
}

/// What is shown of one side.
#[derive(Clone, Debug)]
pub(super) struct Pane {
    pub list: List,
    /// The directory; on this machine nothing until it is known.
    pub path: Vec<u8>,
    pub listing: Option<Listing>,
    /// It was asked for and did not come yet.
    pub asked: bool,
    /// Something was changed since it was asked for: what comes is old.
    pub outdated: bool,
    /// When it is listed next, since the program began.
    pub next: Duration,
    /// Why it can't be listed.
    pub failed: Option<String>,
}

impl Pane {
    fn at(path: &[u8]) -> Self {
        Self { list: List::new(&COLUMNS), path: path.to_vec(), listing: None, asked: false, outdated: false, next: Duration::ZERO, failed: None }
    }

    /// Goes to another directory, with the cursor on this name there.
    pub fn go(&mut self, path: Vec<u8>, cursor: Option<&[u8]>) {
        let mut list = List::new(&COLUMNS);
        (list.sort, list.reverse) = (self.list.sort, self.list.reverse);
        if let Some(name) = cursor {
            list.select(&names::key(name));
        }
        *self = Self { list, ..Self::at(&path) };
    }

    /// The entry of a row.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.listing.as_ref()?.entries.iter().find(|entry| names::key(&entry.name) == key)
    }
}

/// A copy that is under way.
#[derive(Clone, Debug)]
pub(super) struct Copying {
    pub job: CopyJob,
    pub item: usize,
    pub bytes: u64,
    pub meter: Meter,
    pub stopping: bool,
}

/// A copy that is not begun: some of what it would replace is still to be asked about.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub job: CopyJob,
    pub open: VecDeque<CopyItem>,
    /// What is there already; none while that is not known.
    pub there: Option<HashSet<Vec<u8>>>,
    pub over: bool,
}

/// The view.
#[derive(Debug)]
pub struct Files {
    pub(super) container: Option<ContainerId>,
    pub(super) inside: Pane,
    pub(super) here: Pane,
    pub(super) side: Side,
    pub(super) hidden: bool,
    pub(super) session: Option<SessionId>,
    pub(super) copying: Option<Copying>,
    pub(super) plan: Option<Plan>,
    /// The file that the editor has, or that waits to be put back.
    pub(super) draft: Option<Arc<Draft>>,
    /// Files that could not be put back: they are kept until the program ends.
    pub(super) kept: Vec<Arc<Draft>>,
    /// A file of this machine that the editor has.
    pub(super) edited: Option<PathBuf>,
    pub(super) last_job: u64,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            container: None,
            inside: Pane::at(b"/"),
            here: Pane::at(b""),
            side: Side::Inside,
            hidden: false,
            session: None,
            copying: None,
            plan: None,
            draft: None,
            kept: Vec::new(),
            edited: None,
            last_job: 0,
        }
    }
}

impl Files {
    /// Shows the files of a container, where they were shown last if it is the same.
    pub fn show(&mut self, container: &ContainerId) {
        if self.container.as_ref() != Some(container) {
            self.container = Some(container.clone());
            self.inside.go(b"/".to_vec(), None);
            self.session = None;
        }
        self.side = Side::Inside;
        self.refresh();
    }

    /// Shows the files of a container where the program of a session works.
    pub fn show_at(&mut self, container: &ContainerId, session: Option<SessionId>) {
        self.show(container);
        self.session = session;
    }

    /// Whether there is a container whose files are shown.
    #[must_use]
    pub fn is_shown(&self, data: &Data) -> bool {
        self.container.as_ref().is_some_and(|id| data.container(id).is_some())
    }

    /// What has to be asked for now.
    pub fn due(&mut self, cx: &Context) -> Vec<Effect> {
        if self.container.is_none() {
            return Vec::new();
        }
        if let Some(session) = self.session.take() {
            self.inside.asked = true;
            return vec![wish(FilesWish::Cwd(session))];
        }
        let mut effects = Vec::new();
        for side in [Side::Inside, Side::Here] {
            let Some(at) = self.place_of(side) else { continue };
            let pane = self.pane_mut(side);
            if !pane.asked && pane.next <= cx.now.since_start {
                pane.asked = true;
                let path = pane.path.clone();
                effects.push(wish(FilesWish::List(at, path)));
            }
        }
        effects
    }

    /// When it wants to be woken up, since the program began.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        self.container.as_ref()?;
        [&self.inside, &self.here].into_iter().filter(|pane| !pane.asked).map(|pane| pane.next).min()
    }

    /// Both sides are to be listed anew at once.
    pub fn refresh(&mut self) {
        for pane in [&mut self.inside, &mut self.here] {
            pane.outdated = pane.asked;
            pane.next = Duration::ZERO;
        }
    }

    pub(super) fn soon(&mut self, now: Duration) {
        for pane in [&mut self.inside, &mut self.here] {
            pane.next = pane.next.min(now + SOON);
        }
    }

    /// A list has come, or did not.
    pub(super) fn listed(&mut self, side: Side, told: Result<(Vec<u8>, Listing), String>, cx: &Context) {
        let pane = self.pane_mut(side);
        pane.asked = false;
        pane.next = pane.next.max(cx.now.since_start + AGAIN);
        match told {
            Ok((path, mut listing)) => {
                // Once for all drawings: directories first, by their names' bytes.
                listing.entries.sort_by(|a, b| (!a.is_directory(), &a.name).cmp(&(!b.is_directory(), &b.name)));
                (pane.path, pane.listing, pane.failed) = (path, Some(listing), None);
            }
            Err(why) => pane.failed = Some(why),
        }
        let all = self.rows(side, cx);
        let list = &mut self.pane_mut(side).list;
        list.rank_when_calm(&all, cx.now.since_start);
        let rows = list.arrange(all.clone());
        list.settle(&all, &rows);
    }

    pub(super) fn pane(&self, side: Side) -> &Pane {
        match side {
            Side::Inside => &self.inside,
            Side::Here => &self.here,
        }
    }

    pub(super) fn pane_mut(&mut self, side: Side) -> &mut Pane {
        match side {
            Side::Inside => &mut self.inside,
            Side::Here => &mut self.here,
        }
    }

    /// Where the files of a side are; none while no container is shown.
    pub(super) fn place_of(&self, side: Side) -> Option<Where> {
        match side {
            Side::Inside => self.container.clone().map(Where::Container),
            Side::Here => Some(Where::Host),
        }
    }

    /// What the container is called.
    pub(super) fn name(&self, cx: &Context) -> String {
        let found = self.container.as_ref().and_then(|id| cx.data.container(id));
        found.map_or_else(|| "it".to_owned(), |container| container.name.clone())
    }

    /// All rows of a side, before the filter.
    pub(super) fn rows(&self, side: Side, cx: &Context) -> Vec<Row> {
        let pane = self.pane(side);
        // While something is looked for, the way up is not in its way.
        let above = names::parent(&pane.path).is_some() && !pane.list.is_filtered();
        pane.listing.as_ref().map(|listing| files_rows::rows(listing, above, self.hidden, cx)).unwrap_or_default()
    }

    /// Where each side lies: only the one with the focus where there is no room for both.
    pub(super) fn sides(&self, area: Rect, plain: bool) -> Vec<(Side, Rect)> {
        let foot = u16::from(self.copying.is_some() && area.height > 3);
        let area = Rect { height: area.height - foot, ..area };
        if area.width < TWO || plain {
            return vec![(self.side, area)];
        }
        let left = area.width / 2;
        vec![(Side::Inside, Rect { width: left - 2, ..area }), (Side::Here, Rect { x: area.x + left + 1, width: area.width - left - 1, ..area })]
    }

    /// Where the list of a side lies: below the line with its directory.
    pub(super) fn list_place(&self, side: Side, cx: &Context) -> Rect {
        let place = self.sides(cx.area, cx.plain).into_iter().find(|(own, _)| *own == side).map_or(cx.area, |(_, place)| place);
        below(place)
    }
}

/// What the line with the directory leaves.
pub(super) fn below(place: Rect) -> Rect {
    let head = u16::from(place.height > 1);
    Rect { y: place.y + head, height: place.height - head, ..place }
}

/// Asks for something about files.
pub(super) fn wish(wish: FilesWish) -> Effect {
    Effect::Request(Request::Files(Box::new(wish)))
}

impl Listed for Files {
    fn list(&mut self) -> &mut List {
        let side = self.side;
        &mut self.pane_mut(side).list
    }

    fn all(&self, cx: &Context) -> Vec<Row> {
        self.rows(self.side, cx)
    }

    fn place(&self, cx: &Context) -> Rect {
        self.list_place(self.side, cx)
    }

    fn is_listed(&self, _cx: &Context) -> bool {
        self.pane(self.side).listing.is_some()
    }

    fn command(&mut self, id: CommandId, cx: &Context) -> Option<Vec<Effect>> {
        if matches!(id, CommandId::Back | CommandId::ClearInput | CommandId::FilesCancel)
            && let Some(copying) = self.copying.as_mut().filter(|copying| !copying.stopping)
        {
            copying.stopping = true;
            return Some(vec![Effect::StopCopy(copying.job.id)]);
        }
        let rows = match self.own_command(id, cx) {
            Ok(effects) => return Some(effects),
            Err(rows) => rows,
        };
        self.act(id, &rows, cx)
    }

    fn mouse(&mut self, event: MouseEvent, cx: &Context) -> Vec<Effect> {
        let hit = self.sides(cx.area, cx.plain).into_iter().find(|(_, place)| place.contains((event.col, event.row).into()));
        let Some((side, _)) = hit else { return Vec::new() };
        if event.kind == MouseKind::Down {
            self.side = side;
        }
        let place = self.list_place(side, cx);
        let all = self.rows(side, cx);
        let list = &mut self.pane_mut(side).list;
        let rows = list.arrange(all.clone());
        match list.mouse(event, place, &all, &rows, cx) {
            Click::Open => self.act(CommandId::FilesOpen, &rows, cx).unwrap_or_default(),
            Click::Menu | Click::Nothing => Vec::new(),
        }
    }
}

impl Component for Files {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        match msg {
            Msg::Event(event) => {
                match &**event {
                    Event::ContainerChanged { container } if Some(&container.id) == self.container.as_ref() => self.soon(cx.now.since_start),
                    Event::Resync => self.refresh(),
                    _ => {}
                }
                None
            }
            Msg::Reply(request, result) => {
                let Request::Files(wish) = &**request else { return None };
                self.told(wish, result, cx)
            }
            Msg::Copy(id, news) => self.copied(*id, news, cx),
            Msg::Edited(path, problem) => self.edited(path, problem.is_some(), cx),
            _ => self.take(msg, cx),
        }
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        self.paint(frame, area, cx);
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Files, Scope::List, Scope::Global]
    }

    fn takes_keys(&self) -> bool {
        self.pane(self.side).list.is_editing()
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<Hint>> {
        self.pane(self.side).list.hints()
    }
}

/// Whether a row leads to the directory above.
pub(super) fn is_above(row: &Row) -> bool {
    row.fixed && row.id == ABOVE
}
