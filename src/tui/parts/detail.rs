//! Details of the container under the cursor, beside the list or instead of it.
use super::graph;
use super::panels::Panels;
use super::picture;
use super::state;
use super::text;
use super::tile;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::Processes;
use crate::model::Size;
use crate::model::Stats;
use crate::tui::command::CommandId;
use crate::tui::component::Context;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::Reply;
use crate::tui::msg::Request;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::time::Duration;

/// The smallest window with details at the right.
const WIDE: u16 = 100;
/// The lowest window with details below.
const HIGH: u16 = 12;
/// Processes are asked for anew this often.
const AGAIN: Duration = Duration::from_secs(5);
/// Columns of a fact's name.
const LABEL: usize = 10;

/// How much of the window the details have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Layout {
    /// Nothing.
    #[default]
    List,
    /// About half.
    Half,
    /// All.
    Detail,
}

/// What is shown of the container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Page {
    #[default]
    Facts,
    Screen,
    Graphs,
    Processes,
    /// A panel of a plugin's: the plugin and its name.
    Panel(String, String),
}

impl Page {
    /// Ours, and the panels of plugins.
    fn all(cx: &Context) -> Vec<Self> {
        let ours = [Self::Facts, Self::Screen, Self::Graphs, Self::Processes];
        let panels = cx.data.plugins.panels().map(|(plugin, panel)| Self::Panel(plugin.name.clone(), panel.name.clone()));
        ours.into_iter().chain(panels).collect()
    }

    fn word(&self) -> String {
        match self {
            Self::Facts => "facts".to_owned(),
            Self::Screen => "screen".to_owned(),
            Self::Graphs => "graphs".to_owned(),
            Self::Processes => "processes".to_owned(),
            Self::Panel(plugin, name) => format!("{plugin}: {name}"),
        }
    }

    /// The page of this word; a panel is there when its plugin is.
    fn named(word: &str) -> Option<Self> {
        let ours = [Self::Facts, Self::Screen, Self::Graphs, Self::Processes].into_iter().find(|page| page.word() == word);
        ours.or_else(|| word.split_once(": ").map(|(plugin, name)| Self::Panel(plugin.to_owned(), name.to_owned())))
    }
}

/// The details.
#[derive(Clone, Debug, Default)]
pub struct Detail {
    /// How much room they have.
    pub layout: Layout,
    page: Page,
    /// The processes that were read last, whose and when.
    read: Option<(ContainerId, Result<Processes, String>)>,
    asked: Option<ContainerId>,
    at: Duration,
    panels: Panels,
}

