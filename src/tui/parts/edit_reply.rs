//! What answers of the server mean for a text that is edited: checked, saved, run.
use super::edit_view::EditAnswer;
use super::edit_view::EditView;
use super::edit_view::Then;
use super::text;
use super::toast::say;
use crate::config;
use crate::model::Event;
use crate::model::InlineScript;
use crate::model::Place;
use crate::model::Problem;
use crate::model::Recording;
use crate::model::SaveTrigger;
use crate::model::SaveWebhook;
use crate::model::ScriptEntry;
use crate::model::StartRun;
use crate::tui::casts;
use crate::tui::casts::CastReply;
use crate::tui::casts::CastWish;
use crate::tui::component::Context;
use crate::tui::edit;
use crate::tui::edit::Document;
use crate::tui::edit::Kind;
use crate::tui::edit::json;
use crate::tui::files;
use crate::tui::hooks;
use crate::tui::hooks::HookWish;
use crate::tui::hooks::Saving;
use crate::tui::msg::Ask;
use crate::tui::msg::Choice;
use crate::tui::msg::ConfirmSpec;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::msg::PickRow;
use crate::tui::msg::PickSpec;
use crate::tui::msg::Reply;
use crate::tui::msg::Request;
use crate::tui::msg::ToastKind;
use crate::tui::runs::PutText;
use crate::tui::runs::RunsReply;
use crate::tui::runs::RunsWish;
use crate::tui::runs::wish;
use std::path::Path;

fn toast(kind: ToastKind, text: String) -> Effect {
    Effect::Ask(Ask::Toast(kind, text))
}

impl EditView {
    /// Asks what is wrong in the text; documents are looked at here.
    pub(super) fn check(&mut self) -> Vec<Effect> {
        self.check_at = None;
        let Some(open) = &mut self.open else { return Vec::new() };
        let source = open.source();
        match &open.kind {
            Kind::Script(name) | Kind::NewScript(name) => {
                self.checking = true;
                return vec![wish(RunsWish::CheckText(InlineScript { name: name.clone(), source }))];
            }
            Kind::Trigger(_) => open.take_places(&json::read::<SaveTrigger>(&source).err().into_iter().collect::<Vec<_>>()),
            Kind::Webhook(_) => open.take_places(&json::read::<SaveWebhook>(&source).err().into_iter().collect::<Vec<_>>()),
        }
        Vec::new()
    }

    /// Saves it; also over what somebody else saved meanwhile where that is meant.
    pub(super) fn save(&mut self, over: bool) -> Vec<Effect> {
        let Some(open) = self.open.as_mut().filter(|_| !self.saving) else { return Vec::new() };
        let source = open.source();
        let saving = |name: &Option<String>| if name.is_some() { Saving::Known } else { Saving::New };
        let request = match &open.kind {
            Kind::Script(name) | Kind::NewScript(name) => {
                let replaces = (!over).then(|| open.hash.clone());
                Ok(wish(RunsWish::Put(Box::new(PutText { name: name.clone(), source, replaces }))))
            }
            Kind::Trigger(name) => json::read::<SaveTrigger>(&source).map(|mut save| {
                name.iter().for_each(|name| save.name.clone_from(name));
                hooks::wish(HookWish::SaveTrigger(Box::new(save), saving(name)))
            }),
            Kind::Webhook(name) => json::read::<SaveWebhook>(&source).map(|mut save| {
                name.iter().for_each(|name| save.name.clone_from(name));
                hooks::wish(HookWish::SaveWebhook(Box::new(save), saving(name)))
            }),
        };
        match request {
            Ok(effect) => {
                self.saving = true;
                vec![effect]
            }
            Err(place) => {
                self.leaving = false;
                let words = format!("not saved: line {}: {}", place.line.unwrap_or(1), place.detail);
                open.take_places(std::slice::from_ref(&place));
                open.mark_on(place.line.unwrap_or(1).saturating_sub(1) as usize).cloned().iter().for_each(|mark| open.go(mark.row, mark.column));
                vec![toast(ToastKind::Error, words)]
            }
        }
    }

