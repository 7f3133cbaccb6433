//! The schedules: when what runs by itself; run now, paused, made and removed here.
use super::listed::Listed;
use super::rows::Cell;
use super::rows::Click;
use super::rows::Column;
use super::rows::List;
use super::rows::Row;
use super::schedule_words;
use super::scripts::MOST_REMOVED;
use super::text;
use super::toast::say;
use crate::model::Event;
use crate::model::Problem;
use crate::model::Schedule;
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
use crate::tui::schedules::ScheduleReply;
use crate::tui::schedules::ScheduleWish;
use crate::tui::schedules::wish;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::time::Duration;

/// What could not be listed is asked for again this late.
const AGAIN: Duration = Duration::from_secs(5);

const COLUMNS: [Column; 8] = [
    Column { head: "NAME", least: 12, most: 30, goes: 0, right: false },
    Column { head: "NEXT", least: 9, most: 9, goes: 1, right: false },
    Column { head: "HERE", least: 16, most: 16, goes: 3, right: false },
    Column { head: "WHEN", least: 12, most: 26, goes: 4, right: false },
    Column { head: "ITS ZONE", least: 23, most: 34, goes: 6, right: false },
    Column { head: "SCRIPT", least: 12, most: 24, goes: 5, right: false },
    Column { head: "LAST", least: 12, most: 30, goes: 2, right: false },
    Column { head: "OWNER", least: 8, most: 16, goes: 7, right: false },
];

/// The view.
#[derive(Clone, Debug)]
pub struct Schedules {
    list: List,
    failed: Option<String>,
    asked: bool,
    /// When they are to be listed; not again before facts were missed where there is none.
    next: Option<Duration>,
    /// Times are shown in UTC.
    utc: bool,
}

impl Default for Schedules {
    fn default() -> Self {
        Self { list: List::new(&COLUMNS), failed: None, asked: false, next: Some(Duration::ZERO), utc: false }
    }
}

impl Schedules {
    fn rows(&self, cx: &Context) -> Vec<Row> {
        let row = |schedule: &Schedule| {
            let (next, role) = schedule_words::due(schedule, cx.now.time, cx.plain);
            let at = schedule.next_due.map_or(f64::MAX, |due| due.as_second() as f64);
            let (last, last_role) = schedule.last.as_ref().map_or((String::new(), Role::Muted), |fire| schedule_words::outcome(fire, cx.plain));
            let cells = vec![
                Cell::new(&*schedule.name, Role::Text),
                // The largest stands first where columns are sorted, and the nearest is to.
                Cell::number(next, role, -at),
                Cell::number(schedule.next_due.map(|due| schedule_words::local(due, self.utc)).unwrap_or_default(), Role::Text, -at),
                Cell::new(schedule_words::when(&schedule.spec), Role::Muted),
                Cell::new(
                    schedule.next_due.map_or_else(|| schedule.spec.zone.clone(), |due| schedule_words::in_zone(due, &schedule.spec.zone, self.utc)),
                    Role::Muted,
                ),
                Cell::new(schedule_words::script(&schedule.spec), Role::Text),
                Cell::new(last, last_role),
                Cell::new(&*schedule.owner, Role::Muted),
            ];
            Row { id: schedule.name.clone(), cells, fixed: false, wide: None }
        };
        cx.data.runs.schedules.iter().flatten().map(row).collect()
    }

