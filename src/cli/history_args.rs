//! What can be typed after `cto history`.
use crate::cli::args::pair;
use clap::Args;
use clap::Subcommand;
use clap::ValueEnum;
use std::path::PathBuf;

/// `cto history`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct HistoryArgs {
    /// What to do; the list when nothing is said.
    #[command(subcommand)]
    pub command: Option<HistoryCommand>,
    /// Which commands.
    #[command(flatten)]
    pub list: HistoryListArgs,
}

/// Which commands to list.
#[derive(Debug, Args)]
pub struct HistoryListArgs {
    /// Only those of this container, or of a session by its id or a unique part of it
    #[arg(value_name = "CONTAINER|SESSION")]
    pub of: Option<String>,
    /// Only what contains this text
    #[arg(short, long, value_name = "TEXT")]
    pub query: Option<String>,
    /// Most commands
    #[arg(short = 'n', long, default_value_t = 50)]
    pub limit: u32,
}

/// Some of the commands of a session.
#[derive(Debug, Args)]
pub struct PartArgs {
    /// Number of the first command
    #[arg(long, value_name = "N")]
    pub from: Option<u64>,
    /// Number of the last command
    #[arg(long, value_name = "M")]
    pub to: Option<u64>,
}

/// The commands of the history.
#[derive(Debug, Subcommand)]
pub enum HistoryCommand {
    /// List commands that were run in sessions, newest first
    Ls(HistoryListArgs),
    /// Make a script of what was run in a session: each command after its prompt
    ToScript {
        /// Session's id or a unique part of it; a container means the session where something was run last
        session: String,
        /// Which commands.
        #[command(flatten)]
        part: PartArgs,
        /// File to write; it must not exist
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Run in a container what was run in a session, or typed in a recording: each command when its prompt is there
    Replay(ReplayArgs),
    /// Print what lets a shell mark its commands, for its start-up file or for a template
    Setup {
        /// Which shell
        #[arg(value_enum, default_value_t = Marking::Bash)]
        shell: Marking,
    },
}

/// `cto history replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Session's id or a unique part of it, a container, or a recording's id
    #[arg(value_name = "SESSION|RECORDING")]
    pub source: String,
    /// Container to do it in: name, id or prefix
    #[arg(long, value_name = "CONTAINER")]
    pub into: String,
    /// Which commands.
    #[command(flatten)]
    pub part: PartArgs,
    /// Value of a parameter, such as what was typed unseen
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    pub params: Vec<(String, String)>,
    /// Begin it and print the run's id, without waiting
    #[arg(short, long)]
    pub detach: bool,
    /// Show each call as it is made
    #[arg(short, long)]
    pub verbose: bool,
}

/// Where commands are to be marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Marking {
    /// For ~/.bashrc.
    Bash,
    /// For ~/.zshrc.
    Zsh,
    /// Fish marks by itself.
    Fish,
    /// For the "environment" of a template whose shell is bash.
    Template,
}
