//! `cto run`: launching a container, with progress and cancel.
use crate::cli::args::RunArgs;
use crate::cli::cancelled;
use crate::cli::containers;
use crate::cli::context::Context;
use crate::cli::context::on_terminal;
use crate::cli::output;
use crate::cli::terminal;
use crate::client::Client;
use crate::client::StreamUpdate;
use crate::config::Catalogue;
use crate::error::Error;
use crate::error::Result;
use crate::model::CancelOperation;
use crate::model::Container;
use crate::model::CreateContainer;
use crate::model::CreateContainerFrom;
use crate::model::Empty;
use crate::model::Event;
use crate::model::GetContainer;
use crate::model::GetOperation;
use crate::model::InlineTemplate;
use crate::model::LogQuery;
use crate::model::Operation;
use crate::model::OperationState;
use crate::model::ProgressUnit;
use crate::model::RenderTemplate;
use crate::model::Size;
use crate::model::StreamMessage;
use crate::model::Topic;
use std::io::IsTerminal as _;
use std::io::Read as _;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

/// How long the end of a cancelled operation is waited for.
const CANCEL_PATIENCE: Duration = Duration::from_secs(20);
/// An operation whose news do not arrive is asked for after this time.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// `cto run`.
pub async fn run(context: &Context, args: RunArgs) -> Result<u8> {
    let mut request = request(context, &args.template, args.name, args.set)?;
    let client = context.client().await?;
    let attach = !args.detach && !context.json();
    if attach && !on_terminal() && client.call::<RenderTemplate>(&[], &request).await?.spec.interactive {
        return Err(Error::invalid(format!("'{}' is interactive, and there is no terminal to attach it to", args.template))
            .fix("launch it with -d, then use 'cto exec', 'cto sessions input' and 'cto sessions screen'"));
    }
    if on_terminal() {
        let (cols, rows) = output::terminal_size();
        request.size = Some(Size { cols, rows }.clamped());
    }
    let container = launch(&client, &request).await?;
    if context.json() {
        return output::json(&container).map(|()| 0);
    }
    if !attach {
        return output::print(&format!("{}\n", container.name)).map(|()| 0);
    }
    if container.tty && on_terminal() {
        return terminal::attach_main(context, &client, &container).await;
    }
    follow(&client, &container).await
}

/// What to ask for: a template by name, a project's template, or a file's text.
///
/// # Errors
/// When the file can't be read or has mistakes.
pub fn request(context: &Context, template: &str, name: Option<String>, set: Vec<(String, String)>) -> Result<CreateContainer> {
    let here = Context::here()?;
    let request = CreateContainer { name, set: set.into_iter().collect(), ..CreateContainer::default() };
    // A path on this machine means nothing to a server elsewhere.
    let base_dir = |dir: &Path| context.global.server.is_none().then(|| dir.display().to_string());
    if template == "-" || template.contains('/') || Path::new(template).extension().is_some_and(|kind| kind == "json") {
        let (inline, dir) = read(template, &here)?;
        return Ok(CreateContainer { inline: Some(inline), base_dir: base_dir(&dir), ..request });
    }
    // A server has no working directory, so the client looks for the project's templates.
    if let Some(project) = Context::project() {
        let entry = Catalogue::of_project(&project).find(template);
        match entry {
            Ok(entry) => {
                let (inline, _) = read(entry.path.as_deref().unwrap_or(template), &here)?;
                return Ok(CreateContainer { inline: Some(inline), base_dir: base_dir(&project), ..request });
            }
            Err(error) if !error.places.is_empty() => return Err(error),
            Err(_) => {}
        }
    }
    Ok(CreateContainer { template: Some(template.to_owned()), base_dir: base_dir(&here), ..request })
}

/// A template's text, and the directory that its relative paths start from.
fn read(file: &str, here: &Path) -> Result<(InlineTemplate, PathBuf)> {
    if file == "-" {
        let mut text = String::new();
        std::io::stdin()
            .take(1 << 20)
            .read_to_string(&mut text)
            .map_err(|error| Error::invalid(format!("standard input can't be read: {error}")).because(error))?;
        crate::config::parse_template("standard input", &text)?;
        return Ok((InlineTemplate { source: "standard input".to_owned(), text }, here.to_path_buf()));
    }
    let text = crate::config::read_file(Path::new(file)).map_err(|place| Error::invalid(format!("'{file}' {}", place.detail)))?;
    crate::config::parse_template(file, &text)?;
    let path = std::path::absolute(file).unwrap_or_else(|_| here.join(file));
    let dir = path.parent().map_or_else(|| here.to_path_buf(), Path::to_path_buf);
    Ok((InlineTemplate { source: file.to_owned(), text }, dir))
}

/// Launches a container and waits for it, showing how far it is; Ctrl-C cancels it.
async fn launch(client: &Client, request: &CreateContainer) -> Result<Container> {
    let mut operation = client.call_operation::<CreateContainerFrom>(&[], request, Duration::ZERO).await?;
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
                return cancel_and_wait(client, &operation).await;
            }
        };
    }
    progress.clear();
    finished(operation)
}

/// What a finished operation made, or why it did not.
fn finished(operation: Operation) -> Result<Container> {
    match (operation.state, operation.problem, operation.result) {
        (OperationState::Succeeded, _, Some(container)) => Ok(container),
        (OperationState::Cancelled, ..) => Err(cancelled(&operation.title)),
        (_, Some(problem), _) => Err(problem.into()),
        _ => Err(Error::internal(format!("'{}' ended without a result", operation.title))),
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
async fn cancel_and_wait(client: &Client, operation: &Operation) -> Result<Container> {
    let started = Instant::now();
    let mut operation = client.call::<CancelOperation>(&[operation.id.as_str()], &Empty {}).await?;
    while operation.state == OperationState::Running && started.elapsed() < CANCEL_PATIENCE {
        tokio::time::sleep(Duration::from_millis(50)).await;
        operation = client.call::<GetOperation>(&[operation.id.as_str()], &Empty {}).await?;
    }
    match operation.state {
        // It was done before the cancel arrived.
        OperationState::Succeeded => {
            Err(cancelled("waiting").fix(format!("'{}' was launched all the same; remove it: cto rm -f {}", operation.target, operation.target)))
        }
        _ => Err(cancelled(&operation.title)),
    }
}

/// Passes on what a container without a terminal prints until it ends, as docker run does; the exit code is the program's.
async fn follow(client: &Client, container: &Container) -> Result<u8> {
    let query = LogQuery { follow: true, ..LogQuery::default() };
    tokio::select! {
        shown = containers::stream_logs(client, container.id.as_str(), &query) => shown?,
        _ = tokio::signal::ctrl_c() => {
            return Err(cancelled("watching").fix(format!("'{}' goes on; stop it: cto stop {}", container.name, container.name)));
        }
    }
    let ended = client.call::<GetContainer>(&[container.id.as_str()], &Empty {}).await?;
    Ok(ended.exit_code.map_or(0, |code| u8::try_from(code & 0xff).unwrap_or(1)))
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
