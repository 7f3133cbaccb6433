//! What can be typed after `cto trigger`.
use crate::cli::args::pair;
use clap::ArgGroup;
use clap::Args;
use clap::Subcommand;
use clap::ValueEnum;
use std::path::PathBuf;

/// `cto trigger`.
#[derive(Debug, Args)]
pub struct TriggerArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: TriggerCommand,
}

/// The commands of triggers.
#[derive(Debug, Subcommand)]
pub enum TriggerCommand {
    /// List triggers
    Ls,
    /// Show a trigger
    Show {
        /// Its name
        name: String,
    },
    /// Start a script whenever something happens
    Add(Box<AddTriggerArgs>),
    /// Remove triggers with their history
    Rm {
        /// Triggers by name
        #[arg(required = true)]
        triggers: Vec<String>,
    },
    /// Let triggers do nothing for now
    Pause {
        /// Triggers by name
        #[arg(required = true)]
        triggers: Vec<String>,
    },
    /// Let paused triggers go on
    Resume {
        /// Triggers by name
        #[arg(required = true)]
        triggers: Vec<String>,
    },
    /// Make another secret; that of before counts for a while longer
    Rotate {
        /// Its name
        name: String,
        /// Hours that the secret of before counts
        #[arg(long, value_name = "HOURS", default_value_t = 24)]
        keep: u32,
    },
    /// Start a trigger's script now, with an event that is made up; prints the run's id
    Test {
        /// Its name
        name: String,
        /// What ${event.NAME} stands for, as text or JSON; may be repeated
        #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
        event: Vec<(String, String)>,
    },
    /// List what a trigger did, newest first
    History {
        /// Its name
        name: String,
        /// So many at most
        #[arg(short = 'n', long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
    },
}

/// `cto trigger add`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("when").required(true).args(["file", "container", "log", "metric", "output", "idle", "session", "hook", "changed"]))]
pub struct AddTriggerArgs {
    /// Its name
    pub name: String,
    /// A JSON file with 'when', 'run' and the rest, or - for standard input
    #[arg(short, long, conflicts_with_all = ["script", "params"])]
    pub file: Option<PathBuf>,
    /// When a container was started, died, oom, unhealthy, healthy, or removed; may be repeated
    #[arg(long, value_name = "WHAT", help_heading = "When")]
    pub container: Vec<String>,
    /// When a container's log has a line with this pattern
    #[arg(long, value_name = "PATTERN", help_heading = "When")]
    pub log: Option<String>,
    /// When a container uses more than --above
    #[arg(long, value_name = "METRIC", requires = "above", help_heading = "When")]
    pub metric: Option<MetricArg>,
    /// When a session prints a line with this pattern
    #[arg(long, value_name = "PATTERN", help_heading = "When")]
    pub output: Option<String>,
    /// When a session has printed nothing for so many seconds
    #[arg(long, value_name = "SECONDS", help_heading = "When")]
    pub idle: Option<u32>,
    /// When a session shows a prompt, rings the bell, was opened, has ended
    #[arg(long, value_name = "WHAT", help_heading = "When")]
    pub session: Option<SessionArg>,
    /// When a request comes in that is signed in this way; a secret is shown once
    #[arg(long, value_name = "SIGNED", num_args = 0..=1, default_missing_value = "standard", help_heading = "When")]
    pub hook: Option<SignedArg>,
    /// When a template's or a script's file has changed: template/NAME or script/NAME; * stands for any letters
    #[arg(long, value_name = "FILE", help_heading = "When")]
    pub changed: Option<String>,
    /// More than this
    #[arg(long, value_name = "NUMBER", requires = "metric", help_heading = "Which")]
    pub above: Option<f64>,
    /// It counts again after less than this; nine tenths of --above where nothing is said
    #[arg(long, value_name = "NUMBER", requires = "metric", help_heading = "Which")]
    pub below: Option<f64>,
    /// For so many seconds
    #[arg(long = "for", value_name = "SECONDS", default_value_t = 30, help_heading = "Which")]
    pub seconds: u32,
    /// Only of containers with such a name; * stands for any letters
    #[arg(long = "in", value_name = "NAME", help_heading = "Which")]
    pub container_name: Option<String>,
    /// Only of containers from this template
    #[arg(long, value_name = "NAME", help_heading = "Which")]
    pub template: Option<String>,
    /// Only of containers of this stack
    #[arg(long, value_name = "NAME", help_heading = "Which")]
    pub stack: Option<String>,
    /// Only of this user's containers
    #[arg(long, value_name = "USER", help_heading = "Which")]
    pub owner: Option<String>,
    /// Only of containers with this label; * stands for any letters of its value; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair, help_heading = "Which")]
    pub label: Vec<(String, String)>,
    /// Script to run
    #[arg(long, value_name = "NAME", required_unless_present = "file")]
    pub script: Option<String>,
    /// Value of a parameter; ${event.container} and the like stand for what happened; may be repeated
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    pub params: Vec<(String, String)>,
    /// Wait until nothing has happened for so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub quiet: u32,
    /// At most so often: TIMES/SECONDS
    #[arg(long, value_name = "TIMES/SECONDS", default_value = "10/60", value_parser = limit)]
    pub limit: (u32, u32),
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum MetricArg {
    /// Percent of one core.
    Cpu,
    /// Percent of the memory that it may use.
    Memory,
    /// Bytes of memory.
    MemoryBytes,
}

/// What happens in a session beside output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SessionArg {
    /// Its shell shows a prompt.
    Prompt,
    /// Its program rings the bell.
    Bell,
    /// It was opened.
    Opened,
    /// It has ended.
    Ended,
}

/// How requests are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SignedArg {
    /// Standard Webhooks.
    Standard,
    /// GitHub's way.
    Github,
}

/// Reads `TIMES/SECONDS`.
fn limit(text: &str) -> Result<(u32, u32), String> {
    let parts = text.split_once('/').and_then(|(times, seconds)| Some((times.parse().ok()?, seconds.parse().ok()?)));
    parts.ok_or_else(|| "write TIMES/SECONDS, such as 10/60".to_owned())
}
