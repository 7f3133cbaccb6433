//! What the server answers, taken in.
use super::app::App;
use super::app::Restore;
use super::app::context;
use super::casts::CastWish;
use super::export::SaveRows;
use super::files::FilesWish;
use super::logs::SaveLog;
use super::msg::Choice;
use super::msg::ConfirmSpec;
use super::msg::Effect;
use super::msg::Msg;
use super::msg::Reply;
use super::msg::Request;
use super::msg::Saved;
use super::msg::ToastKind;
use super::parts::confirm::Confirm;
use super::parts::terminal::PaneState;
use super::plugins;
use super::plugins::PluginWish;
use super::runs::RunsReply;
use super::runs::RunsWish;
use super::schedules::ScheduleWish;
use super::stock::StockReply;
use super::stock::StockWish;
use crate::model::Operation;
use crate::model::OperationState;
use crate::model::Problem;

impl App {
    /// Takes in an answer of the server.
    pub(super) fn reply(&mut self, request: Request, result: Result<Reply, Box<Problem>>) -> Vec<Effect> {
        self.dirty = true;
        let msg = Msg::Reply(Box::new(request), result);
        // The lists come first, so that overlays see them.
        if let Msg::Reply(request, result) = &msg {
            self.refreshing &= **request != Request::Refresh;
            match (&**request, result) {
                (Request::Hooks(asked), Ok(Reply::Hooks(told))) => self.data.hooks.learn(asked, told),
                (_, Ok(reply)) => self.learn(reply),
                (_, Err(_)) => {}
            }
            if **request == Request::Refresh {
                self.data.end_listing();
            }
        }
        let (mut effects, taken) = self.offer(&msg);
        let Msg::Reply(request, result) = msg else { return effects };
        match (*request, result) {
            (Request::Launch(_), Ok(Reply::Operation(operation))) => {
                let place = self.waiting_launches.pop_front().flatten();
                self.launches.insert(operation.id.clone(), place);
                // It may have ended before this answer came.
                let known = self.data.operations.iter().find(|known| known.id == operation.id).cloned();
                effects.extend(self.launched(&known.unwrap_or(*operation)));
            }
            (Request::Launch(_), Err(problem)) => {
                self.waiting_launches.pop_front();
                if !taken {
                    self.complain(&problem);
                }
            }
            (Request::OpenSession { pane, .. }, Ok(Reply::Session(session))) => {
                if let Some(pane) = self.work.panes.get_mut(&pane) {
                    effects.extend(pane.show(&session));
                }
                self.work.changed = true;
            }
            (Request::OpenSession { pane, .. }, Err(problem)) => {
                if let Some(pane) = self.work.panes.get_mut(&pane) {
                    pane.state = PaneState::Failed(problem.clone());
                }
                self.complain(&problem);
            }
            (Request::LoadLayout, result) => {
                if let Restore::Waiting(kept) = &mut self.restore {
                    *kept = Some(match result {
                        Ok(Reply::Layout(layout)) => layout,
                        _ => None,
                    });
                }
            }
            (Request::Record { on, .. }, Ok(Reply::Recording(recording))) => match on {
                true => self.tell(ToastKind::Done, "recording: what the program prints, not what is typed"),
                false => self.tell(ToastKind::Done, format!("recorded: cto rec play {}", recording.id)),
            },
            (Request::SaveLog(_), Ok(Reply::Saved(Saved::Written { path, lines }))) => self.tell(ToastKind::Done, format!("saved {lines} lines to {path}")),
            (Request::SaveLog(wish), Ok(Reply::Saved(Saved::Exists { path }))) => {
                let again = Effect::Request(Request::SaveLog(Box::new(SaveLog { replace: true, ..*wish })));
                let choices = vec![Choice { key: 'y', label: "overwrite".to_owned(), destroys: true, effects: vec![again] }];
                let lines = vec!["What is in it is lost.".to_owned()];
                self.overlays.push(Box::new(Confirm::new(ConfirmSpec { title: format!("Overwrite {path}?"), lines, choices })));
            }
            (Request::SaveRows(_), Ok(Reply::Saved(Saved::Written { path, lines }))) => self.tell(ToastKind::Done, format!("saved {lines} rows to {path}")),
            (Request::SaveRows(wish), Ok(Reply::Saved(Saved::Exists { path }))) => {
                let again = Effect::Request(Request::SaveRows(Box::new(SaveRows { replace: true, ..*wish })));
                let choices = vec![Choice { key: 'y', label: "overwrite".to_owned(), destroys: true, effects: vec![again] }];
                let lines = vec!["What is in it is lost.".to_owned()];
                self.overlays.push(Box::new(Confirm::new(ConfirmSpec { title: format!("Overwrite {path}?"), lines, choices })));
            }
            (Request::Layouts(wish), result) if !(taken && result.is_err()) => effects.extend(self.layouts_told(*wish, result)),
            // Tried again with the next change, and at the end.
            (Request::SaveLayout(_), Err(_)) => {}
            // The view says so, and tries again.
            (Request::History(_) | Request::Past(_) | Request::Audit | Request::EngineCalls | Request::Processes(_), Err(_)) => {}
            (Request::Casts(wish), Err(_)) if *wish == CastWish::List => {}
            (Request::Runs(wish), Err(_)) if wish.is_quiet() => {}
            (Request::Runs(wish), Ok(Reply::Runs(reply))) => {
                if let (RunsWish::Start(_) | RunsWish::Retry(_), RunsReply::Run(run)) = (*wish, *reply) {
                    effects.extend(self.watch(*run));
                }
            }
            (Request::Schedules(wish), Err(_)) if *wish == ScheduleWish::List => {}
            (Request::Hooks(wish), Err(_)) if wish.lists() => {}
            (Request::Plugins(wish), Ok(Reply::Plugins(reply))) => effects.extend(self.plugins_told(*wish, Some(*reply))),
            (Request::Plugins(wish), Err(_)) if !matches!(*wish, PluginWish::Run(..)) => effects.extend(self.plugins_told(*wish, None)),
            (Request::Refresh, _) if std::mem::take(&mut self.refresh_again) => effects.push(Effect::Request(Request::Refresh)),
            (Request::Refresh, Ok(_)) => effects.push(plugins::wish(PluginWish::List)),
            (Request::Set(set), Ok(_)) => {
                let (name, file) = (set.pointer.trim_start_matches('/').replace('/', "."), set.paths.config_file());
                self.tell(ToastKind::Done, format!("{name} is {} in {}", set.text, file.display()));
            }
            (Request::Stock(wish), Err(_)) if matches!(*wish, StockWish::List(_)) => {}
            (Request::Files(wish), Err(_)) if matches!(*wish, FilesWish::List(..)) => {}
            // The line on top says that the server is away.
            (Request::Refresh, Err(_)) if self.data.link != super::msg::Link::Up => {}
            (_, Err(problem)) if !taken => self.complain(&problem),
            _ => {}
        }
        effects.extend(self.try_restore());
        let cx = context!(self);
        effects.extend(self.work.look_logs(&cx));
        effects
    }

