//! Waiting for operations: how far they are on one line, and cancelled with Ctrl-C.
use crate::cli::cancelled;
use crate::cli::output;
use crate::client::Client;
use crate::client::StreamUpdate;
use crate::error::Error;
use crate::error::Result;
use crate::model::CancelOperation;
use crate::model::Empty;
use crate::model::Event;
use crate::model::GetOperation;
use crate::model::Operation;
use crate::model::OperationState;
use crate::model::ProgressUnit;
use crate::model::StreamMessage;
use crate::model::Topic;
use std::io::IsTerminal as _;
use std::io::Write as _;
use std::time::Duration;
use std::time::Instant;

/// How long the end of a cancelled operation is waited for.
const CANCEL_PATIENCE: Duration = Duration::from_secs(20);
/// An operation whose news do not arrive is asked for after this time.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// Why there is no result.
pub enum Left {
    /// It was cancelled here, but done before the cancel arrived.
    Done(Box<Operation>),
    /// It failed, or was cancelled.
    Failed(Error),
}

impl From<Error> for Left {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Waits until an operation has succeeded, showing how far it is; Ctrl-C cancels it.
pub async fn ended(client: &Client, mut operation: Operation) -> Result<Operation, Left> {
    let mut progress = Line::new();
    let cancel = tokio::signal::ctrl_c();
    tokio::pin!(cancel);
    let mut news = None;
    while operation.state == OperationState::Running {
        progress.show(&operation);
        let update = next(client, &operation, &mut news);
        operation = tokio::select! {
            operation = update => operation?,
            _ = &mut cancel => {
                progress.clear();
                return Err(cancel_and_wait(client, &operation).await?);
            }
        };
    }
    progress.clear();
    match (operation.state, operation.problem.take()) {
        (OperationState::Succeeded, _) => Ok(operation),
        (OperationState::Cancelled, _) => Err(cancelled(&operation.title).into()),
        (_, Some(problem)) => Err(Error::from(problem).into()),
        _ => Err(Error::internal(format!("'{}' ended without a result", operation.title)).into()),
    }
}

/// The operation when it has moved.
async fn next(client: &Client, operation: &Operation, news: &mut Option<crate::client::Stream>) -> Result<Operation> {
    if news.is_none() {
        let stream = client.stream().await?;
        stream.subscribe(Topic::Events).await;
        *news = Some(stream);
        // It may have moved before anybody listened.
        return client.call::<GetOperation>(&[operation.id.as_str()], &Empty {}).await;
    }
    let moved = async {
        while let Some(stream) = news.as_mut() {
            match stream.next().await {
                StreamUpdate::Message(message) => {
                    if let StreamMessage::Event { event, .. } = message
                        && let Event::OperationChanged { operation: moved } = event.event
                        && moved.id == operation.id
                    {
                        return Some(*moved);
                    }
                }
                _ => return None,
            }
        }
        None
    };
    match tokio::time::timeout(ASK_AGAIN, moved).await {
        Ok(Some(operation)) => Ok(operation),
        _ => client.call::<GetOperation>(&[operation.id.as_str()], &Empty {}).await,
    }
}

/// Cancels and waits until it is really over, so that nothing is left behind unsaid.
async fn cancel_and_wait(client: &Client, operation: &Operation) -> Result<Left> {
    let started = Instant::now();
    let mut operation = client.call::<CancelOperation>(&[operation.id.as_str()], &Empty {}).await?;
    while operation.state == OperationState::Running && started.elapsed() < CANCEL_PATIENCE {
        tokio::time::sleep(Duration::from_millis(50)).await;
        operation = client.call::<GetOperation>(&[operation.id.as_str()], &Empty {}).await?;
    }
    Ok(match operation.state {
        OperationState::Succeeded => Left::Done(Box::new(operation)),
        _ => Left::Failed(cancelled(&operation.title)),
    })
}

/// Waits as [`ended`] does; what was done all the same is told in words.
pub async fn done(client: &Client, operation: Operation) -> Result<Operation> {
    ended(client, operation).await.map_err(|left| match left {
        Left::Done(operation) => cancelled("waiting").fix(format!("'{}' was done all the same", operation.title)),
        Left::Failed(error) => error,
    })
}

/// One line on standard error that says how far an operation is.
struct Line {
    terminal: bool,
    shown: bool,
    rate: Option<(Instant, u64, u64)>,
}

impl Line {
    fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), shown: false, rate: None }
    }

    fn show(&mut self, operation: &Operation) {
        if !self.terminal {
            return;
        }
        let progress = &operation.progress;
        let mut text = if progress.phase.is_empty() { operation.title.clone() } else { progress.phase.clone() };
        if progress.total > 0 {
            match progress.unit {
                ProgressUnit::Bytes => {
                    text.push_str(&format!("  {} of {}{}", output::bytes(progress.done), output::bytes(progress.total), self.rate(progress.done)))
                }
                ProgressUnit::Steps => text.push_str(&format!("  step {} of {}", progress.done, progress.total)),
            }
        }
        if let Some(line) = &progress.line {
            text.push_str("  ");
            text.push_str(line);
        }
        let width = usize::from(output::terminal_size().0).saturating_sub(1);
        let text: String = output::plain(&text).chars().take(width).collect();
        let mut err = std::io::stderr().lock();
        // A terminal that is gone needs no progress.
        let _ = write!(err, "\r\x1b[K{text}").and_then(|()| err.flush());
        self.shown = true;
    }

    /// Bytes a second, looked at once a second at most so that the number can be read.
    fn rate(&mut self, done: u64) -> String {
        let (at, before, rate) = *self.rate.get_or_insert((Instant::now(), done, 0));
        let passed = at.elapsed();
        let mut now = rate;
        if passed >= Duration::from_secs(1) {
            now = done.saturating_sub(before) * 1000 / u64::try_from(passed.as_millis()).unwrap_or(u64::MAX).max(1);
            self.rate = Some((Instant::now(), done, now));
        }
        if now == 0 { String::new() } else { format!(", {} a second", output::bytes(now)) }
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let mut err = std::io::stderr().lock();
            let _ = write!(err, "\r\x1b[K").and_then(|()| err.flush());
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.clear();
    }
}
