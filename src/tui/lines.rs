//! What is typed after `:`.
use super::app::App;
use super::app::View;
use super::app::context;
use super::command::COMMANDS;
use super::command::CommandId;
use super::command::Scope;
use super::command::by_name;
use super::layout::Axis;
use super::msg::Ask;
use super::msg::Effect;
use super::msg::PromptFor;
use super::msg::ToastKind;
use super::pages;
use super::parts::actions;
use super::parts::facts::Fact;
use super::parts::terminal::Shows;
use super::parts::workspace::Place;
use crate::model::ContainerId;
use crate::model::CreateContainer;

impl App {
    /// Runs a line: a command's name, and for some a container, a template or a text.
    pub(super) fn run_line(&mut self, line: &str) -> Vec<Effect> {
        let line = line.trim().trim_start_matches(':').trim();
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        let name = match name {
            "" => return Vec::new(),
            "q" | "q!" | "exit" | "wq" => "quit",
            "home" => "containers",
            "audit" | "events" => "activity",
            "rm" => "remove",
            "run" => "launch",
            "vsplit" | "vs" => "split-right",
            "sp" => "split-down",
            name => name,
        };
        if by_name(name).is_none() && self.keymap.own().any(|own| own.name == name) {
            return self.run_own(name);
        }
        let Some(command) = by_name(name) else {
            let closest = COMMANDS.iter().map(|command| command.name).min_by_key(|known| strsim::damerau_levenshtein(known, name));
            let hint =
                closest.filter(|known| strsim::damerau_levenshtein(known, name) <= 3).map(|known| format!(", did you mean '{known}'?")).unwrap_or_default();
            self.tell(ToastKind::Warning, format!("no command '{name}'{hint}"));
            return Vec::new();
        };
        if command.id == CommandId::Quit {
            // Asked for by name it is meant, wherever one is.
            self.go(View::Home);
        }
        if rest.is_empty() {
            return self.run(command.id);
        }
        if let Some(effects) = self.layout_line(command.id, rest) {
            return effects;
        }
        match pages::line(command.id, rest) {
            Some(Ok((view, effect))) => {
                // What it leads to is seen there.
                if self.view != View::Terminals {
                    self.go(view);
                }
                return vec![effect];
            }
            Some(Err(how)) => {
                self.tell(ToastKind::Warning, how);
                return Vec::new();
            }
            None => {}
        }
        match command.id {
            CommandId::Launch => {
                let mut words = rest.split_whitespace();
                let template = words.next().map(str::to_owned);
                let request = CreateContainer { template, name: words.next().map(str::to_owned), ..CreateContainer::default() };
                vec![Effect::Ask(Ask::Launch { request: Box::new(request), open: true })]
            }
            CommandId::ScriptRun => self.run_script(rest),
            CommandId::Theme => {
                match self.themes.choose(rest) {
                    Ok(()) => self.tell(ToastKind::Done, format!("theme {rest}, until cto is left; to keep it, set \"theme\": \"{rest}\" in cto.json")),
                    Err(detail) => self.tell(ToastKind::Warning, detail),
                }
                self.paint();
                Vec::new()
            }
            CommandId::GroupBy => {
                match self.home.group_by(rest) {
                    Ok(told) => self.tell(ToastKind::Info, told),
                    Err(detail) => self.tell(ToastKind::Warning, detail),
                }
                Vec::new()
            }
            CommandId::Sort => match Fact::named(rest) {
                Some(fact) => vec![Effect::Ask(Ask::SortBy(fact))],
                None => {
                    self.tell(ToastKind::Warning, format!("'{rest}' is nothing to sort by: {}", Fact::ALL.map(Fact::word).join(", ")));
                    Vec::new()
                }
            },
            CommandId::RenameTab => self.work.prompted(&PromptFor::RenameTab, rest),
            CommandId::RenamePane => self.work.prompted(&PromptFor::RenamePane, rest),
            CommandId::FloatPane if self.work.tab().is_some_and(|tab| tab.floating.is_some()) => {
                self.tell(ToastKind::Info, "one pane of a tab floats, and this one has it already");
                Vec::new()
            }
            CommandId::SearchBack => self.work.prompted(&PromptFor::Search { back: true }, rest),
            CommandId::TypeInto => match self.all_named(rest) {
                Some(ids) => self.type_into(&ids, false),
                None => Vec::new(),
            },
            CommandId::Logs | CommandId::PaneLogs | CommandId::GoLogs if rest.contains(char::is_whitespace) => {
                let Some(ids) = self.all_named(rest) else { return Vec::new() };
                self.open_logs(&ids, if self.view == View::Terminals { Place::Split } else { Place::Tab })
            }
            id => self.run_on(id, command.scope, rest),
        }
    }

    /// The containers of these names; says so where one is none.
    fn all_named(&mut self, names: &str) -> Option<Vec<ContainerId>> {
        let ids: Vec<_> = names.split_whitespace().filter_map(|name| self.data.find_container(name)).map(|container| container.id.clone()).collect();
        if ids.len() < names.split_whitespace().count() {
            self.tell(ToastKind::Warning, format!("not all of '{names}' are containers"));
            return None;
        }
        Some(ids)
    }

    /// Runs a command on the container of this name.
    fn run_on(&mut self, id: CommandId, scope: Scope, name: &str) -> Vec<Effect> {
        let Some(container) = self.data.find_container(name).cloned() else {
            let closest = self.data.containers.iter().map(|container| container.name.as_str()).min_by_key(|known| strsim::damerau_levenshtein(known, name));
            let hint = closest.map(|known| format!(", did you mean '{known}'?")).unwrap_or_default();
            self.tell(ToastKind::Warning, format!("no container '{name}'{hint}"));
            return Vec::new();
        };
        let place = match id {
            CommandId::SplitRight => Some(Place::Beside(Axis::Right)),
            CommandId::SplitDown => Some(Place::Beside(Axis::Down)),
            CommandId::NewTab => Some(Place::Tab),
            CommandId::FloatPane => Some(Place::Above),
            _ => None,
        };
        match (id, place) {
            (CommandId::NewTab, Some(place)) => self.open(&container.id, Shows::Shell, place),
            // A split is wanted also where the terminal is seen elsewhere already: another shell then.
            (_, Some(place)) if self.data.live_sessions(&container.id).any(|session| self.work.showing(&session.id).is_some()) => {
                self.open(&container.id, Shows::Shell, place)
            }
            (_, Some(place)) => self.open_terminal(&container.id, place),
            (CommandId::Logs | CommandId::PaneLogs | CommandId::GoLogs, None) => {
                self.open(&container.id, Shows::Log, if self.view == View::Terminals { Place::Split } else { Place::Tab })
            }
            (CommandId::Stats | CommandId::GoResources, None) => {
                self.pages.resources.show(&[container.id]);
                self.go(View::Resources);
                Vec::new()
            }
            (CommandId::FilesOf | CommandId::GoFiles | CommandId::PaneFiles, None) => {
                self.pages.files.show(&container.id);
                self.go(View::Files);
                Vec::new()
            }
            (id, None) if scope == Scope::Home => {
                let cx = context!(self);
                actions::act(id, &container, &cx).unwrap_or_default()
            }
            _ => {
                self.tell(ToastKind::Info, format!("'{}' takes no container", super::command::command(id).name));
                Vec::new()
            }
        }
    }
}
