//! Does one thing to several containers at once; one that fails does not keep the others.
use super::bulk::BulkJob;
use super::bulk::BulkNews;
use super::bulk::BulkStep;
use super::bulk::End;
use super::bulk::Outcome;
use super::bulk::Work;
use super::effects::ask;
use super::msg::Msg;
use crate::client::Client;
use crate::client::ExecEvent;
use crate::client::Moved;
use crate::client::copy_in;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::ContainerId;
use crate::model::ExecStart;
use crate::model::PathQuery;
use crate::model::Size;
use crate::term::Transcript;
use futures_util::StreamExt as _;
use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;
use std::process::Stdio;
use tokio::io::AsyncReadExt as _;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Containers at once: enough to be quick, few enough for the engine.
const AT_ONCE: usize = 8;
/// Bytes of output that are kept of each; what comes after them is left out, and said so.
const MOST_KEPT: usize = 256 << 10;
/// The screen that output is drawn on to become lines: wide, so that few are broken.
const SCREEN: Size = Size { cols: 400, rows: 40 };

/// Jobs that are under way.
#[derive(Debug, Default)]
pub(super) struct Bulks(HashMap<u64, CancellationToken>);

impl Bulks {
    /// Begins a job; news of it follow.
    pub fn start(&mut self, job: BulkJob, client: &Client, told: &mpsc::Sender<Msg>) {
        let stop = CancellationToken::new();
        self.0.retain(|_, known| !known.is_cancelled());
        self.0.insert(job.id, stop.clone());
        let (client, told) = (client.clone(), told.clone());
        tokio::spawn(async move {
            let work = |(place, step): (usize, BulkStep)| one(job.id, place, step, &client, &told, &stop);
            let outcomes: Vec<(String, Outcome)> = futures_util::stream::iter(job.steps.into_iter().enumerate()).map(work).buffered(AT_ONCE).collect().await;
            stop.cancel();
            // Nobody listens only when the program ends.
            let _ = told.send(Msg::Bulk(job.id, BulkNews::Over(job.verb, outcomes))).await;
        });
    }

    /// What has not begun is left out; programs and copies under way are ended. What the server was asked for already is done.
    pub fn stop(&mut self, id: u64) {
        if let Some(stop) = self.0.remove(&id) {
            stop.cancel();
        }
    }
}

async fn one(id: u64, place: usize, step: BulkStep, client: &Client, told: &mpsc::Sender<Msg>, stop: &CancellationToken) -> (String, Outcome) {
    let outcome = if stop.is_cancelled() {
        Outcome { end: End::Cancelled, told: "left out".to_owned(), lines: Vec::new() }
    } else {
        let _ = told.send(Msg::Bulk(id, BulkNews::Began(place))).await;
        match work(&step.work, client, stop).await {
            Ok(outcome) => outcome,
            Err(error) => {
                let end = if error.code == Code::Cancelled { End::Cancelled } else { End::Failed };
                let fix = error.fix.iter().map(|fix| format!("fix: {fix}"));
                Outcome { end, told: error.message.clone(), lines: std::iter::once(error.message.clone()).chain(fix).collect() }
            }
        }
    };
    let _ = told.send(Msg::Bulk(id, BulkNews::Ended(place, outcome.clone()))).await;
    (step.name, outcome)
}

async fn work(work: &Work, client: &Client, stop: &CancellationToken) -> Result<Outcome> {
    let cancelled = || Error::new(Code::Cancelled, "cancelled");
    match work {
        Work::Ask(request) => {
            ask(client, request).await?;
            Ok(Outcome { end: End::Done, told: "done".to_owned(), lines: Vec::new() })
        }
        Work::Run(container, command) => tokio::select! {
            outcome = run(client, container, command) => outcome,
            () = stop.cancelled() => Err(cancelled()),
        },
        Work::Here(command) => tokio::select! {
            outcome = here(command) => outcome,
            () = stop.cancelled() => Err(cancelled()),
        },
        Work::Put(container, files, into) => put(client, container, files, into, stop).await,
    }
}

/// Output as lines, with what was left out of it.
#[derive(Default)]
struct Output {
    bytes: Vec<u8>,
    more: bool,
}

impl Output {
    fn add(&mut self, bytes: &[u8]) {
        let room = MOST_KEPT - self.bytes.len();
        self.more |= bytes.len() > room;
        self.bytes.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
    }

