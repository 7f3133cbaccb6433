//! `cto stack`: bringing up, taking down, listing and checking.
use crate::cli::containers;
use crate::cli::context::Context;
use crate::cli::operation;
use crate::cli::output;
use crate::cli::output::Table;
use crate::cli::output::Tone;
use crate::cli::output::cell;
use crate::cli::output::toned;
use crate::cli::stack_args::StackCommand;
use crate::cli::stack_args::StackDownArgs;
use crate::cli::stack_args::StackUpArgs;
use crate::cli::templates;
use crate::client::Client;
use crate::config;
use crate::config::Catalogue;
use crate::config::SavedStack;
use crate::config::Stacks;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::ContainerState;
use crate::model::DownStack;
use crate::model::DownStackNow;
use crate::model::Empty;
use crate::model::Endpoint;
use crate::model::GetStack;
use crate::model::InlineTemplate;
use crate::model::ListStacks;
use crate::model::Operation;
use crate::model::Place;
use crate::model::PlanStack;
use crate::model::Stack;
use crate::model::StackAction;
use crate::model::StackChange;
use crate::model::StackDefinition;
use crate::model::TemplateOrigin;
use crate::model::UpStack;
use crate::model::UpStackFrom;
use crate::model::WholeQuery;
use jiff::Timestamp;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

/// The file that is meant where none is named.
const HERE: &str = "stack.json";

/// `cto stack`.
pub async fn stack(context: &Context, command: StackCommand) -> Result<u8> {
    let done = |()| 0;
    match command {
        StackCommand::Up(args) => up(context, args).await.map(done),
        StackCommand::Down(args) => down(context, args).await.map(done),
        StackCommand::Ps { stack } => ps(context, stack.as_deref()).await.map(done),
        StackCommand::Ls { saved } => list(context, saved).await.map(done),
        StackCommand::Check { files } => {
            let read = |catalogue: &Catalogue, name: &str, text: &str, folder: Option<&Path>| match folder {
                Some(folder) => catalogue.parse_own_stack(name, text, folder).map(drop),
                None => catalogue.parse_stack(name, text, None).map(drop),
            };
            templates::check(context, &files, read)
        }
    }
}

async fn up(context: &Context, args: StackUpArgs) -> Result<()> {
    let mut request = request(context, args.stack.as_deref())?;
    request.name = args.name;
    request.set = args.set.into_iter().collect();
    (request.recreate, request.remove_orphans, request.force) = (args.force_recreate, args.remove_orphans, args.force);
    let client = context.client().await?;
    if args.dry_run {
        let plan = client.call::<PlanStack>(&[], &request).await?;
        if context.json() {
            return output::json(&plan);
        }
        changes(&plan.changes)?;
        for name in &plan.networks {
            output::print(&format!("network '{name}' would be made\n"))?;
        }
        for name in &plan.volumes {
            output::print(&format!("volume '{name}' would be made\n"))?;
        }
        plan.warnings.iter().for_each(|place| output::warn(&format!("{}: {}", place.pointer, place.detail)));
        return Ok(());
    }
    let done = match run::<UpStackFrom>(&client, &[], &request).await {
        Err(error) if loses(&error) && !args.force => {
            if !containers::agreed(&format!("{}. Replace it?", output::plain(&error.message)))? {
                return Err(error);
            }
            run::<UpStackFrom>(&client, &[], &UpStack { force: true, ..request }).await?
        }
        other => other?,
    };
    if context.json() { output::json(&done) } else { changes(&done.changes) }
}

/// What is asked for, or what had to be asked about.
async fn run<E>(client: &Client, path: &[&str], request: &E::Request) -> Result<Stack>
where
    E: Endpoint<Reply = Operation>,
{
    let operation = client.call_operation::<E>(path, request, Duration::ZERO).await?;
    let operation = operation::done(client, operation).await?;
    operation.stack.ok_or_else(|| Error::internal(format!("'{}' ended without a result", operation.title)))
}

/// Whether something is refused since programs would lose what they hold.
fn loses(error: &Error) -> bool {
    error.code == Code::WrongState && error.message.contains("would be lost")
}

fn changes(changes: &[StackChange]) -> Result<()> {
    let mut table = Table::new(["CONTAINER", "MEMBER", "WHAT", "WHY"]);
    for change in changes {
        let (what, tone) = match change.action {
            StackAction::Keep => ("keep", Tone::Quiet),
            StackAction::Start => ("start", Tone::Good),
            StackAction::Create => ("create", Tone::Good),
            StackAction::Recreate => ("recreate", Tone::Warn),
            StackAction::Orphan => ("orphan", Tone::Warn),
            StackAction::Remove => ("remove", Tone::Bad),
        };
        table.row([cell(&change.container), cell(&change.member), toned(what, tone), cell(change.why.as_deref().unwrap_or_default())]);
    }
    table.print()
}

async fn down(context: &Context, args: StackDownArgs) -> Result<()> {
    let name = named(context, args.stack.as_deref())?;
    let client = context.client().await?;
    let request = DownStack { volumes: args.volumes, volume: args.volume, force: args.force };
    let left = match run::<DownStackNow>(&client, &[&name], &request).await {
        Err(error) if loses(&error) && !args.force => {
            if !containers::agreed(&format!("{}. Take it down?", output::plain(&error.message)))? {
                return Err(error);
            }
            run::<DownStackNow>(&client, &[&name], &DownStack { force: true, ..request }).await?
        }
        other => other?,
    };
    if context.json() {
        return output::json(&left);
    }
    if !left.volumes.is_empty() {
        output::warn(&format!("volumes stay: {}", left.volumes.join(", ")));
    }
    output::print(&format!("{name}\n"))
}

