//! `cto ps`, `logs`, `start`, `stop`, `restart` and `rm`.
use crate::cli::args::LogsArgs;
use crate::cli::args::PsArgs;
use crate::cli::args::RmArgs;
use crate::cli::args::StopArgs;
use crate::cli::context::Context;
use crate::cli::output;
use crate::cli::output::Table;
use crate::cli::output::Tone;
use crate::cli::output::cell;
use crate::cli::output::toned;
use crate::client::Client;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Container;
use crate::model::ContainerState;
use crate::model::DeleteContainer;
use crate::model::Empty;
use crate::model::Health;
use crate::model::ListContainers;
use crate::model::ListQuery;
use crate::model::LogQuery;
use crate::model::Port;
use crate::model::RemoveContainer;
use crate::model::RestartContainer;
use crate::model::StartContainer;
use crate::model::StopContainer;
use crate::model::StopContainerNow;
use crate::term::SafeText;
use jiff::Timestamp;
use std::io::IsTerminal as _;
use std::io::Write as _;

/// `cto ps`.
pub async fn ps(context: &Context, args: &PsArgs) -> Result<()> {
    let client = context.client().await?;
    let mut containers = Context::all::<ListContainers, Container>(&client, ListQuery { sort: args.sort.clone(), ..ListQuery::default() }).await?;
    containers.retain(|container| args.all || !matches!(container.state, ContainerState::Created | ContainerState::Exited | ContainerState::Dead));
    if context.json() {
        return output::json(&containers);
    }
    if args.quiet {
        let ids: String = containers.iter().map(|container| format!("{}\n", short(container.id.as_str()))).collect();
        return output::print(&ids);
    }
    let now = Timestamp::now();
    let mut table = Table::new(["NAME", "TEMPLATE", "IMAGE", "STATUS", "SESSIONS", "PORTS", "ID"]);
    for container in &containers {
        let (status, tone) = status(container, now);
        table.row([
            cell(&container.name),
            cell(container.template.as_deref().unwrap_or("-")),
            cell(&container.image),
            toned(status, tone),
            cell(container.sessions.to_string()),
            cell(ports(&container.ports)),
            toned(short(container.id.as_str()), Tone::Quiet),
        ]);
    }
    table.print()?;
    if containers.is_empty() && std::io::stdout().is_terminal() {
        let hint = if args.all {
            "nothing here yet; launch something: cto run shell"
        } else {
            "nothing runs; see all with 'cto ps -a', or launch something: cto run shell"
        };
        output::print(&format!("{hint}\n"))?;
    }
    Ok(())
}

/// The first twelve digits, as docker shows them.
pub fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

/// A container's state: glyph, word, since when.
pub fn status(container: &Container, now: Timestamp) -> (String, Tone) {
    let since = |at: Option<Timestamp>| at.map_or_else(String::new, |at| format!(" {}", output::duration(now.duration_since(at).as_secs())));
    let ended = |at: Option<Timestamp>| at.map_or_else(String::new, |at| format!(" {}", output::ago(at, now)));
    match (container.state, container.health) {
        (ContainerState::Running, Some(Health::Unhealthy)) => (format!("▲ unhealthy{}", since(container.started_at)), Tone::Warn),
        (ContainerState::Running, Some(Health::Starting)) => (format!("◐ starting{}", since(container.started_at)), Tone::Warn),
        (ContainerState::Running, Some(Health::Healthy)) => (format!("● healthy{}", since(container.started_at)), Tone::Good),
        (ContainerState::Running, None) => (format!("● running{}", since(container.started_at)), Tone::Good),
        (ContainerState::Paused, _) => ("⏸ paused".to_owned(), Tone::Warn),
        (ContainerState::Restarting, _) => ("⟳ restarting".to_owned(), Tone::Warn),
        (ContainerState::Removing, _) => ("○ removing".to_owned(), Tone::Quiet),
        (ContainerState::Created, _) => ("○ created".to_owned(), Tone::Quiet),
        (ContainerState::Exited, _) if container.oom_killed => (format!("✖ out of memory{}", ended(container.finished_at)), Tone::Bad),
        (ContainerState::Exited, _) => match container.exit_code {
            Some(0) | None => (format!("○ stopped{}", ended(container.finished_at)), Tone::Quiet),
            Some(code) => (format!("✖ exit {code}{}", ended(container.finished_at)), Tone::Bad),
        },
        (ContainerState::Dead, _) => ("✖ dead".to_owned(), Tone::Bad),
    }
}

