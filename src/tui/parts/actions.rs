//! What can be done with a container, and what is asked before something is lost.
use super::ports;
use super::state;
use super::text;
use super::toast::say;
use crate::model::Container;
use crate::model::ContainerState;
use crate::model::CreateContainer;
use crate::model::Template;
use crate::tui::bulk::BulkAim;
use crate::tui::bulk::BulkJob;
use crate::tui::bulk::BulkStep;
use crate::tui::bulk::Work;
use crate::tui::command::CommandId;
use crate::tui::component::Context;
use crate::tui::msg::Ask;
use crate::tui::msg::Choice;
use crate::tui::msg::ConfirmSpec;
use crate::tui::msg::Effect;
use crate::tui::msg::PromptFor;
use crate::tui::msg::PromptSpec;
use crate::tui::msg::Request;
use crate::tui::msg::ToastKind;

/// So many are killed or removed at once at most: as many as a question can name.
const MOST_NAMED: usize = 60;

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
        ids.extend([CommandId::Pause, CommandId::Kill, CommandId::RunIn]);
    }
    ids.push(CommandId::CopyInto);
    if !ports::links(container).is_empty() {
        ids.push(CommandId::OpenPort);
    }
    if container.template.is_some() {
        ids.push(CommandId::Duplicate);
    }
    ids.extend([CommandId::CopyId, CommandId::CopyContainerName, CommandId::Remove]);
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
        CommandId::Pause => match container.state {
            ContainerState::Running => request(Request::Pause(id)),
            ContainerState::Paused => request(Request::Unpause(id)),
            _ => say(format!("{} does not run", container.name)),
        },
        CommandId::RunIn | CommandId::CopyInto => many(command, &[container], cx),
        CommandId::OpenPort => Some(ports::open(container)),
        CommandId::Kill if !runs => say(format!("{} does not run", container.name)),
        CommandId::Kill => ask(Ask::Confirm(Box::new(kill(container, cx)))),
        CommandId::Remove => ask(Ask::Confirm(Box::new(remove(container, cx)))),
        CommandId::Duplicate => match &container.template {
            Some(template) => Some(vec![launch(template)]),
            None => say(format!("{} was made from no template", container.name)),
        },
        CommandId::CopyId => ask(Ask::Copy(container.id.to_string())),
        CommandId::CopyContainerName => ask(Ask::Copy(container.name.clone())),
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
        CommandId::Pause if container.state == ContainerState::Paused => "unpause",
        CommandId::Pause => "pause",
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

/// What the menu for several containers shows, in its order.
const FOR_MANY: [CommandId; 13] = [
    CommandId::Logs,
    CommandId::TypeInto,
    CommandId::Stats,
    CommandId::RunIn,
    CommandId::CopyInto,
    CommandId::Start,
    CommandId::Stop,
    CommandId::Restart,
    CommandId::Pause,
    CommandId::Kill,
    CommandId::CopyId,
    CommandId::CopyContainerName,
    CommandId::Remove,
];

/// What a command does to several containers; none when it is for one only.
#[must_use]
pub fn many(command: CommandId, containers: &[&Container], cx: &Context) -> Option<Vec<Effect>> {
    let ask = |ask| Some(vec![Effect::Ask(ask)]);
    let ids = || containers.iter().map(|container| container.id.clone()).collect::<Vec<_>>();
    let called = || if let [one] = containers { one.name.clone() } else { text::count(containers.len(), "container") };
    if containers.is_empty() && (FOR_MANY.contains(&command) || command == CommandId::Bulk) {
        return Some(vec![say("there is no container here")]);
    }
    let prompt = |verb: &str, aim| {
        let title = format!("{verb} {}", called());
        ask(Ask::Prompt(Box::new(PromptSpec { title, text: String::new(), purpose: PromptFor::Bulk(aim) })))
    };
    match command {
        CommandId::Bulk => {
            let names: Vec<&str> = containers.iter().map(|container| container.name.as_str()).collect();
            let actions = FOR_MANY.into_iter().map(|id| (id, line_of_many(id, &names))).collect();
            ask(Ask::Actions { title: called(), actions })
        }
        CommandId::RunIn => prompt("run in", BulkAim::Run(ids())),
        CommandId::CopyInto => prompt("copy into", BulkAim::Copy(ids())),
        CommandId::CopyId => ask(Ask::Copy(containers.iter().map(|container| container.id.to_string()).collect::<Vec<_>>().join("\n"))),
        CommandId::CopyContainerName => ask(Ask::Copy(containers.iter().map(|container| container.name.clone()).collect::<Vec<_>>().join("\n"))),
        CommandId::Start | CommandId::Stop | CommandId::Restart | CommandId::Pause => Some(at_once(command, containers)),
        CommandId::Kill | CommandId::Remove if containers.len() > MOST_NAMED => {
            Some(vec![say(format!("{MOST_NAMED} at a time, so that the question can name each: {} are meant", containers.len()))])
        }
        CommandId::Kill | CommandId::Remove => Some(ask_many(command, containers, cx)),
        _ => None,
    }
}

