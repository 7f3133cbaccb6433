//! Asks for what a run takes, the parameters of its script, and for what a new schedule takes.
use super::field::Edit;
use super::form::Form;
use super::popup::Popup;
use super::reader::Line;
use super::run_words;
use super::schedule_form;
use super::schedule_words;
use super::text;
use crate::error::Result;
use crate::model::CreateSchedule;
use crate::model::Missed;
use crate::model::Param;
use crate::model::ParamValue;
use crate::model::PluginCommand;
use crate::model::PreviewSchedule;
use crate::model::Problem;
use crate::model::RunPlugin;
use crate::model::SaveSchedule;
use crate::model::Schedule;
use crate::model::ScriptEntry;
use crate::model::ScriptHeader;
use crate::model::StartRun;
use crate::term::Key;
use crate::term::KeyCode;
use crate::term::Mods;
use crate::term::MouseEvent;
use crate::term::MouseKind;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::msg::Ask;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::Reply;
use crate::tui::msg::Request;
use crate::tui::plugins;
use crate::tui::plugins::PluginWish;
use crate::tui::runs::RunsWish;
use crate::tui::schedules;
use crate::tui::schedules::ScheduleReply;
use crate::tui::schedules::ScheduleWish;
use crate::tui::theme::Role;
use ratatui::Frame;
use ratatui::layout::Rect;
use std::collections::BTreeMap;

/// Columns of the box at most: one parameter a row, with room for its value.
const COLS: u16 = 72;
/// Rows for what is said below the parameters.
const SAID: u16 = 4;

/// What is asked for.
#[derive(Clone, Debug)]
enum For {
    /// A run of this script, or of a text.
    Run(Box<StartRun>),
    /// A new schedule.
    Schedule,
    /// A run of a plugin's command: the plugin, the command, and the container that it is for.
    Plugin(String, String, Option<String>),
    /// What this schedule is to be from now on.
    Change(Box<Schedule>),
}

/// The overlay.
#[derive(Clone, Debug)]
pub struct RunForm {
    purpose: For,
    about: String,
    form: Form,
    entry: usize,
    problem: Option<Problem>,
    /// What the server is asked for.
    waits: Option<Request>,
}

impl RunForm {
    /// A run, with the values that the script has by itself.
    #[must_use]
    pub fn new(script: &ScriptEntry) -> Self {
        Self::of_text(StartRun { script: Some(script.name.clone()), ..StartRun::default() }, &script.header)
    }

    /// A run that is begun like this, with the values that its header has.
    #[must_use]
    pub fn of_text(start: StartRun, header: &ScriptHeader) -> Self {
        Self::of(For::Run(Box::new(start)), header.about.clone(), Form::of_params(&header.params))
    }

    /// A schedule that is there, as it is.
    #[must_use]
    pub fn of_schedule(schedule: &Schedule) -> Self {
        let entries = schedule_form::entries();
        let mut form = Form::of_params(entries.iter().skip(1).map(|(name, param)| (name, param)));
        form.fill(&schedule_form::filled(&schedule.spec));
        Self::of(For::Change(Box::new(schedule.clone())), "From now on; times that were are not touched".to_owned(), form)
    }

    /// A schedule that does not exist yet.
    #[must_use]
    pub fn schedule() -> Self {
        let entries = schedule_form::entries();
        Self::of(For::Schedule, "Runs a script by itself".to_owned(), Form::of_params(entries.iter().map(|(name, param)| (name, param))))
    }

    /// A run of a plugin's command, with the values that its script has by itself.
    #[must_use]
    pub fn plugin(plugin: &str, command: &PluginCommand, container: Option<String>, params: &BTreeMap<String, Param>) -> Self {
        Self::of(For::Plugin(plugin.to_owned(), command.name.clone(), container), command.about.clone(), Form::of_params(params))
    }

    fn of(purpose: For, about: String, form: Form) -> Self {
        Self { purpose, about, form, entry: 0, problem: None, waits: None }
    }

    fn params(&self) -> BTreeMap<String, ParamValue> {
        self.form.set().into_iter().map(|(name, value)| (name, ParamValue::Text(value))).collect()
    }

    fn title(&self) -> String {
        match &self.purpose {
            For::Run(start) if start.against.is_some() => format!("Dry run of {}", script_of(start)),
            For::Run(start) => format!("Run {}", script_of(start)),
            For::Schedule => "New schedule".to_owned(),
            For::Plugin(plugin, command, None) => format!("Run {plugin}: {command}"),
            For::Plugin(plugin, command, Some(container)) => format!("Run {plugin}: {command} on {container}"),
            For::Change(schedule) => format!("Schedule {}", schedule.name),
        }
    }

