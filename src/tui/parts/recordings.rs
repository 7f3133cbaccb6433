//! The recordings: who recorded what, how long and when; played, exported and removed here.
use super::listed::Listed;
use super::rows::Cell;
use super::rows::Click;
use super::rows::Column;
use super::rows::List;
use super::rows::Row;
use super::text;
use super::toast::say;
use crate::model::Event;
use crate::model::ListName;
use crate::model::Recording;
use crate::model::RecordingEnd;
use crate::model::RecordingId;
use crate::model::RecordingState;
use crate::term::MouseEvent;
use crate::tui::casts::CastReply;
use crate::tui::casts::CastWish;
use crate::tui::casts::wish;
use crate::tui::command::CommandId;
use crate::tui::command::Scope;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::component::Hint;
use crate::tui::msg::Ask;
use crate::tui::msg::Choice;
use crate::tui::msg::ConfirmSpec;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::PromptFor;
use crate::tui::msg::PromptSpec;
use crate::tui::msg::Reply;
use crate::tui::msg::Request;
use crate::tui::msg::Saved;
use crate::tui::msg::ToastKind;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::time::Duration;

/// What is seen is listed anew this often: those that go on grow.
const AGAIN: Duration = Duration::from_secs(10);
/// What has changed is asked for this late, so that many changes make one question.
const SOON: Duration = Duration::from_millis(300);
/// So many are removed at once at most: as many as a question can name.
const MOST_REMOVED: usize = 24;

const COLUMNS: [Column; 8] = [
    Column { head: "CONTAINER", least: 12, most: 30, goes: 0, right: false },
    Column { head: "PROGRAM", least: 10, most: 40, goes: 3, right: false },
    Column { head: "STATE", least: 11, most: 15, goes: 1, right: false },
    Column { head: "LENGTH", least: 8, most: 8, goes: 2, right: true },
    Column { head: "SIZE", least: 9, most: 9, goes: 5, right: true },
    Column { head: "STARTED", least: 7, most: 7, goes: 4, right: true },
    Column { head: "OWNER", least: 8, most: 16, goes: 6, right: false },
    Column { head: "ID", least: 12, most: 40, goes: 7, right: false },
];

/// The view.
#[derive(Clone, Debug)]
pub struct Recordings {
    list: List,
    /// All, the newest first; none before the server has answered.
    items: Option<Vec<Recording>>,
    failed: Option<String>,
    asked: bool,
    /// Something has changed since they were asked for.
    changed: bool,
    next: Duration,
}

impl Default for Recordings {
    fn default() -> Self {
        Self { list: List::new(&COLUMNS), items: None, failed: None, asked: false, changed: false, next: Duration::ZERO }
    }
}

