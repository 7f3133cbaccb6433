//! `cto runs …`, and watching a run to its end.
use crate::cli::context::Context;
use crate::cli::output;
use crate::cli::output::Table;
use crate::cli::output::Tone;
use crate::cli::output::cell;
use crate::cli::output::paint;
use crate::cli::output::toned;
use crate::cli::script_args::RunsCommand;
use crate::client::Client;
use crate::error::Error;
use crate::error::Result;
use crate::model::CancelRun;
use crate::model::Code;
use crate::model::DeleteRun;
use crate::model::Empty;
use crate::model::GetRun;
use crate::model::GetRunLog;
use crate::model::GetRunReport;
use crate::model::ListRuns;
use crate::model::PauseRun;
use crate::model::ResumeRun;
use crate::model::ResumeRunAt;
use crate::model::RetryRun;
use crate::model::Run;
use crate::model::RunCause;
use crate::model::RunEntry;
use crate::model::RunLogQuery;
use crate::model::RunNote;
use crate::model::RunQuery;
use crate::model::RunState;
use jiff::Timestamp;
use std::fmt::Write as _;
use std::time::Duration;

/// The exit code of a run that failed, timed out or was lost.
pub const FAILED: u8 = 7;
/// Seconds that one question for news waits.
const NEWS: u32 = 20;

/// A server that is away is asked again so many times, a second apart.
const RECONNECTS: u32 = 30;

/// What is shown of a run while it is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Its end alone.
    Nothing,
    /// What it says, and its steps.
    Words,
    /// Calls and screens too.
    Everything,
}

/// `cto runs`.
pub async fn runs(context: &Context, command: RunsCommand) -> Result<u8> {
    let client = context.client().await?;
    let nothing = Empty {};
    match command {
        RunsCommand::Ls { query, state, limit, sort } => {
            let query = RunQuery { limit: Some(limit.clamp(1, 500)), q: query, sort, ..RunQuery::default() };
            list(context, &client, query, state).await?;
        }
        RunsCommand::Show { run } => {
            let run = find(&client, &run).await?;
            if context.json() { output::json(&run)? } else { output::print(&about(&run))? }
        }
        RunsCommand::Logs { run, follow, verbose } => {
            let run = find(&client, &run).await?;
            let shown = if verbose { Shown::Everything } else { Shown::Words };
            follow_log(context, &client, run, shown, follow).await?;
        }
        RunsCommand::Junit { run } => {
            let run = find(&client, &run).await?;
            output::write(&client.bytes::<GetRunReport>(&[run.id.as_str()], &nothing).await?)?;
        }
        RunsCommand::Cancel { runs } => {
            for run in &runs {
                let run = find(&client, run).await?;
                done(context, &client.call::<CancelRun>(&[run.id.as_str()], &nothing).await?)?;
            }
        }
        RunsCommand::Pause { run } => {
            let run = find(&client, &run).await?;
            done(context, &client.call::<PauseRun>(&[run.id.as_str()], &nothing).await?)?;
        }
        RunsCommand::Resume { run, step } => {
            let run = find(&client, &run).await?;
            done(context, &client.call::<ResumeRunAt>(&[run.id.as_str()], &ResumeRun { step }).await?)?;
        }
        RunsCommand::Retry { run, detach } => {
            let run = find(&client, &run).await?;
            let run = client.call::<RetryRun>(&[run.id.as_str()], &nothing).await?;
            if detach {
                done(context, &run)?;
            } else {
                return watch(context, &client, run, Shown::Words).await;
            }
        }
        RunsCommand::Rm { runs } => {
            for run in &runs {
                let run = find(&client, run).await?;
                client.call::<DeleteRun>(&[run.id.as_str()], &nothing).await?;
                if !context.json() {
                    output::print(&format!("{}\n", run.id))?;
                }
            }
        }
    }
    Ok(0)
}

fn done(context: &Context, run: &Run) -> Result<()> {
    if context.json() { output::json(run) } else { output::print(&format!("{} {}\n", run.id, word(run))) }
}

