//! How the graphs of what containers use look.
use super::graph;
use super::resources::ALL;
use super::resources::ALL_NAME;
use super::resources::Metric;
use super::resources::Resources;
use super::resources::binary;
use super::resources::percent_of;
use super::rows::Row;
use super::state;
use super::text;
use crate::model::ContainerId;
use crate::model::Stats;
use crate::tui::command::CommandId;
use crate::tui::component::Context;
use crate::tui::happened::Happening;
use crate::tui::msg::Link;
use crate::tui::past::Axis;
use crate::tui::past::Values;
use crate::tui::past::epoch;
use crate::tui::theme::Role;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// The smallest window that has room for the list beside the graphs.
const LISTED: (u16, u16) = (60, 6);
/// Columns that the graphs of one container take at least where there are several.
const NARROWEST: u16 = 26;
/// Rows below which one graph is shown with one line of words.
const COMPACT: u16 = 6;

/// Where everything lies.
pub(super) struct Layout {
    pub list: Option<Rect>,
    /// Of each subject that has room, equally wide.
    pub graphs: Vec<Rect>,
    pub status: Option<Rect>,
}

impl Layout {
    /// The axis of all graphs; none where there is no room.
    pub fn axis(&self, resources: &Resources, cx: &Context) -> Option<Axis> {
        let first = self.graphs.first().filter(|graph| graph.width > 0)?;
        Some(Axis::until(resources.now(cx), resources.range, first.width.into()))
    }
}

/// One subject with what its graphs show.
struct Subject<'a> {
    id: String,
    name: String,
    told: Option<state::Told>,
    columns: Vec<Option<Values>>,
    /// The newest sample; of all together where it is the whole.
    now: Option<Figures>,
    happened: Vec<&'a Happening>,
}

/// Figures as docker shows them.
#[derive(Clone, Copy, Default)]
struct Figures {
    cpu: f64,
    memory: f64,
    limit: f64,
    network: (u64, u64),
    block: (u64, u64),
}

impl Figures {
    fn add(self, sample: &Stats) -> Self {
        let pair = |a: (u64, u64), b: (u64, u64)| (a.0.saturating_add(b.0), a.1.saturating_add(b.1));
        Self {
            cpu: self.cpu + sample.cpu_percent,
            memory: self.memory + sample.memory_bytes as f64,
            limit: sample.memory_limit_bytes as f64,
            network: pair(self.network, sample.network_bytes),
            block: pair(self.block, sample.block_bytes),
        }
    }
}

impl Resources {
    /// Divides the view.
    pub(super) fn layout(&self, cx: &Context) -> Layout {
        let area = cx.area;
        let status = (area.height >= 5).then(|| Rect { y: area.bottom() - 1, height: 1, ..area });
        let middle = Rect { height: area.height - u16::from(status.is_some()), ..area };
        let wide = match area.width {
            ..100 => 32,
            100..160 => 44,
            _ => 62,
        };
        // A blank, the border and a blank stand between the list and the graphs.
        let list = (area.width >= LISTED.0 && area.height >= LISTED.1).then_some(Rect { width: wide - 1, ..middle });
        let left = list.map_or(0, |list| list.width + 3);
        let room = Rect { x: middle.x + left, width: middle.width.saturating_sub(left), ..middle };
        let count = u16::try_from(self.list.marked().len()).unwrap_or(u16::MAX).clamp(1, (room.width / NARROWEST).max(1));
        let own = (room.width + 1) / count - 1;
        let graphs = (0..count).map(|place| Rect { x: room.x + place * (own + 1), width: own, ..room }).collect();
        Layout { list, graphs, status }
    }

    pub(super) fn draw_all(&self, frame: &mut Frame, cx: &Context) {
        if !cx.data.listed || cx.data.containers.is_empty() {
            return self.draw_nothing(frame, cx);
        }
        let layout = self.layout(cx);
        let rows = self.list.arrange(self.rows(cx));
        if let Some(area) = layout.list {
            let note = if rows.len() <= 1 { "no container fits: esc shows all".to_owned() } else { text::count(rows.len() - 1, "container") };
            self.list.draw(frame, area, &rows, &note, cx);
            if !cx.plain {
                let border = cx.theme.style(Role::Border);
                for y in area.y..area.bottom() {
                    text::put(frame.buffer_mut(), area.right() + 1, y, 1, "│", border);
                }
            }
        }
        let Some(axis) = layout.axis(self, cx) else { return };
        let subjects: Vec<Subject> = self.subjects(cx).into_iter().take(layout.graphs.len()).map(|id| self.subject(id, &axis, &rows, cx)).collect();
        let scales = Metric::ALL.map(|metric| self.scale(metric, &subjects, cx));
        for (subject, area) in subjects.iter().zip(&layout.graphs) {
            if cx.plain {
                self.draw_words(frame, *area, subject, &axis, cx);
            } else {
                self.draw_subject(frame, *area, subject, &axis, scales, cx);
            }
        }
        if let Some(line) = layout.status {
            self.draw_status(frame, line, &subjects, &axis, cx);
        }
    }