    /// The schedule of these values.
    fn scheduled(&self) -> Result<CreateSchedule> {
        let mut create = schedule_form::create(&self.form.set())?;
        // How many times are made up for at most is not in the form.
        if let (For::Change(schedule), Missed::All { most }) = (&self.purpose, &mut create.spec.missed)
            && let Missed::All { most: before } = schedule.spec.missed
        {
            *most = before;
        }
        Ok(create)
    }

    /// The same as a line for a shell.
    fn line(&self) -> String {
        match &self.purpose {
            For::Run(start) => run_words::line(script_of(start), &self.params()),
            For::Schedule => schedule_form::line(&self.form.set()),
            For::Plugin(plugin, command, container) => plugins::line(plugin, command, container.as_deref(), &self.form.set()),
            For::Change(schedule) => schedule_form::line_to_change(&schedule.name, &self.form.set()),
        }
    }

    fn request(&self) -> Result<Request> {
        Ok(match &self.purpose {
            For::Run(start) => {
                let start = StartRun { params: self.params(), ..(**start).clone() };
                Request::Runs(Box::new(RunsWish::Start(Box::new(start))))
            }
            For::Plugin(plugin, command, container) => {
                let run = RunPlugin { command: command.clone(), container: container.clone(), params: self.params() };
                Request::Plugins(Box::new(PluginWish::Run(plugin.clone(), Box::new(run))))
            }
            For::Schedule => Request::Schedules(Box::new(ScheduleWish::Create(Box::new(self.scheduled()?)))),
            For::Change(schedule) => {
                let save = SaveSchedule { spec: self.scheduled()?.spec, replaces: Some(schedule.version) };
                Request::Schedules(Box::new(ScheduleWish::Save(schedule.name.clone(), Box::new(save))))
            }
        })
    }

    fn send(&mut self, request: Result<Request>) -> Vec<Effect> {
        if self.waits.is_some() {
            return Vec::new();
        }
        let request = match request {
            Ok(request) => request,
            Err(error) => {
                self.refused(error.problem());
                return Vec::new();
            }
        };
        self.problem = None;
        self.waits = Some(request.clone());
        vec![Effect::Request(request)]
    }

    fn run(&mut self) -> Vec<Effect> {
        if let Some(missing) = self.form.missing() {
            self.entry = missing;
            return Vec::new();
        }
        self.send(self.request())
    }

    /// The times that a schedule would have.
    fn preview(&mut self) -> Vec<Effect> {
        let request = self.scheduled().map(|create| {
            let preview = PreviewSchedule { spec: create.spec, zone: Some(schedules::here()), ..PreviewSchedule::default() };
            Request::Schedules(Box::new(ScheduleWish::Preview(Box::new(preview))))
        });
        self.send(request)
    }

    /// The values can't be taken: the focus is on the first that is wrong.
    fn refused(&mut self, problem: Problem) {
        self.entry = problem.errors.iter().find_map(|place| self.form.find(&place.pointer)).unwrap_or(self.entry);
        self.problem = Some(problem);
    }

    fn key(&mut self, key: Key) -> Vec<Effect> {
        let ctrl = key.mods.contains(Mods::CTRL);
        let last = self.form.len().saturating_sub(1);
        match key.code {
            KeyCode::Esc => return vec![Effect::Ask(Ask::Close)],
            KeyCode::Char('c') if ctrl => return vec![Effect::Ask(Ask::Close)],
            KeyCode::Char('y') if ctrl => return vec![Effect::Ask(Ask::Copy(self.line()))],
            KeyCode::Char('r') if ctrl && !matches!(self.purpose, For::Run(_)) => return self.preview(),
            KeyCode::Enter => return self.run(),
            KeyCode::Tab | KeyCode::Down => self.entry = if self.entry >= last { 0 } else { self.entry + 1 },
            KeyCode::BackTab | KeyCode::Up => self.entry = self.entry.checked_sub(1).unwrap_or(last),
            _ => {
                if self.form.key(self.entry, key) == Edit::Changed {
                    self.problem = None;
                }
            }
        }
        Vec::new()
    }

    fn mouse(&mut self, mouse: MouseEvent, cx: &Context) -> Vec<Effect> {
        let popup = self.place(cx.area);
        let at = (mouse.col, mouse.row).into();
        if mouse.kind == MouseKind::Down {
            if !popup.outer.contains(at) {
                return vec![Effect::Ask(Ask::Close)];
            }
            let hit = self.form.places(self.room(&popup), Some(self.entry)).into_iter().find(|(_, rect)| rect.contains(at));
            self.entry = hit.map_or(self.entry, |(place, _)| place);
        }
        Vec::new()
    }

