//! The runs of scripts: watched, cancelled, paused, repeated and removed here.
use super::listed::Listed;
use super::rows::Cell;
use super::rows::Click;
use super::rows::Column;
use super::rows::List;
use super::rows::Row;
use super::run_words;
use super::schedule_words;
use super::scripts::MOST_REMOVED;
use super::text;
use super::toast::say;
use crate::model::Event;
use crate::model::Run;
use crate::model::RunCause;
use crate::model::RunId;
use crate::model::RunState;
use crate::term::MouseEvent;
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
use crate::tui::msg::Reply;
use crate::tui::msg::Request;
use crate::tui::msg::ToastKind;
use crate::tui::runs::MOST;
use crate::tui::runs::RunsReply;
use crate::tui::runs::RunsWish;
use crate::tui::runs::wish;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::time::Duration;

/// What is seen is listed anew this often: events tell all but which runs are gone.
const AGAIN: Duration = Duration::from_secs(30);
/// What could not be listed is asked for again this late.
const RETRY: Duration = Duration::from_secs(5);

const COLUMNS: [Column; 8] = [
    Column { head: "STATE", least: 11, most: 11, goes: 0, right: false },
    Column { head: "SCRIPT", least: 14, most: 30, goes: 1, right: false },
    Column { head: "WHAT", least: 22, most: 60, goes: 3, right: false },
    Column { head: "STARTED", least: 7, most: 7, goes: 2, right: true },
    Column { head: "TOOK", least: 7, most: 7, goes: 4, right: true },
    Column { head: "BY", least: 9, most: 24, goes: 5, right: false },
    Column { head: "OWNER", least: 8, most: 16, goes: 6, right: false },
    Column { head: "ID", least: 12, most: 40, goes: 7, right: false },
];

/// The only runs that are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Only {
    /// Those of this script.
    Script(String),
    /// Those that this schedule started.
    Schedule(String),
    /// Those that this plugin started.
    Plugin(String),
}

impl Only {
    fn fits(&self, run: &Run) -> bool {
        match self {
            Self::Script(name) => run.script == *name,
            Self::Schedule(name) => schedule_words::started(name, run),
            Self::Plugin(name) => matches!(&run.cause, RunCause::Plugin { name: own, .. } if own == name),
        }
    }

    fn name(&self) -> &str {
        let (Self::Script(name) | Self::Schedule(name) | Self::Plugin(name)) = self;
        name
    }
}

/// The view.
#[derive(Clone, Debug)]
pub struct Runs {
    list: List,
    only: Option<Only>,
    failed: Option<String>,
    asked: bool,
    next: Duration,
}

impl Default for Runs {
    fn default() -> Self {
        Self { list: List::new(&COLUMNS), only: None, failed: None, asked: false, next: Duration::ZERO }
    }
}

impl Runs {
    /// Shows some of the runs, or all.
    pub fn show(&mut self, only: Option<Only>) {
        self.only = only;
        self.next = Duration::ZERO;
    }

    fn rows(&self, cx: &Context) -> Vec<Row> {
        let row = |run: &Run| {
            let (state, role) = run_words::state(run, cx.plain);
            let what = match &run.paused {
                Some(why) => why.clone(),
                None => run_words::phase(run, cx.plain),
            };
            let at = run.created_at.as_second() as f64;
            let took = run_words::took_ms(run, cx.now.time).unwrap_or_default() as f64;
            let cells = vec![
                Cell::new(state, role),
                Cell::new(&*run.script, Role::Text),
                Cell::new(what, if run.error.is_some() { Role::Error } else { Role::Text }),
                Cell::number(text::age(run.created_at, cx.now.time), Role::Muted, at),
                Cell::number(run_words::took(run, cx.now.time), Role::Muted, took),
                Cell::new(run_words::cause(&run.cause), Role::Muted),
                Cell::new(&*run.owner, Role::Muted),
                Cell::new(run.id.as_str(), Role::Muted),
            ];
            Row { id: run.id.to_string(), cells, fixed: false, wide: None }
        };
        cx.data.runs.runs.iter().flatten().filter(|run| self.only.as_ref().is_none_or(|only| only.fits(run))).map(row).collect()
    }

    /// What is to be listed now.
    pub fn due(&mut self, cx: &Context) -> Vec<Effect> {
        if self.asked || cx.now.since_start < self.next {
            return Vec::new();
        }
        self.asked = true;
        vec![wish(RunsWish::Runs)]
    }

