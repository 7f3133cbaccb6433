//! The triggers: what starts scripts when something happens; and of one of them, what it did.
use super::hook_words;
use super::listed::Listed;
use super::poll::Poll;
use super::rows::Cell;
use super::rows::Click;
use super::rows::Column;
use super::rows::List;
use super::rows::Row;
use super::runs::removed;
use super::scripts::MOST_REMOVED;
use super::text;
use super::toast::say;
use crate::model::Event;
use crate::model::Fire;
use crate::model::ListName;
use crate::model::Problem;
use crate::model::Trigger;
use crate::model::TriggerWhen;
use crate::term::MouseEvent;
use crate::tui::command::CommandId;
use crate::tui::command::Scope;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::component::Hint;
use crate::tui::edit::Kind;
use crate::tui::hooks::HookReply;
use crate::tui::hooks::HookWish;
use crate::tui::hooks::wish;
use crate::tui::msg::Ask;
use crate::tui::msg::Choice;
use crate::tui::msg::ConfirmSpec;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::Reply;
use crate::tui::msg::Request;
use crate::tui::msg::ToastKind;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::time::Duration;

/// Events tell of changes; what other servers do is seen this late.
const EVERY: Duration = Duration::from_secs(60);
const FIRES: Duration = Duration::from_secs(15);

const COLUMNS: [Column; 6] = [
    Column { head: "NAME", least: 12, most: 30, goes: 0, right: false },
    Column { head: "STATE", least: 9, most: 9, goes: 1, right: false },
    Column { head: "WHEN", least: 22, most: 60, goes: 2, right: false },
    Column { head: "SCRIPT", least: 12, most: 26, goes: 3, right: false },
    Column { head: "LIMIT", least: 11, most: 14, goes: 4, right: false },
    Column { head: "OWNER", least: 8, most: 16, goes: 5, right: false },
];

const PAST: [Column; 4] = [
    Column { head: "WHEN", least: 5, most: 7, goes: 2, right: true },
    Column { head: "OUTCOME", least: 10, most: 10, goes: 0, right: false },
    Column { head: "EVENT", least: 24, most: 80, goes: 1, right: false },
    Column { head: "RUN OR REASON", least: 16, most: 60, goes: 3, right: false },
];

/// The view.
#[derive(Clone, Debug)]
pub struct Triggers {
    list: List,
    poll: Poll,
    /// The trigger whose history is shown.
    of: Option<String>,
    fires: List,
    history: Poll,
}

impl Default for Triggers {
    fn default() -> Self {
        Self { list: List::new(&COLUMNS), poll: Poll::every(EVERY), of: None, fires: List::new(&PAST), history: Poll::every(FIRES) }
    }
}

impl Triggers {
    fn rows(&self, cx: &Context) -> Vec<Row> {
        if let Some(name) = &self.of {
            return cx.data.hooks.fires_of(name).into_iter().flatten().map(|fire| past(fire, cx)).collect();
        }
        let row = |trigger: &Trigger| {
            let (state, role) = hook_words::trigger(trigger, cx.plain);
            let cells = vec![
                Cell::new(&*trigger.name, Role::Text),
                Cell::new(state, role),
                Cell::new(hook_words::when(&trigger.when), Role::Text),
                Cell::new(&*trigger.run.script, Role::Text),
                Cell::new(format!("{} in {} s", trigger.limit.times, trigger.limit.seconds), Role::Muted),
                Cell::new(&*trigger.owner, Role::Muted),
            ];
            Row { id: trigger.name.clone(), cells, fixed: false, wide: None }
        };
        cx.data.hooks.triggers.iter().flatten().map(row).collect()
    }

    /// What is to be listed now.
    pub fn due(&mut self, cx: &Context) -> Vec<Effect> {
        let now = cx.now.since_start;
        let mut effects = Vec::new();
        if self.poll.is_due(now) {
            effects.push(wish(HookWish::Triggers));
        }
        if let Some(name) = self.of.as_ref().filter(|_| self.history.is_due(now)) {
            effects.push(wish(HookWish::Fires(name.clone())));
        }
        effects
    }

