//! A view of the engine's images, volumes or networks: list, details, and what can be done with them.
use super::listed::Listed;
use super::meter::Meter;
use super::reader::Line;
use super::rows::Click;
use super::rows::List;
use super::rows::Row;
use super::stock_actions;
use super::stock_actions::MOST_REMOVED;
use super::stock_actions::request;
use super::stock_rows;
use super::stock_rows::WORK;
use super::text;
use super::toast::say;
use crate::model::Event;
use crate::model::ImageHistory;
use crate::model::Operation;
use crate::model::OperationId;
use crate::model::OperationState;
use crate::model::Problem;
use crate::term::MouseEvent;
use crate::tui::command::CommandId;
use crate::tui::command::Scope;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::component::Hint;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::Reply;
use crate::tui::msg::Request;
use crate::tui::msg::ToastKind;
use crate::tui::stock::Kind;
use crate::tui::stock::StockReply;
use crate::tui::stock::StockWish;
use crate::tui::theme::Role;
use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::collections::HashMap;
use std::time::Duration;

/// What is seen is listed anew this often: other tools tell nobody of their changes.
const AGAIN: Duration = Duration::from_secs(15);
/// After something has changed it is listed anew this soon.
const SOON: Duration = Duration::from_secs(1);
/// Columns of a fact's name and the blank behind it.
const LABEL: usize = 11;
/// The smallest window with details beside the list.
const DETAILED: (u16, u16) = (100, 8);

/// The view.
#[derive(Clone, Debug)]
pub struct Browse {
    kind: Kind,
    list: List,
    /// It was asked for and did not come yet.
    asked: bool,
    /// Something has changed since they were asked for.
    changed: bool,
    /// When it is listed next, since the program began.
    next: Duration,
    /// Why it could not be listed.
    failed: Option<String>,
    meters: HashMap<OperationId, Meter>,
}