    /// What is to be listed now.
    pub fn due(&mut self, cx: &Context) -> Vec<Effect> {
        if self.asked || self.next.is_none_or(|next| cx.now.since_start < next) {
            return Vec::new();
        }
        self.asked = true;
        vec![wish(ScheduleWish::List)]
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

    fn act(&mut self, id: CommandId, rows: &[Row], cx: &Context) -> Option<Vec<Effect>> {
        use CommandId as C;
        match id {
            C::ScheduleNew => return Some(vec![Effect::Ask(Ask::NewSchedule)]),
            C::ScheduleZone => {
                self.utc = !self.utc;
                return Some(vec![say(if self.utc { "times are in UTC" } else { "times are those of this place" })]);
            }
            C::ScheduleCalendar => return Some(vec![wish(ScheduleWish::Next(None))]),
            _ => {}
        }
        let own =
            [C::ScheduleEdit, C::ScheduleNext, C::ScheduleRun, C::SchedulePause, C::ScheduleHistory, C::ScheduleDetails, C::ScheduleRemove, C::ScheduleCopy];
        if !own.contains(&id) && id != C::ScheduleCopyLine {
            return None;
        }
        let meant: Vec<&Schedule> = self.list.meant(rows).iter().filter_map(|name| cx.data.runs.schedule(name)).collect();
        let Some(first) = meant.first() else { return Some(vec![say("there is no schedule under the cursor")]) };
        let name = || first.name.clone();
        Some(match id {
            C::ScheduleNext => vec![wish(ScheduleWish::Next(Some(name())))],
            C::ScheduleEdit if first.spec.inline.is_some() => vec![say("its script was brought along with it: change it with 'cto schedule edit'")],
            C::ScheduleEdit => vec![Effect::Ask(Ask::EditSchedule(Box::new((*first).clone())))],
            C::ScheduleRun => vec![wish(ScheduleWish::Run(name()))],
            C::SchedulePause => {
                // All go the way that the first one goes.
                let one =
                    |schedule: &&Schedule| if first.paused { ScheduleWish::Resume(schedule.name.clone()) } else { ScheduleWish::Pause(schedule.name.clone()) };
                meant.iter().filter(|schedule| schedule.paused == first.paused).map(|schedule| wish(one(schedule))).collect()
            }
            C::ScheduleHistory => vec![Effect::Ask(Ask::RunsBy(name()))],
            C::ScheduleDetails => vec![wish(ScheduleWish::Past(name()))],
            C::ScheduleRemove => remove(&meant),
            C::ScheduleCopy => vec![Effect::Ask(Ask::Copy(meant.iter().map(|schedule| schedule.name.clone()).collect::<Vec<_>>().join("\n")))],
            _ => vec![Effect::Ask(Ask::Copy(format!("cto schedule show {}", first.name)))],
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
                let Request::Schedules(asked) = &**request else { return None };
                self.answered(asked, result, cx)
            }
            _ => None,
        }
    }

    fn answered(&mut self, asked: &ScheduleWish, result: &Result<Reply, Box<Problem>>, cx: &Context) -> Option<Vec<Effect>> {
        if *asked == ScheduleWish::List {
            self.asked = false;
            self.failed = result.as_ref().err().map(|problem| problem.detail.clone());
            self.next = self.failed.is_some().then(|| cx.now.since_start + AGAIN);
            self.settle(cx);
            return Some(Vec::new());
        }
        let Ok(Reply::Schedules(reply)) = result else { return None };
        let sheet = |title: String, lines| Some(vec![Effect::Ask(Ask::Sheet { title, lines })]);
        let toast = |text: String| Some(vec![Effect::Ask(Ask::Toast(ToastKind::Done, text))]);
        match (asked, &**reply) {
            (ScheduleWish::Next(Some(name)), ScheduleReply::Next(fires)) => sheet(format!("next times of {name}"), schedule_words::times(fires, false)),
            (ScheduleWish::Next(None), ScheduleReply::Next(fires)) => sheet("next times of all schedules".to_owned(), schedule_words::times(fires, true)),
            (ScheduleWish::Past(name), ScheduleReply::Past(past)) => {
                let schedule = cx.data.runs.schedule(name)?;
                sheet(format!("schedule {name}"), schedule_words::about(schedule, past, self.utc, cx.plain))
            }
            (ScheduleWish::Run(_), ScheduleReply::Fired(_, Some(run))) => Some(vec![Effect::Ask(Ask::Watch(run.clone()))]),
            (ScheduleWish::Run(name), ScheduleReply::Fired(fire, None)) => Some(vec![say(format!("{name}: {}", schedule_words::outcome(fire, true).0))]),
            (ScheduleWish::Pause(name), _) => toast(format!("{name} is paused: nothing starts until it is resumed")),
            (ScheduleWish::Resume(name), _) => toast(format!("{name} goes on from now")),
            (ScheduleWish::Save(name, _), ScheduleReply::Schedule(_)) => toast(format!("{name} is changed")),
            (ScheduleWish::Create(create), ScheduleReply::Schedule(_)) => {
                self.list.select(&create.name);
                toast(format!("{} is scheduled", create.name))
            }
            (ScheduleWish::Remove(_), ScheduleReply::Removed(gone, kept)) => {
                self.list.mark_only(Vec::new());
                self.refresh();
                Some(super::runs::removed(*gone, kept, "schedule"))
            }
            _ => None,
        }
    }
}

/// Asks before schedules go.
fn remove(meant: &[&Schedule]) -> Vec<Effect> {
    if meant.len() > MOST_REMOVED {
        return vec![say(format!("{MOST_REMOVED} at a time, so that the question can name each"))];
    }
    let names: Vec<String> = meant.iter().map(|schedule| schedule.name.clone()).collect();
    let title = if let [one] = &names[..] { format!("Remove the schedule {one}?") } else { format!("Remove {} schedules?", names.len()) };
    let mut lines = if names.len() > 1 { vec![format!("{}.", names.join(", "))] } else { Vec::new() };
    lines.push("Nothing runs by it any more; its runs stay.".to_owned());
    let choices = vec![Choice { key: 'y', label: "remove".to_owned(), destroys: true, effects: vec![wish(ScheduleWish::Remove(names))] }];
    vec![Effect::Ask(Ask::Confirm(Box::new(ConfirmSpec { title, lines, choices })))]
}

impl Listed for Schedules {
    fn list(&mut self) -> &mut List {
        &mut self.list
    }

