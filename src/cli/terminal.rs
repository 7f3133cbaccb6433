//! What opens the terminal client: `cto` itself, `attach`, `shell`, `exec -t`, and `run` when it attaches.
use crate::cli::args::PlaceArgs;
use crate::cli::args::ShellArgs;
use crate::cli::context::Context;
use crate::cli::context::on_terminal;
use crate::cli::exec;
use crate::cli::output;
use crate::client::Client;
use crate::config::Files;
use crate::config::LoadedConfig;
use crate::config::theme;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::Container;
use crate::model::CreateSession;
use crate::model::Empty;
use crate::model::GetContainer;
use crate::model::GetLayout;
use crate::model::GetSession;
use crate::model::ListQuery;
use crate::model::ListSessions;
use crate::model::OpenSession;
use crate::model::Place;
use crate::model::Session;
use crate::model::SessionState;
use crate::model::Size;
use crate::tui;
use std::time::Duration;

/// How often the files of the configuration are looked at.
const PAUSE: Duration = Duration::from_millis(500);
/// The exit code of a program that a signal asked to end: what a shell reports for SIGTERM.
const TERMINATED: u8 = 143;

/// `cto`: everything.
pub async fn home(context: &Context) -> Result<u8> {
    needs_terminal()?;
    let client = context.client().await?;
    begin(context, client, tui::Start::Home).await
}

/// `cto layout open`.
pub async fn open_layout(context: &Context, name: String) -> Result<u8> {
    needs_terminal()?;
    let client = context.client().await?;
    // What is not there is said here, not on a screen that goes away.
    client.call::<GetLayout>(&[&name], &Empty {}).await?;
    begin(context, client, tui::Start::Layout(name)).await
}

async fn begin(context: &Context, client: Client, start: tui::Start) -> Result<u8> {
    match show(context, client, start).await? {
        tui::Exit::Terminated => Ok(TERMINATED),
        _ => Ok(0),
    }
}

/// `cto attach`.
pub async fn attach(context: &Context, target: &str) -> Result<u8> {
    needs_terminal()?;
    let client = context.client().await?;
    if target.starts_with("ses_") {
        let session = client.call::<GetSession>(&[target], &Empty {}).await?;
        return session_alone(context, client, session).await;
    }
    let container = client.call::<GetContainer>(&[target], &Empty {}).await?;
    attach_main(context, &client, &container).await
}

/// Attaches to a container's main program, or to its newest session when that has no terminal.
pub async fn attach_main(context: &Context, client: &Client, container: &Container) -> Result<u8> {
    if container.tty {
        let open = OpenSession { container: container.id.0.clone(), main: true, size: Some(size()), ..OpenSession::default() };
        let session = client.call::<CreateSession>(&[], &open).await?;
        return session_alone(context, client.clone(), session).await;
    }
    let sessions = Context::all::<ListSessions, Session>(client, ListQuery::default()).await?;
    let newest = sessions.into_iter().rfind(|session| session.container == container.id && session.state == SessionState::Live);
    match newest {
        Some(session) => session_alone(context, client.clone(), session).await,
        None => Err(Error::new(Code::WrongState, format!("the main program of '{}' has no terminal, and there is no session in it", container.name))
            .fix(format!("open one: cto shell {}; or see what it prints: cto logs -f {}", container.name, container.name))),
    }
}

/// `cto shell`.
pub async fn shell(context: &Context, args: ShellArgs) -> Result<u8> {
    open(context, args.container, args.command, args.place).await
}

/// Opens a session and attaches to it; without a command it is the user's shell.
pub async fn open(context: &Context, container: String, command: Vec<String>, place: PlaceArgs) -> Result<u8> {
    let environment = exec::environment(&place)?;
    // Before anything is opened that nobody could see.
    needs_terminal()?;
    let client = context.client().await?;
    let open = OpenSession { container, command, environment, user: place.user, working_dir: place.workdir, size: Some(size()), ..OpenSession::default() };
    let session = client.call::<CreateSession>(&[], &open).await?;
    session_alone(context, client, session).await
}

