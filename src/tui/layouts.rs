//! Arrangements of terminals that are kept under a name.
use super::app::App;
use super::app::View;
use super::app::context;
use super::command::CommandId;
use super::msg::Ask;
use super::msg::Choice;
use super::msg::ConfirmSpec;
use super::msg::Effect;
use super::msg::PromptFor;
use super::msg::PromptSpec;
use super::msg::Reply;
use super::msg::Request;
use super::msg::ToastKind;
use super::parts::layout_list::LayoutList;
use super::parts::saved::SavedWorkspace;
use crate::model::Code;
use crate::model::Problem;

/// What is wished of the layouts.
#[derive(Clone, Debug, PartialEq)]
pub enum LayoutWish {
    /// All of them.
    List,
    /// What one of them holds, to be opened.
    Open(String),
    /// Keeps an arrangement.
    Save {
        /// Its name.
        name: String,
        /// The arrangement.
        data: Box<serde_json::Value>,
        /// In place of one that is called so already.
        replace: bool,
    },
    /// Calls one otherwise.
    Rename {
        /// Its name.
        from: String,
        /// Its new name.
        to: String,
    },
    /// Removes one.
    Remove(String),
}

/// Asks for it.
#[must_use]
pub fn wish(wish: LayoutWish) -> Effect {
    Effect::Request(Request::Layouts(Box::new(wish)))
}

impl App {
    /// Shows the layouts, to be picked from.
    pub(super) fn show_layouts(&mut self) -> Vec<Effect> {
        self.overlays.push(Box::new(LayoutList::default()));
        vec![wish(LayoutWish::List)]
    }

    /// Asks for a name for what is seen.
    pub(super) fn ask_layout_name(&mut self, tab: bool) -> Vec<Effect> {
        let text = self.work.tab().filter(|_| tab).map(|tab| self.work.tab_name(tab)).unwrap_or_default();
        let title = if tab { "save this tab as" } else { "save all tabs as" };
        vec![Effect::Ask(Ask::Prompt(Box::new(PromptSpec { title: title.to_owned(), text, purpose: PromptFor::SaveLayout { tab } })))]
    }

    /// The answer to a prompt.
    pub(super) fn prompted(&mut self, purpose: &PromptFor, text: &str) -> Vec<Effect> {
        let name = text.trim().to_owned();
        match purpose {
            PromptFor::SaveLayout { .. } | PromptFor::RenameLayout(_) if name.is_empty() => Vec::new(),
            PromptFor::SaveLayout { tab } => self.save_layout(name, *tab),
            PromptFor::RenameLayout(from) if *from == name => Vec::new(),
            PromptFor::RenameLayout(from) => vec![wish(LayoutWish::Rename { from: from.clone(), to: name })],
            _ => self.work.prompted(purpose, text),
        }
    }

    fn save_layout(&mut self, name: String, tab: bool) -> Vec<Effect> {
        let mut saved = self.work.save();
        if tab {
            saved.tabs = saved.tabs.drain(..).skip(saved.active).take(1).collect();
            saved.active = 0;
        }
        if saved.tabs.is_empty() {
            self.tell(ToastKind::Info, "there are no terminals to keep");
            return Vec::new();
        }
        let data = serde_json::json!({ "v": 1, "work": saved });
        vec![wish(LayoutWish::Save { name, data: Box::new(data), replace: false })]
    }

    /// A line such as `open-layout work`; none when it is for others.
    pub(super) fn layout_line(&mut self, id: CommandId, rest: &str) -> Option<Vec<Effect>> {
        let name = rest.to_owned();
        Some(match id {
            CommandId::SaveLayout => self.save_layout(name, false),
            CommandId::SaveTab => self.save_layout(name, true),
            CommandId::OpenLayout | CommandId::Layouts => vec![wish(LayoutWish::Open(name))],
            CommandId::RemoveLayout => vec![Effect::Ask(Ask::Confirm(Box::new(removal(&name))))],
            CommandId::RenameLayout => match rest.split_once(char::is_whitespace) {
                Some((from, to)) => vec![wish(LayoutWish::Rename { from: from.to_owned(), to: to.trim().to_owned() })],
                None => {
                    self.tell(ToastKind::Warning, "write it like 'rename-layout work old-work'");
                    Vec::new()
                }
            },
            _ => return None,
        })
    }

    /// What became of a wish.
    pub(super) fn layouts_told(&mut self, asked: LayoutWish, result: Result<Reply, Box<Problem>>) -> Vec<Effect> {
        match (asked, result) {
            (LayoutWish::Open(name), Ok(Reply::Layout(Some(data)))) => return self.open_layout(&name, &data),
            (LayoutWish::Save { name, data, .. }, Err(problem)) if problem.code == Code::Stale => {
                let again = wish(LayoutWish::Save { name: name.clone(), data, replace: true });
                let choices = vec![Choice { key: 'y', label: "replace".to_owned(), destroys: true, effects: vec![again] }];
                let lines = vec!["The arrangement that it holds is lost; terminals are not.".to_owned()];
                return vec![Effect::Ask(Ask::Offer(Box::new(ConfirmSpec { title: format!("Replace the layout '{name}'?"), lines, choices })))];
            }
            (LayoutWish::Save { name, .. }, Ok(_)) => self.tell(ToastKind::Done, format!("kept as '{name}': cto layout open {name}")),
            (LayoutWish::Rename { from, to }, Err(problem)) if problem.code == Code::Stale => {
                self.tell(ToastKind::Warning, format!("'{from}' keeps its name: there is a layout '{to}' already"));
            }
            (LayoutWish::Rename { from, to }, Ok(_)) => self.tell(ToastKind::Done, format!("'{from}' is called '{to}' now")),
            (LayoutWish::Remove(name), Ok(_)) => self.tell(ToastKind::Done, format!("the layout '{name}' is gone; its terminals go on")),
            (_, Ok(_)) => {}
            (_, Err(problem)) => self.complain(&problem),
        }
        Vec::new()
    }

    fn open_layout(&mut self, name: &str, data: &serde_json::Value) -> Vec<Effect> {
        let Ok(saved) = serde_json::from_value::<SavedWorkspace>(data["work"].clone()) else {
            self.tell(ToastKind::Error, format!("the layout '{name}' holds nothing that this version of cto can open"));
            return Vec::new();
        };
        let before = self.work.tabs.len();
        let cx = context!(self);
        let (effects, gone) = self.work.open_saved(saved, &cx);
        if !gone.is_empty() {
            self.tell(ToastKind::Warning, format!("left out, since they do not run: {}", gone.join(", ")));
        }
        if self.work.tabs.len() > before || !effects.is_empty() {
            self.go(View::Terminals);
        }
        effects
    }
}

/// Asks before a layout is removed.
#[must_use]
pub fn removal(name: &str) -> ConfirmSpec {
    let choices = vec![Choice { key: 'y', label: "remove".to_owned(), destroys: true, effects: vec![wish(LayoutWish::Remove(name.to_owned()))] }];
    ConfirmSpec { title: format!("Remove the layout '{name}'?"), lines: vec!["Its terminals go on.".to_owned()], choices }
}
