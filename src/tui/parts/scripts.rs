//! The scripts: run, edited, checked and removed here.
use super::listed::Listed;
use super::rows::Cell;
use super::rows::Click;
use super::rows::Column;
use super::rows::List;
use super::rows::Row;
use super::run_words;
use super::text;
use super::toast::say;
use crate::model::Event;
use crate::model::ScriptEntry;
use crate::model::TemplateOrigin;
use crate::term::MouseEvent;
use crate::tui::command::CommandId;
use crate::tui::command::Scope;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::component::Hint;
use crate::tui::edit::Kind;
use crate::tui::msg::Ask;
use crate::tui::msg::Choice;
use crate::tui::msg::ConfirmSpec;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::PromptFor;
use crate::tui::msg::PromptSpec;
use crate::tui::msg::Reply;
use crate::tui::msg::Request;
use crate::tui::runs::Draft;
use crate::tui::runs::RunsReply;
use crate::tui::runs::RunsWish;
use crate::tui::runs::wish;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// What could not be listed is asked for again this late.
const AGAIN: Duration = Duration::from_secs(5);
/// So many are removed at once at most: as many as a question can name.
pub(super) const MOST_REMOVED: usize = 24;
/// Drafts kept that were not saved; the oldest goes first.
pub(super) const KEPT: usize = 16;
/// Begins the ids of files that can't be used; no script has it in its name.
const BROKEN: &str = "!";

const COLUMNS: [Column; 6] = [
    Column { head: "NAME", least: 14, most: 30, goes: 0, right: false },
    Column { head: "FROM", least: 7, most: 7, goes: 4, right: false },
    Column { head: "LAST RUN", least: 11, most: 11, goes: 1, right: false },
    Column { head: "AGE", least: 5, most: 5, goes: 2, right: true },
    Column { head: "PARAMETERS", least: 12, most: 36, goes: 5, right: false },
    Column { head: "ABOUT", least: 20, most: 90, goes: 3, right: false },
];

/// The view.
#[derive(Clone, Debug)]
pub struct Scripts {
    list: List,
    failed: Option<String>,
    asked: bool,
    /// When the lists are to be asked for; not again before something happens where there is none.
    next: Option<Duration>,
    /// What the editor has.
    pub(super) draft: Option<Arc<Draft>>,
    /// What was edited and could not be saved.
    pub(super) kept: Vec<Arc<Draft>>,
}

impl Default for Scripts {
    fn default() -> Self {
        Self { list: List::new(&COLUMNS), failed: None, asked: false, next: Some(Duration::ZERO), draft: None, kept: Vec::new() }
    }
}

impl Scripts {
    fn rows(cx: &Context) -> Vec<Row> {
        let known = &cx.data.runs;
        let row = |script: &ScriptEntry| {
            let last = known.last_of(&script.name);
            let (state, role) = last.map_or((String::new(), Role::Muted), |run| run_words::state(run, cx.plain));
            let (age, at) = last.map_or((String::new(), 0.0), |run| (text::age(run.created_at, cx.now.time), run.created_at.as_second() as f64));
            let params: Vec<&str> = script.header.params.keys().map(String::as_str).collect();
            let cells = vec![
                Cell::new(&*script.name, Role::Text),
                Cell::new(run_words::origin(script.origin), Role::Muted),
                Cell::new(state, role),
                Cell::number(age, Role::Muted, at),
                Cell::new(params.join(" "), Role::Text),
                Cell::new(&*script.header.about, Role::Muted),
            ];
            Row { id: script.name.clone(), cells, fixed: false, wide: None }
        };
        let broken = |place: &crate::model::Place| {
            let file = place.file.as_deref().unwrap_or_default();
            let name = file.rsplit('/').next().unwrap_or_default();
            let line = place.line.map(|line| format!("line {line}: ")).unwrap_or_default();
            let what = format!("{line}{}", place.detail);
            let cells = vec![Cell::new(name, Role::Warn)];
            Row { id: format!("{BROKEN}{file}"), cells, fixed: false, wide: Some((what, Role::Warn)) }
        };
        let list = known.scripts.iter();
        list.clone().flat_map(|list| &list.items).map(row).chain(list.flat_map(|list| &list.broken).map(broken)).collect()
    }

    /// What is to be listed now.
    pub fn due(&mut self, cx: &Context) -> Vec<Effect> {
        if self.asked || self.next.is_none_or(|next| cx.now.since_start < next) {
            return Vec::new();
        }
        self.asked = true;
        let mut effects = vec![wish(RunsWish::Scripts)];
        effects.extend(cx.data.runs.runs.is_none().then(|| wish(RunsWish::Runs)));
        effects
    }

