//! The command line: arguments in, exit code out. Everything is asked of a server through the API.
mod account_args;
mod accounts;
mod args;
mod bench;
mod clean;
mod config;
mod config_args;
mod containers;
mod context;
mod copy;
mod doctor;
mod exec;
mod history;
mod history_args;
mod image_args;
mod images;
mod import;
mod import_args;
mod launch;
mod layouts;
mod life;
mod life_args;
mod login;
mod networks;
mod operation;
mod output;
mod plugin_args;
mod plugins;
mod rec_args;
mod recordings;
mod runs;
mod schedule_args;
mod schedules;
mod script_args;
mod scripts;
mod search;
mod search_args;
mod server;
mod server_log;
mod service;
mod sessions;
mod sessions_args;
mod stack_args;
mod stacks;
mod stats;
mod storage_args;
mod template_args;
mod templates;
mod terminal;
mod trigger_args;
mod triggers;
mod volumes;
mod webhook_args;
mod webhooks;

pub use args::Cli;

use crate::cli::args::Command;
use crate::cli::context::Context;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use clap::CommandFactory as _;
use clap::Parser as _;
use std::ffi::OsString;

/// The exit code when nobody reads the output any more: what a shell reports for SIGPIPE.
const NOBODY_READS: u8 = 141;

/// Does what the arguments say and returns the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to standard output; nothing can be done when that is closed.
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(2);
        }
    };
    let (as_json, debug) = (cli.global.json, cli.global.debug);
    let (of_exec, background) = match &cli.command {
        Some(Command::Exec(exec)) => (!exec.tty, false),
        Some(Command::Serve(serve)) => (false, serve.background),
        _ => (false, false),
    };
    match start(cli) {
        Ok(code) => code,
        Err(error) if output::broken_pipe(&error) => NOBODY_READS,
        Err(error) => {
            // What reads the words of a server in the background is a client, which shows them in an error of its own.
            output::tell(&error, as_json && !background, debug);
            if of_exec { exec::exit_code(&error) } else { error.kind().exit_code() }
        }
    }
}

/// Runs the command on a runtime of its own.
fn start(cli: Cli) -> Result<u8> {
    let context = Context::new(cli.global)?;
    let runtime = match &cli.command {
        Some(Command::Serve(serve)) => return server::serve(&context, serve),
        // Waking another thread would be measured too.
        Some(Command::Bench(_)) => tokio::runtime::Builder::new_current_thread().enable_all().build(),
        // Drawing and reading are one task each; more threads would only cost memory.
        _ => tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build(),
    };
    let runtime = runtime.map_err(|error| Error::internal(format!("no runtime can be started: {error}")))?;
    listen_to_logs(&context, cli.command.is_some());
    let result = runtime.block_on(dispatch(&context, cli.command));
    // A thread that waits for a key on standard input must not keep the program alive.
    runtime.shutdown_background();
    result
}