/// Shows one session over the whole terminal; the exit code is its program's.
async fn session_alone(context: &Context, client: Client, session: Session) -> Result<u8> {
    let id = session.id.clone();
    let name = session.container_name.clone();
    match show(context, client, tui::Start::Session(Box::new(session))).await? {
        tui::Exit::SessionEnded(exit) => Ok(exit.and_then(|exit| exit.code).map_or(0, |code| u8::try_from(code & 0xff).unwrap_or(1))),
        tui::Exit::Left => output::print(&format!("detached from {name}; it goes on: cto attach {id}\n")).map(|()| 0),
        tui::Exit::Terminated => Ok(TERMINATED),
    }
}

/// `cto rec play` on a terminal.
pub async fn play(context: &Context, play: tui::Play) -> Result<u8> {
    match tui::play(play, themes(context)).await? {
        tui::Exit::Terminated => Ok(TERMINATED),
        _ => Ok(0),
    }
}

/// The themes, with the configured one chosen; a mistake in its file is told.
fn themes(context: &Context) -> tui::Themes {
    let name = context.config().theme.0;
    let all = theme::all(&context.paths);
    if let Some(Err(detail)) = all.get(&name) {
        output::warn(detail);
    }
    tui::Themes::new(all, &name, |name| std::env::var(name).ok())
}

async fn show(context: &Context, client: Client, start: tui::Start) -> Result<tui::Exit> {
    let config = context.config();
    let settings = tui::Settings {
        keys: config.keys.clone(),
        commands: config.commands.clone(),
        themes: theme::all(&context.paths),
        theme: config.theme.0,
        scrollback: config.terminal.scrollback as usize,
        confirm_paste: config.terminal.confirm_paste,
        plain: config.accessible,
        shown: shown(&context.loaded(), context),
        mistake: None,
    };
    let tour = start == tui::Start::Home && is_first_run(context);
    tui::run(tui::Options { client, start, tour, settings, changes: changes(context) }).await
}

/// Whether this user has never been here. From now on they have: a tour that can't be remembered would come again and again.
fn is_first_run(context: &Context) -> bool {
    context.paths.prepare().is_ok() && std::fs::OpenOptions::new().write(true).create_new(true).open(context.paths.tour_mark()).is_ok()
}

/// Waits for changes of the files that the client's configuration comes from.
fn changes(context: &Context) -> tui::Changes {
    let context = context.clone();
    let look = |loaded: &LoadedConfig, context: &Context| {
        let folders = theme::folders(&context.paths);
        Files::look(loaded.files.iter().map(|(file, _)| file).chain(&loaded.referred).chain(&folders).map(std::path::PathBuf::as_path))
    };
    let mut loaded = context.loaded();
    let mut seen = look(&loaded, &context);
    Box::new(move || {
        loop {
            std::thread::sleep(PAUSE);
            let now = look(&loaded, &context);
            if now != seen {
                break;
            }
        }
        loaded = context.loaded();
        seen = look(&loaded, &context);
        let themes = theme::all(&context.paths);
        let of_theme = themes.get(&loaded.config.theme.0).and_then(|theme| theme.as_ref().err()).cloned();
        let config = loaded.config.clone();
        tui::Settings {
            keys: config.keys.clone(),
            commands: config.commands.clone(),
            themes,
            theme: config.theme.0,
            scrollback: config.terminal.scrollback as usize,
            confirm_paste: config.terminal.confirm_paste,
            plain: config.accessible,
            shown: shown(&loaded, &context),
            mistake: loaded.complaints.first().map(line).or(of_theme),
        }
    })
}

/// What the view of the settings shows.
fn shown(loaded: &LoadedConfig, context: &Context) -> tui::ShownSettings {
    let mistakes = loaded.complaints.iter().map(line).collect();
    tui::ShownSettings { items: crate::config::shown_settings(loaded), paths: Some(context.paths.clone()), mistakes }
}

/// A mistake with its place, in one line.
fn line(place: &Place) -> String {
    output::show_place(place, None, false).lines().next().unwrap_or_default().trim().to_owned()
}

/// The size of the one pane that the client will show: a program that looks at it at once finds it right.
fn size() -> Size {
    let (cols, rows) = output::terminal_size();
    let pane = tui::view::areas(Size { cols, rows }).middle;
    Size { cols: pane.width, rows: pane.height }.clamped()
}

fn needs_terminal() -> Result<()> {
    if on_terminal() {
        return Ok(());
    }
    Err(Error::invalid("this needs a terminal, and standard input or output is none")
        .fix("use 'cto exec' for single commands, and commands such as 'cto ps --json'; see 'cto help'"))
}