    /// Runs it, once it is known what it takes and that there are no mistakes in it.
    pub(super) fn begin(&mut self, then: Then) -> Vec<Effect> {
        self.then = Some(then);
        // What was found is found in this text.
        let known = !self.checking && self.check_at.is_none() && self.unchecked.is_none();
        if known { self.go_on() } else { self.check_unless_asked() }
    }

    fn check_unless_asked(&mut self) -> Vec<Effect> {
        if self.checking { Vec::new() } else { self.check() }
    }

    /// The text was looked at: what waited for that is done.
    fn go_on(&mut self) -> Vec<Effect> {
        let (Some(then), Some(open)) = (self.then.take(), &mut self.open) else { return Vec::new() };
        let Some(name) = open.kind.script().map(str::to_owned) else { return Vec::new() };
        if let Some(mark) = open.marks.iter().find(|mark| mark.error).cloned() {
            open.go(mark.row, mark.column);
            return vec![toast(ToastKind::Error, format!("not run: line {}: {}", mark.row + 1, mark.text))];
        }
        let mut start = StartRun { breakpoints: open.lines_to_pause(), step: then == Then::Step, ..StartRun::default() };
        if open.is_changed() || matches!(open.kind, Kind::NewScript(_)) {
            start.inline = Some(InlineScript { name, source: open.source() });
        } else {
            start.script = Some(name);
        }
        if then == Then::Dry {
            self.dry = Some(Box::new(start));
            return vec![casts::wish(CastWish::List)];
        }
        vec![run_with(start, open)]
    }

    pub(super) fn hear(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        match msg {
            Msg::Event(event) => match (&**event, &self.open) {
                (Event::ScriptsChanged | Event::Resync, Some(Document { kind: Kind::Script(name), .. })) => Some(vec![wish(RunsWish::Look(name.clone()))]),
                _ => None,
            },
            Msg::Edited(path, problem) => self.edited_outside(path, problem.is_some()),
            Msg::Reply(request, result) => match &**request {
                Request::Runs(asked) => self.of_runs(asked, result, cx),
                Request::Hooks(asked) => self.of_hooks(asked, result),
                Request::Casts(asked) if **asked == CastWish::List => self.of_casts(result),
                _ => None,
            },
            _ => None,
        }
    }

    fn of_runs(&mut self, asked: &RunsWish, result: &Result<Reply, Box<Problem>>, cx: &Context) -> Option<Vec<Effect>> {
        let reply = match result {
            Ok(Reply::Runs(reply)) => Ok(&**reply),
            Ok(_) => return None,
            Err(problem) => Err(&**problem),
        };
        match (asked, reply) {
            (RunsWish::Open(name), Ok(RunsReply::Script(script))) if self.opening == Some(Kind::Script(name.clone())) => {
                let source = script.source.clone().unwrap_or_default();
                let document = Document::new(Kind::Script(name.clone()), &source, &source, script.hash.clone());
                self.show(document, cx);
                Some(Vec::new())
            }
            (RunsWish::Begin(name), Ok(RunsReply::Done)) if self.opening == Some(Kind::NewScript(name.clone())) => {
                self.show(Document::new(Kind::NewScript(name.clone()), edit::NEW_SCRIPT, edit::NEW_SCRIPT, String::new()), cx);
                Some(Vec::new())
            }
            (RunsWish::Open(_) | RunsWish::Begin(_), Err(_)) if self.opening.take().is_some() => {
                if self.open.is_none() {
                    Some(vec![Effect::Ask(Ask::LeaveEditor)])
                } else {
                    None
                }
            }
            (RunsWish::Look(name), Ok(RunsReply::Script(script))) => self.looked(name, script, cx),
            (RunsWish::CheckText(text), reply) => Some(self.checked(text, reply)),
            (RunsWish::Put(put), reply) => Some(self.put(put, reply)),
            (RunsWish::Outside(..), Ok(RunsReply::Draft(draft))) => {
                self.outside = Some(draft.clone());
                Some(vec![Effect::Edit(draft.path().to_owned())])
            }
            (RunsWish::TakeBack(draft), Ok(RunsReply::Text(source))) if self.outside.as_ref() == Some(draft) => {
                self.outside = None;
                if let Some(open) = self.open.as_mut().filter(|open| open.source() != *source) {
                    open.replace(source);
                    self.changed(cx);
                }
                Some(Vec::new())
            }
            (RunsWish::TakeBack(draft), Err(_)) => Some(vec![toast(ToastKind::Warning, format!("your text is in {} until cto ends", draft.path().display()))]),
            _ => None,
        }
    }