impl Detail {
    /// Whether they are seen.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.layout != Layout::List
    }

    /// The list's room, and their own.
    #[must_use]
    pub fn rooms(&self, area: Rect, plain: bool) -> (Rect, Option<Rect>) {
        match self.layout {
            Layout::List => (area, None),
            Layout::Detail => (Rect { height: 0, ..area }, Some(area)),
            Layout::Half if area.width >= WIDE && !plain => {
                let own = (area.width * 2 / 5).clamp(44, 90);
                (Rect { width: area.width - own - 1, ..area }, Some(Rect { x: area.right() - own, width: own, ..area }))
            }
            Layout::Half if area.height >= HIGH => {
                let own = area.height / 2;
                (Rect { height: area.height - own, ..area }, Some(Rect { y: area.bottom() - own, height: own, ..area }))
            }
            // There is no room for both.
            Layout::Half => (area, None),
        }
    }

    fn body(room: Rect) -> Rect {
        Rect { y: room.y + 1.min(room.height), height: room.height.saturating_sub(1), ..room }
    }

    /// When a panel is to be asked for anew, since the program began.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        self.panels.next().filter(|_| self.is_shown() && matches!(self.page, Page::Panel(..)))
    }

    /// The size of the picture that is shown in this room.
    #[must_use]
    pub fn picture(&self, room: Rect) -> Option<Size> {
        let body = Self::body(room);
        (self.page == Page::Screen && !body.is_empty()).then_some(Size { cols: body.width, rows: body.height })
    }

    /// Does one of their own commands.
    pub fn command(&mut self, id: CommandId, cx: &Context) {
        let pages = Page::all(cx);
        let page = pages.iter().position(|page| *page == self.page).unwrap_or(0);
        let show = |place: usize| pages.get(place % pages.len()).cloned().unwrap_or_default();
        match (id, self.layout) {
            (CommandId::ScreenMore, Layout::List) => self.layout = Layout::Half,
            (CommandId::ScreenMore, _) => self.layout = Layout::Detail,
            (CommandId::ScreenLess, Layout::Detail) => self.layout = Layout::Half,
            (CommandId::ScreenLess, _) => self.layout = Layout::List,
            (CommandId::ZoomDetail, Layout::Detail) => self.layout = Layout::List,
            (CommandId::ZoomDetail, _) => self.layout = Layout::Detail,
            // The first press shows them.
            (CommandId::DetailNext | CommandId::DetailPrevious, Layout::List) => self.layout = Layout::Half,
            (CommandId::DetailNext, _) => self.page = show(page + 1),
            (CommandId::DetailPrevious, _) => self.page = show(page + pages.len() - 1),
            _ => {}
        }
    }

    /// To be kept.
    #[must_use]
    pub fn save(&self) -> serde_json::Value {
        let layout = match self.layout {
            Layout::List => "list",
            Layout::Half => "half",
            Layout::Detail => "detail",
        };
        serde_json::json!({ "layout": layout, "page": self.page.word() })
    }

    /// As it was kept.
    pub fn restore(&mut self, kept: &serde_json::Value) {
        self.layout = match kept["layout"].as_str() {
            Some("half") => Layout::Half,
            Some("detail") => Layout::Detail,
            _ => Layout::List,
        };
        self.page = kept["page"].as_str().and_then(Page::named).unwrap_or_default();
    }

    /// Takes in what concerns them; asks for the processes of the container that is selected now.
    pub fn update(&mut self, msg: &Msg, selected: Option<&ContainerId>, cx: &Context) -> Vec<Effect> {
        if let Msg::Reply(request, result) = msg
            && let Request::Processes(id) = &**request
        {
            let told = match result {
                Ok(Reply::Processes(processes)) => Ok((**processes).clone()),
                Ok(_) => return Vec::new(),
                Err(problem) => Err(problem.detail.clone()),
            };
            if self.asked.as_ref() == Some(id) {
                self.asked = None;
            }
            self.read = Some((id.clone(), told));
            self.at = cx.now.since_start;
            return Vec::new();
        }
        self.panels.take(msg, cx);
        if let (Page::Panel(plugin, panel), true) = (&self.page, self.is_shown()) {
            return self.panels.due(plugin, panel, selected, cx).into_iter().collect();
        }
        let Some(id) = selected.filter(|id| self.is_shown() && self.page == Page::Processes && cx.data.container(id).is_some_and(state::runs)) else {
            return Vec::new();
        };
        let known = self.read.as_ref().is_some_and(|(of, _)| of == id) && cx.now.since_start.saturating_sub(self.at) < AGAIN;
        if known || self.asked.as_ref() == Some(id) {
            return Vec::new();
        }
        self.asked = Some(id.clone());
        vec![Effect::Request(Request::Processes(id.clone()))]
    }

    /// Draws them.
    pub fn draw(&self, frame: &mut Frame, room: Rect, container: Option<&Container>, cx: &Context) {
        let buffer = frame.buffer_mut();
        let muted = cx.theme.style(Role::Muted);
        let name = container.map_or("nothing is selected", |container| container.name.as_str());
        let mut x = room.x + text::put(buffer, room.x, room.y, room.width, &format!(" {name} "), cx.theme.style(Role::Title));
        let pages = Page::all(cx);
        let place = pages.iter().position(|page| *page == self.page).unwrap_or(0);
        // Where not all have room, those before the one that is shown go.
        let room_for =
            |from: usize| pages[from..=place].iter().map(|page| text::width(&page.word()) + 2).sum::<usize>() <= usize::from(room.right().saturating_sub(x));
        let first = (0..=place).find(|from| room_for(*from)).unwrap_or(place);
        for (at, page) in pages.iter().enumerate().skip(first) {
            let word = match (at == place, cx.plain) {
                (true, true) => format!(" {} shown ", page.word()),
                (true, false) => format!("[{}]", page.word()),
                (false, _) => format!(" {} ", page.word()),
            };
            let style = if at == place { cx.theme.style(Role::Accent) } else { muted };
            x += text::put(buffer, x, room.y, room.right().saturating_sub(x), &word, style);
        }
        let rule = "─".repeat(usize::from(room.right().saturating_sub(x)));
        text::put(buffer, x, room.y, room.right().saturating_sub(x), &rule, cx.theme.style(Role::Border));
        let body = Self::body(room);
        let Some(container) = container else { return };
        match &self.page {
            Page::Panel(plugin, panel) if pages.contains(&self.page) => self.panels.draw(plugin, panel, container, frame, body, cx),
            Page::Facts | Page::Panel(..) => {
                for ((label, value, role), y) in facts(container, cx).into_iter().zip(body.top()..body.bottom()) {
                    let used = text::put(buffer, body.x, y, body.width, &format!(" {} ", text::left(label, LABEL)), muted);
                    text::put(buffer, body.x + used, y, body.width - used, &value, cx.theme.style(role));
                }
            }
            Page::Screen => match cx.data.pictures.get(&container.id) {
                Some(known) => picture::draw(&known.picture, buffer, body, cx.theme, !state::runs(container)),
                None => {
                    let key = cx.keymap.label(CommandId::Open).unwrap_or_default();
                    let words = if state::runs(container) { format!("there is no terminal yet: {key} opens one") } else { "it does not run".to_owned() };
                    graph::middle(buffer, body, &words, muted);
                }
            },
            Page::Graphs => graphs(container, frame, body, cx),
            Page::Processes => self.processes(container, frame, body, cx),
        }
    }

    fn processes(&self, container: &Container, frame: &mut Frame, body: Rect, cx: &Context) {
        let buffer = frame.buffer_mut();
        let muted = cx.theme.style(Role::Muted);
        if !state::runs(container) {
            return graph::middle(buffer, body, "it does not run", muted);
        }
        let processes = match self.read.as_ref().filter(|(of, _)| *of == container.id) {
            None => return graph::middle(buffer, body, "asking the server …", muted),
            Some((_, Err(why))) => return graph::middle(buffer, body, &format!("{why}; it is tried again"), muted),
            Some((_, Ok(processes))) => processes,
        };
        let column = |place: usize| processes.processes.iter().filter_map(move |row| row.get(place)).map(|cell| text::width(cell)).max().unwrap_or(0);
        // The last column, the command, has the rest.
        let widths: Vec<usize> = processes.titles.iter().enumerate().map(|(place, title)| text::width(title).max(column(place)).min(24)).collect();
        let line = |row: &Vec<String>| {
            let last = row.len().saturating_sub(1);
            let cells = row.iter().zip(&widths).enumerate().map(|(place, (cell, width))| if place == last { cell.clone() } else { text::left(cell, *width) });
            format!(" {}", cells.collect::<Vec<_>>().join(" "))
        };
        text::put(buffer, body.x, body.y, body.width, &line(&processes.titles), muted);
        for (row, y) in processes.processes.iter().zip(body.y + 1..body.bottom()) {
            text::put(buffer, body.x, y, body.width, &line(row), cx.theme.style(Role::Text));
        }
    }
}