    /// When it wants to be woken up, since the program began.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        self.next.filter(|_| !self.asked)
    }

    /// They are to be listed anew at once.
    pub fn refresh(&mut self) {
        self.next = Some(Duration::ZERO);
    }

    fn act(&self, id: CommandId, rows: &[Row], cx: &Context) -> Option<Vec<Effect>> {
        use CommandId as C;
        if id == C::ScriptNew {
            let spec = PromptSpec { title: "name of the new script".to_owned(), text: String::new(), purpose: PromptFor::NewScript };
            return Some(vec![Effect::Ask(Ask::Prompt(Box::new(spec)))]);
        }
        let own =
            [C::ScriptRun, C::ScriptEdit, C::ScriptEditor, C::ScriptCheck, C::ScriptRuns, C::ScriptDetails, C::ScriptRemove, C::ScriptCopy, C::ScriptCopyLine];
        if !own.contains(&id) {
            return None;
        }
        let meant = self.list.meant(rows);
        let Some(first) = meant.first() else { return Some(vec![say("there is no script under the cursor")]) };
        if let Some(file) = first.strip_prefix(BROKEN)
            && (matches!(id, C::ScriptRun | C::ScriptRuns | C::ScriptDetails) || named(first).is_none())
        {
            return Some(broken(file, cx));
        }
        let names: Vec<String> = meant.iter().filter_map(|id| named(id)).map(str::to_owned).collect();
        let Some(first) = names.first() else { return Some(Vec::new()) };
        Some(match id {
            C::ScriptRun => vec![Effect::Ask(Ask::RunScript(first.clone()))],
            C::ScriptEdit => vec![Effect::Ask(Ask::EditDocument(Kind::Script(first.clone())))],
            C::ScriptEditor => vec![wish(RunsWish::Edit(first.clone()))],
            C::ScriptCheck => vec![wish(RunsWish::Check(first.clone()))],
            C::ScriptRuns => vec![Effect::Ask(Ask::RunsOf(first.clone()))],
            C::ScriptDetails => vec![wish(RunsWish::Script(first.clone()))],
            C::ScriptRemove => remove(&names, cx),
            C::ScriptCopy => vec![Effect::Ask(Ask::Copy(names.join("\n")))],
            _ => vec![Effect::Ask(Ask::Copy(run_words::line(first, &BTreeMap::new())))],
        })
    }

    fn hear(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        match msg {
            Msg::Event(event) => {
                if matches!(**event, Event::ScriptsChanged | Event::Resync) {
                    self.refresh();
                }
                None
            }
            Msg::Reply(request, result) => {
                let Request::Runs(asked) = &**request else { return None };
                match (&**asked, result) {
                    (RunsWish::Scripts, result) => {
                        self.asked = false;
                        self.failed = result.as_ref().err().map(|problem| problem.detail.clone());
                        self.next = self.failed.is_some().then(|| cx.now.since_start + AGAIN);
                        self.settle(cx);
                        Some(Vec::new())
                    }
                    (RunsWish::Script(_), Ok(Reply::Runs(reply))) => match &**reply {
                        RunsReply::Script(script) => Some(vec![Effect::Ask(Ask::Sheet { title: script.name.clone(), lines: about(script) })]),
                        _ => None,
                    },
                    (RunsWish::RemoveScripts(_), Ok(Reply::Runs(reply))) => {
                        self.list.mark_only(Vec::new());
                        self.refresh();
                        let RunsReply::Removed(gone, kept) = &**reply else { return None };
                        Some(super::runs::removed(*gone, kept, "script"))
                    }
                    (asked, result) => self.edited(asked, result),
                }
            }
            Msg::Edited(path, problem) => self.editor_ended(path, problem.is_some()),
            _ => None,
        }
    }
}

/// The script that a row is; of a file that can't be used, that which it would be.
fn named(id: &str) -> Option<&str> {
    match id.strip_prefix(BROKEN) {
        Some(file) => file.rsplit_once("/scripts/")?.1.strip_suffix(".luau"),
        None => Some(id),
    }
}

/// A file that can't be used can be looked at, and edited.
fn broken(file: &str, cx: &Context) -> Vec<Effect> {
    let places = cx.data.runs.scripts.iter().flat_map(|list| &list.broken).filter(|place| place.file.as_deref().unwrap_or_default() == file);
    let mut lines: Vec<(String, Role)> = places.flat_map(|place| text::wrap(&run_words::place(place), 96)).map(|line| (line, Role::Warn)).collect();
    lines.push((String::new(), Role::Text));
    lines.push(("Until that is put right in the file, it can't be run.".to_owned(), Role::Text));
    vec![Effect::Ask(Ask::Sheet { title: file.to_owned(), lines })]
}

/// Asks before scripts go.
fn remove(names: &[String], cx: &Context) -> Vec<Effect> {
    if names.len() > MOST_REMOVED {
        return vec![say(format!("{MOST_REMOVED} at a time, so that the question can name each"))];
    }
    let own = |name: &&String| cx.data.runs.script(name).is_none_or(|script| script.origin == TemplateOrigin::User);
    let gone: Vec<String> = names.iter().filter(own).cloned().collect();
    let Some(first) = gone.first() else { return vec![say("it ships with cto, or is the machine's: edit it to have one of your own under its name")] };
    let title = if gone.len() == 1 { format!("Remove the script {first}?") } else { format!("Remove {} scripts?", gone.len()) };
    let mut lines = if gone.len() > 1 { vec![format!("{}.", gone.join(", "))] } else { Vec::new() };
    lines.push("Its text is lost; runs of it stay. One that ships under its name is there again.".to_owned());
    if gone.len() < names.len() {
        lines.push(format!("{} not yours stays.", text::count(names.len() - gone.len(), "script")));
    }
    let choices = vec![Choice { key: 'y', label: "remove".to_owned(), destroys: true, effects: vec![wish(RunsWish::RemoveScripts(gone))] }];
    vec![Effect::Ask(Ask::Confirm(Box::new(ConfirmSpec { title, lines, choices })))]
}

