//! `cto bench`: cto beside its rivals, in one run.
use crate::bench;
use crate::bench::Times;
use crate::cli::args::BenchCommand;
use crate::cli::cancelled;
use crate::cli::context::Context;
use crate::cli::output;
use crate::cli::output::Table;
use crate::cli::output::cell;
use crate::error::Result;
use std::io::IsTerminal as _;
use std::io::Write as _;

/// `cto bench`.
pub async fn bench(context: &Context, command: BenchCommand) -> Result<()> {
    let client = context.client().await?;
    match command {
        BenchCommand::Spawn { rounds, template } => {
            let options = bench::SpawnOptions { rounds, template };
            let report = tokio::select! {
                report = bench::spawn(&client, &options, told) => report?,
                _ = tokio::signal::ctrl_c() => return Err(cancelled("the benchmark").fix("remove what it left: cto ps -a | grep cto-bench")),
            };
            if context.json() {
                return output::json(&report);
            }
            let mut table = Table::new(["LAUNCH", "P50", "P99", "MIN"]);
            for (name, times) in [("engine alone", report.rival), ("cto", report.cto), ("cto, first output", report.first_output)] {
                let Times { p50, p99, min } = times;
                table.row([cell(name), cell(format!("{p50:.1} ms")), cell(format!("{p99:.1} ms")), cell(format!("{min:.1} ms"))]);
            }
            table.print()?;
            output::print(&format!(
                "cto takes {:.3} times as long, {:.1} ms more; engine {}, {} rounds\n",
                report.ratio, report.extra_ms, report.engine, report.rounds
            ))
        }
    }
}

/// Says how far a benchmark is, to a person.
fn told(round: u32, rounds: u32) {
    if std::io::stderr().is_terminal() {
        let end = if round == rounds { "\r\x1b[K" } else { "" };
        // A terminal that is gone needs no progress.
        let _ = write!(std::io::stderr(), "\r\x1b[Kround {round} of {rounds}{end}");
    }
}