impl Browse {
    /// Of this kind, the cursor on the first.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        let list = List::new(match kind {
            Kind::Images => &stock_rows::IMAGES,
            Kind::Volumes => &stock_rows::VOLUMES,
            Kind::Networks => &stock_rows::NETWORKS,
        });
        Self { kind, list, asked: false, changed: false, next: Duration::ZERO, failed: None, meters: HashMap::new() }
    }

    fn rows(&self, cx: &Context) -> Vec<Row> {
        stock_rows::rows(self.kind, |operation| self.meters.get(&operation.id).and_then(Meter::rate), cx)
    }

    /// What is to be listed now.
    pub fn due(&mut self, cx: &Context) -> Vec<Effect> {
        if self.asked || cx.now.since_start < self.next {
            return Vec::new();
        }
        self.asked = true;
        vec![request(StockWish::List(self.kind))]
    }

    /// When it wants to be woken up, since the program began.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        (!self.asked).then_some(self.next)
    }

    /// It is to be listed anew at once.
    pub fn refresh(&mut self) {
        self.next = Duration::ZERO;
    }

    fn soon(&mut self, now: Duration) {
        self.next = self.next.min(now + SOON);
        self.changed |= self.asked;
    }

    /// The list, and the details where they have room.
    fn layout(&self, area: Rect, plain: bool) -> (Rect, Option<Rect>) {
        if area.width < DETAILED.0 || area.height < DETAILED.1 || plain {
            return (area, None);
        }
        let own = (area.width / 3).clamp(36, 70);
        (Rect { width: area.width - own - 2, ..area }, Some(Rect { x: area.right() - own, width: own, ..area }))
    }

    /// What an action asks for.
    fn act(&mut self, id: CommandId, rows: &[Row], cx: &Context) -> Option<Vec<Effect>> {
        use CommandId as C;
        let names = self.list.meant(rows);
        let kind = self.kind;
        let command_line = |text: String| Some(vec![Effect::Ask(Ask::Line(text))]);
        // These need nothing to be chosen.
        match id {
            C::ImagePull => return command_line("pull ".to_owned()),
            C::VolumeCreate => return command_line("volume-create ".to_owned()),
            C::NetworkCreate => return command_line("network-create ".to_owned()),
            C::StockPrune | C::StockPruneAll => return Some(vec![request(StockWish::Unused { kind, all: id == C::StockPruneAll })]),
            C::StockMenu => {
                let first = names
                    .first()
                    .map_or_else(|| kind.word().to_owned(), |name| if names.len() > 1 { format!("{} {}", names.len(), kind.word()) } else { name.clone() });
                let actions = stock_actions::possible(kind).into_iter().map(|id| (id, stock_actions::line(id, kind, &names))).collect();
                return Some(vec![Effect::Ask(Ask::Actions { title: first, actions })]);
            }
            _ => {}
        }
        if !matches!(
            id,
            C::StockOpen
                | C::StockInspect
                | C::StockCopy
                | C::StockCopyLine
                | C::StockRemove
                | C::ImageHistory
                | C::ImagePush
                | C::ImageTag
                | C::NetworkConnect
                | C::NetworkDisconnect
        ) {
            return None;
        }
        let Some(first) = names.first().cloned() else { return Some(vec![say(format!("there is no {} under the cursor", kind.one()))]) };
        let effect = match id {
            C::StockOpen => Effect::Ask(Ask::Sheet { title: first.clone(), lines: stock_rows::details(kind, &first, cx) }),
            C::StockInspect => request(StockWish::Inspect(kind, first)),
            C::StockCopy => Effect::Ask(Ask::Copy(names.join("\n"))),
            C::StockCopyLine => Effect::Ask(Ask::Copy(stock_actions::line(C::StockInspect, kind, &names)?)),
            C::ImageHistory => request(StockWish::History(first)),
            C::ImagePush => request(StockWish::Push(first)),
            C::ImageTag => Effect::Ask(Ask::Line(format!("tag {first} "))),
            C::NetworkConnect => Effect::Ask(Ask::Line(format!("connect {first} "))),
            C::NetworkDisconnect => Effect::Ask(Ask::Line(format!("disconnect {first} "))),
            _ => return Some(self.remove(&names, cx)),
        };
        Some(vec![effect])
    }

    fn remove(&self, names: &[String], cx: &Context) -> Vec<Effect> {
        let builtin = |name: &&String| self.kind == Kind::Networks && stock_rows::network(name, cx).is_some_and(|network| network.builtin);
        if let Some(name) = names.iter().find(builtin) {
            return vec![say(format!("{name} is the engine's own and stays"))];
        }
        if names.len() > MOST_REMOVED {
            return vec![say(format!("{MOST_REMOVED} at a time, so that the question can name each: {} are marked", names.len()))];
        }
        vec![Effect::Ask(Ask::Confirm(Box::new(stock_actions::remove(self.kind, names, cx))))]
    }

    /// What came of a wish that concerns this kind.
    fn told(&mut self, wish: &StockWish, result: &Result<Reply, Box<Problem>>, cx: &Context) -> Option<Vec<Effect>> {
        let now = cx.now.since_start;
        if let StockWish::List(kind) = wish {
            if *kind != self.kind {
                return None;
            }
            self.asked = false;
            self.next = now + if std::mem::take(&mut self.changed) { SOON } else { AGAIN };
            self.failed = result.as_ref().err().map(|problem| problem.detail.clone());
            return Some(Vec::new());
        }
        if kind_of(wish) != self.kind {
            return None;
        }
        self.soon(now);
        let Ok(Reply::Stock(reply)) = result else { return None };
        let toast = |kind, text| Effect::Ask(Ask::Toast(kind, text));
        Some(match &**reply {
            StockReply::Done(text) => vec![toast(ToastKind::Done, text.clone())],
            StockReply::Operation(operation) => vec![toast(ToastKind::Info, format!("{}: under way", operation.title))],
            StockReply::Layers(layers) => {
                let StockWish::History(name) = wish else { return None };
                vec![Effect::Ask(Ask::Sheet { title: format!("layers of {name}"), lines: layer_lines(layers, cx.now.time) })]
            }
            StockReply::Report(report) => {
                let StockWish::Inspect(_, name) = wish else { return None };
                let text = serde_json::to_string_pretty(report).unwrap_or_else(|error| error.to_string());
                vec![Effect::Ask(Ask::Sheet { title: name.clone(), lines: text.lines().map(|line| (line.to_owned(), Role::Text)).collect() })]
            }
            StockReply::Unused { names, bytes } => {
                let StockWish::Unused { kind, all } = wish else { return None };
                if names.is_empty() {
                    let more = if *kind != Kind::Volumes && !all { ": U looks at all of them" } else { "" };
                    vec![toast(ToastKind::Info, format!("there are no unused {} to remove{more}", kind.word()))]
                } else {
                    vec![Effect::Ask(Ask::Offer(Box::new(stock_actions::prune(*kind, *all, names, *bytes))))]
                }
            }
            StockReply::Removed { gone, kept, bytes } => {
                self.list.mark_only(Vec::new());
                let size = bytes.filter(|_| !gone.is_empty()).map(|bytes| format!(", {}", text::size(bytes))).unwrap_or_default();
                let mut toasts = Vec::new();
                if !gone.is_empty() {
                    toasts.push(toast(
                        ToastKind::Done,
                        format!("removed {}{size}", if gone.len() > 3 { text::count(gone.len(), self.kind.one()) } else { gone.join(", ") }),
                    ));
                }
                if !kept.is_empty() {
                    toasts.push(toast(ToastKind::Error, kept.join("\n")));
                }
                toasts
            }
            StockReply::Images(_) | StockReply::Volumes(_) | StockReply::Networks(_) => Vec::new(),
        })
    }

    fn hear(&mut self, event: &Event, now: Duration) -> Vec<Effect> {
        match event {
            Event::ContainerRemoved { .. } | Event::ContainerChanged { .. } => self.soon(now),
            Event::ListChanged { list, .. } if *list == self.kind.list() => self.soon(now),
            Event::OperationChanged { operation } if self.kind == Kind::Images => return self.hear_work(operation, now),
            _ => {}
        }
        Vec::new()
    }

    /// Work moved; when it has ended, that is said.
    fn hear_work(&mut self, operation: &Operation, now: Duration) -> Vec<Effect> {
        if operation.state == OperationState::Running {
            self.meters.entry(operation.id.clone()).or_default().take(&operation.progress, now);
            return Vec::new();
        }
        let known = self.meters.remove(&operation.id).is_some();
        self.soon(now);
        if !known || operation.template.is_some() {
            return Vec::new();
        }
        let toast = |kind, text| vec![Effect::Ask(Ask::Toast(kind, text))];
        match (operation.state, &operation.problem) {
            (OperationState::Succeeded, _) => toast(ToastKind::Done, format!("{}: done", operation.title)),
            (OperationState::Cancelled, _) => toast(ToastKind::Info, format!("{}: cancelled", operation.title)),
            (_, Some(problem)) => {
                let fix = problem.fix.as_ref().map(|fix| format!("\nfix: {fix}")).unwrap_or_default();
                toast(ToastKind::Error, format!("{}: {}{fix}", operation.title, problem.detail))
            }
            (_, None) => Vec::new(),
        }
    }

    /// What is said below the list.
    fn note(&self, rows: &[Row], cx: &Context) -> String {
        if let Some(why) = &self.failed {
            return format!("{why}; it is tried again");
        }
        let shown = rows.iter().filter(|row| !row.fixed).count();
        if shown == 0 && self.list.is_filtered() {
            return format!("no {} fits: esc shows all", self.kind.one());
        }
        let marked = self.list.marked().len();
        let mut note = text::count(shown, self.kind.one());
        if self.kind == Kind::Images {
            let bytes: u64 = cx.data.stock.images.iter().flatten().map(|image| image.size_bytes).sum();
            note.push_str(&format!(" · {}", text::size(bytes)));
        }
        if marked > 0 {
            note.push_str(&format!(" · {marked} marked"));
        }
        note
    }

    /// Why there is nothing to see, and what to do about it.
    fn nothing(&self, cx: &Context) -> Option<String> {
        let key = |id| cx.keymap.label(id).unwrap_or_default();
        if !self.is_listed(cx) {
            return Some(self.failed.as_ref().map_or_else(|| "Asking the server …".to_owned(), |why| format!("{why}; it is tried again")));
        }
        if !self.rows(cx).is_empty() {
            return None;
        }
        Some(match self.kind {
            Kind::Images => format!("There are no images: {} brings one from its registry", key(CommandId::ImagePull)),
            Kind::Volumes => format!("There are no volumes: {} makes one", key(CommandId::VolumeCreate)),
            Kind::Networks => format!("There are no networks: {} makes one", key(CommandId::NetworkCreate)),
        })
    }
}

