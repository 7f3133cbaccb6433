//! What containers use over time: graphs beside a list of containers, with what happened marked on the time axis.
use super::items::Listing;
use super::listed::Listed;
use super::rows::Cell;
use super::rows::Click;
use super::rows::Column;
use super::rows::List;
use super::rows::Row;
use super::state;
use super::text;
use super::toast::say;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::Event;
use crate::model::Stats;
use crate::model::StatsPoint;
use crate::term::MouseButton;
use crate::term::MouseEvent;
use crate::term::MouseKind;
use crate::tui::command::CommandId;
use crate::tui::command::Scope;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::component::Hint;
use crate::tui::happened::Chronicle;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::Reply;
use crate::tui::msg::Request;
use crate::tui::past;
use crate::tui::past::Axis;
use crate::tui::past::MOST_READ;
use crate::tui::past::PastWish;
use crate::tui::past::Range;
use crate::tui::past::Values;
use crate::tui::theme::Role;
use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::VecDeque;
use std::time::Duration;

/// The row of all containers together.
pub(super) const ALL: &str = "";
/// Its name.
pub(super) const ALL_NAME: &str = "all containers";
/// How soon what could not be read is tried again.
const AGAIN: Duration = Duration::from_secs(5);

const COLUMNS: [Column; 6] = [
    Column { head: "NAME", least: 12, most: 30, goes: 0, right: false },
    Column { head: "CPU", least: 7, most: 8, goes: 1, right: true },
    Column { head: "MEM", least: 8, most: 9, goes: 2, right: true },
    Column { head: "NET", least: 9, most: 9, goes: 3, right: true },
    Column { head: "BLOCK", least: 9, most: 9, goes: 4, right: true },
    Column { head: "PIDS", least: 5, most: 5, goes: 5, right: true },
];

/// What a graph shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Processor time.
    Cpu,
    /// Memory.
    Memory,
    /// What is received and sent.
    Network,
    /// What is read from disks and written.
    Block,
}

impl Metric {
    /// All, from the top.
    pub const ALL: [Self; 4] = [Self::Cpu, Self::Memory, Self::Network, Self::Block];
}

/// What was known when the graphs were stopped.
#[derive(Clone, Debug)]
pub(super) struct Frozen {
    pub now: Timestamp,
    stats: HashMap<ContainerId, VecDeque<Stats>>,
}

#[derive(Clone, Debug)]
struct Read {
    range: Range,
    at: Duration,
    points: Vec<StatsPoint>,
}

/// The view.
#[derive(Clone, Debug)]
pub struct Resources {
    pub(super) list: List,
    /// The one graph that is shown; all where none is chosen.
    pub(super) metric: Option<Metric>,
    pub(super) range: Range,
    pub(super) normal: bool,
    /// Times are shown in UTC.
    pub(super) utc: bool,
    /// The cursor on the time axis, in seconds of the epoch.
    pub(super) at: Option<f64>,
    pub(super) frozen: Option<Box<Frozen>>,
    pub(super) chronicle: Chronicle,
    past: HashMap<ContainerId, Read>,
    /// What is being read.
    asked: Option<PastWish>,
    /// When something is to be read next, since the program began.
    wake: Option<Duration>,
    /// Why the history could not be read, and when it is tried again.
    pub(super) failed: Option<(String, Duration)>,
    pub(super) listing: Listing,
}

impl Default for Resources {
    fn default() -> Self {
        Self {
            list: List::new(&COLUMNS),
            metric: None,
            range: Range::default(),
            normal: false,
            utc: false,
            at: None,
            frozen: None,
            chronicle: Chronicle::default(),
            past: HashMap::new(),
            asked: None,
            wake: None,
            failed: None,
            listing: Listing::default(),
        }
    }
}

impl Resources {
    /// Shows these containers: one under the cursor, several side by side.
    pub fn show(&mut self, ids: &[ContainerId]) {
        if let Some(first) = ids.first() {
            self.list.select(first.as_str());
            self.list.mark_only(if ids.len() > 1 { ids.iter().map(ToString::to_string).collect() } else { Vec::new() });
        }
    }

    /// The time that the graphs end with.
    pub(super) fn now(&self, cx: &Context) -> Timestamp {
        self.frozen.as_ref().map_or(cx.now.time, |frozen| frozen.now)
    }

    fn samples<'a>(&'a self, id: &ContainerId, cx: &'a Context) -> Option<&'a VecDeque<Stats>> {
        match &self.frozen {
            Some(frozen) => frozen.stats.get(id),
            None => cx.data.stats.get(id),
        }
    }

    /// The newest sample of a container that runs.
    pub(super) fn latest<'a>(&'a self, container: &Container, cx: &'a Context) -> Option<&'a Stats> {
        self.samples(&container.id, cx).and_then(VecDeque::back).filter(|_| state::runs(container))
    }