    fn outcome(self, code: i64) -> Outcome {
        // Without a terminal, lines end without a return.
        let mut text = Vec::with_capacity(self.bytes.len());
        for byte in self.bytes {
            if byte == b'\n' {
                text.push(b'\r');
            }
            text.push(byte);
        }
        let mut transcript = Transcript::new(SCREEN);
        let drawn = transcript.feed(&text) + &transcript.finish();
        let mut lines: Vec<String> = drawn.lines().map(str::to_owned).collect();
        let said = |mut lines: Box<dyn Iterator<Item = &String> + '_>| lines.find(|line| !line.trim().is_empty()).map(|line| line.trim().to_owned());
        let told = match code {
            0 => said(Box::new(lines.iter())).unwrap_or_else(|| "done".to_owned()),
            // What went wrong mostly stands last.
            code => said(Box::new(lines.iter().rev())).map_or_else(|| format!("exit {code}"), |last| format!("exit {code}: {last}")),
        };
        if self.more {
            lines.push(format!("… the rest is left out: only {} KiB are kept", MOST_KEPT >> 10));
        }
        Outcome { end: if code == 0 { End::Done } else { End::Failed }, told, lines }
    }
}

async fn run(client: &Client, container: &ContainerId, command: &[String]) -> Result<Outcome> {
    let mut stream = client.exec(container.as_str(), ExecStart { command: command.to_vec(), ..ExecStart::default() }).await?;
    let mut output = Output::default();
    while let Some(event) = stream.receiver.next().await {
        match event? {
            ExecEvent::Started => {}
            ExecEvent::Stdout(bytes) | ExecEvent::Stderr(bytes) => output.add(&bytes),
            ExecEvent::Exit(code) => return Ok(output.outcome(code)),
        }
    }
    Err(Error::new(Code::ServerUnavailable, "the server went away before the program ended"))
}

/// Runs a program of this machine: its words as they are, never by a shell.
async fn here(command: &[String]) -> Result<Outcome> {
    let (program, arguments) = command.split_first().ok_or_else(|| Error::invalid("the command is empty"))?;
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| Error::invalid(format!("'{program}' can't be run: {error}")).fix("name a program that is installed here").because(error))?;
    let mut output = Output::default();
    let (mut out, mut err) = (child.stdout.take(), child.stderr.take());
    let (mut first, mut second) = ([0; 4096], [0; 4096]);
    while out.is_some() || err.is_some() {
        tokio::select! {
            read = async { out.as_mut()?.read(&mut first).await.ok() }, if out.is_some() => match read {
                Some(count @ 1..) => output.add(first.get(..count).unwrap_or_default()),
                _ => out = None,
            },
            read = async { err.as_mut()?.read(&mut second).await.ok() }, if err.is_some() => match read {
                Some(count @ 1..) => output.add(second.get(..count).unwrap_or_default()),
                _ => err = None,
            },
        }
    }
    let status = child.wait().await.map_err(|error| Error::internal(format!("'{program}' was lost: {error}")))?;
    // A program that a signal ended counts as a shell counts it.
    let code = status.code().map_or_else(|| 128 + i64::from(std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or(0)), i64::from);
    Ok(output.outcome(code))
}

async fn put(client: &Client, container: &ContainerId, files: &[PathBuf], into: &str, stop: &CancellationToken) -> Result<Outcome> {
    let moved = Moved::default();
    let (mut count, mut left_out) = (0, Vec::new());
    for file in files {
        let shown = file.display().to_string();
        let whole = std::path::absolute(file).map_err(|error| Error::invalid(format!("'{shown}' can't be used: {error}")))?;
        let name = whole.file_name().map(PathBuf::from).filter(|name| name != Path::new("/"));
        let name = name.ok_or_else(|| Error::invalid(format!("'{shown}' has no name that it could have in the container")))?;
        let packed = copy_in(client, container.as_str(), &PathQuery::new(into.as_bytes()), whole, Some(name), &moved, stop.cancelled()).await?;
        count += packed.files;
        left_out.extend(packed.left_out);
    }
    let rest = if left_out.is_empty() { String::new() } else { format!(", {} left out", left_out.len()) };
    Ok(Outcome { end: End::Done, told: format!("{count} files copied{rest}"), lines: left_out })
}