    fn place(&self, area: Rect) -> Popup {
        let width = COLS.min(area.width.saturating_sub(4));
        Popup::place(area, COLS, self.form.rows(width).saturating_add(SAID + 2))
    }

    /// Where the parameters lie: below what the script is for, above what is said.
    fn room(&self, popup: &Popup) -> Rect {
        let inner = popup.inner;
        let above = u16::from(inner.height > 4);
        let below = SAID.min(inner.height.saturating_sub(above + 1)).min(inner.height / 2);
        Rect { y: inner.y + above, height: inner.height.saturating_sub(above + below), ..inner }
    }

    fn said(&self, width: u16) -> Vec<Line> {
        let wrap = |words: &str, role| text::wrap(words, width.into()).into_iter().map(move |line| (line, role)).collect::<Vec<Line>>();
        let Some(problem) = &self.problem else {
            let asks = ("asking the server …".to_owned(), Role::Info);
            return if self.waits.is_some() { vec![asks] } else { wrap(self.form.help(self.entry), Role::Muted) };
        };
        let mut lines = wrap(&format!("✖ {}", problem.detail), Role::Error);
        for place in problem.errors.iter().filter(|place| place.detail != problem.detail) {
            lines.extend(wrap(&format!("  {}", place.detail), Role::Error));
        }
        if let Some(fix) = &problem.fix {
            lines.extend(wrap(&format!("  {fix}"), Role::Muted));
        }
        lines
    }
}

/// What the script is called that is run.
fn script_of(start: &StartRun) -> &str {
    start.script.as_deref().or(start.inline.as_ref().map(|inline| inline.name.as_str())).unwrap_or_default()
}

impl Component for RunForm {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        match msg {
            Msg::Key(key) => Some(self.key(*key)),
            Msg::Paste(pasted) => {
                self.form.paste(self.entry, pasted);
                Some(Vec::new())
            }
            Msg::Mouse(mouse) => Some(self.mouse(*mouse, cx)),
            Msg::Reply(request, reply) => {
                if self.waits.as_ref() != Some(&**request) {
                    return None;
                }
                self.waits = None;
                match reply {
                    Ok(Reply::Schedules(reply)) if matches!(**reply, ScheduleReply::Next(_)) => {
                        let ScheduleReply::Next(fires) = &**reply else { return None };
                        let lines = schedule_words::times(fires, false);
                        Some(vec![Effect::Ask(Ask::Sheet { title: "the next times it would have".to_owned(), lines })])
                    }
                    Ok(_) => Some(vec![Effect::Ask(Ask::Close)]),
                    Err(problem) => {
                        self.refused((**problem).clone());
                        Some(Vec::new())
                    }
                }
            }
            _ => None,
        }
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        let popup = self.place(area);
        let hints = match self.purpose {
            For::Run(_) | For::Plugin(..) => "⏎ run  ⇥ next  ^y as cto command  esc",
            For::Schedule => "⏎ make it  ⇥ next  ^r its times  ^y as cto command  esc",
            For::Change(..) => "⏎ change it  ⇥ next  ^r its times  ^y as cto command  esc",
        };
        popup.draw(frame, cx.theme, &self.title(), hints);
        let room = self.room(&popup);
        if room.y > popup.inner.y {
            text::put(frame.buffer_mut(), popup.inner.x, popup.inner.y, popup.inner.width, &self.about, cx.theme.style(Role::Muted));
        }
        self.form.draw(frame, room, Some(self.entry), cx);
        for ((line, role), y) in self.said(room.width).iter().zip(room.bottom()..popup.inner.bottom()) {
            text::put(frame.buffer_mut(), room.x, y, room.width, line, cx.theme.style(*role));
        }
    }

    fn takes_keys(&self) -> bool {
        true
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<(String, String)>> {
        let (enter, times) = match self.purpose {
            For::Run(_) | For::Plugin(..) => ("run", None),
            For::Schedule => ("make it", Some(("^r", "its times"))),
            For::Change(..) => ("change it", Some(("^r", "its times"))),
        };
        let keys = [("⏎", enter), ("⇥", "next")].into_iter().chain(times).chain([("^y", "as cto command"), ("esc", "leave")]);
        Some(keys.map(|(key, what)| (key.to_owned(), what.to_owned())).collect())
    }
}
