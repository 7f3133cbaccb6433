//! What can be typed: every command of the command line with its flags.
use crate::cli::account_args;
use crate::cli::config_args::ConfigArgs;
use crate::cli::config_args::InitArgs;
use crate::cli::config_args::SchemaArgs;
use crate::cli::history_args::HistoryArgs;
use crate::cli::image_args;
use crate::cli::import_args::ExportArgs;
use crate::cli::import_args::ImportArgs;
use crate::cli::life_args;
use crate::cli::plugin_args::PluginArgs;
use crate::cli::rec_args::RecArgs;
use crate::cli::schedule_args::ScheduleArgs;
use crate::cli::script_args::RunsArgs;
use crate::cli::script_args::ScriptArgs;
use crate::cli::search_args::SearchArgs;
use crate::cli::sessions_args::SessionsArgs;
use crate::cli::stack_args::StackArgs;
use crate::cli::storage_args;
use crate::cli::template_args::TemplateArgs;
use crate::cli::trigger_args::TriggerArgs;
use crate::cli::webhook_args::WebhookArgs;
use clap::Args;
use clap::Parser;
use clap::Subcommand;
use std::path::PathBuf;

/// Containers with live terminals in split panes that outlast their viewers.
///
/// Without a command it opens the terminal client. A server is started in the background when none answers; containers and
/// their terminals go on when a client or the server ends.
#[derive(Debug, Parser)]
#[command(name = "cto", version, max_term_width = 100, after_help = "Exit codes: cto help exit-codes", disable_help_subcommand = false)]
pub struct Cli {
    /// Flags that every command takes.
    #[command(flatten)]
    pub global: Global,
    /// What to do; the terminal client when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags that every command takes.
#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Print JSON, which stays the same between versions; errors too, on standard error.
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub json: bool,
    /// Directory for all of cto's files; a server of its own lives there.
    #[arg(long, global = true, value_name = "DIR", env = "CTO_HOME", hide_env_values = true, help_heading = "Everywhere")]
    pub home: Option<PathBuf>,
    /// Server on another machine, such as https://box.example:7480, to which one has signed in with cto login; CTO_TOKEN goes before that.
    #[arg(long, global = true, value_name = "URL", env = "CTO_SERVER", hide_env_values = true, help_heading = "Everywhere")]
    pub server: Option<String>,
    /// Only look: whatever would change something is refused, also in the terminal client.
    #[arg(long, global = true, env = "CTO_READ_ONLY", hide_env_values = true, help_heading = "Everywhere")]
    pub read_only: bool,
    /// What is logged: error, warn, info, debug, trace, or a filter such as info,cto::engine=debug.
    #[arg(long, global = true, value_name = "LEVEL", env = "CTO_LOG", hide_env_values = true, help_heading = "Everywhere")]
    pub log_level: Option<String>,
    /// Environment whose files go before the others: cto.NAME.json beside each cto.json.
    #[arg(id = "environment", long = "env", value_name = "NAME", env = "CTO_ENV", hide_env_values = true, help_heading = "Everywhere")]
    pub environment: Option<String>,
    /// As --log-level debug, and errors with their causes.
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub debug: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Launch a container from a template and attach to it
    Run(RunArgs),
    /// List containers
    Ps(PsArgs),
    /// Attach to a container's main program, or to a session
    Attach(AttachArgs),
    /// Open a new terminal in a container
    Shell(ShellArgs),
    /// Run one command in a container: streams and exit code as docker exec
    Exec(ExecArgs),
    /// Show what a container printed
    Logs(LogsArgs),
    /// Search what containers printed
    Search(SearchArgs),
    /// Start containers
    Start(NamesArgs),
    /// Stop containers
    Stop(StopArgs),
    /// Stop and start containers
    Restart(StopArgs),
    /// Remove containers; one that is named alone is stopped first, if it runs
    Rm(RmArgs),
    /// Freeze containers
    Pause(NamesArgs),
    /// Let frozen containers go on
    Unpause(NamesArgs),
    /// Send containers' main programs a signal
    Kill(life_args::KillArgs),
    /// Give a container another name
    Rename(life_args::RenameArgs),
    /// Wait until containers no longer run, and print their exit codes
    Wait(NamesArgs),
    /// Show the processes of a container
    Top(life_args::TopArgs),
    /// Show the files of a container that are not as its image has them
    Diff(life_args::NameArgs),
    /// Show what the engine itself says of containers, as JSON
    Inspect(NamesArgs),
    /// Change what containers may use, also while they run
    Update(life_args::UpdateArgs),
    /// Make an image of a container's files
    Commit(life_args::CommitArgs),
    /// Copy files out of a container, or into one; - is an archive on standard input or output
    Cp(life_args::CopyArgs),
    /// Show processor, memory, network and disk of running containers
    Stats(life_args::StatsArgs),
    /// List images
    Images(image_args::ImagesArgs),
    /// List, bring, build, name, send and remove images
    Image(image_args::ImageArgs),
    /// Bring an image from its registry
    Pull(image_args::PullArgs),
    /// List, make, show and remove volumes
    Volume(storage_args::VolumeArgs),
    /// List, make, show, join, leave and remove networks
    Network(storage_args::NetworkArgs),
    /// Remove what cto has made and nothing uses any more; never a volume with data, never what other tools made
    Clean(storage_args::CleanArgs),
    /// Layouts: terminals arranged and kept under a name, by 'save-layout' in the TUI
    Layout(LayoutArgs),
    /// List, close, type into and show sessions
    Sessions(SessionsArgs),
    /// Record sessions; list, play, export and remove recordings
    Rec(RecArgs),
    /// List and search commands that were run in sessions; make scripts of them, run them again elsewhere
    History(HistoryArgs),
    /// Let scripts run by themselves at given times
    Schedule(ScheduleArgs),
    /// Run scripts that drive terminals; list, check and edit them
    Script(ScriptArgs),
    /// List, watch, cancel and repeat runs of scripts
    Runs(RunsArgs),
    /// Make templates and stacks of foreign files: compose, devcontainer, Portainer, docker run, containers
    Import(ImportArgs),
    /// Write templates and stacks as foreign files
    Export(ExportArgs),
    /// Bring stacks of several containers up, take them down, list and check them
    Stack(StackArgs),
    /// List, show, check and render templates
    Template(TemplateArgs),
    /// Tell events to URLs, by mail, in the terminal client, on the desktop
    Webhook(WebhookArgs),
    /// Start scripts when something happens
    Trigger(TriggerArgs),
    /// Install plugins, which add commands, reactions to events and matchers; run their commands
    Plugin(PluginArgs),
    /// Write a cto.json in which everything is named and nothing set, and schemas for editors
    Init(InitArgs),
    /// Check, show, explain and compare the configuration
    Config(ConfigArgs),
    /// Print a JSON Schema for editors
    Schema(SchemaArgs),
    /// Show who did what, and how it ended
    Audit(account_args::AuditArgs),
    /// Manage users
    User(account_args::UserArgs),
    /// Manage tokens for the API over TCP
    Token(account_args::TokenArgs),
    /// Sign in to a server on another machine
    Login(account_args::LoginArgs),
    /// Sign out of a server on another machine
    Logout(account_args::LogoutArgs),
    /// Let people without an account into sessions
    Share(account_args::ShareArgs),
    /// Say what is missing on this machine, and what to do
    Doctor,
    /// Run the server in the foreground
    Serve(ServeArgs),
    /// Look after the server on this machine
    Server(ServerArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Measure cto beside its rivals
    Bench(BenchArgs),
    /// Show what the exit codes mean
    #[command(long_about = EXIT_CODES)]
    ExitCodes,
}

/// What the exit codes mean.
pub const EXIT_CODES: &str = "\
What the exit codes mean

