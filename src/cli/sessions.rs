//! `cto sessions`: listing, closing, typing and looking.
use crate::cli::context::Context;
use crate::cli::output;
use crate::cli::output::Table;
use crate::cli::output::Tone;
use crate::cli::output::cell;
use crate::cli::output::toned;
use crate::cli::sessions_args::Format;
use crate::cli::sessions_args::SessionsArgs;
use crate::cli::sessions_args::SessionsCommand;
use crate::client::Client;
use crate::error::Error;
use crate::error::Result;
use crate::model::CloseSession;
use crate::model::Code;
use crate::model::Empty;
use crate::model::ExitReason;
use crate::model::GetScreen;
use crate::model::ListQuery;
use crate::model::ListSessions;
use crate::model::ScreenFormat;
use crate::model::ScreenQuery;
use crate::model::Session;
use crate::model::SessionInput;
use crate::model::SessionKind;
use crate::model::SessionState;
use crate::model::TypeIntoSession;
use crate::term::safe_text;
use base64::Engine as _;
use jiff::Timestamp;
use std::io::IsTerminal as _;
use std::io::Read as _;

/// Bytes typed with one request.
const CHUNK: usize = 32 << 10;

/// `cto sessions`.
pub async fn sessions(context: &Context, args: SessionsArgs) -> Result<()> {
    let client = context.client().await?;
    match args.command.unwrap_or(SessionsCommand::Ls) {
        SessionsCommand::Ls => list(context, &client).await,
        SessionsCommand::Close { session } => {
            let session = find(&client, &session).await?;
            client.call::<CloseSession>(&[session.id.as_str()], &Empty {}).await?;
            if context.json() { Ok(()) } else { output::print(&format!("{}\n", session.id)) }
        }
        SessionsCommand::Input { session, text, enter } => input(&client, &session, text, enter).await,
        SessionsCommand::Screen { session, format } => screen(context, &client, &session, format).await,
    }
}

async fn list(context: &Context, client: &Client) -> Result<()> {
    let sessions = Context::all::<ListSessions, Session>(client, ListQuery::default()).await?;
    if context.json() {
        return output::json(&sessions);
    }
    let now = Timestamp::now();
    let mut table = Table::new(["CONTAINER", "PROGRAM", "STATE", "SIZE", "VIEWERS", "OPENED", "OWNER", "ID"]);
    for session in &sessions {
        let (state, tone) = state(session);
        table.row([
            cell(&session.container_name),
            cell(if session.title.is_empty() { session.command.join(" ") } else { session.title.clone() }),
            toned(state, tone),
            cell(session.size.to_string()),
            cell(session.viewers.to_string()),
            cell(output::ago(session.created_at, now)),
            cell(&session.owner),
            toned(session.id.as_str(), Tone::Quiet),
        ]);
    }
    table.print()
}

fn state(session: &Session) -> (String, Tone) {
    match (session.state, &session.exit) {
        (SessionState::Live, _) => ("● live".to_owned(), Tone::Good),
        (SessionState::Ended, None) => ("○ ended".to_owned(), Tone::Quiet),
        (SessionState::Ended, Some(exit)) => match (exit.reason, exit.code) {
            (ExitReason::OomKilled, _) => ("✖ out of memory".to_owned(), Tone::Bad),
            (ExitReason::Lost, _) => ("✖ lost".to_owned(), Tone::Bad),
            (ExitReason::Closed, _) => ("○ closed".to_owned(), Tone::Quiet),
            (ExitReason::Stopped, _) => ("○ stopped".to_owned(), Tone::Quiet),
            (ExitReason::Exited, Some(code)) if code != 0 => (format!("✖ exit {code}"), Tone::Bad),
            (ExitReason::Exited, _) => ("○ ended".to_owned(), Tone::Quiet),
        },
    }
}

/// The session that `text` means: its id, a part of it that no other has, or a container: its main program, or the only other one.
pub(super) async fn find(client: &Client, text: &str) -> Result<Session> {
    let sessions = Context::all::<ListSessions, Session>(client, ListQuery::default()).await?;
    if let Some(session) = sessions.iter().find(|session| session.id.as_str() == text) {
        return Ok(session.clone());
    }
    let live: Vec<&Session> = sessions.iter().filter(|session| session.container_name == text && session.state == SessionState::Live).collect();
    if let Some(main) = live.iter().find(|session| session.kind == SessionKind::Main) {
        return Ok((*main).clone());
    }
    // The beginnings of ids are their age, and much alike; the ends tell them apart.
    let by_part: Vec<&Session> = sessions.iter().filter(|session| text.len() >= 4 && session.id.as_str().contains(text)).collect();
    match (live.as_slice(), by_part.as_slice()) {
        ([one], _) | ([], [one]) => Ok((*one).clone()),
        ([], []) => Err(Error::not_found("session", text).fix("see them all: cto sessions")),
        _ => Err(Error::new(Code::Ambiguous, format!("'{text}' fits several sessions")).fix("give the whole id: cto sessions")),
    }
}

/// Types text, or standard input byte for byte.
async fn input(client: &Client, session: &str, text: Option<String>, enter: bool) -> Result<()> {
    let session = find(client, session).await?;
    let mut bytes = match text {
        Some(text) => text.into_bytes(),
        None => {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).map_err(|error| Error::invalid(format!("standard input can't be read: {error}")).because(error))?;
            bytes
        }
    };
    if enter {
        bytes.push(b'\r');
    }
    for chunk in bytes.chunks(CHUNK) {
        let request = SessionInput { text: None, base64: Some(base64::engine::general_purpose::STANDARD.encode(chunk)) };
        client.call::<TypeIntoSession>(&[session.id.as_str()], &request).await?;
    }
    Ok(())
}

async fn screen(context: &Context, client: &Client, session: &str, format: Format) -> Result<()> {
    let session = find(client, session).await?;
    let format = match format {
        _ if context.json() => ScreenFormat::Json,
        Format::Text => ScreenFormat::Text,
        Format::Ansi => ScreenFormat::Ansi,
        Format::Json => ScreenFormat::Json,
    };
    let bytes = client.bytes::<GetScreen>(&[session.id.as_str()], &ScreenQuery { format }).await?;
    let mut bytes = bytes.to_vec();
    // A container's bytes never drive a person's terminal.
    if std::io::stdout().is_terminal() {
        bytes = safe_text(&bytes);
    }
    if format != ScreenFormat::Ansi && bytes.last().is_some_and(|last| *last != b'\n') {
        bytes.push(b'\n');
    }
    output::write(&bytes)
}
