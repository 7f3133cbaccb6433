//! `cto pause`, `unpause`, `kill`, `rename`, `wait`, `top`, `diff`, `inspect`, `update` and `commit`.
use crate::cli::containers::each;
use crate::cli::context::Context;
use crate::cli::life_args::CommitArgs;
use crate::cli::life_args::KillArgs;
use crate::cli::life_args::RenameArgs;
use crate::cli::life_args::TopArgs;
use crate::cli::life_args::UpdateArgs;
use crate::cli::operation;
use crate::cli::output;
use crate::cli::output::cell;
use crate::client::Client;
use crate::error::Error;
use crate::error::Result;
use crate::model::ChangeKind;
use crate::model::Commit;
use crate::model::CommitContainer;
use crate::model::Empty;
use crate::model::EngineReport;
use crate::model::GetContainer;
use crate::model::InspectContainer;
use crate::model::KillContainer;
use crate::model::ListChanges;
use crate::model::ListProcesses;
use crate::model::PauseContainer;
use crate::model::Rename;
use crate::model::RenameContainer;
use crate::model::SendSignal;
use crate::model::TopQuery;
use crate::model::UnpauseContainer;
use crate::model::UpdateContainer;
use crate::model::UpdateLimits;
use crate::model::WaitContainer;
use crate::model::WaitQuery;
use crate::model::Waited;
use std::time::Duration;

/// Seconds of one question; then the same is asked again.
const WAIT_SECONDS: u32 = 60;

/// `cto pause`.
pub async fn pause(context: &Context, names: &[String]) -> Result<()> {
    let client = context.client().await?;
    each(context, names, async |name| client.call::<PauseContainer>(&[name], &Empty {}).await.map(Some)).await
}

/// `cto unpause`.
pub async fn unpause(context: &Context, names: &[String]) -> Result<()> {
    let client = context.client().await?;
    each(context, names, async |name| client.call::<UnpauseContainer>(&[name], &Empty {}).await.map(Some)).await
}

/// `cto kill`.
pub async fn kill(context: &Context, args: KillArgs) -> Result<()> {
    let client = context.client().await?;
    let request = SendSignal { signal: Some(args.signal) };
    each(context, &args.containers, async |name| client.call::<KillContainer>(&[name], &request).await.map(Some)).await
}

/// `cto rename`. As docker, it says nothing when all is well.
pub async fn rename(context: &Context, args: RenameArgs) -> Result<()> {
    let client = context.client().await?;
    let renamed = client.call::<RenameContainer>(&[&args.container], &Rename { name: args.name }).await?;
    if context.json() { output::json(&renamed) } else { Ok(()) }
}

/// `cto update`.
pub async fn update(context: &Context, args: UpdateArgs) -> Result<()> {
    let client = context.client().await?;
    let request = UpdateLimits { memory_bytes: args.memory, cpus: args.cpus, pids: args.pids_limit };
    each(context, &args.containers, async |name| client.call::<UpdateContainer>(&[name], &request).await.map(Some)).await
}

/// `cto wait`: an exit code a line, in the order of the containers.
pub async fn wait(context: &Context, names: &[String]) -> Result<()> {
    let client = context.client().await?;
    let mut all = Vec::new();
    for name in names {
        // By its id: another may get the name meanwhile.
        let container = client.call::<GetContainer>(&[name], &Empty {}).await?;
        let waited = ended(&client, container.id.as_str()).await?;
        if context.json() {
            all.push(waited);
        } else {
            output::print(&format!("{}\n", waited.exit_code.unwrap_or_default()))?;
        }
    }
    if context.json() { output::json(&all) } else { Ok(()) }
}

async fn ended(client: &Client, id: &str) -> Result<Waited> {
    let query = WaitQuery { within_seconds: Some(WAIT_SECONDS) };
    loop {
        let waited = client.call_within::<WaitContainer>(&[id], &query, Duration::from_secs(u64::from(WAIT_SECONDS) + 30)).await?;
        if waited.ended {
            return Ok(waited);
        }
    }
}

/// `cto top`.
pub async fn top(context: &Context, args: TopArgs) -> Result<()> {
    let client = context.client().await?;
    let query = TopQuery { ps_args: (!args.ps.is_empty()).then(|| args.ps.join(" ")) };
    let found = client.call::<ListProcesses>(&[&args.container], &query).await?;
    if context.json() {
        return output::json(&found);
    }
    let mut table = output::Table::new(found.titles);
    for process in &found.processes {
        table.row(process.iter().map(cell).collect::<Vec<_>>());
    }
    table.print()
}

/// `cto diff`.
pub async fn diff(context: &Context, name: &str) -> Result<()> {
    let client = context.client().await?;
    let changes = client.call::<ListChanges>(&[name], &Empty {}).await?.items;
    if context.json() {
        return output::json(&changes);
    }
    let letter = |kind| match kind {
        ChangeKind::Modified => 'C',
        ChangeKind::Added => 'A',
        ChangeKind::Deleted => 'D',
    };
    output::print(&changes.iter().map(|change| format!("{} {}\n", letter(change.kind), output::plain(&change.path))).collect::<String>())
}

/// `cto inspect`: always JSON, as with docker.
pub async fn inspect(context: &Context, names: &[String]) -> Result<()> {
    let client = context.client().await?;
    let mut found: Vec<EngineReport> = Vec::new();
    let mut failed: Option<Error> = None;
    for name in names {
        match client.call::<InspectContainer>(&[name], &Empty {}).await {
            Ok(report) => found.push(report),
            Err(error) => {
                if let Some(before) = failed.replace(error) {
                    output::tell(&before, context.json(), context.global.debug);
                }
            }
        }
    }
    output::json(&found)?;
    failed.map_or(Ok(()), Err)
}

/// `cto commit`: prints the image's id.
pub async fn commit(context: &Context, args: CommitArgs) -> Result<()> {
    let client = context.client().await?;
    let request = Commit { image: args.image, message: args.message, no_pause: args.no_pause };
    let operation = client.call_operation::<CommitContainer>(&[&args.container], &request, Duration::ZERO).await?;
    let image = operation::done(&client, operation).await?.image;
    if context.json() {
        return output::json(&image);
    }
    output::print(&format!("{}\n", image.map(|image| image.id).unwrap_or_default()))
}
