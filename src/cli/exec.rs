//! `cto exec`: one command with its own streams and exit code, as docker exec.
use crate::cli::args::ExecArgs;
use crate::cli::args::PlaceArgs;
use crate::cli::cancelled;
use crate::cli::context::Context;
use crate::cli::output;
use crate::cli::terminal;
use crate::client::ExecEvent;
use crate::client::ExecReceiver;
use crate::client::ExecSender;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::model::ExecStart;
use crate::term::SafeText;
use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::io::Write as _;
use tokio::io::AsyncReadExt as _;

/// Bytes read from standard input at once.
const CHUNK: usize = 64 << 10;

/// `cto exec`.
pub async fn exec(context: &Context, args: ExecArgs) -> Result<u8> {
    if args.tty {
        return terminal::open(context, args.container, args.command, args.place).await;
    }
    let environment = environment(&args.place)?;
    let client = context.client().await?;
    // A terminal is not read unasked: the command would take what is typed ahead for the shell.
    let stdin = args.interactive || !std::io::stdin().is_terminal();
    let start = ExecStart { token: None, command: args.command, environment, user: args.place.user, working_dir: args.place.workdir, stdin };
    let stream = client.exec(&args.container, start).await?;
    let feeding = feed(stream.sender, stdin);
    tokio::pin!(feeding);
    let mut fed = false;
    let passing = pass(stream.receiver);
    tokio::pin!(passing);
    loop {
        tokio::select! {
            code = &mut passing => return code,
            // Input that ends, or that the command no longer takes, does not end the command.
            () = &mut feeding, if !fed => fed = true,
            _ = tokio::signal::ctrl_c() => return Err(cancelled("the command")),
        }
    }
}

/// Gives standard input to the command, then its end.
async fn feed(mut sender: ExecSender, stdin: bool) {
    if !stdin {
        return std::future::pending().await;
    }
    let mut input = tokio::io::stdin();
    let mut buffer = vec![0; CHUNK];
    loop {
        let count = input.read(&mut buffer).await.unwrap_or(0);
        let bytes = buffer.get(..count).unwrap_or_default();
        if bytes.is_empty() {
            // A lost connection is told by the receiver.
            let _ = sender.end().await;
            // The sender stays: its end would hang up.
            return std::future::pending().await;
        }
        if sender.stdin(bytes).await.is_err() {
            return std::future::pending().await;
        }
    }
}

/// Passes output on until the command ends; its exit code.
async fn pass(mut receiver: ExecReceiver) -> Result<u8> {
    let mut out = std::io::stdout().is_terminal().then(SafeText::new);
    let mut err = std::io::stderr().is_terminal().then(SafeText::new);
    while let Some(event) = receiver.next().await {
        match event? {
            ExecEvent::Started => {}
            ExecEvent::Stdout(bytes) => match &mut out {
                Some(filter) => output::write(&filter.push(&bytes))?,
                None => output::write(&bytes)?,
            },
            ExecEvent::Stderr(bytes) => match &mut err {
                Some(filter) => write_error(&filter.push(&bytes))?,
                None => write_error(&bytes)?,
            },
            ExecEvent::Exit(code) => {
                output::write(&out.map(|mut filter| filter.finish()).unwrap_or_default())?;
                write_error(&err.map(|mut filter| filter.finish()).unwrap_or_default())?;
                return Ok(u8::try_from(code & 0xff).unwrap_or(1));
            }
        }
    }
    Err(Error::new(Code::ServerUnavailable, "the server ended the connection before the command did").fix("look at 'cto server logs'"))
}

fn write_error(bytes: &[u8]) -> Result<()> {
    let mut err = std::io::stderr().lock();
    err.write_all(bytes).and_then(|()| err.flush()).map_err(output::unwritten)
}

/// The environment that the arguments name; a name alone takes its value from here.
///
/// # Errors
/// When a name is empty.
pub fn environment(place: &PlaceArgs) -> Result<BTreeMap<String, String>> {
    let mut result = BTreeMap::new();
    for text in &place.env {
        let (name, value) = text.split_once('=').map_or((text.as_str(), None), |(name, value)| (name, Some(value.to_owned())));
        if name.is_empty() {
            return Err(Error::invalid(format!("'{text}' is no variable")).fix("write -e NAME=VALUE"));
        }
        if let Some(value) = value.or_else(|| std::env::var(name).ok()) {
            result.insert(name.to_owned(), value);
        }
    }
    Ok(result)
}

/// The exit code when cto itself failed, told apart from the command's as docker does.
pub fn exit_code(error: &Error) -> u8 {
    match error.code {
        Code::CommandNotFound => 127,
        Code::Cancelled => 130,
        _ => 125,
    }
}
