//! `cto stats`: processor, memory, network and disk of running containers, in docker's columns.
use crate::cli::containers::short;
use crate::cli::context::Context;
use crate::cli::life_args::StatsArgs;
use crate::cli::output;
use crate::cli::output::Table;
use crate::cli::output::cell;
use crate::client::Client;
use crate::client::StreamUpdate;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Container;
use crate::model::ContainerId;
use crate::model::ContainerState;
use crate::model::Empty;
use crate::model::GetContainer;
use crate::model::GetStatsOf;
use crate::model::ListContainers;
use crate::model::ListQuery;
use crate::model::Stats;
use crate::model::StatsQuery;
use crate::model::StreamMessage;
use crate::model::Topic;
use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::time::Duration;

/// How long the samples of `--no-stream` are waited for.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often the table is drawn.
const DRAW: Duration = Duration::from_secs(1);
/// Lines of a table of the past.
const LINES: u32 = 40;
/// A container that says nothing for so long runs no more.
const SILENT: Duration = Duration::from_secs(5);

/// What is known of one container: how many samples came, and the last.
struct Seen {
    name: String,
    samples: u32,
    last: Option<(Stats, tokio::time::Instant)>,
}

/// `cto stats`.
pub async fn stats(context: &Context, args: &StatsArgs) -> Result<()> {
    let client = context.client().await?;
    if args.history {
        return history(context, &client, args).await;
    }
    let mut seen = watched(&client, &args.containers).await?;
    let all = args.containers.is_empty();
    let mut stream = client.stream().await?;
    stream.subscribe(Topic::Stats { containers: if all { Vec::new() } else { seen.keys().cloned().collect() } }).await;
    if args.no_stream {
        let gathering = async {
            // The first sample of a container has nothing to be compared with.
            while seen.values().any(|one| one.samples < 2) {
                take(&client, &mut stream, &mut seen, all).await?;
            }
            Result::<()>::Ok(())
        };
        match tokio::time::timeout(PATIENCE, gathering).await {
            Ok(result) => result?,
            // Those that have ended meanwhile say nothing.
            Err(_) if seen.values().any(|one| one.last.is_some()) || seen.is_empty() => {}
            Err(_) => return Err(Error::new(Code::TimedOut, "no sample came in 15 s")),
        }
        return show(context, &seen, false);
    }
    let mut clock = tokio::time::interval(DRAW);
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let cancel = tokio::signal::ctrl_c();
    tokio::pin!(cancel);
    loop {
        tokio::select! {
            taken = take(&client, &mut stream, &mut seen, all) => {
                if let Some(sample) = taken?.filter(|_| context.json()) {
                    let name = seen.get(&sample.container).map(|one| one.name.clone()).unwrap_or_default();
                    output::print(&format!("{}\n", row_json(&name, &sample)))?;
                }
            }
            _ = clock.tick(), if !context.json() => {
                seen.retain(|_, one| one.last.as_ref().is_none_or(|(_, at)| at.elapsed() < SILENT));
                if seen.values().any(|one| one.last.is_some()) {
                    show(context, &seen, true)?;
                }
            }
            _ = &mut cancel => return Ok(()),
        }
    }
}

/// The containers whose samples are wanted.
async fn watched(client: &Client, names: &[String]) -> Result<BTreeMap<ContainerId, Seen>> {
    let containers: Vec<Container> = if names.is_empty() {
        let all = Context::all::<ListContainers, Container>(client, ListQuery::default()).await?;
        all.into_iter().filter(|container| container.state == ContainerState::Running).collect()
    } else {
        let mut named = Vec::new();
        for name in names {
            let container = client.call::<GetContainer>(&[name], &Empty {}).await?;
            if container.state != ContainerState::Running {
                let error = Error::new(Code::WrongState, format!("container '{}' is not running", container.name));
                return Err(error.fix(format!("start it: 'cto start {}'", container.name)));
            }
            named.push(container);
        }
        named
    };
    Ok(containers.into_iter().map(|container| (container.id, Seen { name: container.name, samples: 0, last: None })).collect())
}