async fn dispatch(context: &Context, command: Option<Command>) -> Result<u8> {
    let done = |()| 0;
    match command {
        None => terminal::home(context).await,
        Some(Command::Run(args)) => launch::run(context, args).await,
        Some(Command::Ps(args)) => containers::ps(context, &args).await.map(done),
        Some(Command::Attach(args)) => terminal::attach(context, &args.target).await,
        Some(Command::Shell(args)) => terminal::shell(context, args).await,
        Some(Command::Exec(args)) => exec::exec(context, args).await,
        Some(Command::Logs(args)) => containers::logs(context, &args).await.map(done),
        Some(Command::Search(args)) => search::search(context, args).await,
        Some(Command::Start(args)) => containers::start(context, &args.containers).await.map(done),
        Some(Command::Stop(args)) => containers::stop(context, &args).await.map(done),
        Some(Command::Restart(args)) => containers::restart(context, &args).await.map(done),
        Some(Command::Rm(args)) => containers::remove(context, &args).await.map(done),
        Some(Command::Pause(args)) => life::pause(context, &args.containers).await.map(done),
        Some(Command::Unpause(args)) => life::unpause(context, &args.containers).await.map(done),
        Some(Command::Kill(args)) => life::kill(context, args).await.map(done),
        Some(Command::Rename(args)) => life::rename(context, args).await.map(done),
        Some(Command::Wait(args)) => life::wait(context, &args.containers).await.map(done),
        Some(Command::Top(args)) => life::top(context, args).await.map(done),
        Some(Command::Diff(args)) => life::diff(context, &args.container).await.map(done),
        Some(Command::Inspect(args)) => life::inspect(context, &args.containers).await.map(done),
        Some(Command::Update(args)) => life::update(context, args).await.map(done),
        Some(Command::Commit(args)) => life::commit(context, args).await.map(done),
        Some(Command::Cp(args)) => copy::copy(context, &args).await.map(done),
        Some(Command::Stats(args)) => stats::stats(context, &args).await.map(done),
        Some(Command::Images(args)) => images::list(context, &args).await.map(done),
        Some(Command::Image(args)) => images::image(context, args.command).await.map(done),
        Some(Command::Pull(args)) => images::pull(context, &args.image).await.map(done),
        Some(Command::Volume(args)) => volumes::volume(context, args.command).await.map(done),
        Some(Command::Network(args)) => networks::network(context, args.command).await.map(done),
        Some(Command::Clean(args)) => clean::clean(context, &args).await.map(done),
        Some(Command::Layout(args)) => layouts::layout(context, args.command).await,
        Some(Command::Sessions(args)) => sessions::sessions(context, args).await.map(done),
        Some(Command::Rec(args)) => recordings::rec(context, args.command).await,
        Some(Command::History(args)) => history::history(context, args).await,
        Some(Command::Script(args)) => scripts::script(context, args.command).await,
        Some(Command::Runs(args)) => runs::runs(context, args.command).await,
        Some(Command::Schedule(args)) => schedules::schedule(context, args.command).await,
        Some(Command::Import(args)) => import::import(context, args.kind).await.map(done),
        Some(Command::Export(args)) => import::export(context, args.kind).await.map(done),
        Some(Command::Stack(args)) => stacks::stack(context, args.command).await,
        Some(Command::Template(args)) => templates::template(context, args).await,
        Some(Command::Webhook(args)) => webhooks::webhook(context, args.command).await.map(done),
        Some(Command::Trigger(args)) => triggers::trigger(context, args.command).await.map(done),
        Some(Command::Plugin(args)) => plugins::plugin(context, args.command).await,
        Some(Command::Init(args)) => config::init(context, &args).map(done),
        Some(Command::Config(args)) => config::config(context, args.command).await,
        Some(Command::Schema(args)) => config::schema(args.kind).map(done),
        Some(Command::Audit(args)) => accounts::audit(context, &args).await.map(done),
        Some(Command::User(args)) => accounts::user(context, args.command).await.map(done),
        Some(Command::Token(args)) => accounts::token(context, args.command).await.map(done),
        Some(Command::Login(args)) => login::login(context, &args).await.map(done),
        Some(Command::Logout(args)) => login::logout(context, &args.url).await.map(done),
        Some(Command::Share(args)) => accounts::share(context, args.command).await.map(done),
        Some(Command::Doctor) => doctor::doctor(context).await,
        Some(Command::Server(args)) => server::server(context, args.command).await,
        Some(Command::Completions(args)) => completions(args.shell).map(done),
        Some(Command::Bench(args)) => bench::bench(context, args).await.map(done),
        Some(Command::ExitCodes) => output::print(&format!("{}\n", args::EXIT_CODES)).map(done),
        Some(Command::Serve(_)) => Err(Error::internal("the server is started before a runtime is")),
    }
}

/// Prints a shell's completions.
fn completions(shell: clap_complete::Shell) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "cto", &mut script);
    output::write(&script)
}

/// Logs to standard error when somebody asked for logs; never under the terminal client, which owns the screen.
fn listen_to_logs(context: &Context, is_command: bool) {
    let Some(level) = context.log_level().filter(|_| is_command) else { return };
    let filter = tracing_subscriber::EnvFilter::new(level);
    // A second subscriber is refused; the first goes on.
    let _ = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).without_time().try_init();
}

/// The error of a command that somebody stopped with Ctrl-C.
fn cancelled(what: &str) -> Error {
    Error::new(Code::Cancelled, format!("{what} was cancelled"))
}