    fn checked(&mut self, asked: &InlineScript, reply: Result<&RunsReply, &Problem>) -> Vec<Effect> {
        self.checking = false;
        let Some(open) = self.open.as_mut().filter(|open| open.kind.script() == Some(&asked.name)) else { return Vec::new() };
        if open.source() != asked.source {
            // Typed on meanwhile: that is looked at next.
            return if self.then.is_some() { self.check_unless_asked() } else { Vec::new() };
        }
        match reply {
            Ok(RunsReply::Checked(_, check)) => {
                open.take_check(check);
                self.unchecked = None;
                self.go_on()
            }
            Err(problem) => {
                self.unchecked = Some(problem.detail.clone());
                if self.then.take().is_some() { vec![toast(ToastKind::Error, format!("not run: {}", problem.detail))] } else { Vec::new() }
            }
            Ok(_) => Vec::new(),
        }
    }

    fn put(&mut self, asked: &PutText, reply: Result<&RunsReply, &Problem>) -> Vec<Effect> {
        self.saving = false;
        let leaving = std::mem::take(&mut self.leaving);
        let Some(open) = self.open.as_mut().filter(|open| open.kind.script() == Some(&asked.name)) else { return Vec::new() };
        match reply {
            Ok(RunsReply::Put(check, hash)) => {
                open.saved(&asked.source, hash.clone());
                open.kind = Kind::Script(asked.name.clone());
                if open.source() == asked.source {
                    open.take_check(check);
                }
                let words = match (check.errors.len(), check.warnings.len()) {
                    (0, 0) => format!("{} is saved", asked.name),
                    (0, warnings) => format!("{} is saved, with {}", asked.name, text::count(warnings, "warning")),
                    (errors, _) => format!("{} is saved, with {}", asked.name, text::count(errors, "mistake")),
                };
                let mut effects = vec![toast(ToastKind::Done, words)];
                if leaving && !open.is_changed() {
                    self.open = None;
                    effects.push(Effect::Ask(Ask::LeaveEditor));
                }
                effects
            }
            Ok(RunsReply::Conflict(theirs)) => {
                open.elsewhere = true;
                vec![conflict(open, theirs)]
            }
            _ => Vec::new(),
        }
    }

    /// Somebody may have saved it: without changes here their text is shown, else that is said.
    fn looked(&mut self, name: &str, theirs: &ScriptEntry, cx: &Context) -> Option<Vec<Effect>> {
        let open = self.open.as_mut().filter(|open| open.kind.script() == Some(name) && open.hash != theirs.hash && !self.saving)?;
        let source = theirs.source.clone().unwrap_or_default();
        if open.is_changed() && open.source() != source {
            let told = std::mem::replace(&mut open.elsewhere, true);
            return if told { None } else { Some(vec![toast(ToastKind::Warning, format!("somebody else has saved {name} meanwhile"))]) };
        }
        if open.source() != source {
            open.replace(&source);
        }
        open.saved(&open.source(), theirs.hash.clone());
        self.changed(cx);
        Some(Vec::new())
    }