impl Listed for Browse {
    fn list(&mut self) -> &mut List {
        &mut self.list
    }

    fn all(&self, cx: &Context) -> Vec<Row> {
        self.rows(cx)
    }

    fn place(&self, cx: &Context) -> Rect {
        self.layout(cx.area, cx.plain).0
    }

    fn is_listed(&self, cx: &Context) -> bool {
        let stock = &cx.data.stock;
        match self.kind {
            Kind::Images => stock.images.is_some(),
            Kind::Volumes => stock.volumes.is_some(),
            Kind::Networks => stock.networks.is_some(),
        }
    }

    fn command(&mut self, id: CommandId, cx: &Context) -> Option<Vec<Effect>> {
        let rows = match self.own_command(id, cx) {
            Ok(effects) => return Some(effects),
            Err(rows) => rows,
        };
        let work = self.list.selected(&rows).and_then(|row| row.id.strip_prefix(WORK)).map(OperationId::from);
        let works = matches!(id, CommandId::ImageCancel | CommandId::StockRemove);
        if let Some(work) = work.filter(|_| works || id == CommandId::Back) {
            return Some(vec![Effect::Request(Request::Cancel(work))]);
        }
        if id == CommandId::ImageCancel {
            let running = stock_rows::works(cx).next();
            return Some(running.map_or_else(|| vec![say("nothing is under way here")], |work| vec![Effect::Request(Request::Cancel(work.id.clone()))]));
        }
        self.act(id, &rows, cx)
    }

