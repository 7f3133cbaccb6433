//! Details of the container under the cursor, beside the list or instead of it.
use super::graph;
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Page {
    #[default]
    Facts,
    Screen,
    Graphs,
    Processes,
}

impl Page {
    const ALL: [Self; 4] = [Self::Facts, Self::Screen, Self::Graphs, Self::Processes];

    fn word(self) -> &'static str {
        match self {
            Self::Facts => "facts",
            Self::Screen => "screen",
            Self::Graphs => "graphs",
            Self::Processes => "processes",
        }
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

    /// The size of the picture that is shown in this room.
    #[must_use]
    pub fn picture(&self, room: Rect) -> Option<Size> {
        let body = Self::body(room);
        (self.page == Page::Screen && !body.is_empty()).then_some(Size { cols: body.width, rows: body.height })
    }

    /// Does one of their own commands.
    pub fn command(&mut self, id: CommandId) {
        let page = Page::ALL.iter().position(|page| *page == self.page).unwrap_or(0);
        match (id, self.layout) {
            (CommandId::ScreenMore, Layout::List) => self.layout = Layout::Half,
            (CommandId::ScreenMore, _) => self.layout = Layout::Detail,
            (CommandId::ScreenLess, Layout::Detail) => self.layout = Layout::Half,
            (CommandId::ScreenLess, _) => self.layout = Layout::List,
            (CommandId::ZoomDetail, Layout::Detail) => self.layout = Layout::List,
            (CommandId::ZoomDetail, _) => self.layout = Layout::Detail,
            // The first press shows them.
            (CommandId::DetailNext | CommandId::DetailPrevious, Layout::List) => self.layout = Layout::Half,
            (CommandId::DetailNext, _) => self.page = Page::ALL[(page + 1) % Page::ALL.len()],
            (CommandId::DetailPrevious, _) => self.page = Page::ALL[(page + Page::ALL.len() - 1) % Page::ALL.len()],
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
        self.page = Page::ALL.into_iter().find(|page| Some(page.word()) == kept["page"].as_str()).unwrap_or_default();
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
        for page in Page::ALL {
            let word = match (page == self.page, cx.plain) {
                (true, true) => format!(" {} shown ", page.word()),
                (true, false) => format!("[{}]", page.word()),
                (false, _) => format!(" {} ", page.word()),
            };
            let style = if page == self.page { cx.theme.style(Role::Accent) } else { muted };
            x += text::put(buffer, x, room.y, room.right().saturating_sub(x), &word, style);
        }
        let rule = "─".repeat(usize::from(room.right().saturating_sub(x)));
        text::put(buffer, x, room.y, room.right().saturating_sub(x), &rule, cx.theme.style(Role::Border));
        let body = Self::body(room);
        let Some(container) = container else { return };
        match self.page {
            Page::Facts => {
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
