//! What can be typed after `cto stack`.
use crate::cli::args::pair;
use clap::Args;
use clap::Subcommand;
use std::path::PathBuf;

/// `cto stack`.
#[derive(Debug, Args)]
pub struct StackArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: StackCommand,
}

/// The commands of stacks.
#[derive(Debug, Subcommand)]
pub enum StackCommand {
    /// Bring a stack up: make and start what is missing, replace what its file says otherwise now
    Up(StackUpArgs),
    /// Take a stack down: containers and networks go, volumes stay unless they are asked for
    Down(StackDownArgs),
    /// List the containers of a stack
    Ps {
        /// Stack by name, or its file; stack.json of here where none is given
        stack: Option<String>,
    },
    /// List stacks that are up
    Ls {
        /// Those that are saved and can be brought up by name
        #[arg(long)]
        saved: bool,
    },
    /// Show every mistake in stacks' files
    Check {
        /// Files, or - for standard input
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
}

/// `cto stack up`.
#[derive(Debug, Args)]
pub struct StackUpArgs {
    /// Stack by name, or its file (FILE.json, or - for standard input); stack.json of here where none is given
    pub stack: Option<String>,
    /// Another name than the file's
    #[arg(long)]
    pub name: Option<String>,
    /// Value of a parameter; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    pub set: Vec<(String, String)>,
    /// Only show what would be done, and why
    #[arg(long)]
    pub dry_run: bool,
    /// Make every container anew, also those that are as the file says
    #[arg(long)]
    pub force_recreate: bool,
    /// Remove containers that the file no longer names
    #[arg(long)]
    pub remove_orphans: bool,
    /// Also where programs would lose what they hold, without asking
    #[arg(short, long)]
    pub force: bool,
}

/// `cto stack down`.
#[derive(Debug, Args)]
pub struct StackDownArgs {
    /// Stack by name, or its file; stack.json of here where none is given
    pub stack: Option<String>,
    /// Remove all of its own volumes too, with what is in them
    #[arg(short, long)]
    pub volumes: bool,
    /// Remove this volume of its own too, with what is in it; may be repeated
    #[arg(long, value_name = "NAME")]
    pub volume: Vec<String>,
    /// Also where programs would lose what they hold, without asking
    #[arg(short, long)]
    pub force: bool,
}