/// What is known of a container: what each fact is called, and what it says.
fn facts(container: &Container, cx: &Context) -> Vec<(&'static str, String, Role)> {
    let told = state::told(container);
    let word = state::last_exit(container).unwrap_or_else(|| told.word.to_owned());
    let mut facts = vec![("state", if cx.plain { word } else { format!("{} {word}", told.glyph) }, told.role)];
    let mut add = |label, value: String| {
        if !value.is_empty() {
            facts.push((label, value, Role::Text));
        }
    };
    add("since", state::since(container, cx.now.time));
    add("image", container.image.clone());
    add("template", container.template.clone().unwrap_or_default());
    let member = |place: &crate::model::StackPlace| format!("{} in {}", place.member, place.stack);
    add("stack", container.stack.as_ref().map(member).unwrap_or_default());
    add("owner", container.owner.clone().unwrap_or_else(|| if container.foreign { "not made by cto".to_owned() } else { String::new() }));
    add("command", container.command.join(" "));
    add("ports", tile::ports(container));
    if let Some(sample) = cx.data.latest(&container.id).filter(|_| state::runs(container)) {
        add("cpu", format!("{:.1}%", sample.cpu_percent));
        add("memory", format!("{} of {}", text::bytes(sample.memory_bytes), text::bytes(sample.memory_limit_bytes)));
        add("network", format!("{} received, {} sent", text::size(sample.network_bytes.0), text::size(sample.network_bytes.1)));
        add("disk", format!("{} read, {} written", text::size(sample.block_bytes.0), text::size(sample.block_bytes.1)));
        add("pids", sample.pids.to_string());
    }
    let live: Vec<String> = cx.data.live_sessions(&container.id).map(|session| session.title.clone()).collect();
    add("sessions", if live.is_empty() { String::new() } else { format!("{}: {}", live.len(), live.join(", ")) });
    add("created", format!("{} ago", text::age(container.created_at, cx.now.time)));
    add("id", container.id.to_string());
    facts
}