async fn list(context: &Context, client: &Client, query: RunQuery, state: Option<String>) -> Result<()> {
    let state = match state {
        None => None,
        Some(text) => Some(RunState::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| {
            let known: Vec<&str> = RunState::ALL.iter().map(|state| state.as_str()).collect();
            Error::invalid(format!("there is no state '{text}'")).fix(format!("it is one of: {}", known.join(", ")))
        })?),
    };
    let page = client.call::<ListRuns>(&[], &RunQuery { state, ..query }).await?;
    if context.json() {
        return output::json(&page.items);
    }
    let now = Timestamp::now();
    let mut table = Table::new(["RUN", "SCRIPT", "STATE", "STARTED", "TOOK", "BY", "OWNER"]);
    for run in &page.items {
        let took = run.started_at.map(|start| output::duration(run.ended_at.unwrap_or(now).duration_since(start).as_secs()));
        table.row([
            cell(run.id.as_str()),
            cell(&run.script),
            toned(word(run), tone(run.state)),
            cell(output::ago(run.created_at, now)),
            cell(took.unwrap_or_default()),
            cell(cause(&run.cause)),
            cell(&run.owner),
        ]);
    }
    table.print()
}

/// The state in words.
fn word(run: &Run) -> String {
    match &run.paused {
        Some(_) => "paused".to_owned(),
        None => run.state.as_str().replace('_', " "),
    }
}

fn tone(state: RunState) -> Tone {
    match state {
        RunState::Succeeded => Tone::Good,
        RunState::Failed | RunState::TimedOut | RunState::Lost => Tone::Bad,
        RunState::Cancelled => Tone::Quiet,
        RunState::Queued | RunState::Running => Tone::Plain,
    }
}

fn cause(cause: &RunCause) -> String {
    match cause {
        RunCause::Asked => "-".to_owned(),
        RunCause::Again { run } => format!("again {run}"),
        RunCause::Schedule { name, .. } => format!("schedule {name}"),
        RunCause::Trigger { name, .. } => format!("trigger {name}"),
        RunCause::Plugin { name, .. } => format!("plugin {name}"),
    }
}

/// The run that `text` means: its id, or a part of it that no other has.
async fn find(client: &Client, text: &str) -> Result<Run> {
    match client.call::<GetRun>(&[text], &Empty {}).await {
        Err(error) if error.code == Code::NotFound && text.len() >= 4 => {}
        other => return other,
    }
    let page = client.call::<ListRuns>(&[], &RunQuery { limit: Some(500), q: Some(text.to_owned()), ..RunQuery::default() }).await?;
    let mut fit: Vec<Run> = page.items.into_iter().filter(|run| run.id.as_str().contains(text)).collect();
    match (fit.len(), fit.pop()) {
        (1, Some(run)) => Ok(run),
        (0, _) => Err(Error::not_found("run", text).fix("see them all: cto runs ls")),
        _ => Err(Error::new(Code::Ambiguous, format!("'{text}' fits several runs")).fix("give the whole id: cto runs ls")),
    }
}

/// Watches a run to its end; Ctrl-C cancels it. Its exit code.
pub async fn watch(context: &Context, client: &Client, run: Run, shown: Shown) -> Result<u8> {
    let id = run.id.clone();
    let run = tokio::select! {
        run = follow_log(context, client, run, shown, true) => run?,
        _ = tokio::signal::ctrl_c() => {
            let run = client.call::<CancelRun>(&[id.as_str()], &Empty {}).await;
            match run {
                Ok(run) => run,
                // It was over before.
                Err(error) if error.code == Code::WrongState => client.call::<GetRun>(&[id.as_str()], &Empty {}).await?,
                Err(error) => return Err(error),
            }
        }
    };
    if context.json() {
        output::json(&run)?;
    } else {
        if !run.results.is_empty() {
            output::json(&run.results)?;
        }
        if run.state != RunState::Succeeded {
            eprint(&failure(&run));
        }
    }
    Ok(match run.state {
        RunState::Succeeded => 0,
        RunState::Cancelled => 130,
        _ => FAILED,
    })
}

