//! `cto volume …`.
use crate::cli::containers::agreed;
use crate::cli::containers::each;
use crate::cli::context::Context;
use crate::cli::context::on_terminal;
use crate::cli::output;
use crate::cli::output::Table;
use crate::cli::output::cell;
use crate::cli::storage_args::ListArgs;
use crate::cli::storage_args::VolumeCommand;
use crate::error::Error;
use crate::error::Result;
use crate::model::CreateVolume;
use crate::model::CreateVolumeOf;
use crate::model::DeleteVolume;
use crate::model::Empty;
use crate::model::GetVolume;
use crate::model::ListQuery;
use crate::model::ListVolumes;
use crate::model::PruneVolumes;
use crate::model::PrunedVolumes;
use crate::model::Volume;
use crate::model::VolumePrune;
use jiff::Timestamp;

/// `cto volume`.
pub async fn volume(context: &Context, command: VolumeCommand) -> Result<()> {
    let client = context.client().await?;
    match command {
        VolumeCommand::Ls(args) => list(context, args).await,
        VolumeCommand::Create { name, driver, opt, label } => {
            let request = CreateVolume { name, driver, options: opt.into_iter().collect(), labels: label.into_iter().collect() };
            let made = client.call::<CreateVolumeOf>(&[], &request).await?;
            if context.json() { output::json(&made) } else { output::print(&format!("{}\n", made.name)) }
        }
        VolumeCommand::Inspect { volumes } => {
            let mut found = Vec::new();
            for name in &volumes {
                found.push(client.call::<GetVolume>(&[name], &Empty {}).await?);
            }
            output::json(&found)
        }
        VolumeCommand::Rm { volumes } => each(context, &volumes, async |name| client.call::<DeleteVolume>(&[name], &Empty {}).await.map(|_| None)).await,
        VolumeCommand::Prune { dry_run, volumes } => prune(context, dry_run, volumes).await,
    }
}

async fn list(context: &Context, args: ListArgs) -> Result<()> {
    let client = context.client().await?;
    let volumes = Context::all::<ListVolumes, Volume>(&client, ListQuery { q: args.query, sort: args.sort, ..ListQuery::default() }).await?;
    if context.json() {
        return output::json(&volumes);
    }
    if args.quiet {
        return output::print(&volumes.iter().map(|volume| format!("{}\n", output::plain(&volume.name))).collect::<String>());
    }
    table(&volumes).print()
}

fn table(volumes: &[Volume]) -> Table {
    let now = Timestamp::now();
    let mut table = Table::new(["NAME", "DRIVER", "CREATED", "OWNER", "MOUNTED BY"]);
    for volume in volumes {
        table.row([
            cell(&volume.name),
            cell(&volume.driver),
            cell(volume.created_at.map_or_else(|| "-".to_owned(), |at| output::ago(at, now))),
            cell(volume.owner.as_deref().unwrap_or(if volume.holder { "(cto)" } else { "-" })),
            cell(volume.containers.join(", ")),
        ]);
    }
    table
}

/// Without a terminal only those that the command line names go; on one, those that it has just shown too.
async fn prune(context: &Context, dry_run: bool, volumes: Vec<String>) -> Result<()> {
    let client = context.client().await?;
    let would = client.call::<PruneVolumes>(&[], &VolumePrune { names: volumes.clone(), dry_run: true }).await?;
    let names = if volumes.is_empty() { would.items.iter().map(|volume| volume.name.clone()).collect() } else { volumes.clone() };
    if dry_run || would.items.is_empty() {
        return shown(context, &would);
    }
    if volumes.is_empty() {
        if !on_terminal() || context.json() {
            let all = names.join(" ");
            return Err(Error::invalid("no volume is removed without being named").fix(format!("name those that may go: cto volume prune {all}")));
        }
        shown(context, &would)?;
        if !agreed(&format!("Remove these {} volumes and what is in them?", names.len()))? {
            return Err(crate::cli::cancelled("the removal"));
        }
    }
    let gone = client.call::<PruneVolumes>(&[], &VolumePrune { names, dry_run: false }).await?;
    if context.json() {
        return output::json(&gone);
    }
    gone.kept.iter().for_each(|line| output::warn(line));
    output::print(&gone.items.iter().map(|volume| format!("{}\n", output::plain(&volume.name))).collect::<String>())
}

fn shown(context: &Context, would: &PrunedVolumes) -> Result<()> {
    if context.json() {
        return output::json(would);
    }
    would.kept.iter().for_each(|line| output::warn(line));
    if would.items.is_empty() {
        return output::print("there is nothing to remove\n");
    }
    table(&would.items).print()
}
