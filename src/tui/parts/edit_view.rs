//! The editor: a script with what is wrong in it while it is typed, or the document of a trigger or a webhook.
use super::edit_draw::Rooms;
use super::field::Edit;
use super::field::Field;
use super::toast::say;
use crate::term::Key;
use crate::term::KeyCode;
use crate::term::Mods;
use crate::term::MouseEvent;
use crate::term::MouseKind;
use crate::tui::command::CommandId;
use crate::tui::command::Scope;
use crate::tui::component::Component;
use crate::tui::component::Context;
use crate::tui::component::Hint;
use crate::tui::edit::Document;
use crate::tui::edit::Kind;
use crate::tui::edit::document::Toggled;
use crate::tui::edit::luau::Language;
use crate::tui::edit::offers::Offers;
use crate::tui::msg::Ask;
use crate::tui::msg::Choice;
use crate::tui::msg::ConfirmSpec;
use crate::tui::msg::Effect;
use crate::tui::msg::Msg;
use crate::tui::runs::Draft;
use crate::tui::runs::RunsWish;
use crate::tui::runs::wish;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui_textarea::CursorMove;
use std::sync::Arc;
use std::time::Duration;

/// So long nothing is typed before the text is looked at.
const CALM: Duration = Duration::from_millis(300);
/// Rows that one step of the wheel moves.
const WHEEL: usize = 3;

/// What is to be done with a text once it is known to have no mistakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// Run it.
    Run,
    /// Run it, with a pause before its first call.
    Step,
    /// Run it against a recording.
    Dry,
}

/// What people answer to questions about a text.
#[derive(Clone, Debug, PartialEq)]
pub enum EditAnswer {
    /// Save it, and leave it when that is done.
    SaveAndLeave,
    /// Leave it as it is: it waits here.
    Keep,
    /// Leave it and forget what was typed.
    Discard,
    /// Take the text that somebody else saved, under this hash.
    Theirs(String, String),
}

/// The view.
#[derive(Debug, Default)]
pub struct EditView {
    pub(super) open: Option<Document>,
    /// Others that are not saved, by the time they were left.
    pub(super) shelf: Vec<Document>,
    /// What the server was asked for, to be shown when it comes.
    pub(super) opening: Option<Kind>,
    pub(super) offers: Option<Offers>,
    pub(super) find: Option<Field>,
    /// The first row and column that are seen.
    pub(super) top: usize,
    pub(super) left: usize,
    /// When the text is to be looked at; none where it was since it was changed.
    pub(super) check_at: Option<Duration>,
    pub(super) checking: bool,
    /// Why it could not be looked at.
    pub(super) unchecked: Option<String>,
    pub(super) then: Option<Then>,
    pub(super) saving: bool,
    /// It is left when it is saved.
    pub(super) leaving: bool,
    pub(super) outside: Option<Arc<Draft>>,
    /// The recording that a dry run was against last.
    pub(super) against: Option<String>,
    pub(super) dry: Option<Box<crate::model::StartRun>>,
}

impl EditView {
    /// Texts that are not saved, by their names.
    #[must_use]
    pub fn unsaved(&self) -> Vec<String> {
        self.shelf.iter().chain(self.open.iter().filter(|open| open.is_changed())).map(|document| document.kind.title()).collect()
    }

    /// The recording that the next dry run is against, unless another is chosen.
    pub fn set_against(&mut self, recording: String) {
        self.against = Some(recording);
    }