    0  done
    1  a fault in cto
    2  wrong arguments, or a mistake in a template or configuration
    3  no such container, session, template, … or the server does not run (server status)
    4  not allowed, or not known who asks
    5  in the way of the present state: name or port in use, not running, changed meanwhile, too many
    6  something outside failed or can't be reached: engine, registry, server, database, a full disk
    7  a script's run failed, timed out or was lost
  130  cancelled with Ctrl-C
  141  nobody reads the output any more
  143  ended by a signal

'cto exec', 'cto shell', 'cto attach' and 'cto run' that saw their program end give its exit code. For 'cto exec' these
are cto's own, as with docker:

  125  cto could not run the command: no such container, not running, no server, …
  126  the program can't be executed
  127  the container has no such program";

/// `cto run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Template by name, or a template's file (FILE.json, or - for standard input)
    pub template: String,
    /// Name of the container; made from the template's where none is given
    #[arg(long)]
    pub name: Option<String>,
    /// Value of a parameter, or of a field such as limits.memory=1g; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub set: Vec<(String, String)>,
    /// Print the name and leave the container running
    #[arg(short, long)]
    pub detach: bool,
    /// Only say what would be done
    #[arg(long, conflicts_with = "detach")]
    pub dry_run: bool,
}

/// `cto ps`.
#[derive(Debug, Args)]
pub struct PsArgs {
    /// Those that do not run, too
    #[arg(short, long)]
    pub all: bool,
    /// Only ids
    #[arg(short, long)]
    pub quiet: bool,
    /// Sort by a field, such as 'name'; '-name' turns the order round
    #[arg(long, value_name = "FIELD", allow_hyphen_values = true)]
    pub sort: Option<String>,
}