    fn all(&self, cx: &Context) -> Vec<Row> {
        self.rows(cx)
    }

    fn is_listed(&self, cx: &Context) -> bool {
        cx.data.runs.schedules.is_some()
    }

    fn command(&mut self, id: CommandId, cx: &Context) -> Option<Vec<Effect>> {
        let rows = match self.own_command(id, cx) {
            Ok(effects) => return Some(effects),
            Err(rows) => rows,
        };
        self.act(id, &rows, cx)
    }

    fn mouse(&mut self, event: MouseEvent, cx: &Context) -> Vec<Effect> {
        let all = self.rows(cx);
        let rows = self.list.arrange(all.clone());
        let id = match self.list.mouse(event, cx.area, &all, &rows, cx) {
            Click::Open => CommandId::ScheduleNext,
            Click::Menu => CommandId::ScheduleDetails,
            Click::Nothing => return Vec::new(),
        };
        self.act(id, &rows, cx).unwrap_or_default()
    }
}

impl Component for Schedules {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        if matches!(msg, Msg::Event(_) | Msg::Reply(..)) {
            return self.hear(msg, cx);
        }
        self.take(msg, cx)
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let muted = cx.theme.style(Role::Muted);
        let all = self.rows(cx);
        let nothing = match (&cx.data.runs.schedules, &self.failed) {
            (None, Some(why)) => Some(format!("{why}; it is tried again")),
            (None, None) => Some("Asking the server …".to_owned()),
            (Some(_), _) if all.is_empty() => {
                let key = cx.keymap.label(CommandId::ScheduleNew).unwrap_or_default();
                Some(format!("Nothing is scheduled: {key} makes a schedule"))
            }
            _ => None,
        };
        if let Some(words) = nothing {
            return super::graph::middle(frame.buffer_mut(), area, &words, muted);
        }
        let rows = self.list.arrange(all);
        let mut note = text::count(rows.len(), "schedule");
        if rows.is_empty() {
            note = "no schedule fits: esc shows all".to_owned();
        } else if let Some(why) = &self.failed {
            note = format!("{why}; it is tried again");
        } else {
            let paused = cx.data.runs.schedules.iter().flatten().filter(|schedule| schedule.paused).count();
            if paused > 0 {
                note.push_str(&format!(" · {paused} paused"));
            }
            if !self.list.marked().is_empty() {
                note.push_str(&format!(" · {} marked", self.list.marked().len()));
            }
        }
        self.list.draw(frame, area, &rows, &note, cx);
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Schedules, Scope::List, Scope::Global]
    }

    fn takes_keys(&self) -> bool {
        self.list.is_editing()
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<Hint>> {
        self.list.hints()
    }
}