/// `3:07`, `1:02:03`.
#[must_use]
pub fn length(milliseconds: u64) -> String {
    let seconds = milliseconds / 1_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

fn told(recording: &Recording, plain: bool) -> (String, Role) {
    let (glyph, word, role) = match (recording.state, recording.end) {
        (RecordingState::Running, _) => ("⌁", "recording", Role::Ok),
        (RecordingState::Ended, Some(RecordingEnd::DiskFull)) => ("✖", "disk full", Role::Error),
        (RecordingState::Ended, Some(RecordingEnd::Failed)) => ("✖", "failed", Role::Error),
        (RecordingState::Ended, Some(RecordingEnd::TooSlow)) => ("✖", "too slow", Role::Error),
        (RecordingState::Ended, Some(RecordingEnd::SizeLimit)) => ("○", "size limit", Role::Warn),
        (RecordingState::Ended, Some(RecordingEnd::Stopped | RecordingEnd::SessionEnded) | None) => ("○", "ended", Role::Muted),
    };
    (if plain { word.to_owned() } else { format!("{glyph} {word}") }, role)
}

impl Recordings {
    fn rows(&self, cx: &Context) -> Vec<Row> {
        let row = |recording: &Recording| {
            let (state, role) = told(recording, cx.plain);
            let started = recording.started_at.as_second() as f64;
            let program = recording.command.join(" ");
            let cells = vec![
                Cell::new(&*recording.container_name, Role::Text),
                Cell::new(if recording.input { format!("{program} (typing too)") } else { program }, Role::Text),
                Cell::new(state, role),
                Cell::number(length(recording.duration_ms), Role::Text, recording.duration_ms as f64),
                Cell::number(text::size(recording.bytes), Role::Muted, recording.bytes as f64),
                Cell::number(text::age(recording.started_at, cx.now.time), Role::Muted, started),
                Cell::new(&*recording.owner, Role::Muted),
                Cell::new(recording.id.as_str(), Role::Muted),
            ];
            Row { id: recording.id.to_string(), cells, fixed: false, wide: None }
        };
        self.items.iter().flatten().map(row).collect()
    }

    /// What is to be listed now.
    pub fn due(&mut self, cx: &Context) -> Vec<Effect> {
        if self.asked || cx.now.since_start < self.next {
            return Vec::new();
        }
        self.asked = true;
        vec![wish(CastWish::List)]
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

    fn find(&self, id: &str) -> Option<&Recording> {
        self.items.iter().flatten().find(|recording| recording.id.as_str() == id)
    }

    fn act(&self, id: CommandId, rows: &[Row]) -> Option<Vec<Effect>> {
        use CommandId as C;
        if !matches!(id, C::RecordingPlay | C::RecordingRemove | C::RecordingExport | C::RecordingDetails | C::RecordingCopy | C::RecordingCopyLine) {
            return None;
        }
        let meant: Vec<&Recording> = self.list.meant(rows).iter().filter_map(|id| self.find(id)).collect();
        let Some(first) = meant.first() else { return Some(vec![say("there is no recording under the cursor")]) };
        Some(match id {
            C::RecordingPlay => vec![Effect::Ask(Ask::Play(Box::new((*first).clone())))],
            C::RecordingRemove => remove(&meant),
            C::RecordingExport => {
                let text = format!("{}.cast", first.container_name);
                let purpose = PromptFor::SaveCast(first.id.clone());
                vec![Effect::Ask(Ask::Prompt(Box::new(PromptSpec { title: "export as asciicast to".to_owned(), text, purpose })))]
            }
            C::RecordingCopy => vec![Effect::Ask(Ask::Copy(meant.iter().map(|recording| recording.id.to_string()).collect::<Vec<_>>().join("\n")))],
            C::RecordingCopyLine => vec![Effect::Ask(Ask::Copy(format!("cto rec play {}", first.id)))],
            _ => {
                let json = serde_json::to_string_pretty(first).unwrap_or_else(|error| error.to_string());
                let lines = json.lines().map(|line| (line.to_owned(), Role::Text)).collect();
                vec![Effect::Ask(Ask::Sheet { title: format!("recording of {}", first.container_name), lines })]
            }
        })
    }

    fn hear(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        match msg {
            Msg::Event(event) => {
                if matches!(**event, Event::ListChanged { list: ListName::Recordings, .. } | Event::Resync) {
                    self.next = self.next.min(cx.now.since_start + SOON);
                    self.changed |= self.asked;
                }
                None
            }
            Msg::Reply(request, result) => {
                let Request::Casts(asked) = &**request else { return None };
                let toast = |kind, text| Effect::Ask(Ask::Toast(kind, text));
                match (&**asked, result) {
                    (CastWish::List, result) => {
                        self.asked = false;
                        self.next = cx.now.since_start + if std::mem::take(&mut self.changed) { SOON } else { AGAIN };
                        self.failed = result.as_ref().err().map(|problem| problem.detail.clone());
                        if let Ok(Reply::Casts(reply)) = result
                            && let CastReply::Listed(items) = &**reply
                        {
                            self.items = Some(items.clone());
                        }
                        self.settle(cx);
                        Some(Vec::new())
                    }
                    (_, Ok(Reply::Casts(reply))) => {
                        self.next = cx.now.since_start;
                        Some(match &**reply {
                            CastReply::Removed(gone, kept) => {
                                self.list.mark_only(Vec::new());
                                let mut toasts = Vec::new();
                                if *gone > 0 {
                                    toasts.push(toast(ToastKind::Done, format!("removed {}", text::count(*gone, "recording"))));
                                }
                                if !kept.is_empty() {
                                    toasts.push(toast(ToastKind::Error, kept.join("\n")));
                                }
                                toasts
                            }
                            CastReply::Saved(Saved::Written { path, .. }, size) => {
                                vec![toast(ToastKind::Done, format!("exported {} to {path}: asciinema play {path}", text::size(*size)))]
                            }
                            CastReply::Saved(Saved::Exists { path }, _) => {
                                let CastWish::Save { id, path: to, .. } = &**asked else { return None };
                                let again = wish(CastWish::Save { id: id.clone(), path: to.clone(), replace: true });
                                let choices = vec![Choice { key: 'y', label: "overwrite".to_owned(), destroys: true, effects: vec![again] }];
                                let lines = vec!["What is in it is lost.".to_owned()];
                                vec![Effect::Ask(Ask::Offer(Box::new(ConfirmSpec { title: format!("Overwrite {path}?"), lines, choices })))]
                            }
                            CastReply::Listed(_) => Vec::new(),
                        })
                    }
                    (_, _) => None,
                }
            }
            _ => None,
        }
    }
}

/// Asks before recordings go.
fn remove(meant: &[&Recording]) -> Vec<Effect> {
    if meant.len() > MOST_REMOVED {
        return vec![say(format!("{MOST_REMOVED} at a time, so that the question can name each"))];
    }
    let (ended, running): (Vec<&Recording>, Vec<&Recording>) = meant.iter().partition(|recording| recording.state == RecordingState::Ended);
    if ended.is_empty() {
        return vec![say(format!("it goes on: end it first, with cto rec stop {}", running.first().map_or("", |recording| recording.session.as_str())))];
    }
    let called = |recording: &&Recording| format!("{} in {}, {}", recording.command.join(" "), recording.container_name, length(recording.duration_ms));
    let names: Vec<String> = ended.iter().map(called).collect();
    let title = if let [one] = &names[..] { format!("Remove the recording of {one}?") } else { format!("Remove {} recordings?", names.len()) };
    let mut lines = if names.len() > 1 { vec![format!("{}.", names.join("; "))] } else { Vec::new() };
    lines.push("What they show is lost.".to_owned());
    if !running.is_empty() {
        lines.push(format!("{} still under way stays.", text::count(running.len(), "recording")));
    }
    let ids: Vec<RecordingId> = ended.iter().map(|recording| recording.id.clone()).collect();
    let choices = vec![Choice { key: 'y', label: "remove".to_owned(), destroys: true, effects: vec![wish(CastWish::Remove(ids))] }];
    vec![Effect::Ask(Ask::Confirm(Box::new(ConfirmSpec { title, lines, choices })))]
}

impl Listed for Recordings {
    fn list(&mut self) -> &mut List {
        &mut self.list
    }

    fn all(&self, cx: &Context) -> Vec<Row> {
        self.rows(cx)
    }

    fn is_listed(&self, _cx: &Context) -> bool {
        self.items.is_some()
    }

    fn command(&mut self, id: CommandId, cx: &Context) -> Option<Vec<Effect>> {
        let rows = match self.own_command(id, cx) {
            Ok(effects) => return Some(effects),
            Err(rows) => rows,
        };
        self.act(id, &rows)
    }

    fn mouse(&mut self, event: MouseEvent, cx: &Context) -> Vec<Effect> {
        let all = self.rows(cx);
        let rows = self.list.arrange(all.clone());
        let id = match self.list.mouse(event, cx.area, &all, &rows, cx) {
            Click::Open => CommandId::RecordingPlay,
            Click::Menu => CommandId::RecordingDetails,
            Click::Nothing => return Vec::new(),
        };
        self.act(id, &rows).unwrap_or_default()
    }
}

impl Component for Recordings {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        if matches!(msg, Msg::Event(_) | Msg::Reply(..)) {
            return self.hear(msg, cx);
        }
        self.take(msg, cx)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let muted = cx.theme.style(Role::Muted);
        let nothing = match (&self.items, &self.failed) {
            (None, Some(why)) => Some(format!("{why}; it is tried again")),
            (None, None) => Some("Asking the server …".to_owned()),
            (Some(items), _) if items.is_empty() => {
                let key = cx.keymap.label(CommandId::Record).unwrap_or_default();
                Some(format!("There are no recordings: {key} in a terminal records its session, and so does \"recording\": true in a template"))
            }
            _ => None,
        };
        if let Some(words) = nothing {
            return super::graph::middle(frame.buffer_mut(), area, &words, muted);
        }
        let rows = self.list.arrange(self.rows(cx));
        let bytes: u64 = self.items.iter().flatten().map(|recording| recording.bytes).sum();
        let mut note = format!("{} · {}", text::count(rows.len(), "recording"), text::size(bytes));
        if let Some(why) = &self.failed {
            note = format!("{why}; it is tried again");
        } else if rows.is_empty() {
            note = "no recording fits: esc shows all".to_owned();
        } else if !self.list.marked().is_empty() {
            note.push_str(&format!(" · {} marked", self.list.marked().len()));
        }
        self.list.draw(frame, area, &rows, &note, cx);
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Recordings, Scope::List, Scope::Global]
    }

    fn takes_keys(&self) -> bool {
        self.list.is_editing()
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<Hint>> {
        self.list.hints()
    }
}