    fn of_hooks(&mut self, asked: &HookWish, result: &Result<Reply, Box<Problem>>) -> Option<Vec<Effect>> {
        let name = match asked {
            HookWish::SaveTrigger(save, _) => &save.name,
            HookWish::SaveWebhook(save, _) => &save.name,
            _ => return None,
        };
        self.saving = false;
        self.leaving = false;
        let open = self.open.as_mut().filter(|open| open.kind.script().is_none())?;
        match result {
            Ok(_) => {
                self.open = None;
                Some(vec![toast(ToastKind::Done, format!("{name} is saved")), Effect::Ask(Ask::LeaveEditor)])
            }
            Err(problem) => {
                let source = open.source();
                let whole = [Place { detail: problem.detail.clone(), ..Place::default() }];
                let places = if problem.errors.is_empty() { &whole[..] } else { &problem.errors[..] };
                open.take_places(&places.iter().map(|place| config::placed("", &source, place)).collect::<Vec<_>>());
                open.marks.first().cloned().iter().for_each(|mark| open.go(mark.row, mark.column));
                None
            }
        }
    }

    /// The recordings are there: one of them is chosen for the dry run.
    fn of_casts(&mut self, result: &Result<Reply, Box<Problem>>) -> Option<Vec<Effect>> {
        let start = self.dry.take()?;
        let open = self.open.as_ref()?;
        let Ok(Reply::Casts(reply)) = result else {
            return Some(vec![toast(ToastKind::Error, format!("no dry run: {}", result.as_ref().err().map_or("", |problem| &problem.detail)))]);
        };
        let CastReply::Listed(all) = &**reply else { return None };
        if all.is_empty() {
            return Some(vec![say("a dry run needs a recording: there is none yet")]);
        }
        let row = |recording: &Recording| {
            let start = StartRun { against: Some(recording.id.to_string()), ..(*start).clone() };
            let about = format!("{}  {}", super::recordings::length(recording.duration_ms), recording.command.join(" "));
            PickRow {
                label: recording.container_name.clone(),
                about,
                effects: vec![Effect::Ask(Ask::Against(recording.id.to_string())), run_with(start, open)],
            }
        };
        let at = all.iter().position(|recording| Some(recording.id.as_str()) == self.against.as_deref()).unwrap_or(0);
        let spec = PickSpec { title: "dry run against".to_owned(), rows: all.iter().map(row).collect(), at };
        Some(vec![Effect::Ask(Ask::Pick(Box::new(spec)))])
    }

    fn edited_outside(&mut self, path: &Path, failed: bool) -> Option<Vec<Effect>> {
        let draft = self.outside.as_ref().filter(|draft| draft.path() == path)?.clone();
        if failed {
            self.outside = None;
            return Some(vec![say("the text stays as it is")]);
        }
        Some(vec![wish(RunsWish::TakeBack(draft))])
    }
}

/// Runs a text; what it takes is asked for where it takes something.
fn run_with(start: StartRun, open: &Document) -> Effect {
    Effect::Ask(Ask::RunWith(Box::new(start), Box::new(open.header.clone().unwrap_or_default())))
}

/// Asks what is to become of a text that somebody else saved too.
fn conflict(open: &Document, theirs: &ScriptEntry) -> Effect {
    let name = open.kind.title();
    let source = theirs.source.clone().unwrap_or_default();
    let lines = files::look::difference(("theirs", source.as_bytes()), ("yours", open.source().as_bytes()));
    let over = PutText { name: name.clone(), source: open.source(), replaces: None };
    let take = EditAnswer::Theirs(source, theirs.hash.clone());
    let choices = vec![
        Choice { key: 'd', label: "difference".to_owned(), destroys: false, effects: vec![Effect::Ask(Ask::Sheet { title: name.clone(), lines })] },
        Choice { key: 'o', label: "save over it".to_owned(), destroys: true, effects: vec![wish(RunsWish::Put(Box::new(over)))] },
        Choice { key: 't', label: "take theirs".to_owned(), destroys: true, effects: vec![Effect::Ask(Ask::Editing(take))] },
    ];
    let lines = vec!["Somebody else saved it while you edited it. Yours is not lost: it stays here until you save or discard it.".to_owned()];
    Effect::Ask(Ask::Offer(Box::new(ConfirmSpec { title: format!("{name} was changed meanwhile"), lines, choices })))
}