/// Takes the next sample, if that is what comes next.
async fn take(client: &Client, stream: &mut crate::client::Stream, seen: &mut BTreeMap<ContainerId, Seen>, all: bool) -> Result<Option<Stats>> {
    match stream.next().await {
        StreamUpdate::Message(StreamMessage::Stats { stats, .. }) => {
            if !seen.contains_key(&stats.container) {
                if !all {
                    return Ok(None);
                }
                // One that has been started since.
                let Ok(container) = client.call::<GetContainer>(&[stats.container.as_str()], &Empty {}).await else { return Ok(None) };
                seen.insert(container.id, Seen { name: container.name, samples: 0, last: None });
            }
            if let Some(one) = seen.get_mut(&stats.container) {
                one.samples += 1;
                one.last = Some((stats.clone(), tokio::time::Instant::now()));
            }
            Ok(Some(stats))
        }
        StreamUpdate::Message(StreamMessage::End { problem: Some(problem), .. }) => Err((*problem).into()),
        _ => Ok(None),
    }
}

fn show(context: &Context, seen: &BTreeMap<ContainerId, Seen>, live: bool) -> Result<()> {
    let mut rows: Vec<(&str, &Stats)> = seen.values().filter_map(|one| Some((one.name.as_str(), &one.last.as_ref()?.0))).collect();
    rows.sort_unstable_by_key(|(name, _)| *name);
    if context.json() {
        return output::json(&rows.iter().map(|(name, stats)| row_json(name, stats)).collect::<Vec<_>>());
    }
    let mut table = Table::new(["CONTAINER ID", "NAME", "CPU %", "MEM USAGE / LIMIT", "MEM %", "NET I/O", "BLOCK I/O", "PIDS"]);
    for (name, stats) in rows {
        table.row([
            cell(short(stats.container.as_str())),
            cell(name),
            cell(format!("{:.2}%", stats.cpu_percent)),
            cell(format!("{} / {}", binary(stats.memory_bytes), binary(stats.memory_limit_bytes))),
            cell(format!("{:.2}%", memory_percent(stats))),
            cell(pair(stats.network_bytes)),
            cell(pair(stats.block_bytes)),
            cell(stats.pids.to_string()),
        ]);
    }
    if live && std::io::stdout().is_terminal() {
        // From the top, and what is left of the table before goes.
        output::print("\x1b[H\x1b[J")?;
    }
    table.print()
}

/// What containers have used over time: one table each.
async fn history(context: &Context, client: &Client, args: &StatsArgs) -> Result<()> {
    let named: Vec<(String, ContainerId)> = if args.containers.is_empty() {
        watched(client, &[]).await?.into_iter().map(|(id, seen)| (seen.name, id)).collect()
    } else {
        let mut named = Vec::new();
        for name in &args.containers {
            let container = client.call::<GetContainer>(&[name], &Empty {}).await?;
            named.push((container.name, container.id));
        }
        named
    };
    let query = StatsQuery { since: Some(args.since.clone()), points: (!context.json()).then_some(LINES) };
    let mut all = Vec::new();
    for (name, id) in named {
        let stats = client.call::<GetStatsOf>(&[id.as_str()], &query).await?;
        if context.json() {
            all.push(stats);
            continue;
        }
        let mut table = Table::new(["SINCE", "FOR", "CPU %", "MAX", "MEM USAGE / LIMIT", "NET I/O", "BLOCK I/O", "PIDS"]);
        for point in &stats.items {
            table.row([
                cell(point.at.to_string()),
                cell(output::duration(point.seconds.into())),
                cell(format!("{:.2}%", point.cpu_percent)),
                cell(format!("{:.2}%", point.cpu_percent_max)),
                cell(format!("{} / {}", binary(point.memory_bytes), binary(point.memory_limit_bytes))),
                cell(pair(point.network_bytes)),
                cell(pair(point.block_bytes)),
                cell(point.pids.to_string()),
            ]);
        }
        output::print(&format!("{}\n", output::plain(&name)))?;
        table.print()?;
    }
    if context.json() { output::json(&all) } else { Ok(()) }
}

fn pair((one, other): (u64, u64)) -> String {
    format!("{} / {}", output::bytes(one), output::bytes(other))
}

fn row_json(name: &str, stats: &Stats) -> serde_json::Value {
    let mut row = serde_json::json!(stats);
    row["name"] = name.into();
    row["memory_percent"] = memory_percent(stats).into();
    row
}

#[expect(clippy::cast_precision_loss, reason = "shown with two decimals")]
fn memory_percent(stats: &Stats) -> f64 {
    if stats.memory_limit_bytes == 0 { 0.0 } else { stats.memory_bytes as f64 / stats.memory_limit_bytes as f64 * 100.0 }
}

/// Memory in powers of 1024, as docker shows it.
#[expect(clippy::cast_precision_loss, reason = "shown with four digits")]
fn binary(bytes: u64) -> String {
    let (mut value, mut unit) = (bytes as f64, 0);
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{value:.*}{}", if unit == 0 { 0 } else { 2 }, units[unit])
}