    /// When it wants to be woken up, since the program began.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        let history = self.of.as_ref().and_then(|_| self.history.wake_at());
        self.poll.wake_at().into_iter().chain(history).min()
    }

    /// They are to be listed anew at once.
    pub fn refresh(&mut self) {
        self.poll.refresh();
        self.history.refresh();
    }

    fn act(&mut self, id: CommandId, rows: &[Row], cx: &Context) -> Option<Vec<Effect>> {
        use CommandId as C;
        if id == C::TriggerNew {
            return Some(vec![Effect::Ask(Ask::EditDocument(Kind::Trigger(None)))]);
        }
        let own = [C::TriggerOpen, C::TriggerEdit, C::TriggerTest, C::TriggerPause, C::TriggerDetails, C::TriggerSecret, C::TriggerRemove, C::TriggerCopy];
        if !own.contains(&id) && id != C::TriggerCopyLine {
            return None;
        }
        if let (Some(_), C::TriggerOpen | C::TriggerDetails) = (&self.of, id) {
            return Some(self.open_fire(id, rows, cx));
        }
        let names = match &self.of {
            Some(name) => vec![name.clone()],
            None => self.list.meant(rows),
        };
        let meant: Vec<&Trigger> = names.iter().filter_map(|name| cx.data.hooks.trigger(name)).collect();
        let Some(first) = meant.first() else { return Some(vec![say("there is no trigger under the cursor")]) };
        let name = || first.name.clone();
        Some(match id {
            C::TriggerOpen => {
                self.of = Some(name());
                self.fires = List::new(&PAST);
                self.history.refresh();
                Vec::new()
            }
            C::TriggerEdit => vec![Effect::Ask(Ask::EditDocument(Kind::Trigger(Some(name()))))],
            C::TriggerTest => vec![wish(HookWish::TestTrigger(name()))],
            C::TriggerPause => {
                // All go the way that the first one goes.
                let one = |trigger: &&Trigger| {
                    if first.paused { HookWish::ResumeTrigger(trigger.name.clone()) } else { HookWish::PauseTrigger(trigger.name.clone()) }
                };
                meant.iter().filter(|trigger| trigger.paused == first.paused).map(|trigger| wish(one(trigger))).collect()
            }
            C::TriggerDetails => vec![Effect::Ask(Ask::Sheet { title: format!("trigger {}", first.name), lines: hook_words::about_trigger(first, cx.plain) })],
            C::TriggerSecret if !matches!(first.when, TriggerWhen::Hook { .. }) => vec![say("only a trigger that waits for requests has a secret")],
            C::TriggerSecret => vec![rotate(&first.name, wish(HookWish::RotateTrigger(name())))],
            C::TriggerRemove => remove(&meant),
            C::TriggerCopy => vec![Effect::Ask(Ask::Copy(meant.iter().map(|trigger| trigger.name.clone()).collect::<Vec<_>>().join("\n")))],
            _ => vec![Effect::Ask(Ask::Copy(format!("cto trigger {} {}", if self.of.is_some() { "history" } else { "show" }, first.name)))],
        })
    }

    /// Watches the run that an event started, or shows what there is to say.
    fn open_fire(&self, id: CommandId, rows: &[Row], cx: &Context) -> Vec<Effect> {
        let fires = self.of.as_ref().and_then(|name| cx.data.hooks.fires_of(name)).unwrap_or_default();
        let found = self.fires.selected(rows).and_then(|row| fires.iter().find(|fire| fire.id == row.id));
        match found {
            None => vec![say("nothing has happened yet")],
            Some(Fire { run: Some(run), .. }) if id == CommandId::TriggerOpen => vec![wish(HookWish::Run(run.clone()))],
            Some(fire) => vec![Effect::Ask(Ask::Sheet { title: "what it did".to_owned(), lines: hook_words::about_fire(fire, cx.plain) })],
        }
    }

    fn answered(&mut self, asked: &HookWish, result: &Result<Reply, Box<Problem>>, cx: &Context) -> Option<Vec<Effect>> {
        let now = cx.now.since_start;
        match asked {
            HookWish::Triggers => self.poll.answered(result, now),
            // One that was asked for before another was opened tells nothing of that.
            HookWish::Fires(name) if Some(name) == self.of.as_ref() => self.history.answered(result, now),
            HookWish::Fires(_) => self.history = Poll::every(FIRES),
            _ => {}
        }
        if matches!(asked, HookWish::Triggers | HookWish::Fires(_)) {
            self.settle(cx);
            return Some(Vec::new());
        }
        let Ok(Reply::Hooks(reply)) = result else { return None };
        let toast = |text: String| Effect::Ask(Ask::Toast(ToastKind::Done, text));
        match (asked, &**reply) {
            (HookWish::TestTrigger(_) | HookWish::Run(_), HookReply::Run(run)) => {
                self.history.refresh();
                Some(vec![Effect::Ask(Ask::Watch(run.clone()))])
            }
            (HookWish::PauseTrigger(name), _) => Some(vec![toast(format!("{name} is paused: it does nothing until it is resumed"))]),
            (HookWish::ResumeTrigger(name), _) => Some(vec![toast(format!("{name} goes on"))]),
            (HookWish::SaveTrigger(..) | HookWish::RotateTrigger(_), HookReply::Trigger(told)) => {
                self.list.select(&told.trigger.name);
                self.refresh();
                let used = format!("Requests to /api/v1/hooks/{} are signed with it.", told.trigger.name);
                Some(told.secret.iter().map(|secret| hook_words::secret(&told.trigger.name, secret, &used)).collect())
            }
            (HookWish::RemoveTriggers(_), HookReply::Removed(gone, kept)) => {
                self.list.mark_only(Vec::new());
                self.of = None;
                self.refresh();
                Some(removed(*gone, kept, "trigger"))
            }
            _ => None,
        }
    }
}

