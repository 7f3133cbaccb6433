//! `cto bench`: cto beside its rivals, in one run.
use crate::bench;
use crate::bench::Benchmark;
use crate::bench::Figures;
use crate::bench::Ratio;
use crate::bench::Report;
use crate::cli::args::BenchArgs;
use crate::cli::args::BenchCommand;
use crate::cli::context::Context;
use crate::cli::output;
use crate::cli::output::Cell;
use crate::cli::output::Table;
use crate::cli::output::cell;
use crate::error::Error;
use crate::error::Result;
use std::io::IsTerminal as _;
use std::io::Write as _;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio_util::sync::CancellationToken;

/// `cto bench`.
pub async fn bench(context: &Context, args: BenchArgs) -> Result<()> {
    let program = std::env::current_exe().map_err(|error| Error::internal(format!("cto does not find its own file: {error}")))?;
    let options = bench::Options { quick: args.quick, rounds: args.rounds, program };
    let stop = stopped_by_signals()?;
    let all = matches!(args.command, BenchCommand::All);
    let mut reports = Vec::new();
    for benchmark in benchmarks(args.command) {
        let report = bench::run(&benchmark, &options, stop.clone(), &mut told).await;
        told("");
        let report = report?;
        if !context.json() {
            show(&report)?;
        }
        reports.push(report);
    }
    match reports.as_slice() {
        _ if !context.json() => Ok(()),
        [one] if !all => output::json(one),
        reports => output::json(&reports),
    }
}

fn benchmarks(command: BenchCommand) -> Vec<Benchmark> {
    let spawn = || Benchmark::Spawn("shell".to_owned());
    match command {
        BenchCommand::Echo => vec![Benchmark::Echo],
        BenchCommand::Throughput => vec![Benchmark::Throughput],
        BenchCommand::Reattach => vec![Benchmark::Reattach],
        BenchCommand::Sessions => vec![Benchmark::Sessions],
        BenchCommand::Spawn { template } => vec![Benchmark::Spawn(template)],
        BenchCommand::Flood => vec![Benchmark::Flood],
        BenchCommand::Hogs => vec![Benchmark::Hogs],
        BenchCommand::Panes => vec![Benchmark::Panes],
        BenchCommand::Users => vec![Benchmark::Users],
        BenchCommand::Idle => vec![Benchmark::Idle],
        BenchCommand::Stats => vec![Benchmark::Stats],
        BenchCommand::Tasks => vec![Benchmark::Tasks],
        BenchCommand::Watch => vec![Benchmark::Watch],
        BenchCommand::Script => vec![Benchmark::Script],
        BenchCommand::Frame => vec![Benchmark::Frame],
        BenchCommand::Gallery => vec![Benchmark::Gallery],
        BenchCommand::All => {
            vec![
                Benchmark::Echo,
                Benchmark::Throughput,
                Benchmark::Flood,
                Benchmark::Hogs,
                Benchmark::Panes,
                Benchmark::Reattach,
                spawn(),
                Benchmark::Script,
                Benchmark::Frame,
                Benchmark::Users,
                Benchmark::Idle,
                Benchmark::Stats,
                Benchmark::Watch,
                Benchmark::Tasks,
                Benchmark::Gallery,
                Benchmark::Sessions,
            ]
        }
    }
}

/// Ends the benchmark in good order when somebody asks for its end.
fn stopped_by_signals() -> Result<CancellationToken> {
    let stop = CancellationToken::new();
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()] {
        let mut asked = signal(kind).map_err(|error| Error::internal(format!("signals can't be heard: {error}")))?;
        let stop = stop.clone();
        tokio::spawn(async move {
            while asked.recv().await.is_some() {
                stop.cancel();
            }
        });
    }
    Ok(stop)
}

/// Prints what was found, for people.
fn show(report: &Report) -> Result<()> {
    let higher = if report.better == "higher" { "; more is better" } else { "" };
    let small = if report.quick { ", small sizes" } else { "" };
    output::print(&format!("{} ({}{higher}{small})\n", report.benchmark, report.unit))?;
    let ratios = match &report.ratio {
        Some(Ratio::Each(ratios)) => ratios.clone(),
        Some(Ratio::One(_)) | None => report.rival.as_ref().map(|rival| report.cto.by(rival)).unwrap_or_default(),
    };
    let mut table = Table::new(["FIGURE", "CTO", "RIVAL", "RATIO"]);
    for (name, figure) in report.cto.iter() {
        table.row([cell(name), number(Some(figure)), number(report.rival.as_ref().and_then(|rival| rival.get(name))), number(ratios.get(name))]);
    }
    table.print()?;
    let mut text = format!("rival: {}\n", report.rival_is);
    for other in &report.others {
        let said = match (&other.figures, &other.reason) {
            (Some(figures), _) => list(figures),
            (None, reason) => reason.clone().unwrap_or_default(),
        };
        text.push_str(&format!("beside: {}: {said}\n", other.is));
    }
    for step in &report.steps {
        let rival = step.rival.as_ref().map(|rival| format!("; rival: {}", list(rival))).unwrap_or_default();
        text.push_str(&format!("{} sessions: {}{rival}\n", step.sessions, list(&step.cto)));
    }
    report.notes.iter().for_each(|note| text.push_str(&format!("note: {note}\n")));
    let engine = if report.engine.is_empty() { String::new() } else { format!(", {}", report.engine) };
    text.push_str(&format!("cto {} on {}{engine}; {} rounds\n\n", report.version, report.machine, report.rounds));
    output::print(&text)
}

/// `p50 451, p99 903`.
fn list(figures: &Figures) -> String {
    figures.iter().map(|(name, figure)| format!("{name} {}", short(figure))).collect::<Vec<_>>().join(", ")
}

fn number(figure: Option<f64>) -> Cell {
    cell(figure.map_or_else(|| "–".to_owned(), short))
}

/// A figure with as many decimals as matter.
fn short(figure: f64) -> String {
    match figure.abs() {
        1000.0.. => format!("{figure:.0}"),
        100.0.. => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

/// Says how far a benchmark is, to a person.
fn told(words: &str) {
    if std::io::stderr().is_terminal() {
        // A terminal that is gone needs no progress.
        let _ = write!(std::io::stderr(), "\r\x1b[K{words}");
    }
}