    /// All rows: everything together, then the containers.
    pub(super) fn rows(&self, cx: &Context) -> Vec<Row> {
        let containers = self.listing.containers(cx.data);
        let samples: Vec<&Stats> = containers.iter().filter_map(|container| self.latest(container, cx)).collect();
        let machine = f64::from(cx.data.engine.cpus.max(1));
        let cells = |name: String, role, told: Option<[f64; 7]>| {
            let Some([cpu, memory, limit, received, sent, blocks, pids]) = told else {
                let mut cells = vec![Cell::new(name, role)];
                cells.resize(COLUMNS.len(), Cell::number("", Role::Muted, -1.0));
                return cells;
            };
            let (cpu_told, memory_told) =
                if self.normal { (format!("{:.2}%", cpu / machine), percent_of(memory, limit)) } else { (format!("{cpu:.2}%"), binary(memory)) };
            vec![
                Cell::new(name, role),
                Cell::number(cpu_told, Role::Text, cpu),
                Cell::number(memory_told, Role::Text, memory),
                Cell::number(text::size((received + sent) as u64), Role::Muted, received + sent),
                Cell::number(text::size(blocks as u64), Role::Muted, blocks),
                Cell::number(format!("{pids:.0}"), Role::Muted, pids),
            ]
        };
        let told = |sample: &Stats| {
            let block = sample.block_bytes.0.saturating_add(sample.block_bytes.1) as f64;
            let (received, sent) = (sample.network_bytes.0 as f64, sample.network_bytes.1 as f64);
            [sample.cpu_percent, sample.memory_bytes as f64, sample.memory_limit_bytes as f64, received, sent, block, sample.pids as f64]
        };
        let mut sum = [0.0; 7];
        for sample in &samples {
            for (sum, value) in sum.iter_mut().zip(told(sample)) {
                *sum += value;
            }
        }
        sum[2] = cx.data.engine.memory_bytes as f64;
        let mut rows =
            vec![Row { id: ALL.to_owned(), cells: cells(ALL_NAME.to_owned(), Role::Title, (!samples.is_empty()).then_some(sum)), fixed: true, wide: None }];
        rows.extend(containers.iter().map(|container| {
            let role = if state::runs(container) { Role::Text } else { Role::Muted };
            let name = format!("{} {}", if cx.plain { state::told(container).word } else { state::told(container).glyph }, container.name);
            Row { id: container.id.to_string(), cells: cells(name, role, self.latest(container, cx).map(told)), fixed: false, wide: None }
        }));
        rows
    }

    /// What the graphs show: the marked ones, or what the cursor is on; [`ALL`] for everything together.
    pub(super) fn subjects(&self, cx: &Context) -> Vec<String> {
        if !self.list.marked().is_empty() {
            return self.list.marked().to_vec();
        }
        let rows = self.list.arrange(self.rows(cx));
        self.list.selected(&rows).map(|row| row.id.clone()).into_iter().collect()
    }

    /// What each column of the axis shows of a subject.
    pub(super) fn columns(&self, subject: &str, axis: &Axis, cx: &Context) -> Vec<Option<Values>> {
        let one = |id: &ContainerId| {
            let points = self.past.get(id).map_or(&[][..], |read| &read.points);
            past::columns(&past::spans(points, self.samples(id, cx).into_iter().flatten()), axis)
        };
        if subject == ALL {
            past::together(cx.data.containers.iter().map(|container| one(&container.id)), axis.columns, cx.data.engine.memory_bytes)
        } else {
            one(&subject.into())
        }
    }

    /// Whether the history of what is shown is still to come.
    pub(super) fn is_reading(&self, subject: &str) -> bool {
        self.asked.as_ref().is_some_and(|wish| subject == ALL || wish.containers.iter().any(|id| id.as_str() == subject && !self.past.contains_key(id)))
    }

    /// The containers whose samples are shown; none while the graphs stand still.
    #[must_use]
    pub fn watched(&self, cx: &Context) -> Vec<ContainerId> {
        if self.frozen.is_some() {
            return Vec::new();
        }
        cx.data.containers.iter().filter(|container| state::runs(container)).map(|container| container.id.clone()).collect()
    }

    /// The containers whose history is shown: those that run first, [`MOST_READ`] at most.
    fn wanted(&self, cx: &Context) -> Vec<ContainerId> {
        let subjects = self.subjects(cx);
        let mut containers: Vec<&Container> = cx.data.containers.iter().collect();
        containers.sort_by_key(|container| !state::runs(container));
        let is_shown = |container: &&&Container| subjects.iter().any(|subject| subject == ALL || *subject == container.id.as_str());
        containers.iter().filter(is_shown).take(MOST_READ).map(|container| container.id.clone()).collect()
    }