fn eprint(text: &str) {
    use std::io::Write as _;
    // Nothing can be done when even the error can't be told.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// How a run failed: where, why, with the last screen.
fn failure(run: &Run) -> String {
    let colour = output::coloured(&std::io::stderr());
    let error = run.error.clone().unwrap_or_default();
    let place = error.line.map(|line| format!("{}:{line}: ", output::plain(&run.script))).unwrap_or_default();
    let message = if error.message.is_empty() { format!("the run was {}", word(run)) } else { error.message };
    let mut text = format!("{} {place}{}\n", paint("error:", Tone::Bad, colour), output::plain(&message));
    if let Some(screen) = error.screen.filter(|screen| !screen.trim().is_empty()) {
        text.push_str(&boxed(&screen));
    }
    if let Some(fix) = error.fix {
        let _ = writeln!(text, "  {} {}", paint("fix:", Tone::Good, colour), output::plain(&fix));
    }
    text
}

/// A screen with a line at its side.
fn boxed(screen: &str) -> String {
    let mut text = String::new();
    let lines: Vec<&str> = screen.trim_end().lines().collect();
    for line in &lines[lines.len().saturating_sub(24)..] {
        let _ = writeln!(text, "    | {}", output::plain(line));
    }
    text
}

/// Shows a run's log from its beginning; with `on`, until it is over.
async fn follow_log(context: &Context, client: &Client, mut run: Run, shown: Shown, on: bool) -> Result<Run> {
    let (mut client, mut lost) = (client.clone(), 0);
    let mut after = 0;
    let mut paused = None;
    loop {
        let query = RunLogQuery { after, limit: None, wait: if on { NEWS } else { 0 } };
        let log = match client.call_within::<GetRunLog>(&[run.id.as_str()], &query, Duration::from_secs(u64::from(NEWS) + 20)).await {
            Err(error) if error.code == Code::ServerUnavailable && on && lost < RECONNECTS => {
                // The server has died: the next one knows what became of the run.
                if lost == 0 && shown != Shown::Nothing {
                    eprint("the server is away; asking again\n");
                }
                lost += 1;
                tokio::time::sleep(Duration::from_secs(1)).await;
                if let Ok(found) = context.client().await {
                    client = found;
                }
                continue;
            }
            answer => answer?,
        };
        lost = 0;
        run = log.run;
        for entry in &log.entries {
            after = entry.seq;
            if context.json() && shown != Shown::Nothing {
                output::print(&format!("{}\n", serde_json::json!(entry)))?;
            } else if let Some(text) = line(entry, shown) {
                output::print(&text)?;
            }
        }
        if run.paused != paused {
            paused.clone_from(&run.paused);
            if paused.is_some() && shown != Shown::Nothing {
                eprint(&format!("paused; go on with: cto runs resume {}\n", run.id));
            }
        }
        if !log.more && (run.state.is_over() || !on) {
            return Ok(run);
        }
    }
}

/// An entry for people; none where it is not to be shown.
fn line(entry: &RunEntry, shown: Shown) -> Option<String> {
    let colour = output::coloured(&std::io::stdout());
    let quiet = |text: &str| paint(&output::plain(text), Tone::Quiet, colour);
    if shown == Shown::Nothing {
        return None;
    }
    let all = shown == Shown::Everything;
    Some(match &entry.what {
        RunNote::Log { text } => text.lines().map(|line| format!("{}\n", output::plain(line))).collect(),
        RunNote::Call { text, .. } if all => format!("{}\n", quiet(&format!("  {:>4}  {text}", entry.line.map(|line| line.to_string()).unwrap_or_default()))),
        RunNote::StepBegan { name } => format!("{} {}\n", paint("▸", Tone::Quiet, colour), output::plain(name)),
        RunNote::StepEnded { name, ms, error: None, .. } => {
            format!("{} {} {}\n", paint("✓", Tone::Good, colour), output::plain(name), quiet(&format!("{ms} ms")))
        }
        RunNote::StepEnded { name, error: Some(error), .. } => format!("{} {}: {}\n", paint("✗", Tone::Bad, colour), output::plain(name), output::plain(error)),
        RunNote::Screen { label, text } if all => format!("{}\n{}", quiet(label), boxed(text)),
        RunNote::Paused { why } => format!("{}\n", paint(&output::plain(why), Tone::Warn, colour)),
        RunNote::Left { entries } => format!("{}\n", quiet(&format!("{entries} entries more are not kept"))),
        RunNote::Call { .. } | RunNote::Screen { .. } => return None,
    })
}

/// What is known of a run, for people.
fn about(run: &Run) -> String {
    let mut text = String::new();
    let mut row = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<11} {}", output::plain(&value));
    };
    row("run", run.id.to_string());
    row("script", run.script.clone());
    row("state", word(run));
    row("owner", run.owner.clone());
    row("started by", cause(&run.cause));
    for (name, value) in &run.params {
        row("parameter", format!("{name} = {value}"));
    }
    row("asked for", run.created_at.to_string());
    if let (Some(start), Some(end)) = (run.started_at, run.ended_at) {
        row("took", format!("{:.1} s", end.duration_since(start).as_secs_f64()));
    }
    row("steps", format!("{} done, {} failed", run.steps.0, run.steps.1));
    for session in &run.sessions {
        row("session", session.to_string());
    }
    for (name, value) in &run.results {
        row("result", format!("{name} = {value}"));
    }
    if run.state.is_over() && run.state != RunState::Succeeded {
        text.push_str(&failure(run));
    }
    text
}