pub fn ports(ports: &[Port]) -> String {
    let one = |port: &Port| {
        let protocol = if port.protocol == "tcp" { String::new() } else { format!("/{}", port.protocol) };
        let ip = if port.host_ip.contains(':') { format!("[{}]", port.host_ip) } else { port.host_ip.clone() };
        format!("{ip}:{}→{}{protocol}", port.host_port, port.container_port)
    };
    ports.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// `cto logs`.
pub async fn logs(context: &Context, args: &LogsArgs) -> Result<()> {
    let client = context.client().await?;
    let query = LogQuery { tail: args.tail.0, follow: args.follow, timestamps: args.timestamps };
    stream_logs(&client, &args.container, &query).await
}

/// Passes a log on: exactly into a pipe, made safe on a terminal.
pub async fn stream_logs(client: &Client, container: &str, query: &LogQuery) -> Result<()> {
    let mut stream = client.logs(container, query).await?;
    let mut filter = std::io::stdout().is_terminal().then(SafeText::new);
    while let Some(bytes) = stream.next().await {
        let bytes = bytes?;
        match &mut filter {
            Some(filter) => output::write(&filter.push(&bytes))?,
            None => output::write(&bytes)?,
        }
    }
    output::write(&filter.map(|mut filter| filter.finish()).unwrap_or_default())
}

/// `cto start`.
pub async fn start(context: &Context, names: &[String]) -> Result<()> {
    let client = context.client().await?;
    each(context, names, async |name| client.call::<StartContainer>(&[name], &Empty {}).await.map(Some)).await
}

/// `cto stop`.
pub async fn stop(context: &Context, args: &StopArgs) -> Result<()> {
    let client = context.client().await?;
    let request = StopContainer { grace_seconds: args.time };
    each(context, &args.containers, async |name| client.stop::<StopContainerNow>(name, &request).await.map(Some)).await
}

/// `cto restart`.
pub async fn restart(context: &Context, args: &StopArgs) -> Result<()> {
    let client = context.client().await?;
    let request = StopContainer { grace_seconds: args.time };
    each(context, &args.containers, async |name| client.stop::<RestartContainer>(name, &request).await.map(Some)).await
}

/// `cto rm`. A running container that is named alone is stopped first, and on a terminal only after a yes; among several, as in
/// `cto rm $(cto ps -aq)`, those that run are left alone unless forced.
pub async fn remove(context: &Context, args: &RmArgs) -> Result<()> {
    let client = context.client().await?;
    let request = RemoveContainer { force: args.force };
    let alone = args.containers.len() == 1;
    each(context, &args.containers, async |name| match client.call::<DeleteContainer>(&[name], &request).await {
        Err(error) if error.code == Code::WrongState && alone => {
            // It names the programs that would lose what they hold.
            if !agreed(&format!("{}. Stop and remove it?", output::plain(&error.message)))? {
                return Err(error);
            }
            client.stop::<StopContainerNow>(name, &StopContainer::default()).await?;
            client.call::<DeleteContainer>(&[name], &request).await.map(|_| None)
        }
        other => other.map(|_| None),
    })
    .await
}

/// Asks on a terminal, where only a yes is one. Without a terminal there is nobody to ask, and the command line itself is the wish.
pub fn agreed(question: &str) -> Result<bool> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(true);
    }
    let failed = |error: std::io::Error| Error::internal(format!("the terminal can't be asked: {error}"));
    write!(std::io::stderr(), "{question} [y/N] ").map_err(failed)?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(failed)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Asks before something is removed that was not named. Without a terminal only the flag is a yes.
pub fn confirmed(yes: bool, question: &str) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Error::invalid("nobody is there to be asked").fix("say '--yes' to remove what '--dry-run' shows"));
    }
    if agreed(question)? { Ok(()) } else { Err(crate::cli::cancelled("the removal")) }
}

/// Does something with each container and prints the names of those where it worked, as docker does. One that fails does not
/// keep the others from it; the last failure is returned, the ones before are told at once.
pub async fn each(context: &Context, names: &[String], work: impl AsyncFn(&str) -> Result<Option<Container>>) -> Result<()> {
    let mut failed: Option<Error> = None;
    let mut done = Vec::new();
    for name in names {
        match work(name).await {
            Ok(container) if context.json() => done.extend(container),
            Ok(_) => output::print(&format!("{}\n", output::plain(name)))?,
            Err(error) => {
                if let Some(before) = failed.replace(error) {
                    output::tell(&before, context.json(), context.global.debug);
                }
            }
        }
    }
    if context.json() {
        output::json(&done)?;
    }
    failed.map_or(Ok(()), Err)
}