    /// How long what was read holds: live samples of a minute follow it.
    fn holds(&self) -> Duration {
        Duration::from_secs(u64::from(self.range.seconds() / 120).clamp(30, 300))
    }

    fn is_due(&self, id: &ContainerId, now: Duration) -> bool {
        self.past.get(id).is_none_or(|read| read.range != self.range || now.saturating_sub(read.at) >= self.holds())
    }

    /// What is to be read now: one reading at a time, and nothing while the graphs stand still, unless another time or container is shown.
    pub fn due(&mut self, cx: &Context) -> Vec<Effect> {
        let now = cx.now.since_start;
        self.wake = None;
        if self.asked.is_some() || !cx.data.listed {
            return Vec::new();
        }
        if let Some((_, again)) = &self.failed
            && *again > now
        {
            self.wake = Some(*again);
            return Vec::new();
        }
        let wanted = self.wanted(cx);
        let known = |id: &ContainerId| self.past.get(id).is_some_and(|read| read.range == self.range);
        let due = |id: &&ContainerId| if self.frozen.is_some() { !known(id) } else { self.is_due(id, now) };
        let containers: Vec<ContainerId> = wanted.iter().filter(due).cloned().collect();
        if containers.is_empty() {
            let next = wanted.iter().filter_map(|id| self.past.get(id).map(|read| read.at + self.holds())).min();
            self.wake = next.filter(|_| self.frozen.is_none());
            return Vec::new();
        }
        let wish = PastWish { range: self.range, containers };
        self.asked = Some(wish.clone());
        vec![Effect::Request(Request::Past(Box::new(wish)))]
    }

    /// When it wants to be woken up, since the program began: asked after every message, so it is known already.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        self.wake
    }

    /// Everything is to be read anew.
    pub fn refresh(&mut self) {
        self.past.clear();
        self.failed = None;
    }

    fn take_past(&mut self, wish: &PastWish, result: &Result<Reply, Box<crate::model::Problem>>, cx: &Context) {
        self.asked = None;
        let now = cx.now.since_start;
        match result {
            Ok(Reply::Past(read)) => {
                self.failed = None;
                // Those of which nothing came are gone, or nobody looked at them yet.
                for id in &wish.containers {
                    let points = read.items.iter().find(|one| one.container == *id).map(|one| one.items.clone()).unwrap_or_default();
                    self.past.insert(id.clone(), Read { range: wish.range, at: now, points });
                }
                let wanted: HashSet<ContainerId> = self.wanted(cx).into_iter().collect();
                self.past.retain(|id, _| wanted.contains(id));
            }
            Ok(_) => {}
            Err(problem) => self.failed = Some((problem.detail.clone(), now + AGAIN)),
        }
    }

    /// Puts the cursor on a column of the time axis; none takes it away.
    fn point(&mut self, column: Option<usize>, axis: &Axis) {
        self.at = column.map(|column| axis.begin(column.min(axis.columns - 1)) + axis.step() / 2.0);
    }

    fn step(&mut self, on: bool, cx: &Context) {
        let Some(axis) = self.layout(cx).axis(self, cx) else { return };
        let column = match (self.at.map(|at| axis.column(at).unwrap_or(0)), on) {
            (None, false) => Some(axis.columns - 1),
            (None, true) => None,
            (Some(column), false) => Some(column.saturating_sub(1)),
            (Some(column), true) => Some(column + 1).filter(|column| *column < axis.columns),
        };
        self.point(column, &axis);
    }

    /// What concerns the containers that are meant.
    fn act(&self, id: CommandId, rows: &[Row], cx: &Context) -> Vec<Effect> {
        let ids: Vec<ContainerId> = self.list.meant(rows).iter().map(|id| id.as_str().into()).collect();
        if id == CommandId::ResourceCopy {
            let names: String = ids.iter().filter_map(|id| cx.data.container(id)).map(|container| format!(" {}", container.name)).collect();
            return vec![Effect::Ask(Ask::Copy(format!("cto stats --history --since {}{names}", self.range.word())))];
        }
        match ids.first() {
            None => vec![say("this is for one container: choose one below")],
            Some(first) if id == CommandId::ResourceOpen => vec![Effect::Ask(Ask::OpenTerminal(first.clone()))],
            Some(_) => vec![Effect::Ask(Ask::OpenLogs(ids))],
        }
    }
}

impl Listed for Resources {
    fn list(&mut self) -> &mut List {
        &mut self.list
    }

    fn all(&self, cx: &Context) -> Vec<Row> {
        self.rows(cx)
    }

    fn place(&self, cx: &Context) -> Rect {
        self.layout(cx).list.unwrap_or(cx.area)
    }