/// `cto attach`.
#[derive(Debug, Args)]
pub struct AttachArgs {
    /// Container by name, id or prefix; or a session's id
    pub target: String,
}

/// `cto shell`.
#[derive(Debug, Args)]
pub struct ShellArgs {
    /// Container by name, id or prefix
    pub container: String,
    /// As whom and where.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Program to run instead of the user's shell
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// As whom and where a program runs.
#[derive(Debug, Args)]
pub struct PlaceArgs {
    /// User name or id
    #[arg(short, long)]
    pub user: Option<String>,
    /// Directory to start in
    #[arg(short, long, value_name = "DIR")]
    pub workdir: Option<String>,
    /// Environment; NAME alone passes on the value from here; may be repeated
    #[arg(short, long, value_name = "NAME[=VALUE]")]
    pub env: Vec<String>,
}

/// `cto exec`.
#[derive(Debug, Args)]
pub struct ExecArgs {
    /// Give it a terminal: opens a session
    #[arg(short, long)]
    pub tty: bool,
    /// Read standard input also when it is a terminal; pipes and files are always read
    #[arg(short, long)]
    pub interactive: bool,
    /// As whom and where.
    #[command(flatten)]
    pub place: PlaceArgs,
    /// Container by name, id or prefix
    pub container: String,
    /// Program and arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub command: Vec<String>,
}

/// `cto logs`.
#[derive(Debug, Args)]
pub struct LogsArgs {
    /// Container by name, id or prefix
    pub container: String,
    /// Go on with new lines
    #[arg(short, long)]
    pub follow: bool,
    /// Only the last so many lines, or all
    #[arg(short = 'n', long, value_name = "LINES", default_value = "all", value_parser = tail)]
    pub tail: Tail,
    /// Each line with its time
    #[arg(short, long)]
    pub timestamps: bool,
}

/// How many lines from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tail(pub Option<u32>);

/// Commands that take containers.
#[derive(Debug, Args)]
pub struct NamesArgs {
    /// Containers by name, id or prefix
    #[arg(required = true)]
    pub containers: Vec<String>,
}

/// `cto stop` and `cto restart`.
#[derive(Debug, Args)]
pub struct StopArgs {
    /// Containers by name, id or prefix
    #[arg(required = true)]
    pub containers: Vec<String>,
    /// Seconds between the stop signal and the kill
    #[arg(short, long, value_name = "SECONDS")]
    pub time: Option<u32>,
}

/// `cto rm`.
#[derive(Debug, Args)]
pub struct RmArgs {
    /// Containers by name, id or prefix
    #[arg(required = true)]
    pub containers: Vec<String>,
    /// Kill those that run, without asking
    #[arg(short, long)]
    pub force: bool,
}

/// `cto serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Serve the API over TCP too, on a loopback address such as 127.0.0.1:7480
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
    /// sqlite:PATH or postgres://…
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Leave the terminal behind; how clients start it
    #[arg(long, hide = true)]
    pub background: bool,
}

