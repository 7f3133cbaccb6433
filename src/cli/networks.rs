//! `cto network …`.
use crate::cli::containers::confirmed;
use crate::cli::containers::each;
use crate::cli::context::Context;
use crate::cli::output;
use crate::cli::output::Table;
use crate::cli::output::cell;
use crate::cli::storage_args::ListArgs;
use crate::cli::storage_args::NetworkCommand;
use crate::error::Result;
use crate::model::ConnectContainer;
use crate::model::ConnectNetwork;
use crate::model::CreateNetwork;
use crate::model::CreateNetworkOf;
use crate::model::DeleteNetwork;
use crate::model::DisconnectContainer;
use crate::model::DisconnectNetwork;
use crate::model::Empty;
use crate::model::GetNetwork;
use crate::model::ListNetworks;
use crate::model::ListQuery;
use crate::model::Network;
use crate::model::NetworkPrune;
use crate::model::PruneNetworks;

/// `cto network`.
pub async fn network(context: &Context, command: NetworkCommand) -> Result<()> {
    let client = context.client().await?;
    match command {
        NetworkCommand::Ls(args) => list(context, args).await,
        NetworkCommand::Create { name, internal, driver, subnet, label } => {
            let request = CreateNetwork { name, internal, driver, subnet, labels: label.into_iter().collect() };
            let made = client.call::<CreateNetworkOf>(&[], &request).await?;
            if context.json() { output::json(&made) } else { output::print(&format!("{}\n", made.name)) }
        }
        NetworkCommand::Inspect { networks } => {
            let mut found = Vec::new();
            for name in &networks {
                found.push(client.call::<GetNetwork>(&[name], &Empty {}).await?);
            }
            output::json(&found)
        }
        NetworkCommand::Rm { networks } => each(context, &networks, async |name| client.call::<DeleteNetwork>(&[name], &Empty {}).await.map(|_| None)).await,
        NetworkCommand::Connect { alias, network, container } => {
            let now = client.call::<ConnectNetwork>(&[&network], &ConnectContainer { container, aliases: alias }).await?;
            if context.json() { output::json(&now) } else { Ok(()) }
        }
        NetworkCommand::Disconnect { network, container } => {
            let now = client.call::<DisconnectNetwork>(&[&network], &DisconnectContainer { container }).await?;
            if context.json() { output::json(&now) } else { Ok(()) }
        }
        NetworkCommand::Prune { all, dry_run, yes } => prune(context, all, dry_run, yes).await,
    }
}

async fn list(context: &Context, args: ListArgs) -> Result<()> {
    let client = context.client().await?;
    let networks = Context::all::<ListNetworks, Network>(&client, ListQuery { q: args.query, sort: args.sort, ..ListQuery::default() }).await?;
    if context.json() {
        return output::json(&networks);
    }
    if args.quiet {
        return output::print(&networks.iter().map(|network| format!("{}\n", output::plain(&network.name))).collect::<String>());
    }
    table(&networks).print()
}

fn table(networks: &[Network]) -> Table {
    let mut table = Table::new(["NETWORK ID", "NAME", "DRIVER", "SUBNET", "OUTSIDE", "OWNER", "CONTAINERS"]);
    for network in networks {
        let members: Vec<&str> = network.containers.iter().map(|member| member.name.as_str()).collect();
        table.row([
            cell(network.id.get(..12).unwrap_or(&network.id)),
            cell(&network.name),
            cell(&network.driver),
            cell(network.subnets.join(", ")),
            cell(if network.internal || network.name == "none" { "no" } else { "yes" }),
            cell(network.owner.as_deref().unwrap_or("-")),
            cell(members.join(", ")),
        ]);
    }
    table
}

async fn prune(context: &Context, all: bool, dry_run: bool, yes: bool) -> Result<()> {
    let client = context.client().await?;
    let would = client.call::<PruneNetworks>(&[], &NetworkPrune { all, dry_run: true }).await?;
    if dry_run || would.items.is_empty() {
        if context.json() {
            return output::json(&would);
        }
        return if would.items.is_empty() { output::print("there is nothing to remove\n") } else { table(&would.items).print() };
    }
    if !context.json() {
        table(&would.items).print()?;
    }
    confirmed(yes, &format!("Remove these {} networks?", would.items.len()))?;
    let gone = client.call::<PruneNetworks>(&[], &NetworkPrune { all, dry_run: false }).await?;
    if context.json() {
        return output::json(&gone);
    }
    gone.kept.iter().for_each(|line| output::warn(line));
    output::print(&format!("removed {} networks\n", gone.items.len()))
}