    /// Shows a text to be edited: one that waits here as it was left.
    pub fn edit(&mut self, kind: Kind, cx: &Context) -> Vec<Effect> {
        if self.open.as_ref().is_some_and(|open| open.kind == kind && open.is_changed()) {
            return vec![say("it is as you left it, and not saved")];
        }
        self.shelve();
        if let Some(at) = self.shelf.iter().position(|document| document.kind == kind) {
            let document = self.shelf.remove(at);
            self.show(document, cx);
            return vec![say("it is as you left it, and not saved")];
        }
        let (source, hash) = match &kind {
            Kind::Script(name) => {
                self.opening = Some(kind.clone());
                return vec![wish(RunsWish::Open(name.clone()))];
            }
            Kind::NewScript(name) => {
                self.opening = Some(kind.clone());
                return vec![wish(RunsWish::Begin(name.clone()))];
            }
            Kind::Trigger(name) => (crate::tui::edit::trigger(name.as_ref().and_then(|name| cx.data.hooks.trigger(name))), String::new()),
            Kind::Webhook(name) => (crate::tui::edit::webhook(name.as_ref().and_then(|name| cx.data.hooks.webhook(name))), String::new()),
        };
        let document = Document::new(kind, &source, &source, hash);
        self.show(document, cx);
        Vec::new()
    }

    /// Puts what is not saved aside.
    fn shelve(&mut self) {
        self.shelf.extend(self.open.take().filter(Document::is_changed));
    }

    pub(super) fn show(&mut self, document: Document, cx: &Context) {
        self.shelve();
        self.opening = None;
        (self.offers, self.find, self.top, self.left) = (None, None, 0, 0);
        (self.then, self.leaving, self.unchecked) = (None, false, None);
        self.open = Some(document);
        self.changed(cx);
    }

    /// Does what was answered to a question.
    pub fn answer(&mut self, answer: EditAnswer, cx: &Context) -> Vec<Effect> {
        match answer {
            EditAnswer::SaveAndLeave => {
                self.leaving = true;
                self.save(false)
            }
            EditAnswer::Keep => vec![Effect::Ask(Ask::LeaveEditor)],
            EditAnswer::Discard => {
                self.open = None;
                vec![Effect::Ask(Ask::LeaveEditor)]
            }
            EditAnswer::Theirs(source, hash) => {
                if let Some(open) = &mut self.open {
                    open.replace(&source);
                    open.saved(&open.source(), hash);
                }
                self.changed(cx);
                vec![say("it is what they saved; undo brings yours back")]
            }
        }
    }

    /// What it needs now while it is seen.
    pub fn due(&mut self, cx: &Context) -> Vec<Effect> {
        self.arrange(cx);
        if self.checking || self.check_at.is_none_or(|at| cx.now.since_start < at) {
            return Vec::new();
        }
        self.check()
    }