    fn draw_nothing(&self, frame: &mut Frame, cx: &Context) {
        let key = |id| cx.keymap.label(id).unwrap_or_default();
        let words = match &cx.data.link {
            Link::Down { detail, .. } if !cx.data.listed => format!("No server answers: {detail}"),
            _ if !cx.data.listed => "Asking the server …".to_owned(),
            _ => format!("There are no containers: {} launches one", key(CommandId::Launch)),
        };
        graph::middle(frame.buffer_mut(), cx.area, &words, cx.theme.style(Role::Muted));
    }

    fn subject<'a>(&'a self, id: String, axis: &Axis, rows: &[Row], cx: &'a Context) -> Subject<'a> {
        let columns = self.columns(&id, axis, cx);
        if id == ALL {
            let mut samples = cx.data.containers.iter().filter_map(|container| self.latest(container, cx)).peekable();
            let machine = cx.data.engine.memory_bytes as f64;
            let now = samples.peek().is_some().then(|| samples.fold(Figures::default(), Figures::add)).map(|now| Figures { limit: machine, ..now });
            return Subject { id, name: ALL_NAME.to_owned(), told: None, columns, now, happened: Vec::new() };
        }
        let container_id = ContainerId::from(id.as_str());
        let container = cx.data.container(&container_id);
        let now = container.and_then(|container| self.latest(container, cx)).map(|sample| Figures::default().add(sample));
        let name = container.map(|container| container.name.clone()).unwrap_or_default();
        // Without a list beside it, the place in it is told here.
        let place = rows.iter().position(|row| row.id == id).filter(|_| self.layout(cx).list.is_none());
        let name = place.map_or(name.clone(), |place| format!("{name} {place}/{}", rows.len() - 1));
        let happened = self.chronicle.of(&container_id).filter(|happening| axis.column(epoch(happening.at)).is_some()).collect();
        Subject { id, name, told: container.map(state::told), columns, now, happened }
    }

    /// What the highest bar stands for: the same for all that are side by side.
    fn scale(&self, metric: Metric, subjects: &[Subject], cx: &Context) -> f64 {
        if self.normal && matches!(metric, Metric::Cpu | Metric::Memory) {
            return 100.0;
        }
        let values = subjects.iter().flat_map(|subject| subject.columns.iter().flatten());
        let most = values.flat_map(|values| self.bars(metric, values, cx)).flatten().fold(0.0, f64::max);
        graph::round_up(most, metric == Metric::Memory)
    }

    /// The values of a metric: one, or what comes in and what goes out.
    fn bars(&self, metric: Metric, values: &Values, cx: &Context) -> [Option<f64>; 2] {
        match metric {
            Metric::Cpu if self.normal => [Some(values.cpu / f64::from(cx.data.engine.cpus.max(1))), None],
            Metric::Cpu => [Some(values.cpu), None],
            Metric::Memory if self.normal => [Some(if values.limit > 0.0 { values.memory / values.limit * 100.0 } else { 0.0 }), None],
            Metric::Memory => [Some(values.memory), None],
            Metric::Network => [values.network.map(|pair| pair.0), values.network.map(|pair| pair.1)],
            Metric::Block => [values.block.map(|pair| pair.0), values.block.map(|pair| pair.1)],
        }
    }

