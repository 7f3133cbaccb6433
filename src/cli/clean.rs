//! `cto clean`: what cto has made and nothing uses any more.
use crate::cli::containers::confirmed;
use crate::cli::context::Context;
use crate::cli::output;
use crate::cli::output::Table;
use crate::cli::output::cell;
use crate::cli::storage_args::CleanArgs;
use crate::error::Result;
use crate::model::Clean;
use crate::model::CleanUp;
use crate::model::Cleaned;
use crate::model::LeftoverKind;
use jiff::Timestamp;
use std::time::Duration;

/// How long the removal of everything may take.
const PATIENCE: Duration = Duration::from_secs(1800);

/// `cto clean`.
pub async fn clean(context: &Context, args: &CleanArgs) -> Result<()> {
    let client = context.client().await?;
    let ask = async |dry_run| client.call_within::<CleanUp>(&[], &Clean { dry_run, older_than_hours: args.older }, PATIENCE).await;
    let would = ask(true).await?;
    if args.dry_run || would.items.is_empty() {
        return if context.json() { output::json(&would) } else { shown(&would) };
    }
    if !context.json() {
        shown(&would)?;
    }
    confirmed(args.yes, "Remove all of this?")?;
    let gone = ask(false).await?;
    if context.json() {
        return output::json(&gone);
    }
    let kept = gone.items.iter().filter_map(|item| Some((item, item.kept.as_ref()?)));
    kept.for_each(|(item, why)| output::warn(&format!("'{}' stays: {why}", item.name)));
    let count = gone.items.iter().filter(|item| item.kept.is_none()).count();
    output::print(&format!("removed {count}, {}\n", output::bytes(gone.freed_bytes)))
}

fn shown(would: &Cleaned) -> Result<()> {
    if would.items.is_empty() {
        return output::print("there is nothing to remove\n");
    }
    let now = Timestamp::now();
    let mut table = Table::new(["KIND", "NAME", "UNUSED FOR", "SIZE", "WHY"]);
    for item in &would.items {
        let kind = match item.kind {
            LeftoverKind::Container => "container",
            LeftoverKind::Image => "image",
            LeftoverKind::Network => "network",
            LeftoverKind::Volume => "volume",
        };
        table.row([
            cell(kind),
            cell(&item.name),
            cell(item.since.map_or_else(|| "-".to_owned(), |since| output::duration(now.duration_since(since).as_secs()))),
            cell(output::bytes(item.bytes)),
            cell(&item.why),
        ]);
    }
    table.print()?;
    output::print(&format!("{} in all\n", output::bytes(would.freed_bytes)))
}