    /// When it wants to be woken up, since the program began.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        self.check_at.filter(|_| !self.checking)
    }

    /// The text is another: it is to be looked at when nothing was typed for a while.
    pub(super) fn changed(&mut self, cx: &Context) {
        self.check_at = Some(cx.now.since_start + CALM);
    }

    /// Brings the text to the room that there is.
    pub(super) fn arrange(&mut self, cx: &Context) {
        let Some(open) = &self.open else { return };
        let (row, _) = open.cursor();
        let room = Rooms::of(open, cx).text;
        let (height, width) = (usize::from(room.height).max(1), usize::from(room.width).max(1));
        self.top = self.top.clamp((row + 1).saturating_sub(height), row);
        let column = super::edit_draw::cursor_column(open);
        self.left = self.left.clamp((column + 1).saturating_sub(width), column);
    }

    /// Takes a key that is typed into the text; none where it is no such key.
    fn key(&mut self, key: Key, cx: &Context) -> Option<Vec<Effect>> {
        if self.find.is_some() {
            return Some(self.find_key(key));
        }
        if self.offers.is_some()
            && let Some(effects) = self.offer_key(key, cx)
        {
            return Some(effects);
        }
        let open = self.open.as_mut()?;
        let (ctrl, alt, shift) = (key.mods.contains(Mods::CTRL), key.mods.contains(Mods::ALT), key.mods.contains(Mods::SHIFT));
        let page = usize::from(Rooms::of(open, cx).text.height).max(1);
        let (row, column) = open.cursor();
        let jump = |row: usize| CursorMove::Jump(u16::try_from(row).unwrap_or(u16::MAX), u16::try_from(column).unwrap_or(u16::MAX));
        let step = match (key.code, ctrl, alt) {
            (KeyCode::Up, false, false) => Some(CursorMove::Up),
            (KeyCode::Down, false, false) => Some(CursorMove::Down),
            (KeyCode::Left, false, false) => Some(CursorMove::Back),
            (KeyCode::Right, false, false) => Some(CursorMove::Forward),
            (KeyCode::Left, true, _) | (KeyCode::Char('b'), _, true) => Some(CursorMove::WordBack),
            (KeyCode::Right, true, _) | (KeyCode::Char('f'), _, true) => Some(CursorMove::WordForward),
            (KeyCode::Home, true, _) => Some(CursorMove::Top),
            (KeyCode::End, true, _) => Some(CursorMove::Bottom),
            (KeyCode::Home, ..) | (KeyCode::Char('a'), true, _) => Some(CursorMove::Head),
            (KeyCode::End, ..) | (KeyCode::Char('e'), true, _) => Some(CursorMove::End),
            (KeyCode::PageUp, ..) => Some(jump(row.saturating_sub(page))),
            (KeyCode::PageDown, ..) => Some(jump(row + page)),
            _ => None,
        };
        if let Some(step) = step {
            open.step(step, shift);
            self.offers = None;
            return Some(Vec::new());
        }
        let indent = if open.language() == Language::Luau { "\t" } else { "  " };
        let changed = match (key.code, ctrl, alt) {
            (KeyCode::Char(c), false, false) => open.edit(|text| {
                text.insert_char(c);
                true
            }),
            (KeyCode::Enter, false, false) => {
                open.new_row();
                true
            }
            (KeyCode::Tab, false, false) => open.edit(|text| text.insert_str(indent)),
            (KeyCode::Backspace, false, false) => open.edit(|text| text.delete_char()),
            (KeyCode::Backspace, ..) | (KeyCode::Char('w'), true, _) => open.edit(|text| text.delete_word()),
            (KeyCode::Delete, false, false) => open.edit(|text| text.delete_next_char()),
            (KeyCode::Delete, ..) => open.edit(|text| text.delete_next_word()),
            (KeyCode::Char('k'), true, _) => open.edit(|text| text.delete_line_by_end()),
            (KeyCode::Char('x'), true, _) => open.edit(|text| text.cut()),
            (KeyCode::Char('v'), true, _) => open.edit(|text| text.paste()),
            (KeyCode::Char('c'), true, _) if open.selected().is_some() => {
                open.copy();
                return Some(vec![Effect::Ask(Ask::Copy(open.copied()))]);
            }
            _ => return None,
        };
        if changed {
            self.edited(matches!(key.code, KeyCode::Char(_) | KeyCode::Backspace), cx);
        }
        Some(Vec::new())
    }

    /// The text was changed; what fits is offered where a name is typed.
    fn edited(&mut self, typed: bool, cx: &Context) {
        self.changed(cx);
        self.offers = None;
        if let Some(open) = self.open.as_mut().filter(|open| typed && open.language() == Language::Luau) {
            self.offers = Offers::at(&open.source(), &open.before_cursor(), false);
        }
        if let Some(open) = self.open.as_mut().filter(|open| open.language() == Language::Json) {
            // What the server said of it is said of another text.
            open.marks.clear();
        }
    }

    fn offer_key(&mut self, key: Key, cx: &Context) -> Option<Vec<Effect>> {
        let offers = self.offers.as_mut()?;
        match key.code {
            KeyCode::Esc => self.offers = None,
            KeyCode::Down if key.mods.is_empty() => offers.step(true),
            KeyCode::Up if key.mods.is_empty() => offers.step(false),
            KeyCode::Tab => {
                let (typed, name) = (offers.typed, offers.chosen().map(|offer| offer.name.clone()).unwrap_or_default());
                if let Some(open) = &mut self.open {
                    open.complete(typed, &name);
                }
                self.edited(false, cx);
            }
            _ => return None,
        }
        Some(Vec::new())
    }

    fn find_key(&mut self, key: Key) -> Vec<Effect> {
        let (Some(field), Some(open)) = (&mut self.find, &mut self.open) else { return Vec::new() };
        let found = match key.code {
            KeyCode::Esc => {
                self.find = None;
                return Vec::new();
            }
            KeyCode::Char('c') if key.mods.contains(Mods::CTRL) => {
                self.find = None;
                return Vec::new();
            }
            KeyCode::Enter | KeyCode::Down => open.find(field.text(), false, false),
            KeyCode::Up => open.find(field.text(), false, true),
            _ => match field.key(key) {
                Edit::Changed => open.find(field.text(), true, false) || field.text().is_empty(),
                Edit::Moved | Edit::Ignored => true,
            },
        };
        if found { Vec::new() } else { vec![say(format!("'{}' is not in it", field.text()))] }
    }

    fn command(&mut self, id: CommandId, cx: &Context) -> Option<Vec<Effect>> {
        use CommandId as C;
        if self.open.is_none() && id == C::Back {
            return Some(vec![Effect::Ask(Ask::LeaveEditor)]);
        }
        let own = [
            C::EditSave,
            C::EditRun,
            C::EditStep,
            C::EditDry,
            C::EditBreakpoint,
            C::EditNextMistake,
            C::EditPreviousMistake,
            C::EditFind,
            C::EditFindNext,
            C::EditUndo,
            C::EditRedo,
            C::EditComplete,
            C::EditOutside,
            C::Back,
        ];
        if !own.contains(&id) {
            return None;
        }
        let Some(open) = &mut self.open else { return Some(vec![say("no text is edited: :scripts lists those that can be")]) };
        let script = open.kind.script().is_some();
        if !script && matches!(id, C::EditRun | C::EditStep | C::EditDry | C::EditBreakpoint | C::EditComplete) {
            return Some(vec![say("that is for scripts")]);
        }
        Some(match id {
            C::EditSave => self.save(false),
            C::EditRun => self.begin(Then::Run),
            C::EditStep => self.begin(Then::Step),
            C::EditDry => self.begin(Then::Dry),
            C::EditBreakpoint => self.breakpoint(),
            C::EditNextMistake | C::EditPreviousMistake => self.next_mistake(id == C::EditPreviousMistake),
            C::EditFind => {
                (self.offers, self.find) = (None, Some(Field::default()));
                Vec::new()
            }
            C::EditFindNext => {
                let wanted = self.find.as_ref().map(|field| field.text().to_owned());
                let again = open.find_again(wanted.as_deref());
                if again { Vec::new() } else { vec![say("it is nowhere else")] }
            }
            C::EditUndo | C::EditRedo => {
                if open.edit(|text| if id == C::EditUndo { text.undo() } else { text.redo() }) {
                    self.edited(false, cx);
                }
                Vec::new()
            }
            C::EditComplete => {
                self.offers = Offers::at(&open.source(), &open.before_cursor(), true);
                if self.offers.is_some() { Vec::new() } else { vec![say("nothing fits here")] }
            }
            C::EditOutside => vec![wish(RunsWish::Outside(open.kind.file(), open.source()))],
            _ if open.is_changed() => vec![ask_to_leave(&open.kind)],
            _ => {
                self.open = None;
                vec![Effect::Ask(Ask::LeaveEditor)]
            }
        })
    }

    fn breakpoint(&mut self) -> Vec<Effect> {
        let Some(open) = &mut self.open else { return Vec::new() };
        vec![say(match open.toggle_breakpoint() {
            Toggled::Set(row) => format!("a run from here pauses at line {}", row + 1),
            Toggled::Moved(row) => format!("that line asks for nothing: a run from here pauses at line {}", row + 1),
            Toggled::Gone(row) => format!("no pause at line {} any more", row + 1),
            Toggled::Nowhere => "nothing below asks for anything: a run pauses only at such calls".to_owned(),
        })]
    }

    pub(super) fn next_mistake(&mut self, back: bool) -> Vec<Effect> {
        let Some(open) = &mut self.open else { return Vec::new() };
        match open.next_mark(back).cloned() {
            Some(mark) => {
                open.go(mark.row, mark.column);
                Vec::new()
            }
            None => vec![say("no mistakes are known")],
        }
    }

    fn mouse(&mut self, event: MouseEvent, cx: &Context) -> Vec<Effect> {
        self.offers = None;
        let Some(open) = &mut self.open else { return Vec::new() };
        let room = Rooms::of(open, cx).text;
        let (row, _) = open.cursor();
        let inside = room.contains((event.col, event.row).into());
        let target = self.top + usize::from(event.row.saturating_sub(room.y));
        let column = open.rows().get(target).map_or(0, |line| super::edit_draw::char_at(line, self.left + usize::from(event.col.saturating_sub(room.x))));
        match event.kind {
            MouseKind::WheelUp => open.go(row.saturating_sub(WHEEL), 0),
            MouseKind::WheelDown => open.go(row + WHEEL, 0),
            MouseKind::Down if inside => open.go(target, column),
            MouseKind::Drag if inside => {
                let number = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
                open.step(CursorMove::Jump(number(target), number(column)), true);
            }
            _ => {}
        }
        Vec::new()
    }
}

