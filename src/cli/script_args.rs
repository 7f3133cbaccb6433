//! What can be typed after `cto script` and `cto runs`.
use crate::cli::args::pair;
use clap::Args;
use clap::Subcommand;
use std::path::PathBuf;

/// `cto script`.
#[derive(Debug, Args)]
pub struct ScriptArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ScriptCommand,
}

/// The commands of scripts.
#[derive(Debug, Subcommand)]
pub enum ScriptCommand {
    /// List scripts
    Ls,
    /// Show what a script is for, its parameters and its text
    Show {
        /// Script by name
        script: String,
        /// Print its text alone
        #[arg(long)]
        source: bool,
    },
    /// Find mistakes in scripts, each with its place
    Check {
        /// Files, or scripts by name
        #[arg(required = true)]
        scripts: Vec<String>,
    },
    /// Run a script and show what it does
    Run(RunScriptArgs),
    /// Write the beginning of a script to a file
    New {
        /// File to write; it must not exist
        file: PathBuf,
    },
    /// Save a file as a script of the server's
    Save {
        /// The file
        file: PathBuf,
        /// Its name; the file's where none is given
        #[arg(long)]
        name: Option<String>,
    },
    /// Edit a script of the server's in $EDITOR, and check it
    Edit {
        /// Script by name; a new one where there is none
        script: String,
    },
    /// Remove scripts
    Rm {
        /// Scripts by name
        #[arg(required = true)]
        scripts: Vec<String>,
    },
    /// Print the types of what scripts can call, for editors
    Types,
}

/// `cto script run`.
#[derive(Debug, Args)]
pub struct RunScriptArgs {
    /// Script by name, a file (FILE.luau), or - for standard input
    pub script: String,
    /// Value of a parameter
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    pub params: Vec<(String, String)>,
    /// Begin it and print its id, without waiting
    #[arg(short, long)]
    pub detach: bool,
    /// Show each call as it is made
    #[arg(short, long)]
    pub verbose: bool,
    /// Show nothing but results and errors
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Write the steps as JUnit XML to this file
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// A dry run: every session is this recording, and nothing is touched
    #[arg(long, value_name = "RECORDING")]
    pub against: Option<String>,
    /// Pause before what this line asks for; 'cto runs resume' goes on
    #[arg(long = "break", value_name = "LINE")]
    pub breakpoints: Vec<u32>,
    /// Pause before each call
    #[arg(long)]
    pub step: bool,
}

/// `cto runs`.
#[derive(Debug, Args)]
pub struct RunsArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: RunsCommand,
}

/// The commands of runs.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// List runs, newest first where no other order is given
    Ls {
        /// Only what contains this text
        #[arg(short, long, value_name = "TEXT")]
        query: Option<String>,
        /// Only those in this state
        #[arg(short, long, value_name = "STATE")]
        state: Option<String>,
        /// Most runs
        #[arg(short = 'n', long, default_value_t = 50)]
        limit: u32,
        /// Sort by a field, such as 'owner'; '-owner' turns the order round
        #[arg(long, value_name = "FIELD", allow_hyphen_values = true)]
        sort: Option<String>,
    },
    /// Show what is known of a run
    Show {
        /// Run's id or a unique part of it
        run: String,
    },
    /// Show what a run said
    Logs {
        /// Run's id or a unique part of it
        run: String,
        /// Go on while it runs
        #[arg(short, long)]
        follow: bool,
        /// Show each call and each screen too
        #[arg(short, long)]
        verbose: bool,
    },
    /// Print a run's steps as JUnit XML
    Junit {
        /// Run's id or a unique part of it
        run: String,
    },
    /// Cancel runs
    Cancel {
        /// Runs' ids or unique parts of them
        #[arg(required = true)]
        runs: Vec<String>,
    },
    /// Let a run pause before its next call
    Pause {
        /// Run's id or a unique part of it
        run: String,
    },
    /// Let a paused run go on, or hand a session back to it
    Resume {
        /// Run's id or a unique part of it
        run: String,
        /// Pause again before the next call
        #[arg(long)]
        step: bool,
    },
    /// Run the same script once more with the same parameters
    Retry {
        /// Run's id or a unique part of it
        run: String,
        /// Do not wait for its end
        #[arg(short, long)]
        detach: bool,
    },
    /// Remove runs that are over
    Rm {
        /// Runs' ids or unique parts of them
        #[arg(required = true)]
        runs: Vec<String>,
    },
}
