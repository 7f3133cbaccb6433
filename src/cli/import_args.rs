//! What can be typed after `cto import` and `cto export`.
use crate::cli::args::pair;
use clap::Args;
use clap::Subcommand;
use std::path::PathBuf;

/// `cto import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// What to read.
    #[command(subcommand)]
    pub kind: ImportKind,
}

/// Where what comes out goes.
#[derive(Debug, Args)]
pub struct OutArgs {
    /// File to write; standard output where none is given
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(short, long)]
    pub force: bool,
}

/// The foreign files.
#[derive(Debug, Subcommand)]
pub enum ImportKind {
    /// A compose file, as a stack
    Compose {
        /// The file; compose.yaml, docker-compose.yml and the like of here where none is given
        file: Option<PathBuf>,
        /// Name of the stack where the file says none; the directory's where none is given
        #[arg(long)]
        name: Option<String>,
        /// Also services of this profile, or of all with *; may be repeated
        #[arg(long, value_name = "NAME")]
        profile: Vec<String>,
        /// Where to.
        #[command(flatten)]
        out: OutArgs,
    },
    /// A devcontainer.json, as a template; what it would run on this machine is told and never run
    Devcontainer {
        /// The file; .devcontainer/devcontainer.json or .devcontainer.json of here where none is given
        file: Option<PathBuf>,
        /// Where to.
        #[command(flatten)]
        out: OutArgs,
    },
    /// A list of Portainer's app templates, each as a template
    Portainer {
        /// The file
        file: PathBuf,
        /// Directory to write a file for each to; a list on standard output where none is given
        #[arg(short, long, value_name = "DIR")]
        output: Option<PathBuf>,
        /// Replace files that are there
        #[arg(short, long)]
        force: bool,
    },
    /// A line of docker run, as a template
    Run {
        /// Where to.
        #[command(flatten)]
        out: OutArgs,
        /// The line, as one quoted word or as it would be typed
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true, value_name = "LINE")]
        line: Vec<String>,
    },
    /// A container that is there, as a template
    Container {
        /// Container by name, id or prefix
        container: String,
        /// Where to.
        #[command(flatten)]
        out: OutArgs,
    },
}

/// `cto export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// What to write.
    #[command(subcommand)]
    pub kind: ExportKind,
}

/// The forms.
#[derive(Debug, Subcommand)]
pub enum ExportKind {
    /// A template or a stack, as a compose file
    Compose {
        /// Template or stack by name, or its file
        what: String,
        /// Value of a parameter; may be repeated
        #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
        set: Vec<(String, String)>,
        /// Where to.
        #[command(flatten)]
        out: OutArgs,
    },
}