    /// A metric in words: as it is now, or as it was where the cursor is on the time axis.
    fn words(&self, metric: Metric, subject: &Subject, axis: &Axis, cx: &Context) -> String {
        let cpu = |cpu: f64| if self.normal { format!("{:.2}%", cpu / f64::from(cx.data.engine.cpus.max(1))) } else { format!("{cpu:.2}%") };
        let memory = |memory: f64, limit: f64| {
            if self.normal { format!("{} of {}", percent_of(memory, limit), binary(limit)) } else { format!("{} / {}", binary(memory), binary(limit)) }
        };
        let (one, other) = match (metric, cx.plain) {
            (Metric::Network, true) => ("in", "out"),
            (Metric::Network, false) => ("↓", "↑"),
            _ => ("r", "w"),
        };
        let rates = |pair: (f64, f64)| format!("{one} {}/s {other} {}/s", text::size(pair.0 as u64), text::size(pair.1 as u64));
        let totals = |pair: (u64, u64)| format!("{} / {}", text::size(pair.0), text::size(pair.1));
        let name = match metric {
            Metric::Cpu => "CPU",
            Metric::Memory => "MEM",
            Metric::Network => "NET",
            Metric::Block => "BLOCK",
        };
        let then = self.at.map(|at| axis.column(at).and_then(|column| subject.columns.get(column).copied().flatten()));
        // Rates are told by the newest column that has them.
        let newest = || subject.columns.iter().rev().flatten().next().copied();
        let told = match (then, subject.now) {
            (Some(None), _) | (None, None) => "–".to_owned(),
            (Some(Some(values)), _) => match metric {
                Metric::Cpu => cpu(values.cpu),
                Metric::Memory => memory(values.memory, values.limit),
                Metric::Network => values.network.map_or("–".to_owned(), rates),
                Metric::Block => values.block.map_or("–".to_owned(), rates),
            },
            (None, Some(now)) => {
                let with = |pair: Option<(f64, f64)>, all| format!("{}  {}", rates(pair.unwrap_or_default()), totals(all));
                match metric {
                    Metric::Cpu => cpu(now.cpu),
                    Metric::Memory => memory(now.memory, now.limit),
                    Metric::Network => with(newest().and_then(|values| values.network), now.network),
                    Metric::Block => with(newest().and_then(|values| values.block), now.block),
                }
            }
        };
        format!("{name} {told}")
    }

    fn scale_words(&self, metric: Metric, scale: f64) -> String {
        match metric {
            Metric::Cpu => format!("{scale:.0}%"),
            Metric::Memory if self.normal => format!("{scale:.0}%"),
            Metric::Memory => binary(scale),
            Metric::Network | Metric::Block => format!("{}/s", text::size(scale as u64)),
        }
    }

    fn draw_subject(&self, frame: &mut Frame, area: Rect, subject: &Subject, axis: &Axis, scales: [f64; 4], cx: &Context) {
        let theme = cx.theme;
        let compact = area.height < COMPACT;
        let axis_rows = if compact { u16::from(area.height > 2) } else { 1 + u16::from(area.height > 9) };
        let head = u16::from(!compact);
        if !compact {
            let used = text::put(frame.buffer_mut(), area.x, area.y, area.width, &subject.name, theme.style(Role::Title));
            if let Some(told) = subject.told {
                let words = format!("  {} {}", told.glyph, told.word);
                text::put(frame.buffer_mut(), area.x + used, area.y, area.width.saturating_sub(used), &words, theme.style(told.role));
            }
        }
        let body = Rect { y: area.y + head, height: area.height - head - axis_rows, ..area };
        let metrics = self.metrics(body.height);
        if subject.columns.iter().all(Option::is_none) {
            graph::middle(frame.buffer_mut(), body, &self.nothing(subject), theme.style(Role::Muted));
        } else {
            let (each, more) = (body.height / metrics.len() as u16, body.height % metrics.len() as u16);
            let mut y = body.y;
            for (place, metric) in metrics.iter().enumerate() {
                let height = each + u16::from((place as u16) < more);
                let scale = scales[Metric::ALL.iter().position(|known| known == metric).unwrap_or(0)];
                self.draw_metric(frame, Rect { y, height, ..body }, *metric, subject, axis, scale, compact, cx);
                y += height;
            }
        }
        let line = Rect { y: body.bottom(), height: axis_rows, ..area };
        self.draw_axis(frame, line, subject, axis, cx);
        if let Some(column) = self.at.and_then(|at| axis.column(at)) {
            let column = Rect { x: area.x + column as u16, width: 1, y: body.y, height: body.height };
            frame.buffer_mut().set_style(column, theme.style(Role::Selection));
        }
    }

    /// The graphs that have room, two rows each at least.
    fn metrics(&self, rows: u16) -> Vec<Metric> {
        match self.metric {
            Some(metric) => vec![metric],
            None => Metric::ALL.into_iter().take(usize::from(rows / 2).max(1)).collect(),
        }
    }