/// An action on several containers as a command line of cto.
fn line_of_many(command: CommandId, names: &[&str]) -> Option<String> {
    let verb = match command {
        CommandId::Start => "start",
        CommandId::Stop => "stop",
        CommandId::Restart => "restart",
        CommandId::Pause => "pause",
        CommandId::Kill => "kill",
        CommandId::Remove => "rm",
        CommandId::Stats => "stats",
        _ => return None,
    };
    Some(format!("cto {verb} {}", names.join(" ")))
}

/// Begins what needs no question; those that it does not concern are left out, and said so.
fn at_once(command: CommandId, containers: &[&Container]) -> Vec<Effect> {
    let is = |state| containers.iter().any(|container| container.state == state);
    let freezes = is(ContainerState::Running);
    let step = |container: &&Container| {
        let id = container.id.clone();
        let request = match command {
            CommandId::Start if state::runs(container) => return None,
            CommandId::Start => Request::Start(id),
            CommandId::Stop if !state::runs(container) => return None,
            CommandId::Stop => Request::Stop(id),
            CommandId::Pause if freezes && container.state == ContainerState::Running => Request::Pause(id),
            CommandId::Pause if !freezes && container.state == ContainerState::Paused => Request::Unpause(id),
            CommandId::Pause => return None,
            _ => Request::Restart(id),
        };
        Some(BulkStep { name: container.name.clone(), work: Work::Ask(request) })
    };
    let steps: Vec<BulkStep> = containers.iter().filter_map(step).collect();
    let verb = match command {
        CommandId::Start => "start",
        CommandId::Stop => "stop",
        CommandId::Pause if freezes => "pause",
        CommandId::Pause => "unpause",
        _ => "restart",
    };
    let left = containers.len() - steps.len();
    if steps.is_empty() {
        return vec![say(format!("there is nothing to {verb}: {}", if verb == "start" { "all run already" } else { "none of them runs" }))];
    }
    let mut effects = vec![Effect::Ask(Ask::Bulk(Box::new(BulkJob::new(verb, steps))))];
    if left > 0 {
        effects.push(say(format!("{left} left out, for which there is nothing to do")));
    }
    effects
}

/// Asks once before several containers are killed or removed; names each, and what is lost.
fn ask_many(command: CommandId, containers: &[&Container], cx: &Context) -> Vec<Effect> {
    let removes = command == CommandId::Remove;
    let meant: Vec<&&Container> = containers.iter().filter(|container| removes || state::runs(container)).collect();
    if meant.is_empty() {
        return vec![say("none of them runs")];
    }
    let names: Vec<&str> = meant.iter().map(|container| container.name.as_str()).collect();
    let running: Vec<&str> = meant.iter().filter(|container| state::runs(container)).map(|container| container.name.as_str()).collect();
    let mut lines = vec![format!("{}.", names.join(", "))];
    if removes && !running.is_empty() {
        lines.push(format!("{} and will be killed: {}.", if running.len() == 1 { "One is running" } else { "Some are running" }, running.join(", ")));
    } else if !removes {
        lines.push("Their main programs get no time to save.".to_owned());
    }
    let live: usize = meant.iter().map(|container| cx.data.live_sessions(&container.id).count()).sum();
    if live > 0 {
        lines.push(format!("{} {}; what is not saved there is lost.", text::count(live, "session"), if live == 1 { "ends" } else { "end" }));
    }
    if removes {
        lines.push("Files written inside them are lost. Named volumes and mounted directories stay.".to_owned());
        let foreign: Vec<&str> = meant.iter().filter(|container| container.foreign).map(|container| container.name.as_str()).collect();
        if !foreign.is_empty() {
            lines.push(format!("Not made by cto: {}.", foreign.join(", ")));
        }
    }
    let step = |container: &&&Container| {
        let id = container.id.clone();
        let request = if removes { Request::Remove { id, force: state::runs(container) } } else { Request::Kill(id) };
        BulkStep { name: container.name.clone(), work: Work::Ask(request) }
    };
    let verb = if removes { "remove" } else { "kill" };
    let job = BulkJob::new(verb, meant.iter().map(step).collect());
    let title = format!("{} {}?", if removes { "Remove" } else { "Kill" }, text::count(names.len(), "container"));
    let choices = vec![Choice { key: 'y', label: verb.to_owned(), destroys: true, effects: vec![Effect::Ask(Ask::Bulk(Box::new(job)))] }];
    vec![Effect::Ask(Ask::Confirm(Box::new(ConfirmSpec { title, lines, choices })))]
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