/// What a graph is called, where it lies, what it shows, and whether that is bytes.
type Graph<'a> = (&'static str, Rect, &'a dyn Fn(&Stats) -> f64, bool);

/// The last minute: processor and memory.
fn graphs(container: &Container, frame: &mut Frame, body: Rect, cx: &Context) {
    let buffer = frame.buffer_mut();
    let muted = cx.theme.style(Role::Muted);
    let Some(samples) = cx.data.stats.get(&container.id).filter(|samples| state::runs(container) && !samples.is_empty()) else {
        return graph::middle(buffer, body, if state::runs(container) { "no samples yet" } else { "it does not run" }, muted);
    };
    let half = body.height / 2;
    let parts: [Graph; 2] = [
        ("cpu", Rect { height: half, ..body }, &|sample| sample.cpu_percent, false),
        ("memory", Rect { y: body.y + half, height: body.height - half, ..body }, &|sample| sample.memory_bytes as f64, true),
    ];
    for (label, room, value, binary) in parts {
        if room.height == 0 {
            continue;
        }
        let most = samples.iter().map(value).fold(0.0, f64::max);
        let told = |value: f64| if binary { text::bytes(value as u64) } else { format!("{value:.1}%") };
        let now = samples.back().map(value).unwrap_or_default();
        let line = format!(" {label} {} now, {} at most in the last minute", told(now), told(most));
        text::put(buffer, room.x, room.y, room.width, &line, cx.theme.style(Role::Text));
        if cx.plain {
            continue;
        }
        let bars = Rect { x: room.x + 1, y: room.y + 1, width: room.width.saturating_sub(2), height: room.height.saturating_sub(1) };
        // The newest at the right.
        let empty = usize::from(bars.width).saturating_sub(samples.len());
        let shown = samples.iter().skip(samples.len().saturating_sub(bars.width.into())).map(|sample| Some(value(sample)));
        let values = std::iter::repeat_n(None, empty).chain(shown);
        graph::bars(buffer, bars, values, graph::round_up(most, binary), cx.theme.style(Role::Accent), cx.theme.style(Role::Border));
    }
}