async fn ps(context: &Context, stack: Option<&str>) -> Result<()> {
    let name = named(context, stack)?;
    let found = context.client().await?.call::<GetStack>(&[&name], &Empty {}).await?;
    if context.json() {
        return output::json(&found);
    }
    let now = Timestamp::now();
    let mut table = Table::new(["NAME", "MEMBER", "IMAGE", "STATUS", "SESSIONS", "PORTS"]);
    for container in &found.containers {
        let (status, tone) = containers::status(container, now);
        table.row([
            cell(&container.name),
            cell(container.stack.as_ref().map_or("-", |place| place.member.as_str())),
            cell(&container.image),
            toned(status, tone),
            cell(container.sessions.to_string()),
            cell(containers::ports(&container.ports)),
        ]);
    }
    table.print()
}

async fn list(context: &Context, saved: bool) -> Result<()> {
    let list = context.client().await?.call::<ListStacks>(&[], &WholeQuery::default()).await?;
    if saved {
        return list_saved(context, list.saved, list.complaints);
    }
    if context.json() {
        return output::json(&list);
    }
    let mut table = Table::new(["NAME", "OWNER", "RUNNING", "NETWORKS", "VOLUMES"]);
    for stack in &list.items {
        let running = stack.containers.iter().filter(|container| container.state == ContainerState::Running).count();
        let tone = if running == stack.containers.len() { Tone::Good } else { Tone::Warn };
        table.row([
            cell(&stack.name),
            cell(stack.owner.as_deref().unwrap_or("-")),
            toned(format!("{running} of {}", stack.containers.len()), tone),
            cell(stack.networks.join(", ")),
            cell(stack.volumes.join(", ")),
        ]);
    }
    table.print()
}

fn list_saved(context: &Context, mut saved: Vec<StackDefinition>, mut complaints: Vec<Place>) -> Result<()> {
    if let Some(project) = Context::project() {
        let (own, wrong) = Stacks::load(&context.paths, Some(&project)).list();
        let own: Vec<StackDefinition> = own.into_iter().filter(|stack| stack.origin == TemplateOrigin::Project).collect();
        saved.retain(|stack| own.iter().all(|other| other.name != stack.name));
        saved.extend(own);
        saved.sort_by(|one, other| one.name.cmp(&other.name));
        complaints.extend(wrong.into_iter().filter(|place| place.file.as_ref().is_some_and(|file| Path::new(file).starts_with(&project))));
    }
    if context.json() {
        return output::json(&saved);
    }
    let mut table = Table::new(["NAME", "DESCRIPTION", "FILE"]);
    for stack in &saved {
        table.row([cell(&stack.name), cell(stack.description.as_deref().unwrap_or_default()), toned(stack.path.as_deref().unwrap_or("in cto"), Tone::Quiet)]);
    }
    table.print()?;
    complaints.iter().for_each(|place| output::warn(output::show_place(place, None, false).lines().next().unwrap_or_default().trim()));
    Ok(())
}

/// What to ask for: a saved stack by name, a project's, or a file's text.
fn request(context: &Context, stack: Option<&str>) -> Result<UpStack> {
    let here = Context::here()?;
    // A path on this machine means nothing to a server elsewhere.
    let base_dir = |dir: &Path| context.global.server.is_none().then(|| dir.display().to_string());
    let of_text = |source: &str, text: &str, folder: &Path, base: &Path| -> Result<UpStack> {
        let text = config::flatten_stack(source, text, folder)?;
        let references = config::references(&text, folder)?;
        Ok(UpStack { inline: Some(InlineTemplate { source: source.to_owned(), text }), base_dir: base_dir(base), references, ..UpStack::default() })
    };
    let name = match stack {
        Some(stack) => stack,
        None if Path::new(HERE).is_file() => HERE,
        None => return Err(Error::invalid(format!("there is no {HERE} here")).fix("name a stack or its file: cto stack ls --saved")),
    };
    if name == "-" {
        let mut text = String::new();
        let read = std::io::stdin().take(1 << 20).read_to_string(&mut text);
        read.map_err(|error| Error::invalid(format!("standard input can't be read: {error}")).because(error))?;
        return of_text("standard input", &text, &here, &here);
    }
    if is_file(name) {
        let text = config::read_file(Path::new(name)).map_err(|place| Error::invalid(format!("'{name}' {}", place.detail)))?;
        let path = std::path::absolute(name).unwrap_or_else(|_| here.join(name));
        let folder = path.parent().unwrap_or(&here).to_path_buf();
        return of_text(name, &text, &folder, &folder);
    }
    // A server has no working directory, so the client looks for the project's stacks.
    if let Some(project) = Context::project()
        && let Some(SavedStack { definition, source, text, folder }) = Stacks::load(&context.paths, Some(&project)).known(name)?
        && definition.origin == TemplateOrigin::Project
    {
        return of_text(&source, &text, folder.as_deref().unwrap_or(&project), &project);
    }
    Ok(UpStack { stack: Some(name.to_owned()), base_dir: base_dir(&here), ..UpStack::default() })
}

fn is_file(stack: &str) -> bool {
    stack.contains('/') || Path::new(stack).extension().is_some_and(|kind| kind == "json")
}

/// The name of a stack that is named, or whose file is.
fn named(context: &Context, stack: Option<&str>) -> Result<String> {
    if let Some(name) = stack.filter(|stack| !is_file(stack) && *stack != "-") {
        return Ok(name.to_owned());
    }
    let inline = request(context, stack)?.inline.unwrap_or_default();
    let folder = stack.map_or(Path::new("."), |stack| Path::new(stack).parent().unwrap_or(Path::new(".")));
    Ok(Catalogue::load(&context.paths, Context::project().as_deref()).parse_stack(&inline.source, &inline.text, Some(folder))?.name)
}