/// Asks what is to become of a text that is not saved.
fn ask_to_leave(kind: &Kind) -> Effect {
    let answer = |answer| vec![Effect::Ask(Ask::Editing(answer))];
    let choices = vec![
        Choice { key: 's', label: "save".to_owned(), destroys: false, effects: answer(EditAnswer::SaveAndLeave) },
        Choice { key: 'k', label: "keep for later".to_owned(), destroys: false, effects: answer(EditAnswer::Keep) },
        Choice { key: 'd', label: "discard".to_owned(), destroys: true, effects: answer(EditAnswer::Discard) },
    ];
    let lines = vec!["What you typed is not saved. Kept for later, it waits here until cto ends.".to_owned()];
    Effect::Ask(Ask::Confirm(Box::new(ConfirmSpec { title: format!("Leave {}?", kind.title()), lines, choices })))
}

impl Component for EditView {
    fn update(&mut self, msg: &Msg, cx: &Context) -> Option<Vec<Effect>> {
        if matches!(msg, Msg::Event(_) | Msg::Reply(..) | Msg::Edited(..)) {
            return self.hear(msg, cx);
        }
        let effects = match msg {
            Msg::Key(key) => self.key(*key, cx),
            Msg::Paste(pasted) => {
                match (&mut self.find, &mut self.open) {
                    (Some(field), _) => field.insert(pasted),
                    (None, Some(open)) => {
                        open.paste(pasted);
                        self.edited(false, cx);
                    }
                    (None, None) => {}
                }
                Some(Vec::new())
            }
            Msg::Command(id) => self.command(*id, cx),
            Msg::Mouse(event) => Some(self.mouse(*event, cx)),
            _ => None,
        };
        self.arrange(cx);
        effects
    }

    fn draw(&self, frame: &mut Frame, area: Rect, cx: &Context) {
        self.draw_all(frame, &Context { area, ..*cx });
    }

    fn scopes(&self) -> &'static [Scope] {
        &[Scope::Editor, Scope::Global]
    }

    fn takes_keys(&self) -> bool {
        self.open.is_some()
    }

    fn hints(&self, _cx: &Context) -> Option<Vec<Hint>> {
        let hint = |key: &str, what: &str| (key.to_owned(), what.to_owned());
        match (&self.find, &self.offers) {
            (Some(_), _) => Some(vec![hint("⏎", "next"), hint("↑", "before"), hint("esc", "leave")]),
            (None, Some(_)) => Some(vec![hint("⇥", "take it"), hint("↓↑", "others"), hint("esc", "type on")]),
            (None, None) => None,
        }
    }
}