    /// Why there is nothing to see, and what to do about it.
    fn nothing(&self, subject: &Subject) -> String {
        match subject.told {
            _ if self.is_reading(&subject.id) => "reading…".to_owned(),
            Some(told) if told.word != "running" && told.word != "healthy" => format!("{}: it used nothing in this time; ] shows a longer one", told.word),
            _ => "nothing is known yet: the server looks every 10 s".to_owned(),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "all of it is where and what one graph is")]
    fn draw_metric(&self, frame: &mut Frame, area: Rect, metric: Metric, subject: &Subject, axis: &Axis, scale: f64, compact: bool, cx: &Context) {
        let theme = cx.theme;
        let words = self.words(metric, subject, axis, cx);
        let words = if compact { format!("{} {words}", subject.name) } else { words };
        let used = text::put(frame.buffer_mut(), area.x, area.y, area.width, &words, theme.style(if compact { Role::Title } else { Role::Text }));
        let scale_words = self.scale_words(metric, scale);
        let wide = text::width(&scale_words) as u16;
        if used + wide < area.width {
            text::put(frame.buffer_mut(), area.right() - wide, area.y, wide, &scale_words, theme.style(Role::Muted));
        }
        let room = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        let role = match metric {
            Metric::Cpu => Role::Accent,
            Metric::Memory => Role::Info,
            Metric::Network => Role::Ok,
            Metric::Block => Role::Warn,
        };
        let (style, muted) = (theme.style(role), theme.style(Role::Muted));
        let bars: Vec<[Option<f64>; 2]> = subject.columns.iter().map(|values| values.map_or([None; 2], |values| self.bars(metric, &values, cx))).collect();
        let two = matches!(metric, Metric::Network | Metric::Block);
        if two && room.height > 1 {
            let upper = Rect { height: room.height / 2, ..room };
            let lower = Rect { y: upper.bottom(), height: room.height - upper.height, ..room };
            graph::bars(frame.buffer_mut(), upper, bars.iter().map(|bars| bars[0]), scale, style, muted);
            graph::bars(frame.buffer_mut(), lower, bars.iter().map(|bars| bars[1]), scale, style, muted);
        } else {
            let sum = |[one, other]: &[Option<f64>; 2]| one.map(|one| one + other.unwrap_or(0.0));
            graph::bars(frame.buffer_mut(), room, bars.iter().map(sum), scale, style, muted);
        }
    }

    /// The time axis: what happened, and where there is a second row the times.
    fn draw_axis(&self, frame: &mut Frame, area: Rect, subject: &Subject, axis: &Axis, cx: &Context) {
        if area.height == 0 {
            return;
        }
        let muted = cx.theme.style(Role::Muted);
        let buffer = frame.buffer_mut();
        text::put(buffer, area.x, area.y, area.width, &"─".repeat(area.width.into()), cx.theme.style(Role::Border));
        let labels = Rect { y: area.bottom() - 1, height: 1, ..area };
        let cursor = self.at.and_then(|at| axis.column(at));
        let left = format!("-{}", self.range.word());
        let right = self.frozen.as_ref().map_or_else(|| "now".to_owned(), |frozen| self.clock(epoch(frozen.now), self.range.seconds()));
        text::put(buffer, labels.x, labels.y, labels.width, &left, muted);
        let wide = text::width(&right) as u16;
        text::put(buffer, labels.right().saturating_sub(wide), labels.y, wide, &right, muted);
        for happening in &subject.happened {
            let Some(column) = axis.column(epoch(happening.at)) else { continue };
            let style = cx.theme.style(if happening.bad { Role::Error } else { Role::Ok });
            text::put(buffer, area.x + column as u16, area.y, 1, happening.glyph, style);
        }
        if let Some(column) = cursor {
            let time = self.clock(axis.begin(column), self.range.seconds());
            let wide = (text::width(&time) as u16).min(labels.width);
            let x = (labels.x + column as u16).saturating_sub(wide / 2).clamp(labels.x, labels.right() - wide);
            text::put(buffer, x, labels.y, wide, &time, cx.theme.style(Role::Accent));
        }
    }

