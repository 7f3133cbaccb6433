//! What can be done with a container, and what is asked before something is lost.
use super::state;
use super::text;
use crate::model::Container;
use crate::model::CreateContainer;
use crate::model::Template;
use crate::tui::command::CommandId;
use crate::tui::component::Context;
use crate::tui::msg::Ask;
use crate::tui::msg::Choice;
use crate::tui::msg::ConfirmSpec;
use crate::tui::msg::Effect;
use crate::tui::msg::Request;
use crate::tui::msg::ToastKind;

/// What the action menu shows for a container in this state, in its order.
#[must_use]
pub fn possible(container: &Container) -> Vec<CommandId> {
    let runs = state::runs(container);
    let mut ids = Vec::new();
    if runs {
        ids.extend([CommandId::Open, CommandId::Shell]);
        if container.tty {
            ids.push(CommandId::Attach);
        }
    }
    ids.extend([CommandId::Logs, CommandId::Stats, CommandId::Inspect]);
    ids.extend(if runs { [CommandId::Stop, CommandId::Restart] } else { [CommandId::Start, CommandId::Restart] });
    if runs {
        ids.push(CommandId::Kill);
    }
    if container.template.is_some() {
        ids.push(CommandId::Duplicate);
    }
    ids.extend([CommandId::CopyId, CommandId::Remove]);
    ids
}

/// What a command does to a container; none when it is no command for one.
#[must_use]
pub fn act(command: CommandId, container: &Container, cx: &Context) -> Option<Vec<Effect>> {
    let id = container.id.clone();
    let runs = state::runs(container);
    let ask = |ask| Some(vec![Effect::Ask(ask)]);
    let request = |request| Some(vec![Effect::Request(request)]);
    let say = |what: String| ask(Ask::Toast(ToastKind::Info, what));
    let start = cx.keymap.label(CommandId::Start).unwrap_or_default();
    match command {
        CommandId::Open | CommandId::Shell | CommandId::Attach if !runs => say(format!("{} does not run: {start} starts it", container.name)),
        CommandId::Open => ask(Ask::OpenTerminal(id)),
        CommandId::Shell => ask(Ask::OpenShell(id)),
        CommandId::Attach if !container.tty => say(format!("the main program of {} has no terminal; its output is in the log", container.name)),
        CommandId::Attach => ask(Ask::OpenTerminal(id)),
        CommandId::Stop if !runs => say(format!("{} does not run", container.name)),
        CommandId::Stop => request(Request::Stop(id)),
        CommandId::Start if runs => say(format!("{} runs already", container.name)),
        CommandId::Start => request(Request::Start(id)),
        CommandId::Restart => request(Request::Restart(id)),
        CommandId::Kill if !runs => say(format!("{} does not run", container.name)),
        CommandId::Kill => ask(Ask::Confirm(Box::new(kill(container, cx)))),
        CommandId::Remove => ask(Ask::Confirm(Box::new(remove(container, cx)))),
        CommandId::Duplicate => match &container.template {
            Some(template) => Some(vec![launch(template)]),
            None => say(format!("{} was made from no template", container.name)),
        },
        CommandId::CopyId => ask(Ask::Copy(container.id.to_string())),
        CommandId::Menu => ask(Ask::Menu(id)),
        CommandId::Inspect => ask(Ask::Inspect(id)),
        _ => None,
    }
}

/// An action on a container as a command line of cto; none where there is no such line.
#[must_use]
pub fn line(command: CommandId, container: &Container) -> Option<String> {
    let verb = match command {
        CommandId::Open | CommandId::Attach => "attach",
        CommandId::Shell => "shell",
        CommandId::Logs => "logs -f",
        CommandId::Stats => "stats",
        CommandId::Inspect => "inspect",
        CommandId::Stop => "stop",
        CommandId::Start => "start",
        CommandId::Restart => "restart",
        CommandId::Kill => "kill",
        CommandId::Remove => "rm",
        CommandId::Duplicate => return container.template.as_ref().map(|template| format!("cto run {template}")),
        _ => return None,
    };
    Some(format!("cto {verb} {}", container.name))
}

/// Launches a template as it stands, and shows its terminal.
#[must_use]
pub fn launch(template: &str) -> Effect {
    let request = CreateContainer { template: Some(template.to_owned()), ..CreateContainer::default() };
    Effect::Ask(Ask::Launch { request: Box::new(request), open: true })
}

/// Launches a template at once, or opens the form where it needs a value that nobody gave.
#[must_use]
pub fn launch_or_ask(template: &Template) -> Effect {
    if super::items::is_ready(template) { launch(&template.name) } else { Effect::Ask(Ask::Run(CommandId::Launch)) }
}

/// The sessions that end with a container, for people.
fn sessions(container: &Container, cx: &Context) -> Vec<String> {
    let live: Vec<String> = cx.data.live_sessions(&container.id).map(|session| session.title.clone()).filter(|title| !title.is_empty()).collect();
    let number = cx.data.live_sessions(&container.id).count();
    if number == 0 {
        return Vec::new();
    }
    let names = if live.is_empty() { String::new() } else { format!(" ({})", text::clip(&live.join(", "), 60)) };
    let ends = if number == 1 { "ends" } else { "end" };
    vec![format!("{}{names} {ends}; what is not saved there is lost.", text::count(number, "session"))]
}

fn remove(container: &Container, cx: &Context) -> ConfirmSpec {
    let force = state::runs(container);
    let mut lines = Vec::new();
    if force {
        lines.push("It is running and will be killed.".to_owned());
    }
    lines.extend(sessions(container, cx));
    lines.push("Files written inside it are lost. Named volumes and mounted directories stay.".to_owned());
    if container.foreign {
        lines.push("It was not made by cto.".to_owned());
    }
    let effects = vec![Effect::Request(Request::Remove { id: container.id.clone(), force })];
    ConfirmSpec { title: format!("Remove {}?", container.name), lines, choices: vec![Choice { key: 'y', label: "remove".to_owned(), destroys: true, effects }] }
}

fn kill(container: &Container, cx: &Context) -> ConfirmSpec {
    let mut lines = vec!["Its main program gets no time to save.".to_owned()];
    lines.extend(sessions(container, cx));
    let choice = |key, label: &str, destroys, request| Choice { key, label: label.to_owned(), destroys, effects: vec![Effect::Request(request)] };
    ConfirmSpec {
        title: format!("Kill {}?", container.name),
        lines,
        choices: vec![choice('y', "kill", true, Request::Kill(container.id.clone())), choice('s', "stop", false, Request::Stop(container.id.clone()))],
    }
}