    fn learn(&mut self, reply: &Reply) {
        match reply {
            Reply::All(all) => self.data.replace((**all).clone()),
            Reply::Templates(templates) => self.data.templates = (**templates).clone(),
            Reply::Operation(operation) => {
                // An event may have told more by now.
                let newer = self.data.operations.iter().any(|known| known.id == operation.id && known.state != OperationState::Running);
                if !newer {
                    self.data.put_operation(operation);
                }
            }
            Reply::Container(container) => self.data.apply(&crate::model::Event::ContainerChanged { container: container.clone() }),
            Reply::Session(session) => self.data.apply(&crate::model::Event::SessionChanged { session: session.clone() }),
            Reply::Runs(told) => self.data.runs.learn(told),
            Reply::Schedules(told) => told.teach(&mut self.data.runs),
            Reply::Plugins(told) => self.data.plugins.learn(told),
            Reply::Stock(told) => {
                self.data.stock.learn(told);
                if let StockReply::Operation(operation) = &**told {
                    self.learn(&Reply::Operation(operation.clone()));
                }
            }
            Reply::Rendered(_)
            | Reply::Files(_)
            | Reply::Audit(_)
            | Reply::EngineCalls(_)
            | Reply::Past(_)
            | Reply::Processes(_)
            | Reply::Casts(_)
            | Reply::Hooks(_)
            | Reply::History(_)
            | Reply::Recording(_)
            | Reply::Layout(_)
            | Reply::Layouts(_)
            | Reply::Nothing
            | Reply::Saved(_) => {}
        }
    }

    /// A launch that was begun here moved: when it is done its terminal is shown.
    pub(super) fn launched(&mut self, operation: &Operation) -> Vec<Effect> {
        if operation.state == OperationState::Running {
            return Vec::new();
        }
        let Some(place) = self.launches.remove(&operation.id) else { return Vec::new() };
        match operation.state {
            OperationState::Succeeded => {
                let Some(container) = &operation.result else { return Vec::new() };
                let id = container.id.clone();
                self.data.apply(&crate::model::Event::ContainerChanged { container: Box::new(container.clone()) });
                self.home.select(&id);
                match place {
                    // Whoever does something else by now is not torn away from it.
                    Some(place) if self.overlays.is_empty() => return self.open_terminal(&id, place),
                    _ => self.tell(ToastKind::Done, format!("{} runs", operation.target)),
                }
            }
            OperationState::Failed => {
                if let Some(problem) = &operation.problem {
                    self.complain(&problem.clone());
                }
            }
            OperationState::Cancelled => self.tell(ToastKind::Info, format!("{}: cancelled", operation.title)),
            OperationState::Running => {}
        }
        Vec::new()
    }

    /// Shows a problem with what to do about it.
    pub(super) fn complain(&mut self, problem: &Problem) {
        let mut text = problem.detail.clone();
        for place in &problem.errors {
            let line = place.line.map(|line| format!("{line}:")).unwrap_or_default();
            text.push_str(&format!("\n{}{line} {}", place.file.as_deref().map(|file| format!("{file}:")).unwrap_or_default(), place.detail));
        }
        if let Some(fix) = &problem.fix {
            text.push_str(&format!("\nfix: {fix}"));
        }
        self.tell(ToastKind::Error, text);
    }
}