    fn mouse(&mut self, event: MouseEvent, cx: &Context) -> Vec<Effect> {
        let (area, _) = self.layout(cx.area, cx.plain);
        let all = self.rows(cx);
        let rows = self.list.arrange(all.clone());
        let id = match self.list.mouse(event, area, &all, &rows, cx) {
            Click::Open => CommandId::StockOpen,
            Click::Menu => CommandId::StockMenu,
            Click::Nothing => return Vec::new(),
        };
        self.act(id, &rows, cx).unwrap_or_default()
    }
}

impl Component for Browse {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        match msg {
            Msg::Event(event) => return Some(self.hear(event, cx.now.since_start)),
            Msg::Reply(request, result) => {
                let Request::Stock(wish) = &**request else { return None };
                return self.told(wish, result, cx);
            }
            _ => {}
        }
        self.take(msg, cx)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let cx = &Context { area, ..*cx };
        if let Some(words) = self.nothing(cx) {
            return super::graph::middle(frame.buffer_mut(), area, &words, cx.theme.style(Role::Muted));
        }
        let rows = self.list.arrange(self.rows(cx));
        let (list, beside) = self.layout(area, cx.plain);
        self.list.draw(frame, list, &rows, &self.note(&rows, cx), cx);
        let Some(beside) = beside else { return };
        let border = cx.theme.style(Role::Border);
        for y in beside.y..beside.bottom() {
            text::put(frame.buffer_mut(), beside.x - 2, y, 1, "│", border);
        }
        let Some(row) = self.list.selected(&rows) else { return };
        let lines = stock_rows::details(self.kind, &row.id, cx);
        let wrapped = lines.iter().flat_map(|(line, role)| wrapped(line, usize::from(beside.width)).into_iter().map(|line| (line, *role)));
        for ((line, role), y) in wrapped.zip(beside.y..beside.bottom()) {
            text::put(frame.buffer_mut(), beside.x, y, beside.width, &line, cx.theme.style(role));
        }
    }

    fn scopes(&self) -> &'static [Scope] {
        match self.kind {
            Kind::Images => &[Scope::Images, Scope::Stock, Scope::List, Scope::Global],
            Kind::Volumes => &[Scope::Volumes, Scope::Stock, Scope::List, Scope::Global],
            Kind::Networks => &[Scope::Networks, Scope::Stock, Scope::List, Scope::Global],
        }
    }

    fn takes_keys(&self) -> bool {
        self.list.is_editing()
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<Hint>> {
        self.list.hints()
    }
}

/// Which kind a wish concerns.
fn kind_of(wish: &StockWish) -> Kind {
    match wish {
        StockWish::List(kind)
        | StockWish::Inspect(kind, _)
        | StockWish::Remove { kind, .. }
        | StockWish::Unused { kind, .. }
        | StockWish::Prune { kind, .. } => *kind,
        StockWish::Pull(_) | StockWish::Push(_) | StockWish::Tag { .. } | StockWish::History(_) => Kind::Images,
        StockWish::CreateVolume(_) => Kind::Volumes,
        StockWish::CreateNetwork { .. } | StockWish::Connect { .. } | StockWish::Disconnect { .. } => Kind::Networks,
    }
}

/// A long value goes on below itself, not cut: ids and digests are read from here.
fn wrapped(line: &str, cols: usize) -> Vec<String> {
    match line.split_at_checked(LABEL) {
        Some((label, value)) if text::width(line) > cols && cols > 2 * LABEL => {
            let pieces = text::wrap(value, cols - LABEL).into_iter().enumerate();
            pieces.map(|(place, piece)| format!("{}{piece}", if place == 0 { label } else { "           " })).collect()
        }
        _ => vec![line.to_owned()],
    }
}

/// The layers of an image, the newest first.
fn layer_lines(layers: &ImageHistory, now: Timestamp) -> Vec<Line> {
    let mut lines = vec![(format!("{:>9} {:>6}  {}", "SIZE", "AGE", "MADE BY"), Role::Muted)];
    for layer in &layers.items {
        let age = text::age(layer.created_at, now);
        let role = if layer.size_bytes == 0 { Role::Muted } else { Role::Text };
        lines.push((format!("{:>9} {age:>6}  {}", text::size(layer.size_bytes), layer.created_by.split_whitespace().collect::<Vec<_>>().join(" ")), role));
    }
    lines
}
