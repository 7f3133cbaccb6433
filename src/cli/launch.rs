//! `cto run`: launching a container, with progress and cancel.
use crate::cli::args::RunArgs;
use crate::cli::cancelled;
use crate::cli::containers;
use crate::cli::context::Context;
use crate::cli::context::on_terminal;
use crate::cli::operation;
use crate::cli::operation::Left;
use crate::cli::output;
use crate::cli::terminal;
use crate::client::Client;
use crate::config::Catalogue;
use crate::config::references;
use crate::error::Error;
use crate::error::Result;
use crate::model::Container;
use crate::model::CreateContainer;
use crate::model::CreateContainerFrom;
use crate::model::DryRun;
use crate::model::Empty;
use crate::model::GetContainer;
use crate::model::InlineTemplate;
use crate::model::LogQuery;
use crate::model::RenderTemplate;
use crate::model::Size;
use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

/// `cto run`.
pub async fn run(context: &Context, args: RunArgs) -> Result<u8> {
    let mut request = request(context, &args.template, args.name, args.set)?;
    let client = context.client().await?;
    if args.dry_run {
        let plan = client.dry_run::<CreateContainerFrom, DryRun>(&[], &request).await?;
        return output::dry_run(context.json(), &plan).map(|()| 0);
    }
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
        let references = references(&inline.text, &dir)?;
        return Ok(CreateContainer { inline: Some(inline), base_dir: base_dir(&dir), references, ..request });
    }
    // A server has no working directory, so the client looks for the project's templates.
    if let Some(project) = Context::project() {
        let entry = Catalogue::of_project(&project, &context.paths).find(template);
        match entry {
            Ok(entry) => {
                let (inline, dir) = read(entry.path.as_deref().unwrap_or(template), &here)?;
                // A server elsewhere does not know what the project's templates extend.
                let inline = if inline.text.contains("\"extends\"") {
                    let text =
                        serde_json::to_string_pretty(&entry.template).map_err(|error| Error::internal(format!("a template does not become JSON: {error}")))?;
                    InlineTemplate { text, ..inline }
                } else {
                    inline
                };
                let references = references(&inline.text, &dir)?;
                return Ok(CreateContainer { inline: Some(inline), base_dir: base_dir(&project), references, ..request });
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
    let path = std::path::absolute(file).unwrap_or_else(|_| here.join(file));
    let dir = path.parent().map_or_else(|| here.to_path_buf(), Path::to_path_buf);
    let text = crate::config::flatten_template(file, &text, &dir)?;
    crate::config::parse_template(file, &text)?;
    Ok((InlineTemplate { source: file.to_owned(), text }, dir))
}

/// Launches a container and waits for it, showing how far it is; Ctrl-C cancels it.
async fn launch(client: &Client, request: &CreateContainer) -> Result<Container> {
    let operation = client.call_operation::<CreateContainerFrom>(&[], request, Duration::ZERO).await?;
    let operation = operation::ended(client, operation).await.map_err(|left| match left {
        // It was done before the cancel arrived.
        Left::Done(operation) => {
            cancelled("waiting").fix(format!("'{}' was launched all the same; remove it: cto rm -f {}", operation.target, operation.target))
        }
        Left::Failed(error) => error,
    })?;
    let title = operation.title;
    operation.result.ok_or_else(|| Error::internal(format!("'{title}' ended without a result")))
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