/// What a script says of itself, and its text.
fn about(script: &ScriptEntry) -> Vec<(String, Role)> {
    let header = &script.header;
    let mut lines: Vec<(String, Role)> = text::wrap(&header.about, 96).into_iter().map(|line| (line, Role::Text)).collect();
    let mut fact = |label: &str, value: String| {
        if !value.is_empty() {
            lines.push((format!("{} {value}", text::left(label, 11)), Role::Text));
        }
    };
    fact("from", run_words::origin(script.origin).to_owned());
    fact("file", script.path.clone().unwrap_or_default());
    fact("templates", header.templates.join(", "));
    fact("grants", header.grants.join(", "));
    fact("timeout", header.timeout.map(|seconds| format!("{seconds} s")).unwrap_or_default());
    fact("processor", header.processor.map(|seconds| format!("{seconds} s")).unwrap_or_default());
    fact("resumable", if header.resumable { "it goes on after a server's death".to_owned() } else { String::new() });
    fact("keep", if header.keep { "its containers stay".to_owned() } else { String::new() });
    for (name, param) in &header.params {
        let default = param.default.as_ref().map_or_else(|| "required".to_owned(), |value| format!("{value}"));
        fact("parameter", format!("{name} = {default}  {}", param.description.as_deref().unwrap_or_default()));
    }
    lines.push((String::new(), Role::Text));
    let source = script.source.as_deref().unwrap_or_default();
    lines.extend(source.lines().enumerate().map(|(place, line)| (format!("{:>4}  {}", place + 1, run_words::untabbed(line)), Role::Muted)));
    lines
}

impl Listed for Scripts {
    fn list(&mut self) -> &mut List {
        &mut self.list
    }

    fn all(&self, cx: &Context) -> Vec<Row> {
        Self::rows(cx)
    }

    fn is_listed(&self, cx: &Context) -> bool {
        cx.data.runs.scripts.is_some()
    }

    fn command(&mut self, id: CommandId, cx: &Context) -> Option<Vec<Effect>> {
        let rows = match self.own_command(id, cx) {
            Ok(effects) => return Some(effects),
            Err(rows) => rows,
        };
        self.act(id, &rows, cx)
    }

    fn mouse(&mut self, event: MouseEvent, cx: &Context) -> Vec<Effect> {
        let all = Self::rows(cx);
        let rows = self.list.arrange(all.clone());
        let id = match self.list.mouse(event, cx.area, &all, &rows, cx) {
            Click::Open => CommandId::ScriptRun,
            Click::Menu => CommandId::ScriptDetails,
            Click::Nothing => return Vec::new(),
        };
        self.act(id, &rows, cx).unwrap_or_default()
    }
}

impl Component for Scripts {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        if matches!(msg, Msg::Event(_) | Msg::Reply(..) | Msg::Edited(..)) {
            return self.hear(msg, cx);
        }
        self.take(msg, cx)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let muted = cx.theme.style(Role::Muted);
        let all = Self::rows(cx);
        let nothing = match (&cx.data.runs.scripts, &self.failed) {
            (None, Some(why)) => Some(format!("{why}; it is tried again")),
            (None, None) => Some("Asking the server …".to_owned()),
            (Some(_), _) if all.is_empty() => {
                let key = cx.keymap.label(CommandId::ScriptNew).unwrap_or_default();
                Some(format!("There are no scripts: {key} begins one"))
            }
            _ => None,
        };
        if let Some(words) = nothing {
            return super::graph::middle(frame.buffer_mut(), area, &words, muted);
        }
        let rows = self.list.arrange(all);
        let broken = rows.iter().filter(|row| row.id.starts_with(BROKEN)).count();
        let mut note = text::count(rows.len() - broken, "script");
        if rows.is_empty() {
            note = "no script fits: esc shows all".to_owned();
        } else if let Some(why) = &self.failed {
            note = format!("{why}; it is tried again");
        } else {
            if broken > 0 {
                note.push_str(&format!(" · {} that can't be used", text::count(broken, "file")));
            }
            if !self.list.marked().is_empty() {
                note.push_str(&format!(" · {} marked", self.list.marked().len()));
            }
        }
        self.list.draw(frame, area, &rows, &note, cx);
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Scripts, Scope::List, Scope::Global]
    }

    fn takes_keys(&self) -> bool {
        self.list.is_editing()
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<Hint>> {
        self.list.hints()
    }
}