/// A row of the history.
fn past(fire: &Fire, cx: &Context) -> Row {
    let (outcome, role) = hook_words::outcome(fire, cx.plain);
    let more = if fire.more > 0 { format!(" (and {} more)", fire.more) } else { String::new() };
    let further = match (&fire.run, &fire.error) {
        (_, Some(why)) => Cell::new(&**why, Role::Error),
        (Some(run), None) => Cell::new(run.as_str(), Role::Muted),
        (None, None) => Cell::new("", Role::Muted),
    };
    let cells = vec![
        Cell::number(text::age(fire.at, cx.now.time), Role::Muted, fire.at.as_second() as f64),
        Cell::new(outcome, role),
        Cell::new(format!("{}{more}", fire.event), Role::Text),
        further,
    ];
    Row { id: fire.id.clone(), cells, fixed: false, wide: None }
}

/// Asks before a secret is made anew.
pub(super) fn rotate(name: &str, effect: Effect) -> Effect {
    let lines = vec!["The one of before counts for 24 hours beside the new one, which is shown only once.".to_owned()];
    let choices = vec![Choice { key: 'y', label: "make it".to_owned(), destroys: false, effects: vec![effect] }];
    Effect::Ask(Ask::Confirm(Box::new(ConfirmSpec { title: format!("Make another secret for {name}?"), lines, choices })))
}

/// Asks before triggers go.
fn remove(meant: &[&Trigger]) -> Vec<Effect> {
    let names: Vec<String> = meant.iter().map(|trigger| trigger.name.clone()).collect();
    ask_removal("trigger", &names, "Nothing starts by it any more; what it did is forgotten, its runs stay.", wish(HookWish::RemoveTriggers(names.clone())))
}

/// Asks before things go that are told by their names.
pub(super) fn ask_removal(noun: &str, names: &[String], lost: &str, effect: Effect) -> Vec<Effect> {
    if names.len() > MOST_REMOVED {
        return vec![say(format!("{MOST_REMOVED} at a time, so that the question can name each"))];
    }
    let title = if let [one] = names { format!("Remove the {noun} {one}?") } else { format!("Remove {} {noun}s?", names.len()) };
    let mut lines = if names.len() > 1 { vec![format!("{}.", names.join(", "))] } else { Vec::new() };
    lines.push(lost.to_owned());
    let choices = vec![Choice { key: 'y', label: "remove".to_owned(), destroys: true, effects: vec![effect] }];
    vec![Effect::Ask(Ask::Confirm(Box::new(ConfirmSpec { title, lines, choices })))]
}