    fn draw_status(&self, frame: &mut Frame, line: Rect, subjects: &[Subject], axis: &Axis, cx: &Context) {
        let key = |id| cx.keymap.label(id).unwrap_or_default();
        let dot = |glyph: &str| if cx.plain { String::new() } else { format!("{glyph} ") };
        let (words, role) = match (&self.failed, &self.frozen) {
            (Some((why, _)), _) => (format!("{}the history can't be read: {why}; it is tried again", dot("✖")), Role::Error),
            (None, Some(frozen)) => {
                (format!("{}paused at {}, {} goes on", dot("⏸"), self.clock(epoch(frozen.now), 0), key(CommandId::ResourcePause)), Role::Warn)
            }
            (None, None) => (format!("{}live", dot("●")), Role::Ok),
        };
        let used = text::put(frame.buffer_mut(), line.x, line.y, line.width, &format!(" {words} "), cx.theme.style(role));
        let mut facts = vec![format!("last {}", self.range.word())];
        let marked = self.list.marked().len();
        if marked > subjects.len() {
            facts.push(format!("{} of {marked} marked have room", subjects.len()));
        }
        facts.extend(self.happening(subjects, axis));
        if self.normal {
            facts.push("in percent".to_owned());
        }
        text::put(frame.buffer_mut(), line.x + used, line.y, line.width.saturating_sub(used), &facts.join(" · "), cx.theme.style(Role::Muted));
    }

    /// What happened where the cursor is on the time axis; without it, what happened last.
    fn happening(&self, subjects: &[Subject], axis: &Axis) -> Option<String> {
        let all = subjects.iter().flat_map(|subject| subject.happened.iter().map(move |happening| (subject, *happening)));
        let cursor = self.at.and_then(|at| axis.column(at));
        let near = all.filter(|(_, happening)| cursor.is_none_or(|cursor| axis.column(epoch(happening.at)) == Some(cursor)));
        let (subject, happening) = near.max_by_key(|(_, happening)| happening.at)?;
        let name = if subjects.len() > 1 { format!("{} ", subject.name) } else { String::new() };
        Some(format!("{} {name}{}", self.clock(epoch(happening.at), self.range.seconds()), happening.text))
    }

    /// A time of day; with the day where more than one is shown.
    fn clock(&self, at: f64, range: u32) -> String {
        let zone = if self.utc { TimeZone::UTC } else { TimeZone::system() };
        let time = Timestamp::from_millisecond((at * 1000.0) as i64).unwrap_or_default().to_zoned(zone);
        let format = match range {
            0..3_600 => "%H:%M:%S",
            3_600..86_400 => "%H:%M",
            _ => "%m-%d %H:%M",
        };
        time.strftime(format).to_string()
    }

    /// The same without a drawing: for those who have it read to them.
    fn draw_words(&self, frame: &mut Frame, area: Rect, subject: &Subject, axis: &Axis, cx: &Context) {
        let theme = cx.theme;
        let told = subject.told.map(|told| format!(", {}", told.word)).unwrap_or_default();
        let mut lines: Vec<(String, Style)> = vec![(format!("{}{told}, last {}", subject.name, self.range.word()), theme.style(Role::Title))];
        for metric in self.metric.map_or(Metric::ALL.to_vec(), |metric| vec![metric]) {
            lines.push((self.words(metric, subject, axis, cx), theme.style(Role::Text)));
            let all: Vec<f64> = subject
                .columns
                .iter()
                .flatten()
                .filter_map(|values| self.bars(metric, values, cx)[0].map(|one| one + self.bars(metric, values, cx)[1].unwrap_or(0.0)))
                .collect();
            if !all.is_empty() {
                let (least, most) = all.iter().fold((f64::MAX, 0.0_f64), |(least, most), value| (least.min(*value), most.max(*value)));
                let mean = all.iter().sum::<f64>() / all.len() as f64;
                let [least, mean, most] = [least, mean, most].map(|value| self.scale_words(metric, value));
                lines.push((format!("  least {least}, mean {mean}, most {most}"), theme.style(Role::Muted)));
            }
        }
        if let Some(column) = self.at.and_then(|at| axis.column(at)) {
            lines.insert(1, (format!("at {}", self.clock(axis.begin(column), self.range.seconds())), theme.style(Role::Accent)));
        }
        let newest_first = subject.happened.iter().rev();
        lines.extend(
            newest_first.map(|happening| (format!("{} {}", self.clock(epoch(happening.at), self.range.seconds()), happening.text), theme.style(Role::Text))),
        );
        for ((line, style), y) in lines.iter().zip(area.y..area.bottom()) {
            text::put(frame.buffer_mut(), area.x, y, area.width, line, *style);
        }
    }
}