    fn command(&mut self, id: CommandId, cx: &Context) -> Option<Vec<Effect>> {
        use CommandId as C;
        let toast = |text: &str| Some(vec![say(text)]);
        match id {
            C::Back if self.at.take().is_some() => return Some(Vec::new()),
            C::ResourceMetric => {
                let next = self.metric.map_or(0, |metric| Metric::ALL.iter().position(|known| *known == metric).unwrap_or(0) + 1);
                self.metric = Metric::ALL.get(next).copied();
                return Some(Vec::new());
            }
            C::ResourceShorter | C::ResourceLonger => {
                let range = self.range.step(id == C::ResourceLonger);
                if range == self.range {
                    return toast(if id == C::ResourceLonger { "the history goes no further back" } else { "there is no shorter time" });
                }
                self.range = range;
                self.at = None;
                return Some(Vec::new());
            }
            C::ResourceBack | C::ResourceForward => {
                self.step(id == C::ResourceForward, cx);
                return Some(Vec::new());
            }
            C::ResourceNormal => {
                self.normal = !self.normal;
                let words = if self.normal {
                    "processor in percent of the machine, memory in percent of the limit"
                } else {
                    "as docker stats: 100% is one core, memory in bytes"
                };
                return toast(words);
            }
            C::ResourceZone => {
                self.utc = !self.utc;
                return toast(if self.utc { "times are in UTC" } else { "times are those of this place" });
            }
            C::ResourcePause => {
                self.frozen = match self.frozen {
                    Some(_) => None,
                    None => Some(Box::new(Frozen { now: cx.now.time, stats: cx.data.stats.clone() })),
                };
                return Some(Vec::new());
            }
            _ => {}
        }
        match (self.own_command(id, cx), id) {
            (Ok(effects), _) => Some(effects),
            (Err(rows), C::ResourceOpen | C::ResourceLogs | C::ResourceCopy) => Some(self.act(id, &rows, cx)),
            (Err(_), _) => None,
        }
    }

    fn mouse(&mut self, event: MouseEvent, cx: &Context) -> Vec<Effect> {
        let layout = self.layout(cx);
        let all = self.rows(cx);
        let rows = self.list.arrange(all.clone());
        if let Some(area) = layout.list.filter(|area| area.contains((event.col, event.row).into())) {
            return match self.list.mouse(event, area, &all, &rows, cx) {
                Click::Open => self.act(CommandId::ResourceOpen, &rows, cx),
                Click::Menu | Click::Nothing => Vec::new(),
            };
        }
        match (event.kind, event.button) {
            (MouseKind::Down | MouseKind::Drag, MouseButton::Left) => {
                let graph = layout.graphs.iter().find(|graph| graph.contains((event.col, event.row).into()));
                if let (Some(graph), Some(axis)) = (graph, layout.axis(self, cx)) {
                    self.point(Some(usize::from(event.col - graph.x)), &axis);
                }
            }
            (MouseKind::Down, MouseButton::Right) => self.at = None,
            (MouseKind::WheelUp, _) => self.step(false, cx),
            (MouseKind::WheelDown, _) => self.step(true, cx),
            _ => {}
        }
        Vec::new()
    }
}

impl Component for Resources {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        match msg {
            Msg::Event(event) => {
                if let Event::ContainerChanged { container } = &**event {
                    self.chronicle.look(container, cx.now.time);
                }
                return None;
            }
            Msg::Reply(_, Ok(Reply::All(_))) => {
                self.chronicle.look_at_all(cx.data, cx.now.time);
                return None;
            }
            Msg::Reply(request, result) => {
                let Request::Past(wish) = &**request else { return None };
                self.take_past(wish, result, cx);
                return Some(Vec::new());
            }
            _ => {}
        }
        self.take(msg, cx)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        self.draw_all(frame, &Context { area, ..*cx });
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Resources, Scope::List, Scope::Global]
    }

    fn takes_keys(&self) -> bool {
        self.list.is_editing()
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<Hint>> {
        self.list.hints()
    }
}

/// Memory as docker shows it: `48.21MiB`.
pub(super) fn binary(bytes: f64) -> String {
    let (mut value, mut unit) = (bytes, 0);
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    // Four digits and no zeros at the end, as docker has them.
    let decimals = if unit == 0 { 0 } else { 3 - (value.max(1.0).log10() as usize).min(3) };
    let digits = format!("{value:.decimals$}");
    let digits = if decimals > 0 { digits.trim_end_matches('0').trim_end_matches('.') } else { &digits };
    format!("{digits}{}", units[unit])
}

/// A part of a whole: `9.4%`.
pub(super) fn percent_of(part: f64, whole: f64) -> String {
    if whole > 0.0 { format!("{:.2}%", part / whole * 100.0) } else { "–".to_owned() }
}