/// `cto server`.
#[derive(Debug, Args)]
pub struct ServerArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ServerCommand,
}

/// The commands of the server.
#[derive(Debug, Subcommand)]
pub enum ServerCommand {
    /// Say whether it runs; exit code 3 when it does not
    Status,
    /// Start it in the background
    Start,
    /// End it; containers and what runs in them go on
    Stop,
    /// End it and start it again
    Restart,
    /// Show its log
    Logs {
        /// Go on with new lines
        #[arg(short, long)]
        follow: bool,
        /// Only the last so many lines, or all
        #[arg(short = 'n', long, value_name = "LINES", default_value = "200", value_parser = tail)]
        tail: Tail,
    },
    /// Write a systemd unit with restart and watchdog, and start it
    Install {
        /// Only print the unit
        #[arg(long)]
        print: bool,
    },
}

/// `cto completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Which shell
    pub shell: clap_complete::Shell,
}

/// `cto bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// Small sizes: shows that it works, not how fast it is
    #[arg(long, global = true)]
    pub quick: bool,
    /// Rounds of each side, in turn; each benchmark has its own number
    #[arg(long, global = true, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: Option<u32>,
    /// What to measure.
    #[command(subcommand)]
    pub command: BenchCommand,
}

/// The benchmarks.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// From a key to its echo, beside docker exec -it and tmux
    Echo,
    /// How fast a program can print, beside docker exec -it and tmux
    Throughput,
    /// From asking for a session to seeing its screen, beside tmux attach
    Reattach,
    /// What 1, 50, 200 and 1000 silent sessions cost, beside tmux
    Sessions,
    /// How long a launch takes, beside the engine alone
    Spawn {
        /// Template to launch
        #[arg(long, default_value = "shell")]
        template: String,
    },
    /// An echo beside a flood of output, and Ctrl-C under it, beside docker exec -it
    Flood,
    /// An echo in the terminal client beside four containers that never rest, beside docker exec -it
    Hogs,
    /// An echo in one of nine panes while 'yes' runs in the others, beside tmux with docker exec -it
    Panes,
    /// An echo and an answer of the API with fifty users at work, beside one user alone
    Users,
    /// What 10,000 silent connections and 1,000 streams cost the server and everybody's echo
    Idle,
    /// What it costs to watch 200 containers: server, client and engine, beside docker stats
    Stats,
    /// Five things that people do all day, counted in keys, beside lazydocker in tmux
    Tasks,
    /// What it costs to leave the client open beside 50 containers, beside lazydocker, oxker and ducker
    Watch,
    /// A script's waits beside pexpect's, which drives the same programs through docker exec -it
    Script,
    /// What a frame of the terminal client costs: nine panes of 200×50, beside ratatui alone
    Frame,
    /// How long each template of the gallery takes until it is ready, its image being there
    Gallery,
    /// All of them, one after the other
    All,
}

/// Reads `NAME=VALUE`.
pub fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    if name.is_empty() {
        return Err("the name is empty".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}

/// Reads a number of lines, or `all`.
fn tail(text: &str) -> Result<Tail, String> {
    if text == "all" {
        return Ok(Tail(None));
    }
    text.parse().map(|lines| Tail(Some(lines))).map_err(|_| "write a number, or 'all'".to_owned())
}

/// `cto layout`.
#[derive(Debug, Args)]
pub struct LayoutArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: LayoutCommand,
}

/// The commands of layouts.
#[derive(Debug, Subcommand)]
pub enum LayoutCommand {
    /// List layouts; 'last' is what the TUI comes back to
    Ls,
    /// Show a layout, as JSON
    Show {
        /// Its name
        name: String,
    },
    /// Open the TUI with a layout: running terminals are shown, others begin anew in their containers
    Open {
        /// Its name
        name: String,
    },
    /// Call a layout otherwise
    Rename {
        /// Its name
        from: String,
        /// Its new name
        to: String,
    },
    /// Remove layouts; their terminals go on
    Rm {
        /// Layouts by name
        #[arg(required = true)]
        layouts: Vec<String>,
    },
}
