//! What can be typed after `cto plugin`.
use crate::cli::args::pair;
use clap::Args;
use clap::Subcommand;
use std::path::PathBuf;

/// `cto plugin`.
#[derive(Debug, Args)]
pub struct PluginArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: PluginCommand,
}

/// The commands of plugins.
#[derive(Debug, Subcommand)]
pub enum PluginCommand {
    /// List plugins
    Ls,
    /// Show a plugin: its commands, what it was granted, what is wrong with it
    Show {
        /// Its name
        name: String,
    },
    /// Install a plugin, or another version of it; shows what it asks for, and asks
    Install {
        /// Its folder, or a .tar.gz of it
        from: PathBuf,
        /// Grant what it asks for without being asked
        #[arg(short, long)]
        yes: bool,
    },
    /// Grant a plugin what it asks for, with its files as they are now; shows that, and asks
    Enable {
        /// Its name
        name: String,
        /// Grant what it asks for without being asked
        #[arg(short, long)]
        yes: bool,
    },
    /// Let plugins do nothing for now
    Disable {
        /// Plugins by name
        #[arg(required = true)]
        plugins: Vec<String>,
    },
    /// Remove plugins with their files
    Rm {
        /// Plugins by name
        #[arg(required = true)]
        plugins: Vec<String>,
    },
    /// Begin a plugin: write an example with all that a plugin can have, in a folder of that name
    New {
        /// Its name: small letters, digits, '-' and '_'
        name: String,
        /// The directory that the folder is made in
        #[arg(long, default_value = ".")]
        dir: PathBuf,
    },
    /// Look for mistakes in a plugin; nothing is installed
    Check {
        /// Its folder, or a .tar.gz of it
        from: PathBuf,
    },
    /// Run a command of a plugin's and watch it to its end
    Run(RunPluginArgs),
}

/// `cto plugin run`.
#[derive(Debug, Args)]
pub struct RunPluginArgs {
    /// The plugin's name
    pub plugin: String,
    /// The command's name
    pub command: String,
    /// The container that it is for, by name, id or prefix
    pub container: Option<String>,
    /// Value of a parameter; may be repeated
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    pub params: Vec<(String, String)>,
    /// Print the run's id and do not wait for its end
    #[arg(short, long)]
    pub detach: bool,
    /// Show each call and each screen too
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Show only how it ended
    #[arg(short, long)]
    pub quiet: bool,
}