    /// When it wants to be woken up, since the program began.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        (!self.asked).then_some(self.next)
    }

    /// They are to be listed anew at once.
    pub fn refresh(&mut self) {
        self.next = Duration::ZERO;
    }

    fn act(&self, id: CommandId, rows: &[Row], cx: &Context) -> Option<Vec<Effect>> {
        use CommandId as C;
        let own = [C::RunOpen, C::RunCancel, C::RunRetry, C::RunPause, C::RunDetails, C::RunRemove, C::RunCopy, C::RunCopyLine];
        if !own.contains(&id) {
            return None;
        }
        let meant: Vec<&Run> = self.list.meant(rows).iter().filter_map(|id| cx.data.runs.run(&RunId(id.clone()))).collect();
        let Some(first) = meant.first() else { return Some(vec![say("there is no run under the cursor")]) };
        Some(match id {
            C::RunOpen => vec![Effect::Ask(Ask::Watch(Box::new((*first).clone())))],
            C::RunCancel => cancel(&meant),
            C::RunRetry if !first.state.is_over() => vec![say("it is still under way: it can be repeated when it is over")],
            C::RunRetry => vec![wish(RunsWish::Retry(first.id.clone()))],
            C::RunPause if first.state != RunState::Running => vec![say("only a run that is under way pauses")],
            C::RunPause if first.paused.is_some() => vec![wish(RunsWish::Resume(first.id.clone(), false))],
            C::RunPause => vec![wish(RunsWish::Pause(first.id.clone()))],
            C::RunRemove => remove(&meant),
            C::RunCopy => vec![Effect::Ask(Ask::Copy(meant.iter().map(|run| run.id.to_string()).collect::<Vec<_>>().join("\n")))],
            C::RunCopyLine => vec![Effect::Ask(Ask::Copy(format!("cto runs logs {}", first.id)))],
            _ => {
                let json = serde_json::to_string_pretty(first).unwrap_or_else(|error| error.to_string());
                let lines = json.lines().map(|line| (line.to_owned(), Role::Text)).collect();
                vec![Effect::Ask(Ask::Sheet { title: format!("run of {}", first.script), lines })]
            }
        })
    }

    fn hear(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        match msg {
            Msg::Event(event) => {
                if matches!(**event, Event::Resync) {
                    self.refresh();
                }
                None
            }
            Msg::Reply(request, result) => {
                let Request::Runs(asked) = &**request else { return None };
                match (&**asked, result) {
                    (RunsWish::Runs, result) => {
                        self.asked = false;
                        self.failed = result.as_ref().err().map(|problem| problem.detail.clone());
                        self.next = cx.now.since_start + if self.failed.is_some() { RETRY } else { AGAIN };
                        self.settle(cx);
                        Some(Vec::new())
                    }
                    (RunsWish::RemoveRuns(_), Ok(Reply::Runs(reply))) => {
                        self.list.mark_only(Vec::new());
                        self.refresh();
                        let RunsReply::Removed(gone, kept) = &**reply else { return None };
                        Some(removed(*gone, kept, "run"))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// What is said when things were removed.
pub(super) fn removed(gone: usize, kept: &[String], what: &str) -> Vec<Effect> {
    let toast = |kind, text| Effect::Ask(Ask::Toast(kind, text));
    let done = (gone > 0).then(|| toast(ToastKind::Done, format!("removed {}", text::count(gone, what))));
    done.into_iter().chain((!kept.is_empty()).then(|| toast(ToastKind::Error, kept.join("\n")))).collect()
}

/// What a run is called in a question.
pub(super) fn called(run: &Run) -> String {
    let end = run.id.as_str().chars().rev().take(6).collect::<Vec<_>>().into_iter().rev().collect::<String>();
    format!("{} (…{end})", run.script)
}

/// Asks before runs are cancelled.
pub(super) fn cancel(meant: &[&Run]) -> Vec<Effect> {
    let open: Vec<&&Run> = meant.iter().filter(|run| !run.state.is_over()).collect();
    let Some(first) = open.first() else { return vec![say("it is over")] };
    if open.len() > MOST_REMOVED {
        return vec![say(format!("{MOST_REMOVED} at a time, so that the question can name each"))];
    }
    let title = if open.len() == 1 { format!("Cancel the run of {}?", called(first)) } else { format!("Cancel {} runs?", open.len()) };
    let mut lines = if open.len() > 1 { vec![format!("{}.", open.iter().map(|run| called(run)).collect::<Vec<_>>().join("; "))] } else { Vec::new() };
    lines.push("Its sessions end, and the containers that it launched go unless its script keeps them.".to_owned());
    let effects = open.iter().map(|run| wish(RunsWish::Cancel(run.id.clone()))).collect();
    let choices = vec![Choice { key: 'y', label: "end it".to_owned(), destroys: true, effects }];
    vec![Effect::Ask(Ask::Confirm(Box::new(ConfirmSpec { title, lines, choices })))]
}

/// Asks before runs go.
fn remove(meant: &[&Run]) -> Vec<Effect> {
    let (over, open): (Vec<&Run>, Vec<&Run>) = meant.iter().partition(|run| run.state.is_over());
    let Some(first) = over.first() else { return vec![say("it is still under way: cancel it first")] };
    if over.len() > MOST_REMOVED {
        return vec![say(format!("{MOST_REMOVED} at a time, so that the question can name each"))];
    }
    let title = if over.len() == 1 { format!("Remove the run of {}?", called(first)) } else { format!("Remove {} runs?", over.len()) };
    let mut lines = if over.len() > 1 { vec![format!("{}.", over.iter().map(|run| called(run)).collect::<Vec<_>>().join("; "))] } else { Vec::new() };
    lines.push("Its log and its results are lost.".to_owned());
    if !open.is_empty() {
        lines.push(format!("{} still under way stays.", text::count(open.len(), "run")));
    }
    let ids = over.iter().map(|run| run.id.clone()).collect();
    let choices = vec![Choice { key: 'y', label: "remove".to_owned(), destroys: true, effects: vec![wish(RunsWish::RemoveRuns(ids))] }];
    vec![Effect::Ask(Ask::Confirm(Box::new(ConfirmSpec { title, lines, choices })))]
}

impl Listed for Runs {
    fn list(&mut self) -> &mut List {
        &mut self.list
    }

    fn all(&self, cx: &Context) -> Vec<Row> {
        self.rows(cx)
    }

    fn is_listed(&self, cx: &Context) -> bool {
        cx.data.runs.runs.is_some()
    }

    fn command(&mut self, id: CommandId, cx: &Context) -> Option<Vec<Effect>> {
        let rows = match self.own_command(id, cx) {
            Ok(effects) => return Some(effects),
            Err(rows) => rows,
        };
        if id == CommandId::Back && self.only.take().is_some() {
            return Some(Vec::new());
        }
        self.act(id, &rows, cx)
    }

    fn mouse(&mut self, event: MouseEvent, cx: &Context) -> Vec<Effect> {
        let all = self.rows(cx);
        let rows = self.list.arrange(all.clone());
        let id = match self.list.mouse(event, cx.area, &all, &rows, cx) {
            Click::Open => CommandId::RunOpen,
            Click::Menu => CommandId::RunDetails,
            Click::Nothing => return Vec::new(),
        };
        self.act(id, &rows, cx).unwrap_or_default()
    }
}

impl Component for Runs {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        if matches!(msg, Msg::Event(_) | Msg::Reply(..)) {
            return self.hear(msg, cx);
        }
        self.take(msg, cx)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let muted = cx.theme.style(Role::Muted);
        let all = self.rows(cx);
        let nothing = match (&cx.data.runs.runs, &self.failed, &self.only) {
            (None, Some(why), _) => Some(format!("{why}; it is tried again")),
            (None, None, _) => Some("Asking the server …".to_owned()),
            (Some(_), _, Some(only)) if all.is_empty() => Some(format!("{} has not run yet: esc shows all runs", only.name())),
            (Some(_), _, None) if all.is_empty() => {
                let key = cx.keymap.label(CommandId::GoScripts).unwrap_or_default();
                Some(format!("Nothing has run yet: {key} shows the scripts"))
            }
            _ => None,
        };
        if let Some(words) = nothing {
            return super::graph::middle(frame.buffer_mut(), area, &words, muted);
        }
        let rows = self.list.arrange(all);
        let open = cx.data.runs.runs.iter().flatten().filter(|run| !run.state.is_over()).count();
        let mut note = text::count(rows.len(), "run");
        if rows.is_empty() {
            note = "no run fits: esc shows all".to_owned();
        } else if let Some(why) = &self.failed {
            note = format!("{why}; it is tried again");
        } else {
            if let Some(only) = &self.only {
                note.push_str(&format!(" of {}, esc shows all", only.name()));
            }
            if open > 0 {
                note.push_str(&format!(" · {open} under way"));
            }
            if cx.data.runs.runs.as_ref().is_some_and(|runs| runs.len() >= MOST) {
                note.push_str(" · older ones: cto runs ls");
            }
            if !self.list.marked().is_empty() {
                note.push_str(&format!(" · {} marked", self.list.marked().len()));
            }
        }
        self.list.draw(frame, area, &rows, &note, cx);
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Runs, Scope::List, Scope::Global]
    }

    fn takes_keys(&self) -> bool {
        self.list.is_editing()
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<Hint>> {
        self.list.hints()
    }
}
