//! What can be typed about the configuration.
use clap::Args;
use clap::Subcommand;
use clap::ValueEnum;
use std::path::PathBuf;

/// `cto init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Your own configuration instead of that of the project here
    #[arg(long)]
    pub user: bool,
}

/// `cto schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// Of which files
    #[arg(value_enum)]
    pub kind: SchemaKind,
}

/// The files that have a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaKind {
    /// cto.json
    Config,
    /// templates/NAME.json
    Template,
    /// stacks/NAME.json
    Stack,
    /// themes/NAME.json
    Theme,
    /// plugins/NAME/plugin.json
    Plugin,
}

/// `cto config`.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ConfigCommand,
}

/// The commands of the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show every mistake in the configuration of here, or in files
    Check {
        /// Files to check as if they were yours; the layers that hold here where none is given
        files: Vec<PathBuf>,
    },
    /// Show what is set here, secrets hidden
    Show {
        /// With who set it: a file, a variable, a flag
        #[arg(long)]
        origin: bool,
        /// What the running server has, instead of what holds here
        #[arg(long)]
        running: bool,
    },
    /// Show the keys of every command of the TUI, as they hold here
    Keys {
        /// Only those whose scope, name or description has this text
        text: Option<String>,
        /// Only those that files gave other keys
        #[arg(long)]
        changed: bool,
    },
    /// Say what a setting means, what it takes, what it is and who set it
    Explain {
        /// Name, such as log.level, or a part of the configuration, such as log
        path: String,
    },
    /// Show what differs from the defaults, or from another environment
    Diff {
        /// Environment to compare with
        environment: Option<String>,
    },
}