impl Listed for Triggers {
    fn list(&mut self) -> &mut List {
        if self.of.is_some() { &mut self.fires } else { &mut self.list }
    }

    fn all(&self, cx: &Context) -> Vec<Row> {
        self.rows(cx)
    }

    fn is_listed(&self, cx: &Context) -> bool {
        match &self.of {
            Some(name) => cx.data.hooks.fires_of(name).is_some(),
            None => cx.data.hooks.triggers.is_some(),
        }
    }

    fn command(&mut self, id: CommandId, cx: &Context) -> Option<Vec<Effect>> {
        let rows = match self.own_command(id, cx) {
            Ok(effects) => return Some(effects),
            Err(rows) => rows,
        };
        if id == CommandId::Back && self.of.take().is_some() {
            return Some(Vec::new());
        }
        self.act(id, &rows, cx)
    }

    fn mouse(&mut self, event: MouseEvent, cx: &Context) -> Vec<Effect> {
        let all = self.rows(cx);
        let rows = self.list().arrange(all.clone());
        let id = match self.list().mouse(event, cx.area, &all, &rows, cx) {
            Click::Open => CommandId::TriggerOpen,
            Click::Menu => CommandId::TriggerDetails,
            Click::Nothing => return Vec::new(),
        };
        self.act(id, &rows, cx).unwrap_or_default()
    }
}

impl Component for Triggers {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        match msg {
            Msg::Event(event) => {
                let now = cx.now.since_start;
                match &**event {
                    Event::Resync => self.refresh(),
                    Event::ListChanged { list: ListName::Triggers, .. } => self.poll.stale(now),
                    Event::ListChanged { list: ListName::Fires, name, .. } if self.of.as_ref() == Some(name) => self.history.stale(now),
                    _ => {}
                }
                None
            }
            Msg::Reply(request, result) => match &**request {
                Request::Hooks(asked) => self.answered(asked, result, cx),
                _ => None,
            },
            _ => self.take(msg, cx),
        }
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let all = self.rows(cx);
        let key = |id| cx.keymap.label(id).unwrap_or_default();
        let (poll, listed) = match &self.of {
            Some(name) => (&self.history, cx.data.hooks.fires_of(name).is_some()),
            None => (&self.poll, cx.data.hooks.triggers.is_some()),
        };
        let empty = match &self.of {
            Some(name) => format!("{name} has done nothing yet: {} tries it, esc shows all triggers", key(CommandId::TriggerTest)),
            None => format!("No triggers: {} makes one, which starts a script when something happens", key(CommandId::TriggerNew)),
        };
        if !listed || all.is_empty() {
            let words = if listed { empty } else { poll.failed().unwrap_or_else(|| "Asking the server …".to_owned()) };
            return super::graph::middle(frame.buffer_mut(), area, &words, cx.theme.style(Role::Muted));
        }
        let list = if self.of.is_some() { &self.fires } else { &self.list };
        let rows = list.arrange(all);
        let note = match (&self.of, poll.failed()) {
            (_, Some(why)) => why,
            (Some(name), None) => format!("{} of {name}, esc shows all triggers", text::count(rows.len(), "event")),
            (None, None) if rows.is_empty() => "no trigger fits: esc shows all".to_owned(),
            (None, None) => {
                let all = || cx.data.hooks.triggers.iter().flatten();
                let mut note = text::count(rows.len(), "trigger");
                let counts = [
                    (all().filter(|trigger| trigger.paused).count(), "paused"),
                    (all().filter(|trigger| trigger.trouble.is_some()).count(), "in trouble"),
                    (list.marked().len(), "marked"),
                ];
                counts.iter().filter(|(count, _)| *count > 0).for_each(|(count, word)| note.push_str(&format!(" · {count} {word}")));
                note
            }
        };
        list.draw(frame, area, &rows, &note, cx);
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Triggers, Scope::List, Scope::Global]
    }

    fn takes_keys(&self) -> bool {
        if self.of.is_some() { self.fires.is_editing() } else { self.list.is_editing() }
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<Hint>> {
        if self.of.is_some() { self.fires.hints() } else { self.list.hints() }
    }
}
